package tracefile_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
	"pgregory.net/rapid"
)

// What was written is read, on every road, whatever was written and however it was cut into chunks.

var edges = []uint64{
	0, 1, 127, 128, 255, 256, 1<<16 - 1, 1 << 16, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, math.MaxUint64,
}

var (
	anyUint64 = rapid.OneOf(rapid.SampledFrom(edges), rapid.Uint64(), rapid.Uint64Range(0, 300))
	anyEvent  = rapid.Custom(drawEvent)
	anyText   = rapid.OneOf(rapid.SampledFrom([]string{"", "x", "main", "bank.go:25", "\x00", "é\u2028😀"}), rapid.String())
)

// fieldBits are the widths of the fields that have not 64 bits.
var fieldBits = map[event.FieldType]int{
	event.TypeCount: 32, event.TypeOutcome: 8, event.TypeReadiness: 8, event.TypeIOErrorKind: 8,
	event.TypeChaosKind: 8, event.TypeCancelKind: 8,
}

// drawEvent draws any event through its JSON form, which the table of kinds describes.
func drawEvent(t *rapid.T) event.Event {
	kind := event.Kind(rapid.IntRange(1, event.NumKinds).Draw(t, "kind"))
	text := fmt.Sprintf(`{"type":%q`, kind)
	for f := range kind.Fields() {
		v := anyUint64.Draw(t, f.Name)
		if bits := fieldBits[f.Type]; bits > 0 {
			v &= 1<<bits - 1
		}
		switch {
		case f.Type.Optional() && rapid.Bool().Draw(t, "absent"):
			text += fmt.Sprintf(`,%q:null`, f.Name)
		case f.Type == event.TypeBytes:
			text += fmt.Sprintf(`,%q:%d`, f.Name, int64(v))
		default:
			text += fmt.Sprintf(`,%q:%d`, f.Name, v)
		}
	}
	var e event.Event
	if err := e.UnmarshalJSON([]byte(text + "}")); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

// A script is what is asked of a Writer, and so what must be read.
type script struct {
	md     event.Metadata
	cfg    tracefile.Config
	end    *tracefile.End
	events []event.Event
	sites  []string                 // of each event
	flush  map[int]bool             // before which events, and at the end
	names  map[int][]naming         // given before which events; no task or region is named twice
	notes  map[int][]tracefile.Note // of which events, and of the end
}

type naming struct {
	region bool
	id     uint64
	name   string
}

var anyScript = rapid.Custom(func(t *rapid.T) script {
	p := script{
		md:     event.NewMetadata(anyUint64.Draw(t, "seed")),
		events: rapid.SliceOfN(anyEvent, 0, 40).Draw(t, "events"),
		flush:  map[int]bool{},
		names:  map[int][]naming{},
		notes:  map[int][]tracefile.Note{},
		cfg: tracefile.Config{
			ChunkEvents: rapid.SampledFrom([]int{1, 2, 3, 7, 39, 40, 0}).Draw(t, "chunk"),
			First:       rapid.SampledFrom([]uint64{0, 0, 1, 1000, 1<<62 - 1}).Draw(t, "first"),
			Time:        rapid.SampledFrom([]uint64{0, 0, 1, 1 << 40}).Draw(t, "time"),
			Identity:    rapid.MapOfN(anyText, anyText, 0, 20).Draw(t, "identity"),
		},
	}
	p.md.Description = anyText.Draw(t, "description")
	if rapid.Bool().Draw(t, "has end") {
		p.end = &tracefile.End{Reason: anyText.Draw(t, "reason"), Message: anyText.Draw(t, "message")}
	}
	for i := range len(p.events) + 1 {
		p.sites = append(p.sites, rapid.SampledFrom([]string{"", "", "a.go:1", "b.go:23"}).Draw(t, "site"))
		p.flush[i] = rapid.IntRange(0, 9).Draw(t, "flush") == 0
		if n := rapid.SampledFrom([]int{0, 0, 0, 1, 3}).Draw(t, "notes"); n > 0 {
			p.notes[i] = rapid.SliceOfN(anyNote, n, n).Draw(t, "some notes")
		}
		for range rapid.SampledFrom([]int{0, 0, 0, 1, 3}).Draw(t, "names") {
			n := naming{rapid.Bool().Draw(t, "region"), uint64(i)<<32 | uint64(len(p.names[i])), anyText.Draw(t, "name")}
			p.names[i] = append(p.names[i], n)
		}
	}
	return p
})

var anyNote = rapid.Custom(func(t *rapid.T) tracefile.Note {
	text := rapid.OneOf(rapid.SampledFrom([]string{"", "", "mutex 1", "chan receive", "b.go:1"}), anyText)
	ids := rapid.OneOf(rapid.SampledFrom([]uint64{0, 1, uint64(tracefile.NoTask)}), anyUint64)
	task := rapid.Map(ids, func(id uint64) event.TaskID { return event.TaskID(id) })
	n := tracefile.Note{
		Act: tracefile.Act(text.Draw(t, "act")), Task: task.Draw(t, "task"), Reason: text.Draw(t, "reason"),
		Object: tracefile.Object{Kind: text.Draw(t, "kind"), Name: text.Draw(t, "object")}, Place: text.Draw(t, "place"),
		Time: rapid.OneOf(rapid.Just(uint64(0)), anyUint64).Draw(t, "time"),
	}
	if rapid.Bool().Draw(t, "tasks and stack") {
		n.Tasks = rapid.SliceOfN(task, 1, 3).Draw(t, "tasks")
	}
	if rapid.Bool().Draw(t, "stack") {
		n.Stack = rapid.SliceOfN(text, 1, 3).Draw(t, "frames")
	}
	return n
})

// checkNotes checks the notes of event i, or of the end.
func (p script) checkNotes(t rapid.TB, what string, i int, got []tracefile.Note, err error) {
	t.Helper()
	if want := p.notes[i]; err != nil || len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: event %d has the notes %+v, %v; written were %+v", what, i, got, err, want)
	}
}

// write does what the script says.
func (p script) write(t rapid.TB, w *tracefile.Writer) {
	for i := range len(p.events) + 1 {
		for _, n := range p.names[i] {
			if n.region {
				w.NameRegion(event.RegionID(n.id), n.name)
			} else {
				w.NameTask(event.TaskID(n.id), n.name)
			}
		}
		if p.sites[i] != "" {
			w.Site(p.sites[i])
		}
		for _, n := range p.notes[i] {
			w.Note(n)
		}
		if p.flush[i] {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if i == len(p.events) {
			break
		}
		if err := w.Append(p.events[i]); err != nil {
			t.Fatal(err)
		}
	}
	if p.end != nil {
		w.SetEnd(*p.end)
	}
	if got := w.Len(); got != uint64(len(p.events)) {
		t.Fatalf("Len is %d after %d events", got, len(p.events))
	}
}

// file returns the file of a script.
func (p script) file(t rapid.TB) []byte {
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, p.md, p.cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w.Size() != int64(b.Len()) {
		t.Fatalf("Size is %d after %d bytes", w.Size(), b.Len())
	}
	return b.Bytes()
}

// times returns the virtual time before each event and at the end.
func (p script) times() []uint64 {
	times := []uint64{p.cfg.Time}
	for i, e := range p.events {
		now := times[i]
		if e.Kind() == event.KindTimeAdvanced {
			now = max(now, e.ToNanos())
		}
		times = append(times, now)
	}
	return times
}

// check reads a file of the script that is at its event from to the end.
func (p script) check(t rapid.TB, what string, r *tracefile.Reader, from int) {
	t.Helper()
	times := p.times()
	for i := from; i < len(p.events); i++ {
		if r.Pos() != p.cfg.First+uint64(i) {
			t.Fatalf("%s: Pos is %d before event %d", what, r.Pos(), i)
		}
		e, err := r.Next()
		if err != nil || e != p.events[i] || r.Time() != times[i+1] || r.Site() != p.sites[i] {
			t.Fatalf("%s: event %d is %v at %d ns, site %q, error %v; written was %v at %d ns, site %q", what, i, e, r.Time(),
				r.Site(), err, p.events[i], times[i+1], p.sites[i])
		}
		p.checkNames(t, what, r, i)
		notes, err := r.Notes()
		p.checkNotes(t, what, i, notes, err)
	}
	if e, err := r.Next(); err != io.EOF {
		t.Fatalf("%s: %v, %v after the last event, want io.EOF", what, e, err)
	}
	notes, err := r.Notes()
	p.checkNotes(t, what, len(p.events), notes, err)
	if n, known := r.Len(); !known || n != p.cfg.First+uint64(len(p.events)) {
		t.Fatalf("%s: Len is %d, %v after %d events from %d", what, n, known, len(p.events), p.cfg.First)
	}
	end, ok := r.End()
	if ok != (p.end != nil) || ok && end != *p.end {
		t.Fatalf("%s: End is %+v, %v, want %+v", what, end, ok, p.end)
	}
}

// checkNames checks all names after event i: what was given before it is known, nothing is wrong.
func (p script) checkNames(t rapid.TB, what string, r *tracefile.Reader, i int) {
	for given, names := range p.names {
		for _, n := range names {
			got := r.TaskName(event.TaskID(n.id))
			if n.region {
				got = r.RegionName(event.RegionID(n.id))
			}
			if got != n.name && (given <= i || got != "") {
				t.Fatalf("%s: after event %d the name of %d is %q, event %d came after %q", what, i, n.id, got, given, n.name)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyScript.Draw(t, "script")
		file := p.file(t)
		if again := p.file(t); !bytes.Equal(again, file) {
			t.Fatalf("the same calls give other bytes:\n% x\n% x", again, file)
		}
		for _, w := range roads {
			r, err := w.open(file)
			if err != nil {
				t.Fatal(err)
			}
			if r.Metadata() != p.md || r.First() != p.cfg.First || r.FirstTime() != p.cfg.Time {
				t.Fatalf("%s: %+v, First %d, FirstTime %d", w.name, r.Metadata(), r.First(), r.FirstTime())
			}
			if got, want := fmt.Sprint(r.Identity()), fmt.Sprint(p.cfg.Identity); got != want {
				t.Fatalf("%s: identity %s, want %s", w.name, got, want)
			}
			p.check(t, w.name, r, 0)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
		p.checkRival(t, file)
	})
}

// checkRival compares with the reader that was written from the specification alone.
func (p script) checkRival(t rapid.TB, file []byte) {
	f, err := parseRival(file)
	if err != nil {
		t.Fatalf("rival: %v", err)
	}
	times := p.times()
	if len(f.events) != len(p.events) {
		t.Fatalf("rival: %d events, want %d", len(f.events), len(p.events))
	}
	for i, e := range f.events {
		if e.event != p.events[i] || e.site != p.sites[i] || e.time != times[i+1] || e.index != p.cfg.First+uint64(i) {
			t.Fatalf("rival: event %d is %+v, want %v, site %q, %d ns", i, e, p.events[i], p.sites[i], times[i+1])
		}
	}
	for i, e := range f.events {
		p.checkNotes(t, "rival", i, e.notes, nil)
	}
	p.checkNotes(t, "rival", len(p.events), f.after, nil)
	want := map[string]string{}
	for _, names := range p.names {
		for _, n := range names {
			if n.name != "" { // the empty name is none
				want[fmt.Sprint(n.region, n.id)] = n.name
			}
		}
	}
	if got := fmt.Sprint(f.names); got != fmt.Sprint(want) {
		t.Fatalf("rival: names %s, want %v", got, want)
	}
	if p.end != nil && (f.end["reason"] != p.end.Reason || f.end["message"] != p.end.Message) {
		t.Fatalf("rival: end %v, want %+v", f.end, p.end)
	}
	if got := fmt.Sprint(f.identity); got != fmt.Sprint(map[string]string(p.cfg.Identity)) {
		t.Fatalf("rival: identity %s, want %v", got, p.cfg.Identity)
	}
}

// TestRecoverWhole: of a whole file everything is recovered, and written again it is the same file.
func TestRecoverWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyScript.Draw(t, "script")
		clear(p.flush)
		file := p.file(t)
		rec, err := tracefile.Recover(bytes.NewReader(file), int64(len(file)))
		if err != nil || !rec.Whole || len(rec.Parts) != min(1, len(p.events)) {
			t.Fatalf("%v\n%v", err, rec)
		}
		if len(p.events) == 0 {
			return
		}
		var b bytes.Buffer
		cfg := rec.Config(0)
		cfg.ChunkEvents = p.cfg.ChunkEvents
		w, err := tracefile.NewWriter(&b, rec.Metadata, cfg)
		if err == nil {
			err = rec.Write(0, w)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		r, err := tracefile.NewReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		if p.end == nil {
			delete(p.names, len(p.events)) // given when the recording was over
		}
		p.check(t, strings.TrimSpace(rec.String()), r, 0)
	})
}
