package simsched

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/tracecheck"
)

// at returns the virtual time in milliseconds.
func at(s *Sim) int { return int(s.Elapsed() / time.Millisecond) }

// TestTickerRests: a slow receiver misses ticks, as with time.Ticker, and a ticker that nobody reads keeps no run
// alive.
func TestTickerRests(t *testing.T) {
	var got []int
	mustRun(t, inTurns(), func(s *Sim) {
		tk := s.NewTicker(10 * time.Millisecond)
		receive := func() { tk.C.Recv(); got = append(got, at(s)) }
		receive()
		receive()
		s.Sleep(35 * time.Millisecond) // 20 to 55: the tick of 30 waits, those of 40 and 50 are missed
		receive()
		receive()
		tk.Reset(7 * time.Millisecond)
		receive()
		tk.Stop()
		if i := s.Select(tk.C.OnRecv(nil, nil), s.After(time.Second).OnRecv(nil, nil)); i != 1 {
			t.Error("a stopped ticker ticked")
		}
	})
	if want := []int{10, 20, 55, 60, 67}; !slices.Equal(got, want) {
		t.Errorf("ticks received at %v ms, want %v", got, want)
	}
	err := Run(inTurns(), func(s *Sim) error {
		s.NewTicker(time.Millisecond)
		s.Park()
		return nil
	})
	if !errors.Is(err, ErrDeadlock) {
		t.Errorf("a task that waits for nothing beside a ticker: error %v, want a deadlock", err)
	}
}

func TestTimerReset(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		tm := s.NewTimer(10 * time.Millisecond)
		if tm.C.Cap() != 0 || tm.C.Len() != 0 {
			t.Error("the channel of a timer shows its buffer")
		}
		if !tm.Reset(20 * time.Millisecond) {
			t.Error("Reset of an active timer says it was not")
		}
		if tm.C.Recv(); at(s) != 20 {
			t.Errorf("fired at %d ms, want 20", at(s))
		}
		if tm.Stop() || tm.Reset(5*time.Millisecond) {
			t.Error("a timer that has fired is still active")
		}
		s.Sleep(10 * time.Millisecond)
		if !tm.Reset(5 * time.Millisecond) {
			t.Error("a value that nobody received counts as active, since Go 1.23")
		}
		if tm.C.Recv(); at(s) != 35 {
			t.Errorf("a stale value was received at %d ms, want one at 35", at(s))
		}
	})
}

func TestAfterFunc(t *testing.T) {
	var ran []string
	mustRun(t, inTurns(), func(s *Sim) {
		note := func(name string) func() {
			return func() { ran = append(ran, name+" "+s.Current().Path()) }
		}
		stopped := s.AfterFunc(time.Millisecond, note("stopped"))
		if !stopped.Stop() || stopped.Stop() {
			t.Error("Stop of a pending AfterFunc")
		}
		_ = s.InRegion("gone", func(*Region) error {
			s.AfterFunc(2*time.Millisecond, note("from a closed region"))
			return nil
		})
		late := s.AfterFunc(time.Millisecond, note("late"))
		late.Reset(3 * time.Millisecond)
		s.AfterFunc(time.Hour, note("never: the run has ended"))
		s.Sleep(5 * time.Millisecond)
		if late.Stop() {
			t.Error("Stop after it has run says it stopped it")
		}
	})
	if want := []string{"from a closed region 0.1", "late 0.2"}; !slices.Equal(ran, want) {
		t.Errorf("ran %q, want %q", ran, want)
	}
}

func TestContexts(t *testing.T) {
	type key struct{}
	mustRun(t, inTurns(), func(s *Sim) {
		parent, cancelParent := s.WithCancel(context.WithValue(s.Context(), key{}, "v"))
		timeout, cancel := s.WithTimeout(parent, 10*time.Millisecond)
		defer cancel()
		longer, cancelLonger := s.WithTimeout(timeout, time.Hour)
		defer cancelLonger()
		if d, ok := longer.Deadline(); !ok || d != s.Now().Add(10*time.Millisecond) || longer.Value(key{}) != "v" {
			t.Errorf("deadline %v %v, value %v; want those of the parents", d, ok, longer.Value(key{}))
		}
		std, cancelStd := context.WithCancel(longer)
		defer cancelStd()
		if err := s.SleepContext(longer, time.Minute); err != context.DeadlineExceeded || at(s) != 10 {
			t.Errorf("error %v after %d ms, want DeadlineExceeded after 10", err, at(s))
		}
		if std.Err() != context.Canceled || context.Cause(std) != context.DeadlineExceeded || parent.Err() != nil {
			t.Errorf("derived by package context: %v because of %v; the parent: %v", std.Err(), context.Cause(std), parent.Err())
		}
		select {
		case <-longer.Done():
		default:
			t.Error("Done is not closed")
		}
		cancelParent()
		cancelParent()
		if err := s.SleepContext(parent, time.Minute); err != context.Canceled || at(s) != 10 {
			t.Errorf("error %v after %d ms, want Canceled at once", err, at(s))
		}
		born, cancelBorn := s.WithDeadline(parent, s.Now().Add(time.Hour))
		defer cancelBorn()
		if born.Err() != context.Canceled {
			t.Errorf("born cancelled: %v", born.Err())
		}
	})
}

// TestContextsOfOneInstant: a context that is cancelled in the instant in which its own timer is due is cancelled once,
// in every order.
func TestContextsOfOneInstant(t *testing.T) {
	for name, cfg := range schedules(30) {
		events := mustRun(t, cfg, func(s *Sim) {
			outer, cancel := s.WithTimeout(s.Context(), time.Millisecond)
			defer cancel()
			inner, cancelInner := s.WithTimeout(outer, time.Millisecond)
			defer cancelInner()
			_ = s.SleepContext(inner, time.Hour)
		})
		check(t, name, events)
	}
}

// check checks the laws of the schema.
func check(t *testing.T, name string, events []event.Event) {
	t.Helper()
	checker := tracecheck.New(event.NewMetadata(events[0].Value()))
	for _, e := range events {
		if err := checker.Event(e); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// TestContextsAreForgotten: deriving and cancelling leaves nothing behind in the parent.
func TestContextsAreForgotten(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		for range 100 {
			_, cancel := s.WithTimeout(s.Context(), time.Hour)
			cancel()
		}
		if n := len(s.root.context.after); n != 0 {
			t.Errorf("%d of 100 contexts are still known to their parent", n)
		}
		if n := len(s.clock.heap); n != 0 {
			t.Errorf("%d of 100 timers are still pending", n)
		}
	})
}

func TestFinalizers(t *testing.T) {
	var order []string
	err := Run(inTurns(), func(s *Sim) error {
		return s.InRegion("r", func(r *Region) error {
			r.Defer(func() { order = append(order, "first") })
			r.Defer(func() { panic("boom") })
			r.Defer(func() {
				s.Sleep(time.Millisecond)
				r.Go("from a finalizer", func() error { order = append(order, "task"); return nil })
			})
			s.Go("task", func() error { s.Sleep(time.Second); order = append(order, "end"); return nil })
			return nil
		})
	})
	if want := []string{"end", "task", "first"}; !slices.Equal(order, want) {
		t.Errorf("order %q, want %q", order, want)
	}
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "boom" {
		t.Errorf("error %v, want the panic of the finalizer", err)
	}
}

func TestCancelAfter(t *testing.T) {
	events := mustRun(t, inTurns(), func(s *Sim) {
		err := s.InRegion("slow", func(r *Region) error {
			r.CancelAfter(time.Hour)
			r.CancelAfter(time.Millisecond)
			s.Go("waits", func() error { return s.SleepContext(r.Context(), time.Minute) })
			return nil
		})
		if err != nil {
			t.Errorf("error %v, want none: the task was cancelled", err)
		}
		_ = s.InRegion("fast", func(r *Region) error { r.CancelAfter(time.Hour); return nil })
		if at(s) != 1 {
			t.Errorf("it took %d ms, want 1", at(s))
		}
	})
	wantLines(t, "regions", ofKind(events, event.KindRegionCancelled, event.KindRegionClosed),
		"RegionCancelled region=R1 cancel_kind=timeout", "RegionClosed region=R1 outcome=cancelled",
		"RegionClosed region=R1g1 outcome=ok", "RegionClosed region=R0 outcome=cancelled")
}

// TestWaitForGraph: two locks taken in two orders are a cycle; a task that reads under a lock and waits for its writer
// is another.
func TestWaitForGraph(t *testing.T) {
	cfg := inTurns()
	cfg.CallSites = true
	err := Run(cfg, func(s *Sim) error {
		a, b := s.NewMutex("a"), s.NewMutex("b")
		both := func(x, y *Mutex) func() error {
			return func() error {
				x.Lock()
				s.Sleep(time.Millisecond)
				y.Lock()
				return nil
			}
		}
		s.Go("one", both(a, b))
		s.Go("two", both(b, a))
		rw := s.NewRWMutex("rw")
		rw.RLock()
		return s.Go("writer", func() error { rw.Lock(); return nil }).Join()
	})
	var d *DeadlockError
	if !errors.As(err, &d) || len(d.Cycles) != 2 || len(d.Blocked) != 4 {
		t.Fatalf("error %v, want a deadlock of 4 tasks with two cycles", err)
	}
	for _, want := range []string{
		`T1 one waits for mutex "b" held by T2 two, at simsched/life_test.go:`,
		`T2 two waits for mutex "a" held by T1 one, at simsched/life_test.go:`,
		"cycle: T1 waits for T2 waits for T1", "cycle: T0 waits for T3 waits for T0",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the report does not have %q:\n%v", want, err)
		}
	}
	if d.Blocked[3].HeldBy[0] != d.Blocked[0].Task || d.Blocked[0].HeldBy[0] != d.Blocked[3].Task {
		t.Errorf("main and the writer: %+v", d.Blocked)
	}
}

func TestLivelockIsFolded(t *testing.T) {
	cfg := inTurns()
	cfg.MaxSteps = 500
	err := Run(cfg, func(s *Sim) error {
		flag := false
		poll := func() error {
			for !flag {
				s.Sleep(time.Millisecond)
			}
			return nil
		}
		s.Go("poller", poll)
		return poll()
	})
	var l *StepLimitError
	if !errors.As(err, &l) || l.Repeats < 10 || len(l.Cycle) > 12 {
		t.Fatalf("error %v, want a livelock with a short cycle", err)
	}
	if !strings.Contains(err.Error(), "a livelock: at the end ") || !strings.Contains(err.Error(), "TimerFired") {
		t.Errorf("error %v, want the cycle in it", err)
	}
}

// TestFoldRival compares fold with its definition.
func TestFoldRival(t *testing.T) {
	x, y, z := event.TaskYielded(0), event.TaskYielded(1), event.WakerWake(0)
	for _, c := range []struct {
		events []event.Event
		period int
		times  int
	}{
		{[]event.Event{x, x, x}, 1, 3},
		{[]event.Event{x, x}, 0, 0},
		{[]event.Event{z, x, y, x, y, x, y}, 2, 3},
		{[]event.Event{x, y, z, x, y, z, x, y, z, x}, 3, 3},
		{[]event.Event{x, y, x, z}, 0, 0},
		{nil, 0, 0},
	} {
		cycle, times := fold(c.events)
		if len(cycle) != c.period || times != c.times {
			t.Errorf("fold(%v) = %v, %d times; want a period of %d, %d times", c.events, cycle, times, c.period, c.times)
		}
	}
}

// TestCallSites: the line is that of the program, and asking for it changes no event.
func TestCallSites(t *testing.T) {
	line := ""
	body := func(s *Sim) {
		task := s.Go("sleeper", func() error { s.Sleep(time.Second); return nil })
		s.Sleep(time.Millisecond)
		line = s.callSite(task.ID())
	}
	without := mustRun(t, inTurns(), body)
	if line != "" {
		t.Errorf("without CallSites the line is %q", line)
	}
	cfg := inTurns()
	cfg.CallSites = true
	with := mustRun(t, cfg, body)
	if !strings.HasPrefix(line, "simsched/life_test.go:") {
		t.Errorf("the line is %q, want one of this file", line)
	}
	if !slices.Equal(with, without) {
		t.Error("CallSites changed the events")
	}
}

// TestChaosRates: each preset injects each of its faults at about its rate, and the schedule's seed has no part in it.
func TestChaosRates(t *testing.T) {
	for name, chaos := range map[string]Chaos{"off": {}, "light": ChaosLight(3), "heavy": ChaosHeavy(3)} {
		var sim *Sim
		cfg := Config{Seed: 1, Chaos: chaos, MaxSteps: 10_000_000}
		_, err := record(cfg, func(s *Sim) error {
			sim = s
			p := s.NewPipe("p", 1)
			for range 20_000 {
				_, err := p.Write([]byte{1})
				for err != nil {
					_, err = p.Write([]byte{1})
				}
				for _, err = p.Read(make([]byte, 1)); err != nil; {
					_, err = p.Read(make([]byte, 1))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		ops := 40_000 // and those that are tried again
		for kind, rate := range map[event.ChaosKind]int{event.ChaosDelay: chaos.Delay, event.ChaosIOError: chaos.IOError} {
			got, want := int(sim.injected[kind]), ops*rate/million
			if got < want*8/10 || got > want*15/10 {
				t.Errorf("%s: %d faults of kind %v, want about %d", name, got, kind, want)
			}
		}
	}
	if l, h := ChaosLight(0), ChaosHeavy(0); l.Cancel != 10_000 || l.Delay != 50_000 || l.IOError != 20_000 ||
		h.Cancel != 100_000 || h.Delay != 200_000 || h.IOError != 150_000 {
		t.Error("the presets do not have their rates")
	}
}

// TestChaosKinds: every kind of fault comes, keeps the laws and does what it says.
func TestChaosKinds(t *testing.T) {
	for kind, chaos := range map[event.ChaosKind]Chaos{
		event.ChaosCancel:      {Cancel: 100_000},
		event.ChaosDelay:       {Delay: 100_000, MaxDelay: time.Second},
		event.ChaosIOError:     {IOError: 100_000},
		event.ChaosWakeupStorm: {Storm: 500_000},
		event.ChaosBudget:      {Budget: 100_000},
	} {
		n := 0
		for seed := range uint64(20) {
			chaos.Seed = seed
			events, _ := record(Config{Seed: 7, Chaos: chaos}, chaosProgram)
			check(t, kind.String(), events)
			for _, e := range events {
				if e.Kind() == event.KindChaosInjection {
					n++
					if e.ChaosKind() != kind {
						t.Errorf("%v was injected, only %v may be", e, kind)
					}
				}
			}
		}
		if n == 0 {
			t.Errorf("no %v in 20 runs", kind)
		}
	}
}

// chaosProgram has an occasion for every fault.
func chaosProgram(s *Sim) error {
	mu := s.NewMutex("m")
	p := s.NewPipe("p", 4)
	return s.InRegion("r", func(r *Region) error {
		for range 3 {
			s.Go("worker", func() error {
				mu.Lock()
				defer mu.Unlock()
				s.Yield()
				_, err := p.Write([]byte("abc"))
				return errors.Join(err, r.Context().Err())
			})
		}
		_, err := p.Read(make([]byte, 9))
		return err
	})
}

func TestChaosRateOutOfRange(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a rate of 1,000,001 per million is accepted")
		}
	}()
	_ = Run(Config{Chaos: Chaos{Delay: million + 1}}, func(*Sim) error { return nil })
}

// TestProgress: another goroutine can see the last step and the running task.
func TestProgress(t *testing.T) {
	var p Progress
	if id, name := p.Running(); id != 0 || name != "" || p.Steps() != 0 {
		t.Error("the zero Progress knows something")
	}
	cfg := inTurns()
	cfg.Progress = &p
	var steps uint64
	mustRun(t, cfg, func(s *Sim) { s.Yield(); steps = s.Steps() })
	if _, name := p.Running(); name != "main" || p.Steps() != steps {
		t.Errorf("step %d of %q, want %d of main", p.Steps(), name, steps)
	}
}

// TestOpenRegions: a leak tells which regions are still open.
func TestOpenRegions(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		s.Go("owner", func() error {
			return s.InRegion("inner", func(*Region) error {
				s.Go("stuck", func() error { s.Park(); return nil })
				return nil
			})
		})
		return nil
	})
	var l *LeakError
	if !errors.As(err, &l) || len(l.Regions) != 1 || l.Regions[0].Name != "inner" || l.Regions[0].Tasks != 1 {
		t.Fatalf("error %v, want a leak with the open region inner of one task", err)
	}
	if !strings.Contains(err.Error(), "open: region R1 inner with 1 tasks") {
		t.Errorf("error %v, want the region in it", err)
	}
}
