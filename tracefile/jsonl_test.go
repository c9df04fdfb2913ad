package tracefile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
)

// annotations are what a reader of annotated JSON lines gives for an event.
type annotations struct {
	Event event.Event
	Site  string
	Names []tracefile.Name
	Notes []tracefile.Note
}

// writeJSONL writes what the script says, and returns the lines and what must be read from them.
func (p script) writeJSONL(t *rapid.T) ([]byte, []annotations) {
	var b bytes.Buffer
	w, err := tracefile.NewJSONLWriter(&b, p.md, p.cfg)
	if err != nil {
		t.Fatal(err)
	}
	var want []annotations
	for i, e := range p.events {
		a := annotations{Event: e, Site: valid(p.sites[i]), Notes: p.notes[i]}
		for _, n := range p.notes[i] {
			w.Note(n)
		}
		for _, n := range p.names[i] {
			if n.region {
				w.NameRegion(event.RegionID(n.id), n.name)
			} else {
				w.NameTask(event.TaskID(n.id), n.name)
			}
			if n.name != "" {
				a.Names = append(a.Names, tracefile.Name{Region: n.region, ID: n.id, Name: valid(n.name)})
			}
		}
		w.Site(p.sites[i])
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
		want = append(want, a)
	}
	if p.end != nil {
		w.SetEnd(*p.end)
	}
	for _, n := range p.notes[len(p.events)] {
		w.Note(n)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), want
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

var byValue = cmp.Comparer(func(a, b event.Event) bool { return a == b })

// TestJSONLRoundTrip: what was written is read, and package event reads the same events.
func TestJSONLRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyScript.Draw(t, "script")
		b, want := p.writeJSONL(t)
		r, err := tracefile.NewJSONLReader(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%v in\n%s", err, b)
		}
		if r.Metadata() != p.md || r.First() != p.cfg.First || r.FirstTime() != p.cfg.Time ||
			len(r.Identity()) != len(texts(p.cfg.Identity)) {
			t.Fatalf("the head is %+v, %d, %d, %v", r.Metadata(), r.First(), r.FirstTime(), r.Identity())
		}
		var got []annotations
		for {
			e, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%v in\n%s", err, b)
			}
			notes, err := r.Notes()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, annotations{e, r.Site(), append([]tracefile.Name{}, r.Names()...), notes})
		}
		after, err := r.Notes()
		p.checkNotes(t, "JSON lines", len(p.events), after, err)
		sortNames := cmpopts.SortSlices(func(a, b tracefile.Name) bool {
			return a.ID < b.ID || a.ID == b.ID && a.Region &&
				!b.Region
		})
		if diff := cmp.Diff(want, got, byValue, cmpopts.EquateEmpty(), sortNames); diff != "" {
			t.Fatalf("other events than were written (-want +got):\n%s\nin\n%s", diff, b)
		}
		end, known := r.End()
		if known != (p.end != nil) || known &&
			end != (tracefile.End{Reason: valid(p.end.Reason), Message: valid(p.end.Message)}) {
			t.Fatalf("the end is %v, %v; want %v", end, known, p.end)
		}
		wantPlain(t, b, p)
	})
}

// texts is what is left of an identity when its keys are valid.
func texts(id tracefile.Identity) map[string]bool {
	keys := map[string]bool{}
	for k := range id {
		keys[valid(k)] = true
	}
	return keys
}

// wantPlain reads the lines without the annotations.
func wantPlain(t *rapid.T, b []byte, p script) {
	tr, err := event.ReadJSONL(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("package event refuses the lines: %v", err)
	}
	want := event.NewTrace(p.md)
	for _, e := range p.events {
		want.Append(e)
	}
	if !tr.Equal(want) {
		t.Fatalf("package event reads another trace from\n%s", b)
	}
}

// TestJSONLForm shows what the lines look like.
func TestJSONLForm(t *testing.T) {
	var b strings.Builder
	cfg := tracefile.Config{Identity: tracefile.Identity{"test": "TestTransfer", "go": "go1.26"}, First: 7, Time: 50}
	w, err := tracefile.NewJSONLWriter(&b, event.NewMetadata(5), cfg)
	if err != nil {
		t.Fatal(err)
	}
	task, region := event.NewTaskID(1, 0), event.NewRegionID(0, 0)
	w.NameRegion(region, "root")
	w.NameTask(task, "clerk <1>")
	w.Site("bank.go:25")
	_ = w.Append(event.TaskSpawned(task, region, 3)) // Close tells
	w.Note(tracefile.Note{
		Act: tracefile.ActStop, Task: task, Reason: "sync.Mutex.Lock", Object: tracefile.Object{Kind: "mutex",
			Name: "mutex 1"},
		Tasks: []event.TaskID{task}, Place: "bank.go:31 bank.Move",
	})
	_ = w.Append(event.TaskYielded(task))
	w.Note(tracefile.Note{Act: tracefile.ActLeft, Task: task, Stack: []string{"bank.go:31 bank.Move"}, Time: 60})
	w.SetEnd(tracefile.End{Reason: tracefile.EndFailed, Message: "lost"})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := `{"version":1,"seed":5,"recorded_at":0,"config_hash":0,"identity":{"go":"go1.26","test":"TestTransfer"},"first":7,"time":50}
{"type":"TaskSpawned","task":4294967296,"region":0,"at_tick":3,"name":"clerk <1>","names":[{"region":0,"name":"root"}],"site":"bank.go:25"}
{"type":"TaskYielded","task":4294967296,"notes":[{"act":"stops","task":4294967296,"reason":"sync.Mutex.Lock","kind":"mutex","object":"mutex 1","tasks":[4294967296],"place":"bank.go:31 bank.Move"}],"after":[{"act":"left","task":4294967296,"stack":["bank.go:31 bank.Move"],"time":60}],"end":{"reason":"failed","message":"lost"}}
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("other lines than expected (-want +got):\n%s", diff)
	}
}

// TestJSONLEndOfAnEmptyTrace: without events the end stands on the first line.
func TestJSONLEndOfAnEmptyTrace(t *testing.T) {
	var b bytes.Buffer
	w, err := tracefile.NewJSONLWriter(&b, event.NewMetadata(5), tracefile.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w.SetEnd(tracefile.End{Reason: tracefile.EndLimit})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := tracefile.NewJSONLReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	if end, known := r.End(); !known || end.Reason != tracefile.EndLimit {
		t.Errorf("the end is %v, %v", end, known)
	}
}

// TestJSONLEndIsOnTheLastLine: an end in the middle is none.
func TestJSONLEndIsOnTheLastLine(t *testing.T) {
	r := jsonl(t, `{"version":1,"seed":5,"recorded_at":0,"config_hash":0,"end":{"reason":"x"}}
{"type":"RngValue","value":1,"end":{"reason":"y"}}
{"type":"RngValue","value":2}
`)
	for err := error(nil); err == nil; {
		_, err = r.Next()
	}
	if end, known := r.End(); known {
		t.Errorf("the end is %v, want none", end)
	}
}

func jsonl(t *testing.T, lines string) *tracefile.JSONLReader {
	t.Helper()
	r, err := tracefile.NewJSONLReader(strings.NewReader(lines))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestJSONLErrors says which line has an annotation that is none.
func TestJSONLErrors(t *testing.T) {
	const head = `{"version":1,"seed":5,"recorded_at":0,"config_hash":0`
	_, err := tracefile.NewJSONLReader(strings.NewReader(head + `,"identity":3}`))
	var de *event.DecodeError
	if !errors.As(err, &de) || de.Line != 1 || !errors.Is(err, event.ErrMalformed) {
		t.Errorf("a bad identity gives %v, want an error on line 1", err)
	}
	for _, annotation := range []string{`"name":7`, `"names":{}`, `"names":[{"task":"x"}]`, `"site":["a"]`, `"end":"x"`,
		`"names":[{"task":-1,"name":"x"}]`} {
		r := jsonl(t, head+"}\n"+`{"type":"RngValue","value":1}`+"\n"+`{"type":"RngValue","value":2,`+annotation+"}\n")
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		for range 2 { // errors stay
			_, err := r.Next()
			if !errors.As(err, &de) || de.Line != 3 || de.Index != 1 || !errors.Is(err, event.ErrMalformed) {
				t.Errorf("%s gives %v, want an error on line 3, event 1", annotation, err)
			}
		}
	}
}

// TestJSONLIndex: lines that say which event they are must follow each other.
func TestJSONLIndex(t *testing.T) {
	const head = `{"version":1,"seed":5,"recorded_at":0,"config_hash":0,"first":7}` + "\n"
	line := func(index int) string { return fmt.Sprintf(`{"type":"RngValue","value":1,"index":%d}`, index) + "\n" }
	r := jsonl(t, head+line(7)+line(8)+line(10))
	for range 2 {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.Next()
	var de *event.DecodeError
	if !errors.As(err, &de) || de.Line != 4 || !errors.Is(err, event.ErrMalformed) ||
		!strings.Contains(err.Error(), "this is event 10, and event 9 should come") {
		t.Errorf("a gap gives %v", err)
	}
}

// TestJSONLNamesAreForgotten: names do not pile up, and those of what is live stay.
func TestJSONLNamesAreForgotten(t *testing.T) {
	var b bytes.Buffer
	w, err := tracefile.NewJSONLWriter(&b, event.NewMetadata(5), tracefile.Config{})
	if err != nil {
		t.Fatal(err)
	}
	region := event.NewRegionID(0, 0)
	task := func(i uint32) event.TaskID { return event.NewTaskID(1, i) }
	w.NameRegion(region, "root")
	_ = w.Append(event.RootRegionCreated(region, 0)) // Close tells
	for i := range uint32(5000) {
		w.NameTask(task(i), "task")
		_ = w.Append(event.TaskSpawned(task(i), region, 0))         // as above
		_ = w.Append(event.TaskCompleted(task(i), event.OutcomeOK)) // as above
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := tracefile.NewJSONLReader(&b)
	for err == nil {
		_, err = r.Next()
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	if r.TaskName(task(4999)) != "task" || r.TaskName(task(3)) != "" || r.RegionName(region) != "root" {
		t.Errorf("the names are %q, %q and %q", r.TaskName(task(4999)), r.TaskName(task(3)), r.RegionName(region))
	}
}

// TestJSONLWriterFails lets the writer below fail at every byte.
func TestJSONLWriterFails(t *testing.T) {
	boom := errors.New("boom")
	for room := range 200 {
		w, err := tracefile.NewJSONLWriter(&limited{room, boom}, event.NewMetadata(5), tracefile.Config{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range uint64(300) {
			if err = w.Append(event.RngValue(i)); err != nil {
				break
			}
		}
		if closed := w.Close(); !errors.Is(closed, boom) || err != nil && !errors.Is(err, boom) {
			t.Errorf("with room for %d bytes Append gives %v and Close %v, want boom", room, err, closed)
		}
	}
}

// limited is a writer with room for some bytes.
type limited struct {
	room int
	err  error
}

// Write implements io.Writer.
func (l *limited) Write(b []byte) (int, error) {
	if n := l.room; len(b) > n {
		l.room = 0
		return n, l.err
	}
	l.room -= len(b)
	return len(b), nil
}

// FuzzJSONLReader reads anything: it ends in an error or io.EOF, and gives no other events than package event does.
func FuzzJSONLReader(f *testing.F) {
	f.Add([]byte(`{"version":1,"seed":5,"recorded_at":0,"config_hash":0,"identity":{"go":"x"},"first":7}
{"type":"TaskSpawned","task":1,"region":0,"at_tick":3,"name":"x","names":[{"region":0,"name":"y"}],"site":"a.go:1"}
{"type":"RngValue","value":2,"end":{"reason":"failed"}}
`))
	f.Add([]byte(`{"version":1,"seed":5,"recorded_at":0,"config_hash":0,"names":3}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			return
		}
		plain, plainErr := event.ReadJSONL(bytes.NewReader(b))
		r, err := tracefile.NewJSONLReader(bytes.NewReader(b))
		n := 0
		for err == nil {
			var e event.Event
			if e, err = r.Next(); err == nil && plainErr == nil && e != plain.At(n) {
				t.Fatalf("event %d is %v, package event reads %v", n, e, plain.At(n))
			}
			n++
		}
		if plainErr != nil && err == io.EOF {
			t.Fatalf("package event refuses the lines with %v", plainErr)
		}
	})
}
