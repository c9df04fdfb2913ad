package tracefile

import (
	"io"
	"math"
	"sort"

	"github.com/reprise-go/reprise/event"
)

// noteList is the array of a notes chunk under construction.
type noteList struct {
	list
	texts map[string]uint64 // the number of each text

	at          int // index of the event of the last notes
	first, from int // number of notes, and of bytes of the body, before them
}

// reset empties l but keeps its memory.
func (l *noteList) reset() {
	clear(l.texts)
	*l = noteList{list: list{body: l.body[:0]}, texts: l.texts, at: -1}
}

// full reports whether there are enough notes for a chunk.
func (l *noteList) full() bool { return l.n >= fullNotes || len(l.body) >= maxList }

// add adds a note before an event of the chunk.
func (l *noteList) add(at int, n Note) {
	if l.at != at {
		l.at, l.first, l.from = at, l.n, len(l.body)
	}
	if l.n-l.first >= maxNotesAt || len(l.body)-l.from >= maxNotesBytes {
		return
	}
	n = n.clipped()
	l.body = appendUint(append(l.body, 0x90|byte(n.elements())), uint64(at))
	l.element(n)
	l.n++
}

// elements returns the number of elements in the array of n; empty elements at the end are omitted.
func (n *Note) elements() int {
	switch {
	case len(n.Stack) > 0:
		return 10
	case len(n.Tasks) > 0:
		return 9
	case n.Time != 0:
		return 8
	case n.Place != "":
		return 7
	case n.Object.Name != "":
		return 6
	case n.Object.Kind != "":
		return 5
	case n.Reason != "":
		return 4
	}
	return 3
}

// element appends the elements of n after the first.
func (l *noteList) element(n Note) {
	count := n.elements()
	l.text(string(n.Act))
	l.task(n.Task)
	for _, text := range []string{n.Reason, n.Object.Kind, n.Object.Name, n.Place}[:min(count-3, 4)] {
		l.text(text)
	}
	if count > 7 {
		l.body = appendUint(l.body, n.Time)
	}
	if count > 8 {
		l.body = appendArray(l.body, len(n.Tasks))
		for _, id := range n.Tasks {
			l.body = appendUint(l.body, uint64(id))
		}
	}
	if count > 9 {
		l.body = appendArray(l.body, len(n.Stack))
		for _, frame := range n.Stack {
			l.text(clip(frame, maxText))
		}
	}
}

// task appends a task, or nil for none.
func (l *noteList) task(id event.TaskID) {
	if id == NoTask {
		l.body = append(l.body, 0xc0)
		return
	}
	l.body = appendUint(l.body, uint64(id))
}

// text appends a text, or its number if the chunk already has it.
func (l *noteList) text(s string) {
	if s == "" {
		l.body = append(l.body, 0xa0)
		return
	}
	if number, ok := l.texts[s]; ok {
		l.body = appendUint(l.body, number)
		return
	}
	if l.texts == nil {
		l.texts = map[string]uint64{}
	}
	l.texts[s] = uint64(len(l.texts))
	l.body = appendText(l.body, s)
}

// carry removes the notes of an event that is still to come from l and returns them.
func (l *noteList) carry(events int) (later []Note) {
	if l.at != events || l.n == 0 {
		return nil
	}
	room := math.MaxInt
	placed, err := decodeNotes(nil, append(appendArray(nil, l.n), l.body...), events, &room)
	if err != nil {
		panic("tracefile: notes that cannot be read back: " + err.Error())
	}
	for _, p := range placed[l.first:] {
		later = append(later, p.Note)
	}
	l.n, l.body = l.first, l.body[:l.from]
	return later
}

// Note adds a note. Call it before the event that the note belongs to is appended, or after the last event for the
// end of the run. Notes of one event keep their order. At most 4,096 are kept for one event; texts are cut like
// names.
func (w *Writer) Note(n Note) {
	if w.err != nil {
		return
	}
	if w.batch.notes.full() && len(w.batch.events) > 0 && w.submit() != nil {
		return
	}
	w.batch.notes.add(len(w.batch.events), n)
}

// placedNote is a note with the index of its event, counted from the first of its chunk.
type placedNote struct {
	at int
	Note
}

// notesUnpacker reads a notes chunk.
type notesUnpacker struct {
	unpacker
	texts []string
}

// decodeNotes appends the notes of a chunk to list, as many as fit into room, in bytes of memory, which it reduces.
// last is the index of the last event in the chunk, or 0 at the end of the run.
func decodeNotes(list []placedNote, raw []byte, last int, room *int) ([]placedNote, error) {
	u := notesUnpacker{unpacker: unpacker{b: raw}}
	before := uint64(0)
	*room -= len(raw) // the texts
	for range u.array() {
		at, n := u.note()
		if u.bad || at < before || at > uint64(last) || len(list) == maxNotes {
			u.bad = true
			break
		}
		if *room -= noteOverhead + 8*len(n.Tasks) + 16*len(n.Stack); *room < 0 {
			return list, corrupt("a chunk of notes takes too much memory from note %d on", len(list))
		}
		before = at
		list = append(list, placedNote{int(at), n})
	}
	if !u.done() {
		return list, corrupt("note %d of a chunk of notes is malformed", len(list))
	}
	return list, nil
}

// note reads the next note.
func (u *notesUnpacker) note() (at uint64, n Note) {
	left := u.array()
	if left < 3 {
		u.bad = true
		return 0, n
	}
	at, n.Act, n.Task = u.uint(), Act(u.string()), u.task()
	left -= 3
	more := func() bool { left--; return left >= 0 && !u.bad }
	for _, text := range []*string{&n.Reason, &n.Object.Kind, &n.Object.Name, &n.Place} {
		if more() {
			*text = u.string()
		}
	}
	if more() {
		n.Time = u.uint()
	}
	if more() {
		n.Tasks = u.tasks()
	}
	if more() {
		n.Stack = u.stack()
	}
	for more() { // elements of a later version
		u.skip(maxSkipDepth)
	}
	return at, n
}

// task reads a task, or nil for none.
func (u *notesUnpacker) task() event.TaskID {
	if !u.bad && len(u.b) > 0 && u.b[0] == 0xc0 {
		u.b = u.b[1:]
		return NoTask
	}
	return event.TaskID(u.uint())
}

// string reads a text, or the number of an earlier text.
func (u *notesUnpacker) string() string {
	if u.bad || len(u.b) == 0 {
		u.bad = true
		return ""
	}
	if c := u.b[0]; c < 0x80 || c >= 0xcc && c <= 0xcf {
		number := u.uint()
		if number >= uint64(len(u.texts)) {
			u.bad = true
			return ""
		}
		return u.texts[number]
	}
	s := u.text()
	if len(s) > maxText {
		u.bad = true
	}
	if u.bad || len(s) == 0 {
		return ""
	}
	u.texts = append(u.texts, string(s))
	return u.texts[len(u.texts)-1]
}

func (u *notesUnpacker) tasks() (list []event.TaskID) {
	n := u.array()
	if n > maxNoteTasks {
		u.bad = true
		return nil
	}
	for range n {
		list = append(list, event.TaskID(u.uint()))
	}
	return list
}

func (u *notesUnpacker) stack() (list []string) {
	n := u.array()
	if n > maxNoteStack {
		u.bad = true
		return nil
	}
	for range n {
		list = append(list, u.string())
	}
	return list
}

// Notes returns the notes of the event that Next returned last, or, after Next has returned io.EOF, those of the
// end of the run. They must not be changed. The error wraps [ErrCorrupt] if the notes of the chunk are malformed;
// the notes before the first malformed one are still returned.
func (r *Reader) Notes() ([]Note, error) {
	b := r.cur
	over := len(b.events) == 0 && b.err == io.EOF
	if len(b.notes.list) == 0 || len(b.events) == 0 && !over {
		return nil, nil
	}
	if b.noted == nil {
		b.noted, b.notedAt, b.notesBad = r.openNotes(b)
	}
	at := r.i - 1
	if over {
		at = 0
	}
	i := sort.SearchInts(b.notedAt, at)
	return b.noted[i : i+sort.SearchInts(b.notedAt[i:], at+1) : len(b.noted)], b.notesBad
}

// openNotes decodes the notes of a block. It returns the notes, the event of each, and the error in them.
func (r *Reader) openNotes(b *block) (notes []Note, at []int, err error) {
	var placed []placedNote
	room := maxSide
	for i := range b.notes.list {
		p := &b.notes.list[i]
		room += notedPerByte * len(p.stored)
		raw := r.open(p)
		if raw == nil {
			err = corrupt("the payload of a chunk of notes does not decompress")
		} else if placed, err = decodeNotes(placed, raw, max(int(b.count)-1, 0), &room); err == nil {
			continue
		}
		err = &Error{-1, int64(p.seq), int64(p.first), err}
		break
	}
	sort.SliceStable(placed, func(i, j int) bool { return placed[i].at < placed[j].at })
	notes = make([]Note, 0, len(placed))
	for _, p := range placed {
		notes, at = append(notes, p.Note), append(at, p.at)
	}
	return notes, at, err
}
