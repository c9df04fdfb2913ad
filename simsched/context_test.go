package simsched

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
)

// isDone polls a Done channel.
func isDone(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

func TestContext(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		_ = s.InRegion("r", func(r *Region) error {
			ctx := s.Context()
			if _, ok := ctx.Deadline(); ok || ctx.Err() != nil || isDone(ctx) || ctx.Value("key") != nil || ctx.Done() == nil {
				t.Error("the context of a region that is not cancelled has a deadline, a value, an error, or is done")
			}
			r.Cancel(event.CancelTimeout)
			if ctx.Err() != context.DeadlineExceeded || !isDone(ctx) || context.Cause(ctx) != context.DeadlineExceeded {
				t.Errorf("after Cancel: Err = %v, done %v; want context.DeadlineExceeded, true", ctx.Err(), isDone(ctx))
			}
			return nil
		})
		if s.Context().Err() != nil {
			t.Error("the context of the outer region is cancelled")
		}
	})
}

func TestContextOfACancelledRegion(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		s.root.Cancel(event.CancelUser)
		if ctx := s.Context(); ctx.Err() != context.Canceled || !isDone(ctx) {
			t.Errorf("Err = %v, done %v; want context.Canceled, true", ctx.Err(), isDone(ctx))
		}
		_ = s.InRegion("late", func(r *Region) error {
			if r.Context().Err() != context.Canceled {
				t.Error("the context of a region opened in a cancelled one is not cancelled")
			}
			return nil
		})
	})
}

func TestContextIsThatOfTheCurrentRegion(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		_ = s.InRegion("r", func(r *Region) error {
			if s.Context() != r.Context() || s.Context() == s.root.Context() {
				t.Error("the context of the body is not that of its region")
			}
			s.Go("t", func() error {
				if s.Context() != r.Context() {
					t.Error("the context of a task is not that of its region")
				}
				return nil
			})
			return nil
		})
		if s.Context() != s.root.Context() {
			t.Error("after the region the context is not that of the root region")
		}
	})
}

type keyType struct{}

// derivations make a context of each kind that package context derives.
var derivations = map[string]func(context.Context) (context.Context, context.CancelFunc){
	"WithCancel": func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithCancel(ctx) },
	"WithTimeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, time.Hour)
	},
	"WithValue and WithCancel": func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithCancel(context.WithValue(ctx, keyType{}, 1))
	},
	"WithCancel twice": func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, outer := context.WithCancel(ctx)
		ctx, inner := context.WithCancel(ctx)
		return ctx, func() { inner(); outer() }
	},
}

func TestDerivedContexts(t *testing.T) {
	for name, with := range derivations {
		mustRun(t, inTurns(), func(s *Sim) {
			_ = s.InRegion("r", func(r *Region) error {
				before := runtime.NumGoroutine()
				ctx, cancel := with(s.Context())
				defer cancel()
				if n := runtime.NumGoroutine(); n > before { // one of an earlier test may just end
					t.Errorf("%s started %d goroutines", name, n-before)
				}
				if ctx.Err() != nil || isDone(ctx) {
					t.Errorf("%s is cancelled before the region", name)
				}
				r.Cancel(event.CancelUser)
				if ctx.Err() != context.Canceled || !isDone(ctx) {
					t.Errorf("%s: Err = %v, done %v after the region was cancelled", name, ctx.Err(), isDone(ctx))
				}
				return nil
			})
		})
	}
}

// TestDerivedContextAlone cancels a derived context: the region is not touched, and its later cancellation is harmless.
func TestDerivedContextAlone(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		_ = s.InRegion("r", func(r *Region) error {
			ctx, cancel := context.WithCancel(r.Context())
			cancel()
			if _, ok := r.Cancelled(); ok || r.Context().Err() != nil || ctx.Err() == nil {
				t.Error("cancelling a derived context cancels it and nothing else")
			}
			r.Cancel(event.CancelUser)
			return nil
		})
	})
}

func TestSleepContextSleeps(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		if err := s.SleepContext(s.Context(), time.Second); err != nil || s.Elapsed() != time.Second {
			t.Errorf("SleepContext = %v after %v; want nil after 1s", err, s.Elapsed())
		}
		for _, d := range []time.Duration{0, -1} {
			if err := s.SleepContext(s.Context(), d); err != nil || s.Elapsed() != time.Second {
				t.Errorf("SleepContext of %d = %v after %v; want nil at once", d, err, s.Elapsed())
			}
		}
	})
}

func TestSleepContextIsCancelled(t *testing.T) {
	for name, cfg := range schedules(30) {
		events := mustRun(t, cfg, func(s *Sim) {
			_ = s.InRegion("r", func(r *Region) error {
				s.Go("sleeper", func() error {
					err := s.SleepContext(context.WithValue(s.Context(), keyType{}, 1), time.Hour)
					if err != context.Canceled || s.Elapsed() != time.Second {
						t.Errorf("%s: SleepContext = %v after %v; want context.Canceled after 1s", name, err, s.Elapsed())
					}
					return err
				})
				s.Sleep(time.Second)
				r.Cancel(event.CancelUser)
				return nil
			})
		})
		if n := len(ofKind(events, event.KindTimerCancelled)); n != 1 {
			t.Errorf("%s: %d timers were stopped, want that of the sleep", name, n)
		}
	}
}

func TestSleepContextAlreadyCancelled(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		s.root.Cancel(event.CancelUser)
		if err := s.SleepContext(s.Context(), time.Hour); err != context.Canceled || s.Elapsed() != 0 {
			t.Errorf("SleepContext = %v after %v; want context.Canceled at once", err, s.Elapsed())
		}
	})
}

func TestOnDone(t *testing.T) {
	events := mustRun(t, inTurns(), func(s *Sim) {
		_ = s.InRegion("r", func(r *Region) error {
			if got := s.Select(OnDone(r.Context()), Default()); got != 1 {
				t.Errorf("Select = %d before the cancellation, want the default, 1", got)
			}
			for range 2 {
				s.Go("waiter", func() error {
					s.Select(OnDone(r.Context()), OnDone(r.Context()))
					return nil
				})
			}
			s.Sleep(1)
			r.Cancel(event.CancelUser)
			if got := s.Select(OnDone(r.Context()), Default()); got != 0 {
				t.Errorf("Select = %d after the cancellation, want 0", got)
			}
			return nil
		})
	})
	wantLines(t, "wakes", ofKind(events, event.KindWakerBatchWake), "WakerBatchWake count=2")
}

// TestOnDoneOfForeignContexts takes no context that can be cancelled without its region: it would wait for the wrong
// thing.
func TestOnDoneOfForeignContexts(t *testing.T) {
	const want = "simsched: OnDone called with a context that tasks cannot wait for: it must come from Sim.Context, " +
		"Region.Context, Sim.WithCancel, Sim.WithDeadline or Sim.WithTimeout, with values at the most" + libraries
	mustRun(t, inTurns(), func(s *Sim) {
		wantPanic(t, want, func() { OnDone(context.Background()) })
		wantPanic(t, want, func() { OnDone(context.WithoutCancel(s.Context())) })
		wantPanic(t, want, func() { _ = s.SleepContext(context.Background(), 1) })
		for _, with := range derivations {
			ctx, cancel := with(s.Context())
			wantPanic(t, want, func() { OnDone(ctx) })
			cancel()
			wantPanic(t, want, func() { OnDone(ctx) })
		}
		OnDone(context.WithValue(s.Context(), keyType{}, 1))
	})
}
