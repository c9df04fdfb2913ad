package recorder

import (
	"errors"
	"fmt"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

var _ simsched.Noter = (*Recorder)(nil)

// annotations are the notes of a recording.
type annotations struct {
	runs    event.TaskID // the task that was chosen last, if stopped is false
	stopped bool         // there is none, or it is noted why it stopped
	died    event.TaskID // the first task that panicked, NoTask if none has
	next    []tracefile.Note
	at      map[uint64][]tracefile.Note // by the index of the event; unused if there is a file
	objects objectBook
	end     []tracefile.Note // further ones of the end of the run
}

func newAnnotations() annotations {
	return annotations{stopped: true, died: tracefile.NoTask, at: map[uint64][]tracefile.Note{}}
}

// Note implements [simsched.Noter].
func (r *Recorder) Note(what string, o simsched.Object) {
	n := &r.state.notes
	if n.sim == nil || !r.settings.Notes || r.state.stopped != "" {
		return
	}
	note := tracefile.Note{Act: tracefile.ActDo, Task: tracefile.NoTask, Reason: what, Object: n.more.objects.of(o)}
	if id, ok := n.sim.Acting(); ok {
		note.Task = id
	}
	if places := n.sim.Operation(); len(places) > 0 {
		note.Place, note.Stack = places[0], places[1:]
	}
	n.annotate(note)
}

// NoteEnd adds notes of the end of the run, such as those of what decided it, to the files that are written from now
// on. It needs Config.Notes, and a run that has ended.
func (r *Recorder) NoteEnd(notes []tracefile.Note) {
	r.state.notes.more.end = append(r.state.notes.more.end, notes...)
}

// annotate adds a note to the next event.
func (n *notes) annotate(note tracefile.Note) {
	if n.file != nil {
		n.file.Note(note)
		return
	}
	n.more.next = append(n.more.next, note)
}

// annotateEvent adds the notes of an event that is about to be kept as the one with an index.
func (n *notes) annotateEvent(e event.Event, index uint64) {
	m := &n.more
	switch e.Kind() {
	case event.KindTaskScheduled:
		n.annotateStop()
		m.runs, m.stopped = e.Task(), false
	case event.KindTimeAdvanced, event.KindTimerFired, event.KindCheckpoint:
		n.annotateStop()
	case event.KindTaskSpawned:
		n.annotateTask(tracefile.ActStart, e.Task())
	case event.KindWakerWake:
		n.annotateTask(tracefile.ActWake, e.Task())
	case event.KindTaskCompleted:
		if e.Outcome() == event.OutcomePanicked && m.died == tracefile.NoTask {
			m.died = e.Task()
		}
	}
	if len(m.next) > 0 {
		m.at[index], m.next = m.next, nil
	}
}

// annotateStop notes why the task that was chosen last has stopped, if it waits.
func (n *notes) annotateStop() {
	m := &n.more
	if m.stopped {
		return
	}
	if w, ok := n.sim.Waiting(m.runs); ok {
		n.annotate(n.waits(tracefile.ActStop, m.runs, w))
		m.stopped = true
	}
}

// waits is a note about a task that waits.
func (n *notes) waits(act tracefile.Act, id event.TaskID, w simsched.Wait) tracefile.Note {
	return tracefile.Note{
		Act: act, Task: id, Reason: w.Op, Object: n.more.objects.of(w.Object), Tasks: w.HeldBy, Place: w.Line,
	}
}

// annotateTask notes which task starts or wakes another one.
func (n *notes) annotateTask(act tracefile.Act, id event.TaskID) {
	note := tracefile.Note{Act: act, Task: id}
	if by, ok := n.sim.Acting(); ok {
		note.Tasks = []event.TaskID{by}
	}
	if w, ok := n.sim.Waiting(id); ok && act == tracefile.ActWake {
		note.Object = n.more.objects.of(w.Object)
	}
	n.annotate(note)
}

// annotateEnd gives w the notes of the end of the run, if it has ended.
func (n *notes) annotateEnd(w *tracefile.Writer, end tracefile.End) {
	if n.sim == nil || end.Reason != tracefile.EndFinished && end.Reason != tracefile.EndFailed {
		return
	}
	for _, note := range n.more.next {
		w.Note(note)
	}
	how := tracefile.Note{Act: tracefile.ActEnd, Task: n.more.died, Reason: howEnded(n.sim.Ended(), end)}
	if how.Task != tracefile.NoTask {
		how.Reason = "panicked"
	}
	w.Note(how)
	for _, t := range n.sim.Left() {
		w.Note(n.waits(tracefile.ActLeft, t.Task, t.Wait))
	}
	for _, note := range n.more.end {
		w.Note(note)
	}
}

// howEnded says how a run ended, in the words that package gort has for runs of ordinary programs.
func howEnded(err error, end tracefile.End) string {
	var limit *simsched.StepLimitError
	switch {
	case errors.Is(err, simsched.ErrDeadlock):
		return "deadlocked"
	case errors.Is(err, simsched.ErrLeak):
		return "leaked"
	case errors.As(err, &limit):
		return "reached a limit"
	case end.Reason == tracefile.EndFailed:
		return "failed"
	}
	return "passed"
}

// maxObjects is the maximum number of objects with distinct names; further objects keep the name that the program gave.
const maxObjects = 1 << 16

// objectBook names objects: by the name that the program gave, followed by a number from the second object of a kind
// and name on, or by a number alone.
type objectBook struct {
	named map[any]tracefile.Object
	count map[tracefile.Object]int
}

func (b *objectBook) of(o simsched.Object) tracefile.Object {
	plain := tracefile.Object{Kind: o.Kind, Name: o.Name}
	if o.ID == nil {
		return plain
	}
	if named, found := b.named[o.ID]; found {
		return named
	}
	if len(b.named) >= maxObjects {
		return plain
	}
	if b.named == nil {
		b.named, b.count = map[any]tracefile.Object{}, map[tracefile.Object]int{}
	}
	b.count[plain]++
	named := plain
	switch n := b.count[plain]; {
	case o.Name == "":
		named.Name = fmt.Sprintf("%s %d", o.Kind, n)
	case n > 1:
		named.Name = fmt.Sprintf("%s (%d)", o.Name, n)
	}
	b.named[o.ID] = named
	return named
}
