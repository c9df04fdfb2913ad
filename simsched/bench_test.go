package simsched

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
)

// inRun runs a benchmark as the main task of a run. setup returns the operation that is measured, which takes a number
// of scheduling steps: fewer if the others do not take part. It reports the time of a step besides that of the
// operation. Tasks that still wait at the end are left.
func inRun(b *testing.B, steps uint64, setup func(*Sim) (op func())) {
	cfg := Config{Chooser: NewRoundRobin(1), MaxSteps: 1 << 62, CheckpointEvery: -1}
	err := Run(cfg, func(s *Sim) error {
		op := setup(s)
		before := s.Steps()
		for b.Loop() {
			op()
		}
		made := s.Steps() - before
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(made), "ns/step")
		if want := steps * uint64(b.N); made > want || made+100 < want { // others start during the first operation
			return fmt.Errorf("%d operations took %d steps, want %d each", b.N, made, steps)
		}
		s.root.Cancel(event.CancelShutdown)
		return nil
	})
	if err != nil && !errors.Is(err, ErrLeak) {
		b.Fatal(err)
	}
}

// others starts n tasks that repeat op until the end of the benchmark.
func others(s *Sim, n int, op func()) {
	for range n {
		s.Go("other", func() error {
			for !s.root.cancelled {
				op()
			}
			return nil
		})
	}
}

// BenchmarkStep measures a scheduling step inside operations, without recording. Compare with the Yield of the same
// run; the step with recording and replaying, and its goal of 150 ns, are in replayer.BenchmarkStep.
func BenchmarkStep(b *testing.B) {
	for _, c := range []struct {
		name  string
		steps uint64 // of all tasks in an operation
		setup func(*Sim) func()
	}{
		{"rival=yield-alone", 1, func(s *Sim) func() { return s.Yield }},
		{"rival=yield-of-two", 2, func(s *Sim) func() { others(s, 1, s.Yield); return s.Yield }},
		{"lock-free-mutex", 2, freeMutex},
		{"lock-contended-by-4", 16, contendedMutex}, // each task: before the lock, after waiting, the yield, the unlock
		{"channel-ping-pong", 6, pingPong},          // each task: before the operations, and after waiting in one
		{"select-of-3-ready", 6, selectReady},
		{"select-of-3-waiting", 3, selectWaiting}, // before the select and the send, and after waiting in the select
	} {
		b.Run(c.name, func(b *testing.B) { inRun(b, c.steps, c.setup) })
	}
}

func freeMutex(s *Sim) func() {
	m, entered := s.NewMutex("m"), 0
	return func() {
		m.Lock()
		entered++
		m.Unlock()
	}
}

func contendedMutex(s *Sim) func() {
	m := s.NewMutex("m")
	op := func() {
		m.Lock()
		s.Yield()
		m.Unlock()
	}
	others(s, 3, op)
	return op
}

func pingPong(s *Sim) func() {
	there, back := NewChan[int](s, "there", 0), NewChan[int](s, "back", 0)
	others(s, 1, func() {
		v, _ := there.Recv()
		back.Send(v)
	})
	return func() {
		there.Send(1)
		back.Recv()
	}
}

func selectReady(s *Sim) func() {
	a, b, c := NewChan[int](s, "a", 1), NewChan[int](s, "b", 1), NewChan[int](s, "c", 1)
	cases := []Case{a.OnRecv(nil, nil), b.OnRecv(nil, nil), c.OnRecv(nil, nil)}
	return func() {
		a.Send(1)
		b.Send(1)
		c.Send(1)
		for range cases {
			s.Select(cases...)
		}
	}
}

func selectWaiting(s *Sim) func() {
	a, b, c := NewChan[int](s, "a", 0), NewChan[int](s, "b", 0), NewChan[int](s, "c", 0)
	others(s, 1, func() { c.Send(1) })
	cases := []Case{a.OnRecv(nil, nil), b.OnRecv(nil, nil), c.OnRecv(nil, nil)}
	return func() { s.Select(cases...) }
}

// BenchmarkTimer measures starting a timer and its firing, by way of Sleep, while others are pending. It grows with the
// logarithm of their number.
func BenchmarkTimer(b *testing.B) {
	for _, pending := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprintf("pending=%d", pending), func(b *testing.B) {
			inRun(b, 2, func(s *Sim) func() { // before the sleep, and behind it
				for i := range pending {
					s.NewTimer(1_000_000*time.Hour + time.Duration(i*7919%pending))
				}
				return func() {
					if s.Sleep(1); len(s.clock.heap) != pending {
						b.Fatalf("%d timers are pending", len(s.clock.heap))
					}
				}
			})
		})
	}
}
