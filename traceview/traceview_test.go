package traceview_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
	"github.com/reprise-go/reprise/traceview"
)

// open reads a recording of testdata: lost-update of the demo (simulated.reprise), a data race between two goroutines
// (ordinary.reprise), a goroutine that locks a mutex twice (leak.reprise), and a lost update with what decided it
// (decided.reprise).
func open(t testing.TB, name string, o traceview.Options) *traceview.Model {
	t.Helper()
	f, err := source.Open("testdata/"+name, source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := traceview.Read(&f.Stream, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var names = []string{"simulated.reprise", "ordinary.reprise", "leak.reprise", "decided.reprise"}

// TestText compares the text form of recordings, wide and narrow, with goldens.
func TestText(t *testing.T) {
	for _, name := range names {
		var b strings.Builder
		for _, width := range []int{120, 60} {
			if err := open(t, name, traceview.Options{Focus: -1}).WriteText(&b, width); err != nil {
				t.Fatal(err)
			}
		}
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(line) - 1; n > 120 && !strings.HasPrefix(line, "in one line") {
				t.Errorf("%s: a line has %d characters: %s", name, n, line)
			}
		}
		golden.Check(t, name+".txt", b.String())
	}
}

// truth is a run made by a test, with the state of each task at the start of each turn.
type truth struct {
	w      *tracefile.Writer
	states []traceview.State // now
	turns  [][]traceview.State
	runs   int // the task whose turn it is, -1 for none
}

func id(n int) event.TaskID { return event.NewTaskID(uint32(n), 0) }

func (r *truth) append(e event.Event) {
	if err := r.w.Append(e); err != nil {
		panic(err)
	}
}

// step makes the task that runs, or the world, do something.
func (r *truth) step(t *rapid.T) {
	pick := func(state traceview.State) int {
		var list []int
		for i, s := range r.states {
			if s == state {
				list = append(list, i)
			}
		}
		if len(list) == 0 {
			return -1
		}
		return rapid.SampledFrom(list).Draw(t, "task")
	}
	switch op := rapid.SampledFrom([]string{"spawn", "run", "run", "wait", "wake", "end", "yield"}).Draw(t, "op"); op {
	case "spawn":
		r.append(event.TaskSpawned(id(len(r.states)), 0, 0))
		r.states = append(r.states, traceview.Ready)
	case "run":
		next := pick(traceview.Ready)
		if next < 0 {
			return
		}
		if r.runs >= 0 {
			r.states[r.runs] = traceview.Ready
		}
		r.append(event.TaskScheduled(id(next), 1))
		r.runs, r.states[next] = next, traceview.Running
		r.turns = append(r.turns, append([]traceview.State{}, r.states...))
	case "wake":
		if n := pick(traceview.Waiting); n >= 0 {
			r.append(event.WakerWake(id(n)))
			r.states[n] = traceview.Ready
		}
	default:
		r.stop(op)
	}
}

// stop ends the turn that is open.
func (r *truth) stop(op string) {
	if r.runs < 0 {
		return
	}
	switch op {
	case "wait":
		r.w.Note(tracefile.Note{Act: tracefile.ActStop, Task: id(r.runs), Reason: "Lock",
			Object: tracefile.Object{Kind: "mutex", Name: "mutex 1"}})
		r.states[r.runs] = traceview.Waiting
		r.append(event.RngValue(0))
	case "end":
		r.append(event.TaskCompleted(id(r.runs), event.OutcomeOK))
		r.states[r.runs] = traceview.Gone
	case "yield":
		r.append(event.TaskYielded(id(r.runs)))
		r.states[r.runs] = traceview.Ready
	}
	r.runs = -1
}

// recording makes a run.
func recording(t *rapid.T) ([]byte, *truth) {
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := &truth{w: w, runs: -1}
	r.append(event.RngSeed(1))
	r.append(event.RootRegionCreated(0, 0))
	for range rapid.IntRange(1, 60).Draw(t, "steps") {
		r.step(t)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), r
}

// TestStates checks that a model says of each task in each turn what the run did, also if it keeps only some turns.
func TestStates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data, want := recording(t)
		s, err := source.NewReader(bytes.NewReader(data), source.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		most := rapid.SampledFrom([]int{2_000, 7, 1}).Draw(t, "turns")
		m, err := traceview.Read(s, traceview.Options{Turns: most, Focus: -1})
		if err != nil {
			t.Fatal(err)
		}
		if m.Total != len(want.turns) || len(m.Turns) != min(most, m.Total) || m.First != m.Total-len(m.Turns) {
			t.Fatalf("turns %d to %d of %d, want the last %d of %d", m.First, m.First+len(m.Turns), m.Total, most,
				len(want.turns))
		}
		for i := range m.Turns {
			states := map[event.TaskID]traceview.State{m.Lanes[m.Turns[i].Lane].Task: traceview.Running}
			for _, w := range m.Waits {
				task := m.Lanes[w.Lane].Task
				if n := m.First + i; w.From <= n && n < w.To {
					if _, twice := states[task]; twice {
						t.Fatalf("turn %d: task %v is in two states", n, task)
					}
					states[task] = w.State
				}
			}
			for _, l := range m.Lanes {
				expected := traceview.Gone
				if n := int(l.Task.Index()); n < len(want.turns[m.First+i]) {
					expected = want.turns[m.First+i][n]
				}
				if states[l.Task] != expected {
					t.Fatalf("turn %d: task %v is %v, want %v", m.First+i, l.Task, states[l.Task], expected)
				}
			}
		}
	})
}

// TestDamaged checks that a file is drawn as far as it is whole, and that every form says so.
func TestDamaged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data, _ := recording(t)
		data = data[:rapid.IntRange(0, len(data)-1).Draw(t, "cut")]
		s, err := source.NewReader(bytes.NewReader(data), source.Config{})
		if err != nil {
			return
		}
		defer s.Close()
		m, err := traceview.Read(s, traceview.Options{Focus: -1})
		if err == nil || m.Damage == "" {
			t.Fatalf("damage %q, error %v", m.Damage, err)
		}
		for name, text := range forms(t, m) {
			if name != "perfetto" && !strings.Contains(text, "damaged: ") {
				t.Errorf("%s does not say that the file is damaged: %s", name, text)
			}
		}
	})
}

// forms returns each picture of a model.
func forms(t interface{ Fatal(...any) }, m *traceview.Model) map[string]string {
	list := map[string]string{}
	for name, write := range map[string]func(io.Writer) error{
		"text":     func(w io.Writer) error { return m.WriteText(w, 80) },
		"html":     func(w io.Writer) error { return traceview.WriteHTML(w, nil, m) },
		"perfetto": m.WritePerfetto,
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		list[name] = b.String()
	}
	return list
}

// TestCause checks that a model has what a recording says about its cause, and marks it where its turns are kept.
func TestCause(t *testing.T) {
	m := open(t, "decided.reprise", traceview.Options{Focus: -1})
	if m.Cause.Turn != 24 || len(m.Cause.Curve) != 7 || len(m.Cause.Pair) != 3 {
		t.Errorf("the cause is %+v", m.Cause)
	}
	marks := func(m *traceview.Model) (list []string) {
		for _, a := range m.Marks {
			if a.Kind == traceview.MarkCause {
				list = append(list, fmt.Sprintf("%d %s: %s", a.Turn+1, m.Lanes[a.Lane].Short, a.Text))
			}
		}
		return list
	}
	want := []string{
		"24 0.0.1: decided the run: before its end 3 of 16 continuations fail, after it 15 of 16",
		"24 0.0.1: critical pair: stands here at bank.go:14",
		"25 0.0.2: critical pair: runs meanwhile", "26 0.0.1: critical pair: goes on",
	}
	if got := marks(m); !slices.Equal(got, want) {
		t.Errorf("marks %q, want %q", got, want)
	}
	if got := marks(open(t, "decided.reprise", traceview.Options{Focus: -1, Turns: 4})); !slices.Equal(got, want[2:]) {
		t.Errorf("of four turns the marks are %q, want %q", got, want[2:])
	}
}

// TestSame checks that the same file gives the same bytes.
func TestSame(t *testing.T) {
	for _, name := range names {
		first := forms(t, open(t, name, traceview.Options{Focus: -1}))
		for form, text := range forms(t, open(t, name, traceview.Options{Focus: -1})) {
			if first[form] != text {
				t.Errorf("%s of %s differs from time to time", form, name)
			}
		}
	}
}

// FuzzRead checks that a model and its pictures can be made of any recording, and that the page holds no markup of it.
func FuzzRead(f *testing.F) {
	for _, name := range names {
		file, err := source.Open("testdata/"+name, source.Config{})
		if err != nil {
			f.Fatal(err)
		}
		var b bytes.Buffer
		out, err := tracefile.NewJSONLWriter(&b, file.Metadata(), tracefile.Config{Identity: file.Identity()})
		if err != nil {
			f.Fatal(err)
		}
		for {
			e, err := file.Next()
			notes, _ := file.Notes()
			for _, n := range notes {
				out.Note(n)
			}
			if err != nil {
				break
			}
			if err := out.Append(e); err != nil {
				f.Fatal(err)
			}
		}
		if err := out.Close(); err != nil {
			f.Fatal(err)
		}
		f.Add(b.String(), int64(-1))
		f.Add(strings.ReplaceAll(b.String(), "Mutex", "</script><b>"), int64(3))
	}
	f.Fuzz(func(t *testing.T, text string, focus int64) {
		s, err := source.NewReader(strings.NewReader(text), source.Config{})
		if err != nil {
			return
		}
		defer s.Close()
		m, _ := traceview.Read(s, traceview.Options{Turns: 10, Focus: focus, Difference: "<i>"})
		page := forms(t, m)["html"]
		if n := strings.Count(page, "</script>"); n != 2 {
			t.Errorf("the page has %d ends of scripts", n)
		}
	})
}
