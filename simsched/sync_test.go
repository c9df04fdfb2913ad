package simsched

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
)

// wantTaskPanic runs f in a task and fails unless it panics with a message that contains text.
func wantTaskPanic(t *testing.T, text string, f func(s *Sim)) {
	t.Helper()
	var p *PanicError
	err := Run(inTurns(), func(s *Sim) error { f(s); return nil })
	if !errors.As(err, &p) || !strings.Contains(p.Error(), text) {
		t.Errorf("error %v, want a panic with %q", err, text)
	}
}

func TestSyncMisuse(t *testing.T) {
	for text, f := range map[string]func(*Sim){
		"RWMutex.Unlock of an unlocked RWMutex":     func(s *Sim) { s.NewRWMutex("l").Unlock() },
		"RWMutex.RUnlock of an unlocked RWMutex":    func(s *Sim) { s.NewRWMutex("l").RUnlock() },
		"WaitGroup.Done makes the counter negative": func(s *Sim) { s.NewWaitGroup("w").Done() },
		"WaitGroup.Add makes the counter negative":  func(s *Sim) { s.NewWaitGroup("w").Add(-1) },
		"Semaphore.Release of more than is held":    func(s *Sim) { s.NewSemaphore("s", 1).Release(1) },
		"Semaphore.Acquire called with a negative":  func(s *Sim) { _ = s.NewSemaphore("s", 1).Acquire(s.Context(), -1) },
		"NewSemaphore called with a negative size":  func(s *Sim) { s.NewSemaphore("s", -1) },
		"Chan.Close of a nil channel":               func(s *Sim) { NilChan[int](s).Close() },
		"Chan.Recv called on a nil Chan":            func(*Sim) { (*Chan[int])(nil).Recv() },
		"NewTicker called with an interval":         func(s *Sim) { s.NewTicker(0) },
		"Region.Defer called on the root region":    func(s *Sim) { s.Current().Region().Defer(func() {}) },
		"OnDone called with a context":              func(s *Sim) { s.Select(OnDone(context.Background())) },
	} {
		wantTaskPanic(t, text, f)
	}
}

// TestRWMutexExclusion: under every schedule of two readers and a writer the writer is alone.
func TestRWMutexExclusion(t *testing.T) {
	together := false
	outcomes := exhaust(t, func(s *Sim, outcome *string) error {
		rw, readers := s.NewRWMutex("l"), 0
		read := func() {
			rw.RLock()
			readers++
			together = together || readers == 2
			s.Yield()
			readers--
			rw.RUnlock()
		}
		*outcome = "alone"
		err := s.InRegion("r", func(*Region) error {
			for range 2 {
				s.Go("reader", func() error { read(); return nil })
			}
			rw.Lock()
			if readers != 0 {
				*outcome = "not alone"
			}
			rw.Unlock()
			return nil
		})
		return err
	})
	if outcomes["alone"] == 0 || len(outcomes) != 1 {
		t.Errorf("outcomes %v, want only alone", outcomes)
	}
	if !together {
		t.Error("no schedule has two readers at once")
	}
}

// TestRWMutexWriterGoesFirst: a writer that waits keeps new readers out, as in Go.
func TestRWMutexWriterGoesFirst(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		rw := s.NewRWMutex("l")
		rw.RLock()
		w := s.Go("writer", func() error { rw.Lock(); defer rw.Unlock(); return nil })
		for range 3 {
			s.Yield()
		}
		if rw.TryRLock() || rw.TryLock() {
			t.Error("a lock was given although a writer waits")
		}
		rw.RUnlock()
		_ = w.Join()
		if !rw.TryLock() {
			t.Error("the lock is not free at the end")
		}
	})
}

func TestWaitGroup(t *testing.T) {
	for name, cfg := range schedules(50) {
		mustRun(t, cfg, func(s *Sim) {
			wg, n := s.NewWaitGroup("w"), 0
			wg.Wait() // nothing to wait for
			for range 5 {
				wg.Go("worker", func() { s.Yield(); n++ })
			}
			wg.Wait()
			if n != 5 {
				t.Errorf("%s: Wait returned after %d of 5", name, n)
			}
		})
	}
}

// TestCondWakes: a consumer that checks under the lock gets every item, under every schedule drawn, whether the
// producer signals or broadcasts.
func TestCondWakes(t *testing.T) {
	for name, cfg := range schedules(100) {
		mustRun(t, cfg, func(s *Sim) {
			mu := s.NewMutex("m")
			items, taken := 0, 0
			cond := s.NewCond("items", mu)
			consume := func() error {
				mu.Lock()
				defer mu.Unlock()
				for items == 0 {
					cond.Wait()
				}
				items--
				taken++
				return nil
			}
			err := s.InRegion("r", func(*Region) error {
				s.Go("consumer", consume)
				s.Go("consumer", consume)
				for i := range 2 {
					mu.Lock()
					items++
					mu.Unlock()
					if i == 0 {
						cond.Signal()
					} else {
						cond.Broadcast()
					}
				}
				return nil
			})
			if err != nil || taken != 2 {
				t.Errorf("%s: %d of 2 taken, error %v", name, taken, err)
			}
		})
	}
}

// TestLostWakeup: a signal that came before the wait is named in the report.
func TestLostWakeup(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		mu := s.NewMutex("m")
		cond := s.NewCond("ready", mu)
		cond.Signal()
		mu.Lock()
		cond.Wait() // without looking at anything first
		return nil
	})
	var d *DeadlockError
	if !errors.As(err, &d) || !d.Blocked[0].LostWakeup {
		t.Fatalf("error %v, want a deadlock with a lost wake-up", err)
	}
	const want = `waits for a signal on condition "ready"; lost wake-ups: 1 (no task was waiting), the last in step 2`
	if !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want it to contain %s", err, want)
	}
}

func TestOnce(t *testing.T) {
	for name, cfg := range schedules(50) {
		mustRun(t, cfg, func(s *Sim) {
			once, n, after := s.NewOnce("o"), 0, 0
			wg := s.NewWaitGroup("w")
			for range 3 {
				wg.Go("caller", func() {
					once.Do(func() { s.Yield(); n++ })
					after += n
				})
			}
			wg.Wait()
			if n != 1 || after != 3 {
				t.Errorf("%s: ran %d times, seen done by %d of 3 callers", name, n, after)
			}
		})
	}
}

// TestSemaphoreOrder: a large request is not overtaken, and those behind it get their turn when it gives up.
func TestSemaphoreOrder(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		sem := s.NewSemaphore("s", 2)
		var order []string
		ctx, cancel := s.WithCancel(s.Context())
		if err := sem.Acquire(s.Context(), 1); err != nil {
			t.Fatal(err)
		}
		take := func(name string, ctx context.Context, n int64) *Task {
			task := s.Go(name, func() error {
				err := sem.Acquire(ctx, n)
				if err == nil {
					order = append(order, name)
				} else {
					order = append(order, name+" gave up")
				}
				return nil
			})
			s.Sleep(time.Millisecond)
			return task
		}
		large, small := take("large", ctx, 2), take("small", s.Context(), 1)
		if sem.TryAcquire(1) || len(order) != 0 {
			t.Errorf("somebody overtook the large request: %v", order)
		}
		cancel()
		_, _ = large.Join(), small.Join()
		if !slices.Equal(order, []string{"large gave up", "small"}) &&
			!slices.Equal(order, []string{"small", "large gave up"}) {
			t.Errorf("order %v", order)
		}
		sem.Release(2)
		if !sem.TryAcquire(2) {
			t.Error("released, but not free")
		}
		if err := sem.Acquire(ctx, 3); err != context.Canceled {
			t.Errorf("more than the size, cancelled: error %v", err)
		}
	})
}

// TestAtomicLostUpdate: every access is a scheduling point, so that load and store can be interleaved, and add cannot.
func TestAtomicLostUpdate(t *testing.T) {
	lost := exhaust(t, func(s *Sim, outcome *string) error {
		n := NewAtomic(s, 0)
		err := pair(s, func() { n.Store(n.Load() + 1) }, func() { n.Store(n.Load() + 1) })
		*outcome = map[int]string{1: "lost", 2: "both"}[n.Load()]
		return err
	})
	if lost["lost"] == 0 || lost["both"] == 0 || len(lost) != 2 {
		t.Errorf("load and store: %v, want lost and both", lost)
	}
	exact := exhaust(t, func(s *Sim, outcome *string) error {
		n := NewAtomic(s, uint8(255))
		err := pair(s, func() { AddAtomic(n, 1) }, func() { AddAtomic(n, 1) })
		*outcome = map[uint8]string{1: "both"}[n.Load()]
		return err
	})
	if len(exact) != 1 || exact["both"] == 0 {
		t.Errorf("add: %v, want only both", exact)
	}
}

func TestNilChannels(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		var c *Chan[int]
		if c.Len() != 0 || c.Cap() != 0 {
			t.Error("a nil channel has a length or a capacity")
		}
		if i := s.Select(c.OnSend(1), c.OnRecv(nil, nil), Default()); i != 2 {
			t.Errorf("Select took case %d, want the default", i)
		}
		if i := s.Select(c.OnRecv(nil, nil), s.After(time.Second).OnRecv(nil, nil)); i != 1 {
			t.Errorf("Select took case %d, want the timer", i)
		}
	})
	err := Run(inTurns(), func(s *Sim) error { NilChan[int](s).Send(1); return nil })
	if !errors.Is(err, ErrDeadlock) {
		t.Errorf("a send on a nil channel ends with %v, want a deadlock", err)
	}
}

// TestPaths: a path tells who started whom, whatever the schedule.
func TestPaths(t *testing.T) {
	for name, cfg := range schedules(20) {
		var paths []string
		mustRun(t, cfg, func(s *Sim) {
			note := func() error { paths = append(paths, s.Current().Path()); return nil }
			first := s.Go("first", func() error {
				s.Go("inner", note)
				return note()
			})
			s.Go("second", func() error {
				_ = s.Go("inner", note).Join()
				_ = s.Go("inner", note).Join()
				return note()
			})
			if first.Path() != "0.1" || s.TaskPath(s.Current().ID()) != "0" || s.TaskPath(event.NewTaskID(99, 0)) != "" {
				t.Errorf("TaskPath gives %q", s.TaskPath(first.ID()))
			}
			_ = note()
		})
		slices.Sort(paths)
		if want := []string{"0", "0.1", "0.1.1", "0.2", "0.2.1", "0.2.2"}; !slices.Equal(paths, want) {
			t.Errorf("%s: paths %v, want %v", name, paths, want)
		}
	}
}
