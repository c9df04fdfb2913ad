package replayer_test

import (
	"errors"
	"fmt"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// counter is a program with a bug: two tasks add to a number without a lock, so that one addition may get lost.
func counter(s *simsched.Sim) error {
	n := 0
	err := s.InRegion("adders", func(r *simsched.Region) error {
		for _, name := range []string{"left", "right"} {
			r.Go(name, func() error {
				old := n
				s.Yield()
				n = old + 1
				return nil
			})
		}
		return nil
	})
	if err == nil && n != 2 {
		return fmt.Errorf("an addition was lost: n is %d", n)
	}
	return err
}

// fixedCounter is counter with a lock.
func fixedCounter(s *simsched.Sim) error {
	n := 0
	mu := s.NewMutex("n")
	return s.InRegion("adders", func(r *simsched.Region) error {
		for _, name := range []string{"left", "right"} {
			r.Go(name, func() error {
				mu.Lock()
				defer mu.Unlock()
				old := n
				s.Yield()
				n = old + 1
				return nil
			})
		}
		return nil
	})
}

// A failure that some seed has found is recorded once. From then on it happens again in every replay, without the seed.
func ExampleRun() {
	var cfg simsched.Config
	trace, err := recorder.Run(cfg, counter)
	for err == nil && cfg.Seed < 1000 {
		cfg.Seed++
		trace, err = recorder.Run(cfg, counter)
	}
	fmt.Printf("seed %d: %v\n", cfg.Seed, err)

	result, err := replayer.Run(source.FromTrace(trace), replayer.Config{}, counter)
	fmt.Printf("%d of %d events match: %v\n", result.Events, trace.Len(), result.Err)
	fmt.Println("divergence:", err)
	// Output:
	// seed 7: an addition was lost: n is 1
	// 24 of 24 events match: an addition was lost: n is 1
	// divergence: <nil>
}

// The recording of a failure, replayed against the program with the fix, tells the first event that the fix made
// different.
func ExampleRun_changed() {
	trace, _ := recorder.Run(simsched.Config{Seed: 7}, counter)
	cfg := replayer.Config{Sim: simsched.Config{CallSites: true}}
	_, err := replayer.Run(source.FromTrace(trace), cfg, fixedCounter)
	var diverged *divergence.Error
	if errors.As(err, &diverged) {
		d := diverged.Divergence
		fmt.Println(d.Summary())
		fmt.Println("in the code at", d.ActualSite)
		for _, e := range d.Runnable {
			fmt.Println("could have run:", e)
		}
	}
	// Output:
	// event 11, virtual time 0s: event-type-mismatch: expected TaskYielded task=T1, got TaskScheduled task=T1 at_tick=6
	// in the code at replayer/example_test.go:41
	// could have run: task T2 "right"
	// could have run: task T0 "main"
	// could have run: task T1 "left"
}

// A Replayer goes through the recording of a failure step by step, and back.
func ExampleReplayer() {
	trace, _ := recorder.Run(simsched.Config{Seed: 7}, counter)
	r, err := replayer.New(source.FromTrace(trace), replayer.Config{}, counter)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	e, err := r.RunTo(replayer.AtTaskName("right"))
	fmt.Println(r.Pos(), e, err)
	for _, task := range r.State().Tasks {
		fmt.Printf("%s %s %v %q\n", task.Name, task.Path, task.State, task.WaitsFor)
	}
	fmt.Println(r.Back(1), r.Pos())
	result, err := r.Run()
	fmt.Println(result.Events, result.Err, err)
	// Output:
	// 14 TaskScheduled task=T2 at_tick=7 <nil>
	// main 0 waiting "for the tasks of region R1 adders to end"
	// left 0.1 ready ""
	// right 0.2 running ""
	// <nil> 13
	// 24 an addition was lost: n is 1 <nil>
}

// A recording can be followed up to an event, and the run then goes on under another seed: what could have happened
// instead?
func ExampleRun_fork() {
	trace, _ := recorder.Run(simsched.Config{Seed: 7}, counter)
	lost := 0
	for seed := range uint64(20) {
		cfg := replayer.Config{Policy: replayer.Prefix, Index: 12, Seed: seed}
		if result, err := replayer.Run(source.FromTrace(trace), cfg, counter); err == nil && result.Err != nil {
			lost++
		}
	}
	fmt.Printf("from event 12 on, %d of 20 continuations lose an addition\n", lost)
	// Output:
	// from event 12 on, 5 of 20 continuations lose an addition
}

// A program that does something that is no function of its choices cannot be replayed. CheckDeterminism finds the
// place.
func ExampleCheckDeterminism() {
	runs := 0
	err := replayer.CheckDeterminism(simsched.Config{Seed: 1}, func(s *simsched.Sim) error {
		runs++ // kept outside of the run: the mistake
		for range runs {
			s.Yield()
		}
		return nil
	})
	fmt.Println(errors.Is(err, replayer.ErrNondeterministic))
	var diverged *divergence.Error
	if errors.As(err, &diverged) {
		d := diverged.Divergence
		fmt.Printf("%v at %s\n%v at %s\n", d.Expected[0], d.ExpectedSite, d.Actual[0], d.ActualSite)
	}
	// Output:
	// true
	// TaskCompleted task=T0 outcome=ok at replayer/example_test.go:144
	// TaskYielded task=T0 at replayer/example_test.go:144
}
