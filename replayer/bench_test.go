package replayer_test

import (
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// yielders returns a program of n tasks that yield, steps scheduling steps in all.
func yielders(n, steps int) func(*simsched.Sim) error { return (&load{tasks: n, steps: steps}).run }

// load is a program of tasks that all wait until the last one has started, and then yield. It measures the steps from
// there to the end.
type load struct {
	tasks, steps int

	elapsed time.Duration // of all runs so far
	made    uint64        // steps in it
	alive   int           // tasks that were alive in the middle of the last run
}

func (l *load) run(s *simsched.Sim) error {
	started, ended, begin := s.NewWaitGroup("started"), s.NewWaitGroup("ended"), simsched.NewChan[int](s, "begin", 0)
	started.Add(l.tasks)
	ended.Add(l.tasks)
	each, made := l.steps/l.tasks, 0
	for range l.tasks {
		s.Go("yielder", func() error {
			started.Done()
			begin.Recv()
			for range each {
				if made++; made == l.steps/2 {
					l.alive = len(s.Tasks())
				}
				s.Yield()
			}
			ended.Done()
			return nil
		})
	}
	started.Wait()
	begin.Close()
	start, before := time.Now(), s.Steps()
	ended.Wait()
	l.elapsed += time.Since(start)
	l.made += s.Steps() - before
	return nil
}

// report reports the time of a step, of runs in which nearly all tasks were alive for nearly all steps.
func (l *load) report(b *testing.B) {
	if l.alive < l.tasks*9/10 {
		b.Fatalf("%d of %d tasks were alive in the middle of the run", l.alive, l.tasks)
	}
	b.ReportMetric(float64(l.elapsed.Nanoseconds())/float64(l.made), "ns/step")
	b.ReportMetric(float64(l.alive), "alive")
}

// BenchmarkStep measures one scheduling step, a Yield with its two events, with all tasks ready, against a hand-off
// between goroutines over a channel in the same run. The goals: 120 ns with recording at 5 tasks, 170 ns at 100 and
// 500 ns at 10,000, where the stacks and tasks do not fit into the caches.
func BenchmarkStep(b *testing.B) {
	b.Run("rival=channel-hand-off", func(b *testing.B) {
		there, back := make(chan int), make(chan int)
		go func() {
			for v := range there {
				back <- v
			}
			close(back)
		}()
		for b.Loop() {
			there <- 1
			<-back
		}
		close(there)
		<-back
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(2*b.N), "ns/step")
	})
	for _, n := range []int{5, 100, 10_000} {
		cfg := simsched.Config{Seed: 1, MaxSteps: 10_000_000}
		way := func(name string, run func(body program) error) {
			b.Run(fmt.Sprintf("tasks=%d/%s", n, name), func(b *testing.B) {
				l := &load{tasks: n, steps: max(200_000, 100*n)}
				for b.Loop() {
					if err := run(l.run); err != nil {
						b.Fatal(err)
					}
				}
				l.report(b)
			})
		}
		way("bare", func(body program) error { return simsched.Run(cfg, body) })
		way("recording", func(body program) error {
			_, err := recorder.Run(cfg, body)
			return err
		})
		tr, err := recorder.Run(cfg, yielders(n, max(200_000, 100*n)))
		if err != nil {
			b.Fatal(err)
		}
		way("replaying", func(body program) error {
			_, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg}, body)
			return err
		})
	}
}

// BenchmarkOver measures what each way to watch a run costs over the run itself, in turns within one benchmark: the
// best of each counts, since the machine is shared. The goal for strict checking is 20 ns an event. "gated" is a
// Replayer that runs to the end in one go, "fingerprint" the hash of CheckDeterminism.
func BenchmarkOver(b *testing.B) {
	const n, steps = 100, 100_000
	cfg, l := simsched.Config{Seed: 1, MaxSteps: 10_000_000}, &load{tasks: n, steps: steps}
	body := l.run
	tr, err := recorder.Run(cfg, body)
	if err != nil {
		b.Fatal(err)
	}
	strict := replayer.Config{Sim: cfg}
	bare := func() error { return simsched.Run(cfg, body) }
	for _, way := range []struct {
		name string
		run  func() error
	}{
		{"recording", func() error { _, err := recorder.Run(cfg, body); return err }},
		{"strict", func() error { _, err := replayer.Run(source.FromTrace(tr), strict, body); return err }},
		{"gated", func() error { return gated(tr, strict, body) }},
		{"resync", func() error {
			_, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg, Policy: replayer.Resync, Window: 64}, body)
			return err
		}},
		{"fingerprint", func() error {
			watched := cfg
			watched.Observer = replayer.NewFingerprinter()
			return simsched.Run(watched, body)
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			fastest := map[bool]time.Duration{true: math.MaxInt64, false: math.MaxInt64}
			for b.Loop() {
				for isBare, run := range map[bool]func() error{true: bare, false: way.run} {
					start := time.Now()
					if err := run(); err != nil {
						b.Fatal(err)
					}
					fastest[isBare] = min(fastest[isBare], time.Since(start))
				}
			}
			if l.alive < n*9/10 || tr.Len() < 2*steps {
				b.Fatalf("%d of %d tasks were alive in the middle of a run of %d events", l.alive, n, tr.Len())
			}
			events := float64(tr.Len())
			b.ReportMetric(float64(fastest[true].Nanoseconds())/events, "bare-ns/event")
			b.ReportMetric(float64((fastest[false]-fastest[true]).Nanoseconds())/events, "over-ns/event")
		})
	}
}

func gated(tr *event.Trace, cfg replayer.Config, body program) error {
	r, err := replayer.New(source.FromTrace(tr), cfg, body)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = r.Run()
	return err
}

// BenchmarkStop measures one Step of a Replayer, against a hand-off between goroutines over a channel there and back.
func BenchmarkStop(b *testing.B) {
	b.Run("rival=channel-there-and-back", func(b *testing.B) {
		there, back := make(chan int), make(chan int)
		go func() {
			for v := range there {
				back <- v
			}
			close(back)
		}()
		for b.Loop() {
			there <- 1
			<-back
		}
		close(there)
		<-back
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/stop")
	})
	b.Run("step", func(b *testing.B) {
		cfg, body := simsched.Config{Seed: 1, MaxSteps: 10_000_000}, yielders(5, 50_000)
		tr, err := recorder.Run(cfg, body)
		if err != nil {
			b.Fatal(err)
		}
		r, err := replayer.New(source.FromTrace(tr), replayer.Config{Sim: cfg}, body)
		if err != nil {
			b.Fatal(err)
		}
		defer r.Close()
		for b.Loop() {
			_, err := r.Step()
			if err == io.EOF {
				err = r.Reset()
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/stop")
	})
}

// BenchmarkRecord measures what recording one event in memory costs, in memory that was used before and in new memory.
// The goals are 7 and 20 ns.
func BenchmarkRecord(b *testing.B) {
	const events = 1 << 14
	record := func(b *testing.B, fresh bool) {
		r := recorder.New(event.NewMetadata(1))
		for b.Loop() {
			if fresh {
				r = recorder.New(event.NewMetadata(1))
			}
			r.Reset(event.NewMetadata(1))
			for i := range uint64(events) {
				if err := r.Observe(event.TaskScheduled(event.TaskID(i&7)<<32, i)); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
	}
	b.Run("reused", func(b *testing.B) { record(b, false) })
	b.Run("new", func(b *testing.B) { record(b, true) })
}

// BenchmarkSpawn measures starting, ending and joining a task that does nothing while others sleep, against a goroutine
// in the same run. The goal is 400 ns, flat up to 100,000 live tasks.
func BenchmarkSpawn(b *testing.B) {
	b.Run("rival=goroutine", func(b *testing.B) {
		done := make(chan bool)
		for b.Loop() {
			go func() { done <- true }()
			<-done
		}
	})
	for _, live := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprintf("live=%d", live), func(b *testing.B) {
			err := simsched.Run(simsched.Config{MaxSteps: 1 << 40, Chooser: simsched.NewRoundRobin(1)},
				func(s *simsched.Sim) error {
					for range live {
						s.Go("sleeper", func() error { s.Sleep(time.Hour); return nil })
					}
					s.Sleep(time.Millisecond) // now they all wait
					if n := len(s.Tasks()); n != live+1 {
						b.Fatalf("%d tasks are alive, want %d", n, live+1)
					}
					for b.Loop() {
						if err := s.Go("task", func() error { return nil }).Join(); err != nil {
							b.Fatal(err)
						}
					}
					return nil
				})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}
