package replayer_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/internal/sourcetest"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// start opens a Replayer of tr that is closed at the end of the test.
func start(t testing.TB, src source.Source, cfg replayer.Config, body program) *replayer.Replayer {
	t.Helper()
	cfg.Sim.MaxSteps, cfg.Sim.CheckpointEvery = settings.MaxSteps, settings.CheckpointEvery
	r, err := replayer.New(src, cfg, body)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() }) // always nil
	return r
}

// office is a program whose tasks wait in all ways that name a holder.
func office(s *simsched.Sim) error {
	mu, desk := s.NewMutex("safe"), simsched.NewChan[int](s, "desk", 0)
	return s.InRegion("office", func(r *simsched.Region) error {
		boss := r.Go("boss", func() error {
			mu.Lock()
			s.Sleep(time.Second)
			mu.Unlock()
			desk.Send(1)
			return nil
		})
		r.Go("clerk", func() error { mu.Lock(); defer mu.Unlock(); return nil })
		r.Go("guest", func() error { desk.Recv(); return boss.Join() })
		r.Go("idler", func() error { s.Yield(); return nil })
		return nil
	})
}

// TestTour stops at every event of a program and tells all there is to tell. The goroutine that asks is no task, and
// may ask also where operations by such goroutines are refused.
func TestTour(t *testing.T) {
	tr := recordOK(t, office)
	sim := simsched.Config{CallSites: true, CheckGoroutines: true}
	r := start(t, source.FromTrace(tr), replayer.Config{Sim: sim}, office)
	var b strings.Builder
	for {
		_, err := r.Step()
		if err != nil {
			fmt.Fprintf(&b, "%v\n", err)
			break
		}
		s := r.State()
		var running event.TaskID
		if s.Chosen != nil {
			running = s.Chosen.ID
		}
		fmt.Fprintf(&b, "%d %v\n\tat %v, running %v %v, runnable %v, %d events to come\n", s.Pos-1, s.Event, s.Time,
			running, s.Chosen != nil,
			s.Runnable, uint64(tr.Len())-s.Recorded)
		for _, i := range s.Tasks {
			fmt.Fprintf(&b, "\t%v %s %s in %v %s: %v", i.ID, i.Name, i.Path, i.Region, i.RegionName, i.State)
			if i.State == simsched.TaskWaiting {
				fmt.Fprintf(&b, " %s, held by %v, until %v", i.WaitsFor, i.HeldBy, i.Until)
			}
			fmt.Fprintf(&b, " [%s]\n", strings.Replace(i.Line, "interactive_test.go:", "line ", 1))
		}
	}
	golden.Check(t, "tour.txt", b.String())
}

func TestRunTo(t *testing.T) {
	tr := recordOK(t, office)
	id := func(name string) (id event.TaskID) {
		r := start(t, source.FromTrace(tr), replayer.Config{}, office)
		e, err := r.RunTo(replayer.AtTaskName(name))
		if err != nil {
			t.Fatal(err)
		}
		return e.Task()
	}
	first := func(f func(event.Event) bool) uint64 { return uint64(slices.IndexFunc(tr.Slice(0, tr.Len()), f)) }
	chosen := func(name string) uint64 {
		task := id(name)
		return first(func(e event.Event) bool { return e.Kind() == event.KindTaskScheduled && e.Task() == task })
	}
	advanced := first(func(e event.Event) bool { return e.Kind() == event.KindTimeAdvanced })
	spawned := 0
	for _, c := range []struct {
		target replayer.Target
		text   string
		want   uint64 // index
	}{
		{replayer.Target{}, "the next event", 0},
		{replayer.AtIndex(0), "event 0", 0},
		{replayer.AtIndex(9), "event 9", 9},
		{replayer.AtTick(5), "step 5", first(func(e event.Event) bool {
			return e.Kind() == event.KindTaskScheduled &&
				e.Tick() == 5
		})},
		{replayer.AtTime(time.Millisecond), "virtual time 1ms", advanced},
		{replayer.AtTime(time.Second), "virtual time 1s", advanced},
		{replayer.AtTask(id("clerk")), "task T2", chosen("clerk")},
		{replayer.AtTaskName("guest"), `task "guest"`, chosen("guest")},
		{replayer.AtTaskPath("0.4"), "task at path 0.4", chosen("idler")},
		{replayer.AtKind(event.KindTaskYielded), "TaskYielded",
			first(func(e event.Event) bool { return e.Kind() == event.KindTaskYielded })},
		{replayer.When(func(e event.Event) bool {
			if e.Kind() == event.KindTaskSpawned {
				spawned++
			}
			return spawned == 3
		}), "an event that a function accepts", first(func(e event.Event) bool {
			return e.Kind() == event.KindTaskSpawned && e.Task() == id("clerk")
		})},
	} {
		r := start(t, source.FromTrace(tr), replayer.Config{}, office)
		e, err := r.RunTo(c.target)
		if err != nil || r.Pos() != c.want+1 || e != tr.At(int(c.want)) || c.target.String() != c.text {
			t.Errorf("to %v, which should be %q: %v, %v, Pos %d, want event %d", c.target, c.text, e, err, r.Pos(), c.want)
		}
		if s := r.State(); !s.More || s.Next != tr.At(int(c.want)+1) || s.Event != e || s.Steps != s.Pos {
			t.Errorf("to %v: %+v, want next %v", c.target, s, tr.At(int(c.want)+1))
		}
	}
}

func TestRunToNowhere(t *testing.T) {
	tr := recordOK(t, office)
	r := start(t, source.FromTrace(tr), replayer.Config{}, office)
	if err := r.Seek(5); err != nil {
		t.Fatal(err)
	}
	if _, err := r.RunTo(replayer.AtIndex(4)); !errors.Is(err, replayer.ErrPosition) || r.Pos() != 5 {
		t.Errorf("to an event that has passed: %v, Pos %d", err, r.Pos())
	}
	if _, err := r.RunTo(replayer.AtTaskName("nobody")); err != io.EOF || r.Pos() != uint64(tr.Len()) {
		t.Errorf("to a task that does not exist: %v, Pos %d of %d", err, r.Pos(), tr.Len())
	}
	if err := r.Seek(uint64(tr.Len() + 1)); !errors.Is(err, replayer.ErrPosition) || r.Pos() != uint64(tr.Len()) {
		t.Errorf("beyond the end: %v, Pos %d", err, r.Pos())
	}
	if err := r.Reset(); err != nil || r.Pos() != 0 || r.State().Tasks != nil || r.State().Time != 0 {
		t.Errorf("reset: %v, %+v", err, r.State())
	}
	if err := r.Back(1); !errors.Is(err, replayer.ErrPosition) || r.Pos() != 0 {
		t.Errorf("back from the start: %v, Pos %d", err, r.Pos())
	}
}

// TestStreamCannotGoBack: what can be read once only can be replayed forwards.
func TestStreamCannotGoBack(t *testing.T) {
	tr := recordOK(t, office)
	r := start(t, stream{source.FromTrace(tr)}, replayer.Config{}, office)
	if err := r.Reset(); err != nil {
		t.Errorf("reset at the start: %v", err)
	}
	if err := r.Seek(9); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() error{"Reset": r.Reset, "Back": func() error { return r.Back(1) },
		"Seek": func() error { return r.Seek(3) }} {
		if err := f(); !errors.Is(err, replayer.ErrRewind) || r.Pos() != 9 {
			t.Errorf("%s of a stream: %v, Pos %d", name, err, r.Pos())
		}
	}
	if result, err := r.Run(); err != nil || result.Events != uint64(tr.Len()) {
		t.Errorf("the rest: %+v, %v", result, err)
	}
}

// TestRecorded counts the recorded events that have come under the policies.
func TestRecorded(t *testing.T) {
	tr := recordOK(t, office)
	for _, c := range []struct {
		cfg  replayer.Config
		done uint64 // at index 9
		next event.Event
	}{
		{replayer.Config{}, 9, tr.At(9)},
		{replayer.Config{Policy: replayer.Resync, Window: 8}, 9, tr.At(9)},
		{replayer.Config{Policy: replayer.Prefix, Index: 5}, 5, event.Event{}},
		{replayer.Config{Omitted: event.NewKindSet(event.KindRngSeed)}, 9, tr.At(10)},
	} {
		r := start(t, source.FromTrace(tr), c.cfg, office)
		if err := r.Seek(9); err != nil {
			t.Fatal(err)
		}
		if s := r.State(); s.Recorded != c.done || s.Next != c.next || s.More != (c.next != event.Event{}) {
			t.Errorf("policy %v: %d recorded events have come, next %v, %v; want %d, %v", c.cfg.Policy, s.Recorded, s.Next,
				s.More, c.done, c.next)
		}
	}
}

// TestCloseAnywhere closes a Replayer at every index: deferred calls have run, and no goroutine is left.
func TestCloseAnywhere(t *testing.T) {
	for _, body := range []program{office, everything, endless, worker(func() error { panic("boom") })} {
		tr, _ := record(body)
		for n := range uint64(min(tr.Len(), 60)) {
			entered, left := 0, 0
			r := start(t, source.FromTrace(tr), replayer.Config{}, func(s *simsched.Sim) error {
				entered++
				defer func() { left++ }()
				return body(s)
			})
			if err := r.Seek(n); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil || entered != left {
				t.Fatalf("closed at %d: %v, %d bodies entered, %d left", n, err, entered, left)
			}
			if err := goleak.Find(); err != nil {
				t.Fatalf("closed at %d: %v", n, err)
			}
		}
	}
}

func TestUseAfterClose(t *testing.T) {
	tr := recordOK(t, office)
	r := start(t, source.FromTrace(tr), replayer.Config{}, office)
	for range 2 {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		_, stepErr := r.Step()
		_, runErr := r.Run()
		_, toErr := r.RunTo(replayer.AtIndex(3))
		for i, err := range []error{stepErr, runErr, toErr, r.Seek(0), r.Seek(3), r.Back(1), r.Reset()} {
			if !errors.Is(err, replayer.ErrClosed) {
				t.Errorf("call %d after Close: %v", i, err)
			}
		}
		if r.Pos() != 0 || fmt.Sprint(r.State()) != fmt.Sprint(replayer.State{}) {
			t.Error("a closed Replayer says something")
		}
	}
}

// TestGoexitWhileStepping: the method that ran the program ends its goroutine, and the Replayer can still be closed or
// started anew.
func TestGoexitWhileStepping(t *testing.T) {
	quit := func(s *simsched.Sim) error { s.Yield(); runtime.Goexit(); return nil }
	tr := recordOK(t, yieldTimes(1))
	r := start(t, source.FromTrace(tr), replayer.Config{}, quit)
	for range 2 {
		returned, done := false, make(chan struct{})
		go func() {
			defer close(done)
			_, _ = r.Run()
			returned = true
		}()
		<-done
		if returned || r.Pos() != 6 {
			t.Errorf("Run returned %v, Pos %d; want Goexit after 6 events", returned, r.Pos())
		}
		if _, err := r.Step(); !errors.Is(err, replayer.ErrEnded) {
			t.Errorf("a step after the end: %v", err)
		}
		if err := r.Seek(4); err != nil || r.Pos() != 4 {
			t.Errorf("back again: %v, Pos %d", err, r.Pos())
		}
	}
}

// TestPanicOfAPredicate reaches the caller of RunTo.
func TestPanicOfAPredicate(t *testing.T) {
	tr := recordOK(t, office)
	r := start(t, source.FromTrace(tr), replayer.Config{}, office)
	v := func() (v any) {
		defer func() { v = recover() }()
		_, _ = r.RunTo(replayer.When(func(event.Event) bool { panic("no such thing") }))
		return nil
	}()
	if v != "no such thing" {
		t.Errorf("RunTo panicked with %v", v)
	}
	if _, err := r.Step(); !errors.Is(err, replayer.ErrEnded) {
		t.Errorf("a step after the end: %v", err)
	}
	if err := r.Seek(3); err != nil {
		t.Error(err)
	}
}

// TestPanicOfTheProgram is part of the run.
func TestPanicOfTheProgram(t *testing.T) {
	body := worker(func() error { panic("boom") })
	tr, recorded := record(body)
	r := start(t, source.FromTrace(tr), replayer.Config{}, body)
	if err := r.Seek(uint64(tr.Len())); err != nil {
		t.Fatal(err)
	}
	result, err := r.Run()
	var p *simsched.PanicError
	if err != nil || !errors.As(result.Err, &p) || fmt.Sprint(result.Err) != fmt.Sprint(recorded) {
		t.Errorf("%+v, %v; recorded %v", result, err, recorded)
	}
}

// TestFailingSourceWhileStepping lets every call of a source fail: the events before are replayed, the error comes in
// their place and stays.
func TestFailingSourceWhileStepping(t *testing.T) {
	tr := recordOK(t, office)
	for _, policy := range []replayer.Config{{}, {Policy: replayer.Resync, Window: 4}} {
		for n := range tr.Len() {
			src := &sourcetest.Failing{Source: source.FromTrace(tr), Calls: n}
			cfg := policy
			cfg.Sim = settings
			r, err := replayer.New(src, cfg, office)
			for err == nil {
				_, err = r.Step()
			}
			if err != sourcetest.Err {
				t.Fatalf("call %d of the source fails, the replay ends with %v", n, err)
			}
			if r == nil {
				continue
			}
			if r.Pos() > uint64(n) {
				t.Errorf("call %d of the source fails, %d events were replayed", n, r.Pos())
			}
			_ = r.Close() // always nil
		}
	}
}

// rewindFails is a source that can be read once although it seems to be a Seeker.
type rewindFails struct{ *source.Cursor }

func (rewindFails) Seek(uint64) error { return sourcetest.Err }

func TestFailingRewind(t *testing.T) {
	tr := recordOK(t, office)
	r := start(t, rewindFails{source.FromTrace(tr)}, replayer.Config{}, office)
	if err := r.Seek(9); err != nil {
		t.Fatal(err)
	}
	if err := r.Back(1); err != sourcetest.Err {
		t.Errorf("back: %v, want the error of the source", err)
	}
	if _, err := r.Step(); !errors.Is(err, sourcetest.Err) {
		t.Errorf("after that: %v, want the error of the source", err)
	}
}

// TestStateAtTheDivergence: after a divergence the Replayer tells what was at it, not what the run did then.
func TestStateAtTheDivergence(t *testing.T) {
	tr := recordOK(t, office)
	r := start(t, source.FromTrace(tr), replayer.Config{}, func(s *simsched.Sim) error {
		s.Go("stranger", func() error { s.Sleep(time.Hour); return nil })
		return office(s)
	})
	_, err := r.RunTo(replayer.AtKind(event.KindTimeAdvanced))
	var de *divergence.Error
	if !errors.As(err, &de) || r.Pos() != de.Divergence.Index {
		t.Fatalf("%v, Pos %d; want a divergence", err, r.Pos())
	}
	var names []string
	for _, i := range r.State().Tasks {
		names = append(names, i.Name+" "+i.State.String())
	}
	if got := fmt.Sprint(names); got != "[main running stranger ready]" || r.State().Time != 0 {
		t.Errorf("at the divergence there are %s, at %v", got, r.State().Time)
	}
	if _, again := r.Step(); again != err {
		t.Errorf("a step after the divergence: %v", again)
	}
	if err := r.Back(1); err != nil || r.Pos() != de.Divergence.Index-1 {
		t.Errorf("back from the divergence: %v, Pos %d", err, r.Pos())
	}
}

// TestBreakpoint sees which events Breakpoint is called with, and that the program is on the stack below it.
func TestBreakpoint(t *testing.T) {
	tr := recordOK(t, office)
	var seen []uint64
	inProgram := 0
	defer replayer.SetProbe(func(index uint64, e event.Event) {
		seen = append(seen, index)
		if e != tr.At(int(index)) {
			t.Errorf("Breakpoint(%d, %v), want %v", index, e, tr.At(int(index)))
		}
		stack := make([]byte, 1<<14)
		if strings.Contains(string(stack[:runtime.Stack(stack, false)]), "replayer_test.office") {
			inProgram++
		}
	})()
	cfg := replayer.Config{Sim: settings, BreakAt: []uint64{12, 0, 7, 12, 1000}}
	if _, err := replayer.Run(source.FromTrace(tr), cfg, office); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(seen, []uint64{0, 7, 12}) || inProgram != 2 {
		t.Errorf("broken at %v, %d times in the program; want 0, 7, 12, and twice", seen, inProgram)
	}
	seen = nil
	r := start(t, source.FromTrace(tr), cfg, office)
	for _, index := range []uint64{3, 10} {
		if _, err := r.RunTo(replayer.AtIndex(index)); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(seen, []uint64{0, 3, 7, 10}) {
		t.Errorf("broken at %v; want 0, 3, 7, 10", seen)
	}
}

// TestObserverOfExecutions: each execution of the program shows its events anew.
func TestObserverOfExecutions(t *testing.T) {
	tr := recordOK(t, office)
	var seen events
	cfg := replayer.Config{Sim: simsched.Config{Observer: observe(func(e event.Event) error {
		seen = append(seen,
			e)
		return nil
	})}}
	r := start(t, source.FromTrace(tr), cfg, office)
	for _, index := range []uint64{9, 4} {
		if err := r.Seek(index); err != nil {
			t.Fatal(err)
		}
	}
	if want := append(tr.Slice(0, 9), tr.Slice(0, 4)...); !slices.Equal(seen, want) {
		t.Errorf("seen %v, want %v", seen, want)
	}
}

// TestForkGoesOn steps through a fork: the recording has no say after it.
func TestForkGoesOn(t *testing.T) {
	tr := recordOK(t, office)
	cfg := replayer.Config{Policy: replayer.Prefix, Index: 10, Seed: 3}
	r := start(t, source.FromTrace(tr), cfg, office)
	if err := r.Seek(10); err != nil {
		t.Fatal(err)
	}
	if s := r.State(); s.More {
		t.Errorf("a fork expects %v", s.Next)
	}
	var rest events
	for {
		e, err := r.Step()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		rest = append(rest, e)
	}
	if slices.Equal(rest, tr.Slice(10, tr.Len())) {
		t.Error("the fork is the recording: the test says too little")
	}
	if err := r.Seek(10 + uint64(len(rest))/2); err != nil {
		t.Fatal(err)
	}
	if e, err := r.Step(); err != nil || e != rest[len(rest)/2] {
		t.Errorf("the fork again: %v, %v; want %v", e, err, rest[len(rest)/2])
	}
}
