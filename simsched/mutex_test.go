package simsched

import (
	"testing"
	"time"
)

func TestMutexExcludes(t *testing.T) {
	for name, cfg := range schedules(100) {
		inside, entered := 0, 0
		mustRun(t, cfg, func(s *Sim) {
			m := s.NewMutex("m")
			for range 4 {
				s.Go("t", func() error {
					m.Lock()
					defer m.Unlock()
					inside++
					if inside != 1 {
						t.Errorf("%s: %d tasks hold the mutex", name, inside)
					}
					s.Yield()
					entered++
					inside--
					return nil
				})
			}
		})
		if entered != 4 {
			t.Errorf("%s: %d of 4 tasks got the mutex", name, entered)
		}
	}
}

// TestMutexBarging locks again before the woken waiter runs, as sync.Mutex allows. The waiter goes on waiting.
func TestMutexBarging(t *testing.T) {
	var order []string
	mustRun(t, preferring("main"), func(s *Sim) {
		m := s.NewMutex("m")
		m.Lock()
		waiter := s.Go("waiter", func() error {
			m.Lock()
			order = append(order, "waiter")
			m.Unlock()
			return nil
		})
		s.Sleep(time.Millisecond)
		m.Unlock()
		m.Lock()
		order = append(order, "main")
		m.Unlock()
		_ = waiter.Join()
	})
	wantLines(t, "who got the mutex", order, "main", "waiter")
}

// preferring is a Config under which the task with a name runs whenever it is ready.
func preferring(name string) Config {
	return Config{Chooser: chooserFunc(func(c *Choice) uint64 {
		for i := range c.N {
			if c.Point == PointTask && c.queue.at(i).task.name == name {
				return uint64(i)
			}
		}
		return 0
	})}
}

func TestMutexTryLock(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		m := s.NewMutex("m")
		if !m.TryLock() {
			t.Error("TryLock of a free mutex = false, want true")
		}
		if m.TryLock() {
			t.Error("TryLock of a locked mutex = true, want false")
		}
		m.Unlock()
		if !m.TryLock() {
			t.Error("TryLock after Unlock = false, want true")
		}
		m.Unlock()
	})
}

func TestMutexUnlockByAnotherTask(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		m := s.NewMutex("m")
		m.Lock()
		s.Go("other", func() error { m.Unlock(); return nil })
		m.Lock()
		defer m.Unlock()
	})
}

func TestMutexUnlockOfUnlocked(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		m := s.NewMutex("m")
		wantPanic(t, "simsched: Mutex.Unlock of an unlocked mutex", m.Unlock)
		m.TryLock()
		m.Unlock()
		wantPanic(t, "simsched: Mutex.Unlock of an unlocked mutex", m.Unlock)
	})
}

func TestMutexUnlockWakesOne(t *testing.T) {
	got := map[string]bool{}
	for _, cfg := range schedules(50) {
		mustRun(t, cfg, func(s *Sim) {
			m, order := s.NewMutex("m"), ""
			m.Lock()
			for _, name := range []string{"a", "b", "c"} {
				s.Go(name, func() error {
					m.Lock()
					defer m.Unlock()
					order += name
					got[order] = len(order) == 3
					return nil
				})
			}
			s.Sleep(time.Millisecond)
			m.Unlock()
		})
	}
	for _, order := range []string{"abc", "acb", "bac", "bca", "cab", "cba"} {
		if !got[order] {
			t.Errorf("three waiters never got the mutex in the order %s, in 51 schedules", order)
		}
	}
}
