package tracefile_test

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
)

// noteWriter is what both writers of notes have.
type noteWriter interface {
	Note(tracefile.Note)
	Append(event.Event) error
	Close() error
}

// noteReader is what both readers of notes have.
type noteReader interface {
	Next() (event.Event, error)
	Notes() ([]tracefile.Note, error)
}

// eachForm runs a test on trace files and on JSON lines. back gives a reader of what was written, after Close.
func eachForm(t *testing.T, test func(t *testing.T, w noteWriter, back func() noteReader)) {
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	t.Run("reprise", func(t *testing.T) {
		var b bytes.Buffer
		w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{})
		must(err)
		test(t, w, func() noteReader {
			must(w.Close())
			r, err := openAt(b.Bytes())
			must(err)
			return r
		})
	})
	t.Run("jsonl", func(t *testing.T) {
		var b bytes.Buffer
		w, err := tracefile.NewJSONLWriter(&b, event.NewMetadata(1), tracefile.Config{})
		must(err)
		test(t, w, func() noteReader {
			must(w.Close())
			r, err := tracefile.NewJSONLReader(&b)
			must(err)
			return r
		})
	})
}

// allNotes reads the notes of each event and of the end.
func allNotes(t *testing.T, r noteReader) (all [][]tracefile.Note) {
	t.Helper()
	for {
		_, err := r.Next()
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		notes, bad := r.Notes()
		if bad != nil {
			t.Fatal(bad)
		}
		all = append(all, append([]tracefile.Note{}, notes...))
		if err == io.EOF {
			return all
		}
	}
}

// TestNoteLimits: what is too much is cut or left out, and the rest stays.
func TestNoteLimits(t *testing.T) {
	eachForm(t, func(t *testing.T, w noteWriter, back func() noteReader) {
		long := strings.Repeat("x", 4095) + "é"
		frames := strings.Split(strings.Repeat(long+"\n", 100), "\n")[:100]
		ids := make([]event.TaskID, 100)
		w.Note(tracefile.Note{
			Act: tracefile.Act(long), Task: 1, Reason: "\xff", Object: tracefile.Object{Kind: long, Name: long},
			Place: long,
			Tasks: ids, Stack: frames,
		})
		ids[0], frames[0] = 7, "changed" // the slices stay the caller's
		for range 5000 {
			w.Note(tracefile.Note{Act: tracefile.ActLeft, Task: tracefile.NoTask})
		}
		if err := w.Append(event.RngSeed(1)); err != nil {
			t.Fatal(err)
		}
		for i := range 5000 {
			w.Note(tracefile.Note{Act: tracefile.ActLeft, Task: event.TaskID(i), Stack: []string{"a.go:1 f"}})
		}
		all := allNotes(t, back())
		if len(all) != 2 || len(all[0]) != 4096 || len(all[1]) != 4096 {
			t.Fatalf("notes of %d events", len(all))
		}
		n, cut := all[0][0], long[:4095]
		texts := []string{string(n.Act), n.Object.Kind, n.Object.Name, n.Place, n.Stack[0], n.Stack[63]}
		for i, text := range texts {
			if text != cut {
				t.Errorf("text %d has %d bytes, want %d", i, len(text), len(cut))
			}
		}
		if n.Reason != "\uFFFD" || len(n.Tasks) != 64 || n.Tasks[0] != 0 || len(n.Stack) != 64 {
			t.Errorf("the note has reason %q, %d tasks, %d frames", n.Reason, len(n.Tasks), len(n.Stack))
		}
		want := tracefile.Note{Act: tracefile.ActLeft, Task: 4095, Stack: []string{"a.go:1 f"}}
		if !reflect.DeepEqual(all[1][4095], want) {
			t.Errorf("the last note is %+v, want %+v", all[1][4095], want)
		}
	})
}

// TestNotesFull: notes of any number keep the memory of the Writer bounded and stay with their events.
func TestNotesFull(t *testing.T) {
	eachForm(t, func(t *testing.T, w noteWriter, back func() noteReader) {
		const events, each = 90, 1000
		for i := range events {
			for k := range each {
				text := fmt.Sprint("text ", i*each+k)
				w.Note(tracefile.Note{Act: tracefile.ActDo, Task: event.TaskID(k), Reason: text})
			}
			if err := w.Append(event.RngValue(uint64(i))); err != nil {
				t.Fatal(err)
			}
		}
		all := allNotes(t, back())
		for i, notes := range all[:events] {
			if len(notes) != each || notes[each-1].Reason != fmt.Sprint("text ", i*each+each-1) {
				t.Fatalf("event %d has %d notes, the last is %+v", i, len(notes), notes[max(len(notes)-1, 0)])
			}
		}
		if len(all) != events+1 || len(all[events]) != 0 {
			t.Errorf("%d events", len(all)-1)
		}
	})
}

// TestNotesWithNames: notes stay with an event that comes only after other side chunks were written.
func TestNotesWithNames(t *testing.T) {
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w.Note(tracefile.Note{Act: tracefile.ActSet, Task: 1})
	for i := range 1000 { // more than fit into a chunk of names
		w.NameTask(event.TaskID(i), strings.Repeat("n", 4000))
	}
	w.Note(tracefile.Note{Act: tracefile.ActSet, Task: 2})
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	w.Note(tracefile.Note{Act: tracefile.ActSet, Task: 3})
	if err := w.Append(event.RngSeed(1)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, road := range roads {
		r, err := road.open(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		all := allNotes(t, r)
		if len(all) != 2 || len(all[0]) != 3 || all[0][0].Task != 1 || all[0][2].Task != 3 || len(all[1]) != 0 {
			t.Errorf("%s: %+v", road.name, all)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNotesWithoutEvents: a file without events has the notes of its end.
func TestNotesWithoutEvents(t *testing.T) {
	eachForm(t, func(t *testing.T, w noteWriter, back func() noteReader) {
		w.Note(tracefile.Note{Act: tracefile.ActLeft, Task: 1})
		if all := allNotes(t, back()); len(all) != 1 || len(all[0]) != 1 || all[0][0].Task != 1 {
			t.Errorf("%+v", all)
		}
	})
}

// TestNotesMalformed: notes of which one is malformed are an error, and those before it can be had.
func TestNotesMalformed(t *testing.T) {
	for name, payload := range noteTraps() {
		file := trapped(t, between(typeNotes, []byte(payload)))
		s, err := openAt(file)
		if err != nil {
			t.Fatal(err)
		}
		s.CheckNotes()
		for range 4 {
			if _, err := s.Next(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for range 2 {
			if _, err := s.Next(); !isDamage(err) {
				t.Errorf("%s: Next with CheckNotes gives %v, want damage", name, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := openAt(file)
		if err != nil {
			t.Fatal(err)
		}
		var bad error
		for range 8 {
			if _, err := r.Next(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := r.Notes(); err != nil {
				bad = err
			}
		}
		if !isDamage(bad) {
			t.Errorf("%s: the error is %v, want damage", name, bad)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLaterNotes: elements of a later version are passed over.
func TestLaterNotes(t *testing.T) {
	payload := "\x91\x9f\x00\xa1x\x05\xa1y\xa0\xa0\xa0\x00\x90\x90" +
		"\xc3\x92\x01\xa1z\xcb00000000\x81\x01\xc0\xff"
	r, err := openAt(trapped(t, between(typeNotes, []byte(payload))))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all := allNotes(t, r)
	want := tracefile.Note{Act: "x", Task: 5, Reason: "y"}
	if len(all[4]) != 1 || !reflect.DeepEqual(all[4][0], want) {
		t.Errorf("%+v, want %+v", all[4], want)
	}
}

// TestObjectString shows how objects are called.
func TestObjectString(t *testing.T) {
	for want, o := range map[string]tracefile.Object{
		"":                  {},
		"channel":           {Kind: "channel"},
		"mutex 1":           {Kind: "mutex", Name: "mutex 1"},
		`mutex "accounts"`:  {Kind: "mutex", Name: "accounts"},
		"accounts":          {Name: "accounts"},
		`mutex "mutex"`:     {Kind: "mutex", Name: "mutex"},
		`mutex "mutexes 1"`: {Kind: "mutex", Name: "mutexes 1"},
	} {
		if got := o.String(); got != want {
			t.Errorf("%+v is %q, want %q", o, got, want)
		}
	}
}
