package simsched

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// TestScale: 100,000 live tasks and 1,000,000 timers work.
func TestScale(t *testing.T) {
	cfg := inTurns()
	cfg.MaxSteps = 10_000_000
	mustRunBare(t, cfg, func(s *Sim) {
		const tasks = 100_000
		done := 0
		for range tasks {
			s.Go("task", func() error { s.Sleep(time.Second); done++; return nil })
		}
		s.Sleep(2 * time.Second)
		if done != tasks {
			t.Errorf("%d of %d tasks have ended", done, tasks)
		}
	})
	cfg = inTurns()
	cfg.MaxSteps = 10_000_000
	mustRunBare(t, cfg, func(s *Sim) {
		const timers = 1_000_000
		fired := 0
		for i := range timers {
			tm := &timer{fire: func() { fired++ }}
			s.start(tm, time.Duration(1+i*7919%timers))
		}
		s.Sleep(timers + 1)
		if fired != timers {
			t.Errorf("%d of %d timers have fired", fired, timers)
		}
	})
}

// mustRunBare is mustRun without keeping the events.
func mustRunBare(t *testing.T, cfg Config, body func(*Sim)) {
	t.Helper()
	if err := Run(cfg, func(s *Sim) error { body(s); return nil }); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkParked measures the memory of a task that waits, with its stack; the goal is at most 3 KiB.
func BenchmarkParked(b *testing.B) {
	const tasks = 100_000
	for b.Loop() {
		err := Run(Config{MaxSteps: 10_000_000}, func(s *Sim) error {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			sleep := func() error { s.Sleep(time.Second); return nil }
			for range tasks {
				s.Go("sleeper", sleep)
			}
			s.Sleep(time.Millisecond)
			if n := len(s.Tasks()); n != tasks+1 {
				b.Fatalf("%d tasks are alive, want %d", n, tasks+1)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			used := after.HeapAlloc + after.StackInuse - before.HeapAlloc - before.StackInuse
			b.ReportMetric(float64(used)/tasks, "B/task")
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFlat measures a step while many other tasks sleep: it must not depend on their number.
func BenchmarkFlat(b *testing.B) {
	for _, tasks := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprintf("sleeping=%d", tasks), func(b *testing.B) {
			err := Run(Config{MaxSteps: 1 << 40}, func(s *Sim) error {
				for range tasks {
					s.Go("sleeper", func() error { s.Sleep(time.Hour); return nil })
				}
				s.Sleep(time.Millisecond) // now they all wait
				if n := len(s.Tasks()); n != tasks+1 {
					b.Fatalf("%d tasks are alive, want %d", n, tasks+1)
				}
				yield := func() error {
					for range b.N {
						s.Yield()
					}
					return nil
				}
				b.ResetTimer()
				other := s.Go("other", yield)
				_, _ = yield(), other.Join()
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(2*b.N), "ns/step")
				b.StopTimer()
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}
