package simsched

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
)

func TestRunReturnsTheErrorOfTheBody(t *testing.T) {
	if err := Run(inTurns(), func(*Sim) error { return io.EOF }); err != io.EOF {
		t.Errorf("Run = %v, want the error of the body itself, io.EOF", err)
	}
	if err := Run(inTurns(), func(*Sim) error { return nil }); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

func TestRunJoinsErrors(t *testing.T) {
	errs := []error{errors.New("of main"), errors.New("of a"), errors.New("of b")}
	err := Run(inTurns(), func(s *Sim) error {
		for _, e := range errs[1:] {
			s.Go("task", func() error { return e })
		}
		s.Go("joined", func() error { return io.EOF })
		_ = s.Go("joined", func() error { return io.ErrUnexpectedEOF }).Join()
		return errs[0]
	})
	for _, want := range errs {
		if !errors.Is(err, want) {
			t.Errorf("Run = %v, want it to have the error %v", err, want)
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Run = %v, want it without the error that was joined", err)
	}
}

func TestUnjoinedErrorText(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		s.Go("a", func() error { return io.EOF })
		return nil
	})
	wantText(t, err, "task T1 a: EOF")
}

// stuckIn returns the text of the deadlock of one task.
func stuckIn(waits string) string {
	return "simsched: deadlock: 1 tasks wait and none can go on\n\tT0 main waits " + waits
}

func TestDeadlockTexts(t *testing.T) {
	for want, op := range map[string]func(*Sim){
		"for mutex \"m\" held by T0 main\n\tcycle: T0 waits for T0": func(s *Sim) {
			m := s.NewMutex("m")
			m.Lock()
			m.Lock()
		},
		"to send on channel \"c\"":                     func(s *Sim) { NewChan[int](s, "c", 0).Send(1) },
		"to receive from channel \"c\"":                func(s *Sim) { NewChan[int](s, "c", 0).Recv() },
		"to be woken":                                  func(s *Sim) { s.Park() },
		"for T0 main to end\n\tcycle: T0 waits for T0": func(s *Sim) { _ = s.Current().Join() },
		"in a select without cases":                    func(s *Sim) { s.Select() },
		"for the cancellation of region R0 root":       func(s *Sim) { s.Select(OnDone(s.Context())) },
		"for \"r\" (token 1) to be readable|hangup":    func(s *Sim) { s.Register("r").Wait(event.Readable | event.Hangup) },
	} {
		err := Run(inTurns(), func(s *Sim) error { op(s); return nil })
		wantText(t, err, stuckIn(want))
		if !errors.Is(err, ErrDeadlock) || errors.Is(err, ErrLeak) || errors.Is(err, ErrStepLimit) {
			t.Errorf("%v: want ErrDeadlock and no other sentinel", err)
		}
	}
}

func TestDeadlockInSleepIsNone(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		m := s.NewMutex("m")
		m.Lock()
		s.Go("holder", func() error { s.Sleep(time.Hour); m.Unlock(); return nil })
		m.Lock()
	})
}

func TestDeadlockErrorFields(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		_ = s.Go("ended", func() error { return nil }).Join()
		return s.InRegion("r", func(*Region) error {
			s.Go("stuck", func() error { s.Park(); return nil })
			return nil
		})
	})
	var de *DeadlockError
	if !errors.As(err, &de) {
		t.Fatalf("Run = %v, want a *DeadlockError", err)
	}
	want := "[{T0 main 0 for the tasks of region R1 r to end [T1g1]  false} {T1g1 stuck 0.2 to be woken []  false}]"
	if got := fmt.Sprint(de.Blocked); got != want {
		t.Errorf("Blocked = %s, want %s", got, want)
	}
}

func TestLeakError(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		s.Go("left", func() error { s.Park(); return nil })
		return io.EOF
	})
	var leak *LeakError
	if !errors.As(err, &leak) || !errors.Is(err, ErrLeak) || errors.Is(err, ErrDeadlock) || !errors.Is(err, io.EOF) {
		t.Errorf("Run = %v, want a *LeakError and the error of the body", err)
	}
	wantText(t,
		err, "simsched: leaked tasks: the main task has returned, 1 tasks wait for ever\n\tT1 left waits to be woken\nEOF")
}

func TestStepLimit(t *testing.T) {
	body := func(s *Sim) error {
		s.Yield()
		s.Yield()
		return nil
	}
	cfg := inTurns()
	cfg.MaxSteps = 3
	mustRun(t, cfg, func(s *Sim) { _ = body(s) })

	cfg = inTurns()
	cfg.MaxSteps = 2
	err := Run(cfg, body)
	var limit *StepLimitError
	if !errors.As(err, &limit) || !errors.Is(err, ErrStepLimit) || errors.Is(err, ErrDeadlock) || limit.Steps != 2 {
		t.Fatalf("Run = %v, want a *StepLimitError after 2 steps", err)
	}
	wantText(t, err, "simsched: step limit reached: 2 steps, T0 main ran last; "+
		"the program does not come to an end, or Config.MaxSteps is too low")
}

func TestDefaultStepLimit(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		for {
			s.Yield()
		}
	})
	var limit *StepLimitError
	if !errors.As(err, &limit) || limit.Steps != 1_000_000 {
		t.Errorf("Run = %v, want a *StepLimitError after 1,000,000 steps", err)
	}
}

// TestStepLimitWithinAStep repeats operations that are no scheduling points: as many of them may be in one step as
// there may be steps in the run.
func TestStepLimitWithinAStep(t *testing.T) {
	for name, op := range map[string]func(*Sim, *Registration){
		"Rand":     func(s *Sim, _ *Registration) { s.Rand("r").Uint64() },
		"Transfer": func(_ *Sim, r *Registration) { r.Transfer(0) },
		"Fail":     func(_ *Sim, r *Registration) { _ = r.Fail(event.IOOther) },
		"SetReady": func(_ *Sim, r *Registration) { r.ClearReady(event.Readable); r.SetReady(event.Readable) },
	} {
		done := 0
		repeat := func(n int) func(*Sim) error {
			return func(s *Sim) error {
				r := s.Register("r")
				for range 2 {
					for done = 0; done < n; done++ {
						op(s, r)
					}
					s.Yield()
				}
				return nil
			}
		}
		cfg := Config{MaxSteps: 5}
		if err := Run(cfg, repeat(5)); err != nil {
			t.Errorf("%s, 5 times in each of two steps, limit 5: Run = %v, want no error", name, err)
		}
		err := Run(cfg, repeat(1_000_000))
		if want := "simsched: step limit reached: 1 steps, T0 main ran last; a livelock"; err == nil ||
			!strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", name, err, want)
		}
		if done != 5 {
			t.Errorf("%s went through %d times with limit 5, want 5", name, done)
		}
	}
}

// TestStepLimitUnderAConstantSource draws from a source under which rand.IntN never finds a number.
func TestStepLimitUnderAConstantSource(t *testing.T) {
	cfg := Config{MaxSteps: 100, Chooser: chooserFunc(func(*Choice) uint64 { return 0 })}
	if err := Run(cfg, func(s *Sim) error { s.Rand("r").IntN(9); return nil }); !errors.Is(err, ErrStepLimit) {
		t.Errorf("Run = %v, want ErrStepLimit", err)
	}
}

func TestSteps(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		for want := uint64(1); want < 5; want++ {
			if s.Steps() != want {
				t.Errorf("Steps = %d, want %d", s.Steps(), want)
			}
			s.Yield()
		}
	})
}

func explode() { panic("boom") }

func TestPanicError(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		s.Go("bomb", func() error { explode(); return nil })
		return nil
	})
	var p *PanicError
	if !errors.As(err, &p) {
		t.Fatalf("Run = %v, want a *PanicError", err)
	}
	wantText(t, err, "simsched: panic in task T1 bomb: boom")
	if p.Task != event.NewTaskID(1, 0) || p.Name != "bomb" || p.Value != "boom" {
		t.Errorf("the error has %v, %q, %v; want T1, bomb, boom", p.Task, p.Name, p.Value)
	}
	if !strings.Contains(string(p.Stack), "simsched.explode") {
		t.Errorf("the stack does not show where the panic came from:\n%s", p.Stack)
	}
	if errors.Unwrap(p) != nil {
		t.Errorf("the error wraps %v, want nothing: the value is not an error", errors.Unwrap(p))
	}
}

func TestPanicWithAnError(t *testing.T) {
	err := Run(inTurns(), func(*Sim) error { panic(fmt.Errorf("wrapped: %w", io.EOF)) })
	if !errors.Is(err, io.EOF) {
		t.Errorf("Run = %v, want it to wrap what was passed to panic", err)
	}
	wantText(t, err, "simsched: panic in task T0 main: wrapped: EOF")
}

func TestPanicsOfAllTasks(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		for _, name := range []string{"a", "b"} {
			s.Go(name, func() error { panic(name + " fell") })
		}
		s.Yield()
		s.Yield()
		panic("main fell")
	})
	wantText(t, err, "simsched: panic in task T1 a: a fell\nsimsched: panic in task T1g1 b: b fell\n"+
		"simsched: panic in task T0 main: main fell")
}

// TestPanicIsToldOnce joins a panicked task and passes its error on, or drops it: the panic is told either way.
func TestPanicIsToldOnce(t *testing.T) {
	for _, pass := range []bool{true, false} {
		err := Run(inTurns(), func(s *Sim) error {
			err := s.Go("bomb", func() error { panic("boom") }).Join()
			if pass {
				return fmt.Errorf("joined: %w", err)
			}
			return nil
		})
		want := "simsched: panic in task T1 bomb: boom"
		if pass {
			want = "joined: " + want
		}
		wantText(t, err, want)
	}
}

func TestPanicOfNil(t *testing.T) {
	err := Run(inTurns(), func(*Sim) error { panic(nil) })
	if p := new(PanicError); !errors.As(err, &p) {
		t.Errorf("Run = %v, want a *PanicError", err)
	}
}

func TestObserverErrorIsReturned(t *testing.T) {
	full := errors.New("no room")
	for n := range 12 {
		seen := 0
		err := Run(Config{CheckpointEvery: 2, Observer: observerFunc(func(event.Event) error {
			if seen++; seen > n {
				return full
			}
			return nil
		})}, func(s *Sim) error {
			s.Go("t", func() error { s.Sleep(1); return nil })
			s.Sleep(2)
			return nil
		})
		if err != full || seen != n+1 {
			t.Errorf("Run = %v after %d events; want the observer's error at event %d and no more events", err, seen, n+1)
		}
	}
}

// TestFirstReasonCounts lets the observer fail at the last timer of a run that is stuck after it.
func TestFirstReasonCounts(t *testing.T) {
	full := errors.New("no room")
	cfg := inTurns()
	cfg.Observer = observerFunc(func(e event.Event) error {
		if e.Kind() == event.KindTimerFired {
			return full
		}
		return nil
	})
	if err := Run(cfg, func(s *Sim) error { s.NewTimer(1); s.Park(); return nil }); err != full {
		t.Errorf("Run = %v, want the observer's error alone", err)
	}
}

func TestTaskAccessors(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		task := s.Go("worker", func() error { s.Yield(); return nil })
		if task.Done() || task.Outcome() != event.OutcomeOK || task.Name() != "worker" || task.Region() != s.root {
			t.Errorf("a live task: done %v, outcome %v, name %q, region %v", task.Done(), task.Outcome(), task.Name(),
				task.Region())
		}
		if task.String() != "T1 worker" || s.TaskName(task.ID()) != "worker" || s.Current() != s.main {
			t.Errorf("the task is %q, TaskName %q, the current one %v", task, s.TaskName(task.ID()), s.Current())
		}
		_ = task.Join()
		if !task.Done() || s.TaskName(task.ID()) != "worker" {
			t.Errorf("an ended task: done %v, name %q", task.Done(), s.TaskName(task.ID()))
		}
		s.Go("heir", func() error { return nil })
		if s.TaskName(task.ID()) != "" || s.TaskName(event.NewTaskID(99, 0)) != "" {
			t.Error("a task id that was given away, or never was, has a name")
		}
	})
}
