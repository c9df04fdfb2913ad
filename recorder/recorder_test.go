package recorder_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom = errors.New("boom")

// small is a program of two tasks that ends with err.
func small(err error) func(*simsched.Sim) error {
	return func(s *simsched.Sim) error {
		s.Go("worker", func() error { s.Yield(); return nil })
		s.Yield()
		return err
	}
}

// observe makes a function an Observer.
type observe func(event.Event) error

func (f observe) Observe(e event.Event) error { return f(e) }

// lines returns the events of a trace as text.
func lines(tr *event.Trace) []string {
	var s []string
	for _, e := range tr.All() {
		s = append(s, e.String())
	}
	return s
}

func TestRunReturnsTraceAndError(t *testing.T) {
	tr, err := recorder.Run(simsched.Config{Seed: 7}, func(*simsched.Sim) error { return errBoom })
	if err != errBoom {
		t.Errorf("the error is %v, want that of the body", err)
	}
	want := []string{
		"RngSeed seed=7",
		"RegionCreated region=R0 parent=none at_tick=0",
		"TaskSpawned task=T0 region=R0 at_tick=0",
		"TaskScheduled task=T0 at_tick=1",
		"TaskCompleted task=T0 outcome=err",
		"RegionClosed region=R0 outcome=err",
	}
	if diff := cmp.Diff(want, lines(tr)); diff != "" {
		t.Errorf("other events than expected (-want +got):\n%s", diff)
	}
}

// TestRunThatFails records runs that end early: the trace is there, whole up to the end, with the error of the run.
func TestRunThatFails(t *testing.T) {
	for _, c := range []struct {
		name string
		body func(*simsched.Sim) error
		is   error
		last string
	}{
		{"deadlock", func(s *simsched.Sim) error { s.Park(); return nil }, simsched.ErrDeadlock,
			"TaskScheduled task=T0 at_tick=2"},
		{"leak", func(s *simsched.Sim) error { s.Go("worker", func() error { s.Park(); return nil }); return nil },
			simsched.ErrLeak, "TaskScheduled task=T1 at_tick=4"},
		{"step limit", func(s *simsched.Sim) error {
			for {
				s.Yield()
			}
		}, simsched.ErrStepLimit, "TaskYielded task=T0"},
		{"panic", func(*simsched.Sim) error { panic(errBoom) }, errBoom, "RegionClosed region=R0 outcome=panicked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, err := recorder.Run(simsched.Config{MaxSteps: 20, Chooser: simsched.NewRoundRobin(0)}, c.body)
			if !errors.Is(err, c.is) {
				t.Errorf("the error is %v, want one that is %v", err, c.is)
			}
			if last := tr.At(tr.Len() - 1).String(); last != c.last {
				t.Errorf("the last event is %s, want %s", last, c.last)
			}
		})
	}
}

func TestRunRecordsTheSameWithAndWithoutObserver(t *testing.T) {
	alone, err := recorder.Run(simsched.Config{Seed: 3}, small(nil))
	if err != nil {
		t.Fatal(err)
	}
	seen := recorder.New(simsched.Config{Seed: 3}.Metadata())
	observed, err := recorder.Run(simsched.Config{Seed: 3, Observer: seen}, small(nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines(alone), lines(observed)); diff != "" {
		t.Errorf("an Observer changes the trace (-without +with):\n%s", diff)
	}
	if diff := cmp.Diff(lines(observed), lines(seen.Trace())); diff != "" {
		t.Errorf("the Observer sees other events than are recorded (-recorded +seen):\n%s", diff)
	}
}

// TestObserverErrorEndsTheRun fails in every event of a run in turn. That the trace ends with the event that the
// Observer refused shows too that it is recorded before the Observer sees it.
func TestObserverErrorEndsTheRun(t *testing.T) {
	whole, err := recorder.Run(simsched.Config{Seed: 3}, small(nil))
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole.Len() {
		seen := 0
		cfg := simsched.Config{Seed: 3, Observer: observe(func(event.Event) error {
			if seen++; seen > n {
				return errBoom
			}
			return nil
		})}
		tr, err := recorder.Run(cfg, small(nil))
		if !errors.Is(err, errBoom) {
			t.Errorf("the Observer refused event %d, the error of the run is %v, want boom", n, err)
		}
		if diff := cmp.Diff(lines(whole)[:n+1], lines(tr)); diff != "" {
			t.Errorf("the Observer refused event %d, the trace should end with it (-want +got):\n%s", n, diff)
		}
		if seen != n+1 {
			t.Errorf("the Observer refused event %d and then saw %d more", n, seen-n-1)
		}
	}
}

func TestMetadata(t *testing.T) {
	cfg := simsched.Config{Program: "small", Seed: 42, MaxSteps: 99, CheckpointEvery: 3}
	tr, err := recorder.Run(cfg, small(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := event.Metadata{Version: event.Version, Seed: 42, ConfigHash: cfg.Hash(), Description: "small"}
	if diff := cmp.Diff(want, tr.Metadata); diff != "" {
		t.Errorf("other metadata than expected (-want +got):\n%s", diff)
	}
	if seed := tr.At(0); seed != event.RngSeed(42) {
		t.Errorf("the first event is %v, want the seed 42", seed)
	}
	other, _ := recorder.Run(simsched.Config{Seed: 42, MaxSteps: 98, CheckpointEvery: 3}, small(nil))
	if other.Metadata.ConfigHash == tr.Metadata.ConfigHash {
		t.Error("a run with another step limit has the same config hash")
	}
}

func TestTraceGrowsDuringTheRun(t *testing.T) {
	r := recorder.New(event.NewMetadata(1))
	if n := r.Trace().Len(); n != 0 {
		t.Errorf("a new Recorder has %d events, want none", n)
	}
	cfg := simsched.Config{Seed: 1, Observer: r}
	err := simsched.Run(cfg, func(s *simsched.Sim) error {
		before := r.Trace().Len()
		s.Yield()
		if after := r.Trace().Len(); after != before+2 {
			t.Errorf("a yield took the trace from %d to %d events, want 2 more", before, after)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestResetGivesEqualTraces(t *testing.T) {
	long := func(s *simsched.Sim) error {
		for range 1500 { // more than a block of the trace
			s.Yield()
		}
		return nil
	}
	r := recorder.New(event.Metadata{})
	for round, body := range []func(*simsched.Sim) error{long, small(nil), long, long, small(nil)} {
		cfg := simsched.Config{Seed: uint64(round)}
		want, err := recorder.Run(cfg, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Reset(cfg.Metadata())
		if n := r.Trace().Len(); n != 0 {
			t.Fatalf("round %d: %d events are left after Reset", round, n)
		}
		cfg.Observer = r
		if err := simsched.Run(cfg, body); err != nil {
			t.Fatal(err)
		}
		if !r.Trace().Equal(want) {
			t.Errorf("round %d: the trace after Reset differs (-want +got):\n%s", round, cmp.Diff(lines(want), lines(r.Trace())))
		}
	}
}

func TestResetReusesMemory(t *testing.T) {
	r := recorder.New(event.NewMetadata(1))
	record := func() {
		r.Reset(event.NewMetadata(1))
		for i := range uint64(10_000) {
			if err := r.Observe(event.RngValue(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	record()
	if n := testing.AllocsPerRun(10, record); n != 0 {
		t.Errorf("recording again after Reset allocates %v times, want 0", n)
	}
}

// TestRunReservesMemory: a run as long as the last one allocates for its events once. So the allocations of a run do
// not depend on the number of its events, nor does a step allocate.
func TestRunReservesMemory(t *testing.T) {
	run := func(yields int) float64 {
		return testing.AllocsPerRun(10, func() {
			_, err := recorder.Run(simsched.Config{Seed: 1}, func(s *simsched.Sim) error {
				for range yields {
					s.Yield()
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := run(1), run(400); many > few {
		t.Errorf("a run of 400 steps allocates %v times, one of a single step %v times", many, few)
	}
}

// TestGoexitLeavesTheTrace ends a run by runtime.Goexit, as testing.T.FailNow does: Run does not return, but a Recorder
// made with New has all that happened.
func TestGoexitLeavesTheTrace(t *testing.T) {
	r := recorder.New(event.NewMetadata(5))
	returned := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		cfg := simsched.Config{Seed: 5, Chooser: simsched.NewRoundRobin(5), Observer: r}
		_ = simsched.Run(cfg, func(s *simsched.Sim) error {
			s.Go("quitter", func() error { runtime.Goexit(); return nil })
			return s.InRegion("never closed", func(*simsched.Region) error { s.Park(); return nil })
		})
		returned = true
	}()
	<-done
	if returned {
		t.Error("Run returned although a task called runtime.Goexit")
	}
	want := []string{
		"RngSeed seed=5",
		"RegionCreated region=R0 parent=none at_tick=0",
		"TaskSpawned task=T0 region=R0 at_tick=0",
		"TaskScheduled task=T0 at_tick=1",
		"TaskScheduled task=T0 at_tick=2",
		"TaskSpawned task=T1 region=R0 at_tick=2",
		"TaskScheduled task=T1 at_tick=3",
	}
	if diff := cmp.Diff(want, lines(r.Trace())); diff != "" {
		t.Errorf("other events than expected (-want +got):\n%s", diff)
	}
}
