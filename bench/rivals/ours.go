package main

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/strategy"
)

const rounds = 7

// measure prints the least time of a call of work, divided by items.
func measure(w io.Writer, name string, items int, work func()) {
	work()
	best := time.Duration(1<<63 - 1)
	for range rounds {
		start := time.Now()
		work()
		best = min(best, time.Since(start))
	}
	fmt.Fprintf(w, "%s\t%.1f\n", name, float64(best.Nanoseconds())/float64(items))
}

// check ends the program if a measured run fails: its time would mean nothing.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

// ours measures the work of src/main.rs with reprise.
func ours(w io.Writer) {
	encoding(w)
	runs(w)
	steps(w)
	search(w)
}

// nth returns event i of a run in which tasks take turns.
func nth(i uint64) event.Event {
	task := event.NewTaskID(uint32(i/2%8), 0)
	if i%2 == 0 {
		return event.TaskScheduled(task, i/2)
	}
	return event.TaskYielded(task)
}

func trace(events int) *event.Trace {
	t := event.NewTrace(event.NewMetadata(1))
	for i := range events {
		t.Append(nth(uint64(i)))
	}
	return t
}

func encoding(w io.Writer) {
	const n = 200_000
	events := make([]event.Event, n)
	var packed []byte
	for i := range events {
		events[i] = nth(uint64(i))
		packed = events[i].AppendMsgpack(packed)
	}
	buf := make([]byte, 0, 64)
	measure(w, "encode an event, reused buffer", n, func() {
		for _, e := range events {
			buf = e.AppendMsgpack(buf[:0])
		}
	})
	measure(w, "decode an event", n, func() {
		d := event.NewDecoder(bytes.NewReader(packed))
		for range n {
			_, err := d.Decode()
			check(err)
		}
	})
	for _, size := range []int{200, 5_000, 1_000_000} {
		t, repeat := trace(size), max(n/size, 1)
		measure(w, fmt.Sprintf("encode a trace of %d events, an event", size), size*repeat, func() {
			for range repeat {
				var out bytes.Buffer
				check(t.WriteMsgpack(&out))
			}
		})
	}
	const kept = 16_384
	measure(w, "record an event in new memory", kept, func() {
		r := recorder.New(event.NewMetadata(1))
		for i := range uint64(kept) {
			check(r.Observe(nth(i)))
		}
	})
}

// counter lets two tasks increment a counter ten times each, under a lock.
func counter(s *simsched.Sim) error {
	m, n, ended := s.NewMutex("m"), 0, s.NewWaitGroup("ended")
	for range 2 {
		ended.Go("task", func() {
			for range 10 {
				m.Lock()
				n++
				m.Unlock()
			}
		})
	}
	ended.Wait()
	if n != 20 {
		return fmt.Errorf("the counter is %d", n)
	}
	return nil
}

// yields returns a program whose tasks yield, each as often as the others.
func yields(tasks, each int) func(*simsched.Sim) error {
	return func(s *simsched.Sim) error {
		for range tasks {
			s.Go("yielder", func() error {
				for range each {
					s.Yield()
				}
				return nil
			})
		}
		return nil
	}
}

// runs measures recorded runs in two ways: each with recorder.Run, and as a campaign that keeps its stacks and its
// recorder, which is what Shuttle does.
func runs(w io.Writer) {
	const n = 1_000
	for _, c := range []struct {
		name string
		body func(*simsched.Sim) error
	}{
		{"a run: 2 tasks, lock, counter, 10 rounds", counter},
		{"a run: 5 tasks that yield 20 times", yields(5, 20)},
	} {
		measure(w, c.name, n, func() {
			for seed := range uint64(n) {
				_, err := recorder.Run(simsched.Config{Seed: seed}, c.body)
				check(err)
			}
		})
		pool, r := &simsched.Pool{}, recorder.New(event.NewMetadata(1))
		measure(w, c.name+campaign, n, func() {
			for seed := range uint64(n) {
				cfg := simsched.Config{Seed: seed, Pool: pool}
				r.Reset(cfg.Metadata())
				check(r.Run(cfg, c.body))
			}
		})
		pool.Close()
	}
}

func steps(w io.Writer) {
	for _, c := range []struct{ tasks, each int }{{5, 10_000}, {100, 500}} {
		measure(w, fmt.Sprintf("a step, %d tasks", c.tasks), c.tasks*c.each, func() {
			_, err := recorder.Run(simsched.Config{Seed: 1, MaxSteps: 1e7}, yields(c.tasks, c.each))
			check(err)
		})
	}
}

func search(w io.Writer) {
	const limit = 3
	pool := &simsched.Pool{}
	defer pool.Close()
	start := time.Now()
	tree, route := &explore.Tree{Limit: limit}, &strategy.Route{}
	for branches, ok := tree.Next(); ok; branches, ok = tree.Next() {
		route.Give(branches)
		k := simsched.NewChooser(strategy.Find(strategy.Single), strategy.Config{Route: route})
		check(simsched.Run(simsched.Config{Chooser: k, CheckpointEvery: -1, Pool: pool}, counter))
		tree.Take(route.Branches())
	}
	fmt.Fprintf(w, "a schedule of an exhaustive search, %d preemptions\t%.1f\n", limit,
		float64(time.Since(start).Nanoseconds())/float64(tree.Schedules))
}
