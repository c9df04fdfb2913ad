package simsched

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
)

// regionEvents are the kinds that tell of regions and of the ends of tasks.
var regionEvents = []event.Kind{
	event.KindRegionCreated, event.KindRegionCancelled, event.KindRegionClosed, event.KindTaskCompleted,
}

func TestInRegionWaitsForItsTasks(t *testing.T) {
	for name, cfg := range schedules(50) {
		mustRun(t, cfg, func(s *Sim) {
			ended := 0
			_ = s.InRegion("r", func(*Region) error {
				for i := range 3 {
					s.Go("t", func() error {
						s.Sleep(time.Duration(i))
						s.Go("child", func() error { s.Yield(); ended++; return nil })
						ended++
						return nil
					})
				}
				return nil
			})
			if ended != 6 {
				t.Errorf("%s: InRegion returned when %d of 6 tasks had ended", name, ended)
			}
		})
	}
}

func TestNestedRegions(t *testing.T) {
	events := mustRun(t, inTurns(), func(s *Sim) {
		_ = s.InRegion("outer", func(outer *Region) error {
			a := s.Go("a", func() error { return nil })
			_ = s.InRegion("inner", func(inner *Region) error {
				b := s.Go("b", func() error { return nil })
				c := outer.Go("c", func() error { s.Sleep(1); return nil })
				if a.Region() != outer || b.Region() != inner || c.Region() != outer {
					t.Error("tasks are not in the regions in which they were started")
				}
				return nil
			})
			if d := s.Go("d", func() error { return nil }); d.Region() != outer {
				t.Error("a task started after the inner region is not in the outer one")
			}
			return nil
		})
		if e := s.Go("e", func() error { return nil }); e.Region() != s.root {
			t.Error("a task started after the regions is not in the root region")
		}
	})
	wantLines(t, "regions", ofKind(events, event.KindRegionCreated, event.KindRegionClosed),
		"RegionCreated region=R0 parent=none at_tick=0",
		"RegionCreated region=R1 parent=R0 at_tick=2", "RegionCreated region=R2 parent=R1 at_tick=5",
		"RegionClosed region=R2 outcome=ok", "RegionClosed region=R1 outcome=ok", "RegionClosed region=R0 outcome=ok")
}

// TestRegionOfATask opens a region inside a task of another one and uses it after its opener has moved on.
func TestRegionOfATask(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		_ = s.InRegion("outer", func(outer *Region) error {
			s.Go("opener", func() error {
				return s.InRegion("inner", func(inner *Region) error {
					outer.Go("helper", func() error {
						if task := s.Go("x", func() error { return nil }); task.Region() != outer {
							t.Error("a task of the outer region starts tasks elsewhere")
						}
						return nil
					})
					if len(outer.children) != 1 || outer.children[0] != inner {
						t.Error("the inner region is not a child of the outer one")
					}
					return nil
				})
			})
			return nil
		})
	})
}

func TestRegionNames(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		var first *Region
		_ = s.InRegion("first", func(r *Region) error { first = r; return nil })
		if first.Name() != "first" || s.RegionName(first.ID()) != "first" || s.RegionName(s.root.ID()) != "root" {
			t.Errorf("names %q, %q and of the root %q", first.Name(), s.RegionName(first.ID()), s.RegionName(s.root.ID()))
		}
		_ = s.InRegion("second", func(r *Region) error {
			if r.ID() != event.NewRegionID(1, 1) {
				t.Errorf("the second region is %v, want R1g1", r.ID())
			}
			return nil
		})
		if s.RegionName(first.ID()) != "" || s.RegionName(event.NewRegionID(99, 0)) != "" {
			t.Error("a region id that was given away, or never was, has a name")
		}
	})
}

func TestRegionErrors(t *testing.T) {
	for name, cfg := range schedules(20) {
		mustRun(t, cfg, func(s *Sim) {
			a, b, own := errors.New("a failed"), errors.New("b failed"), errors.New("body failed")
			err := s.InRegion("r", func(*Region) error {
				s.Go("a", func() error { return a })
				s.Go("b", func() error { return b })
				_ = s.Go("joined", func() error { return io.EOF }).Join()
				return own
			})
			for _, want := range []error{a, b, own} {
				if !errors.Is(err, want) {
					t.Errorf("%s: InRegion = %v, want it to have %v", name, err, want)
				}
			}
			if errors.Is(err, io.EOF) {
				t.Errorf("%s: InRegion = %v, want it without the error that was joined", name, err)
			}
		})
	}
}

func TestRegionErrorText(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		return s.InRegion("r", func(*Region) error {
			s.Go("a", func() error { return errors.New("no disk") })
			return io.ErrClosedPipe
		})
	})
	wantText(t, err, "io: read/write on closed pipe\ntask T1 a: no disk")
}

func TestRegionErrorsAreNotReportedTwice(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		err := s.InRegion("r", func(*Region) error {
			s.Go("failing", func() error { return io.EOF })
			return nil
		})
		wantText(t, err, "task T1 failing: EOF")
	})
}

func TestRegionTaskPanics(t *testing.T) {
	var inRegion error
	err := Run(inTurns(), func(s *Sim) error {
		inRegion = s.InRegion("r", func(*Region) error {
			s.Go("bomb", func() error { panic("boom") })
			return nil
		})
		return nil
	})
	wantText(t, inRegion, "simsched: panic in task T1 bomb: boom")
	wantText(t, err, "simsched: panic in task T1 bomb: boom")
}

func TestBodyErrorCancels(t *testing.T) {
	events, err := record(inTurns(), func(s *Sim) error {
		return s.InRegion("r", func(r *Region) error {
			s.Go("waiter", func() error {
				err := s.SleepContext(r.Context(), time.Hour)
				if kind, ok := r.Cancelled(); kind != event.CancelFailFast || !ok {
					t.Errorf("Cancelled = %v, %v; want fail-fast, true", kind, ok)
				}
				return err
			})
			s.Yield()
			s.Yield()
			return io.EOF
		})
	})
	wantText(t, err, "EOF")
	wantLines(t, "region events", ofKind(events, regionEvents...),
		"RegionCreated region=R0 parent=none at_tick=0", "RegionCreated region=R1 parent=R0 at_tick=2",
		"RegionCancelled region=R1 cancel_kind=fail-fast", "TaskCompleted task=T1 outcome=cancelled",
		"RegionClosed region=R1 outcome=cancelled", "TaskCompleted task=T0 outcome=err",
		"RegionClosed region=R0 outcome=cancelled")
}

// TestBodyPanicClosesTheRegion checks the order: the region is cancelled and closed before the panic goes on.
func TestBodyPanicClosesTheRegion(t *testing.T) {
	events, err := record(inTurns(), func(s *Sim) error {
		return s.InRegion("r", func(r *Region) error {
			s.Go("waiter", func() error { return s.SleepContext(r.Context(), time.Hour) })
			s.Yield()
			explode()
			return nil
		})
	})
	wantText(t, err, "simsched: panic in task T0 main: boom")
	if p := new(PanicError); !errors.As(err, &p) || !strings.Contains(string(p.Stack), "simsched.explode") {
		t.Errorf("the stack does not show where the panic came from: %s", p.Stack)
	}
	wantLines(t, "region events", ofKind(events, regionEvents...),
		"RegionCreated region=R0 parent=none at_tick=0", "RegionCreated region=R1 parent=R0 at_tick=2",
		"RegionCancelled region=R1 cancel_kind=fail-fast", "TaskCompleted task=T1 outcome=cancelled",
		"RegionClosed region=R1 outcome=panicked", "TaskCompleted task=T0 outcome=panicked",
		"RegionClosed region=R0 outcome=panicked")
}

// TestBodyPanicRecovered recovers the panic outside the region: the task goes on in the outer region.
func TestBodyPanicRecovered(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		wantPanic(t, "boom", func() {
			_ = s.InRegion("outer", func(*Region) error {
				return s.InRegion("inner", func(*Region) error {
					s.Go("failing", func() error { return io.EOF })
					panic("boom")
				})
			})
		})
		if task := s.Go("t", func() error { return nil }); task.Region() != s.root {
			t.Errorf("after the panic tasks start in region %v, want the root", task.Region().Name())
		}
		return nil
	})
	wantText(t, err, "task T1 failing: EOF")
}

// TestBodyPanicIsToldWhenTheRegionHangs panics while a task of the region can never end: the panic must not get lost.
func TestBodyPanicIsToldWhenTheRegionHangs(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		return s.InRegion("r", func(*Region) error {
			s.Go("stuck", func() error { s.Park(); return nil })
			panic("the cause")
		})
	})
	wantText(t, err, "simsched: deadlock: 2 tasks wait and none can go on\n"+
		"\tT0 main waits for the tasks of region R1 r to end\n\tT1 stuck waits to be woken\n"+
		"simsched: panic in task T0 main: the cause")
}

// TestErrorsAreToldWhenTheRegionHangs fails a task in a region that never closes.
func TestErrorsAreToldWhenTheRegionHangs(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		return s.InRegion("r", func(*Region) error {
			s.Go("stuck", func() error { s.Park(); return nil })
			s.Go("failing", func() error { return io.EOF })
			return nil
		})
	})
	if !errors.Is(err, ErrDeadlock) || !errors.Is(err, io.EOF) {
		t.Errorf("Run = %v, want a deadlock and the error of the task", err)
	}
}

func TestCancelOnce(t *testing.T) {
	events := mustRun(t, inTurns(), func(s *Sim) {
		var closed *Region
		_ = s.InRegion("r", func(r *Region) error {
			closed = r
			if kind, ok := r.Cancelled(); kind != 0 || ok {
				t.Errorf("Cancelled = %v, %v before Cancel; want 0, false", kind, ok)
			}
			r.Cancel(event.CancelTimeout)
			r.Cancel(event.CancelShutdown)
			if kind, ok := r.Cancelled(); kind != event.CancelTimeout || !ok {
				t.Errorf("Cancelled = %v, %v; want the first kind, timeout", kind, ok)
			}
			return nil
		})
		_ = s.InRegion("untouched", func(r *Region) error { closed = r; return nil })
		closed.Cancel(event.CancelUser)
		if _, ok := closed.Cancelled(); ok {
			t.Error("a region was cancelled after it had closed")
		}
	})
	wantLines(t, "cancellations", ofKind(events, event.KindRegionCancelled),
		"RegionCancelled region=R1 cancel_kind=timeout")
}

func TestCancelReachesInnerRegions(t *testing.T) {
	events := mustRun(t, inTurns(), func(s *Sim) {
		_ = s.InRegion("outer", func(outer *Region) error {
			return s.InRegion("inner", func(*Region) error {
				outer.Cancel(event.CancelUser)
				return s.InRegion("late", func(late *Region) error {
					if kind, ok := late.Cancelled(); kind != event.CancelParent || !ok {
						t.Errorf("a region opened in a cancelled one: Cancelled = %v, %v; want parent, true", kind, ok)
					}
					return nil
				})
			})
		})
		if _, ok := s.root.Cancelled(); ok {
			t.Error("the cancellation reached the root region")
		}
	})
	wantLines(t, "cancellations", ofKind(events, event.KindRegionCancelled), "RegionCancelled region=R1 cancel_kind=user",
		"RegionCancelled region=R2 cancel_kind=parent", "RegionCancelled region=R3 cancel_kind=parent")
}

// TestCancelReachesOpenSiblings closes some of many inner regions, in any order, and cancels the rest.
func TestCancelReachesOpenSiblings(t *testing.T) {
	for _, cfg := range schedules(30) {
		mustRun(t, cfg, func(s *Sim) {
			_ = s.InRegion("outer", func(outer *Region) error {
				for i := range 8 {
					s.Go("opener", func() error {
						return s.InRegion("inner", func(inner *Region) error {
							if i%2 == 1 {
								s.Select(OnDone(inner.Context()))
							}
							return nil
						})
					})
				}
				s.Sleep(1)
				if len(outer.children) != 4 {
					t.Errorf("%d regions are open, want 4", len(outer.children))
				}
				outer.Cancel(event.CancelUser)
				return nil
			})
		})
	}
}

func TestCancelKinds(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		wantPanic(t, "simsched: Region.Cancel called with a kind that is not 0 to 5", func() { s.root.Cancel(6) })
		for kind := event.CancelUser; kind <= event.CancelShutdown; kind++ {
			_ = s.InRegion("r", func(r *Region) error {
				r.Cancel(kind)
				if got, _ := r.Cancelled(); got != kind {
					t.Errorf("Cancelled = %v, want %v", got, kind)
				}
				return nil
			})
		}
	})
}

func TestGoInAClosedRegion(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		var r *Region
		_ = s.InRegion("r", func(inner *Region) error { r = inner; return nil })
		wantPanic(t, "simsched: Region.Go called on a closed region", func() { r.Go("t", func() error { return nil }) })
	})
}

// TestGoInAClosingRegion starts a task in a region whose owner already waits for the end.
func TestGoInAClosingRegion(t *testing.T) {
	for name, cfg := range schedules(30) {
		mustRun(t, cfg, func(s *Sim) {
			late := false
			_ = s.InRegion("r", func(r *Region) error {
				s.Go("first", func() error {
					s.Sleep(1)
					r.Go("late", func() error { s.Sleep(1); late = true; return nil })
					return nil
				})
				return nil
			})
			if !late {
				t.Errorf("%s: the region closed before its last task", name)
			}
		})
	}
}

// TestGoInAQuietRegion starts a task when the owner of the region was woken for its end, but has not run yet.
func TestGoInAQuietRegion(t *testing.T) {
	mustRun(t, preferring("starter"), func(s *Sim) {
		var w Waker
		var r *Region
		late := false
		s.Go("starter", func() error {
			w = s.Waker()
			s.Park()
			if !r.quiet() || r.closed {
				t.Error("the region is not quiet, or closed")
			}
			r.Go("late", func() error { s.Sleep(1); late = true; return nil })
			return nil
		})
		_ = s.InRegion("r", func(inner *Region) error {
			r = inner
			s.Go("last", func() error { s.Sleep(1); w.task.parked = false; s.ready.push(&w.task.self); return nil })
			return nil
		})
		if !late {
			t.Error("the region closed before its last task")
		}
	})
}

func TestOutcomes(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		outcome := func(f func() error) event.Outcome {
			task := s.Go("t", f)
			_ = task.Join()
			return task.Outcome()
		}
		var cancelled, failed event.Outcome
		_ = s.InRegion("r", func(r *Region) error {
			r.Cancel(event.CancelUser)
			cancelled = outcome(func() error { return errors.Join(context.Cause(s.Context())) })
			failed = outcome(func() error { return io.EOF })
			return nil
		})
		got := []event.Outcome{
			outcome(func() error { return nil }), outcome(func() error { return io.EOF }),
			outcome(func() error { return context.Canceled }), cancelled, failed,
		}
		want := []event.Outcome{event.OutcomeOK, event.OutcomeErr, event.OutcomeErr, event.OutcomeCancelled, event.OutcomeErr}
		if !slices.Equal(got, want) {
			t.Errorf("outcomes %v, want %v", got, want)
		}
	})
}

func TestOutcomePanicked(t *testing.T) {
	_ = Run(inTurns(), func(s *Sim) error {
		task := s.Go("bomb", func() error { panic(1) })
		err := task.Join()
		if p := new(PanicError); task.Outcome() != event.OutcomePanicked || !errors.As(err, &p) {
			t.Errorf("Join = %v, Outcome = %v; want a *PanicError, panicked", err, task.Outcome())
		}
		return nil
	})
}

// TestCancelledTaskIsNotReported returns the error of the context after a cancellation.
func TestCancelledTaskIsNotReported(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		s.Go("t", func() error { return s.SleepContext(s.Context(), time.Hour) })
		s.Sleep(1)
		s.root.Cancel(event.CancelUser)
	})
}

// TestErrorBesideACancellation returns the error of the context together with another one, which must not get lost.
func TestErrorBesideACancellation(t *testing.T) {
	canceled := context.Canceled
	for _, c := range []struct {
		err  error
		want event.Outcome
	}{
		{errors.Join(canceled), event.OutcomeCancelled},
		{errors.Join(canceled, fmt.Errorf("while waiting: %w", canceled)), event.OutcomeCancelled},
		{errors.Join(canceled, io.EOF), event.OutcomeErr},
		{fmt.Errorf("%w after %w", io.EOF, canceled), event.OutcomeErr},
		{fmt.Errorf("wrapped: %w", errors.Join(canceled, fmt.Errorf("wrapped: %w", io.EOF))), event.OutcomeErr},
	} {
		var task *Task
		err := Run(inTurns(), func(s *Sim) error {
			s.root.Cancel(event.CancelUser)
			task = s.Go("t", func() error { return c.err })
			return nil
		})
		if task.Outcome() != c.want || errors.Is(err, io.EOF) != (c.want == event.OutcomeErr) {
			t.Errorf("a task returned %q: outcome %v, Run = %v; want %v", c.err, task.Outcome(), err, c.want)
		}
	}
}

func TestMainFailureCancelsTheRest(t *testing.T) {
	for _, panics := range []bool{true, false} {
		events, err := record(inTurns(), func(s *Sim) error {
			s.Go("t", func() error { return s.SleepContext(s.Context(), time.Hour) })
			s.Sleep(1)
			if panics {
				panic("main fell")
			}
			return io.EOF
		})
		if err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want the failure of main alone", err)
		}
		wantLines(t, "cancellations", ofKind(events, event.KindRegionCancelled),
			"RegionCancelled region=R0 cancel_kind=fail-fast")
	}
}

func TestMainSuccessWaitsForTheRest(t *testing.T) {
	done := false
	events := mustRun(t, inTurns(), func(s *Sim) {
		s.Go("t", func() error { s.Sleep(time.Hour); done = true; return nil })
	})
	if !done {
		t.Error("the run ended before all its tasks")
	}
	wantLines(t, "cancellations", ofKind(events, event.KindRegionCancelled))
}

func TestJoin(t *testing.T) {
	for name, cfg := range schedules(30) {
		mustRun(t, cfg, func(s *Sim) {
			task := s.Go("t", func() error { s.Sleep(1); return io.EOF })
			joined := 0
			for range 3 {
				s.Go("joiner", func() error {
					if err := task.Join(); err != io.EOF {
						t.Errorf("%s: Join = %v, want the task's error itself", name, err)
					}
					joined++
					return nil
				})
			}
			s.Sleep(2)
			if joined != 3 || task.Join() != io.EOF {
				t.Errorf("%s: %d of 3 tasks have joined", name, joined)
			}
		})
	}
}
