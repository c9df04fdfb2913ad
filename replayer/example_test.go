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
	_, err := replayer.Run(source.FromTrace(trace), replayer.Config{}, fixedCounter)
	var diverged *divergence.Error
	if errors.As(err, &diverged) {
		fmt.Print(diverged.Divergence.Text())
	}
	// Output:
	// divergence at event 11, virtual time 0s: event-type-mismatch
	// - expected  TaskYielded task=T1
	// + actual    TaskScheduled task=T2 at_tick=6
	//
	//    6  TaskScheduled task=T0 at_tick=3
	//    7  TaskSpawned task=T1 region=R1 at_tick=3
	//    8  TaskScheduled task=T0 at_tick=4
	//    9  TaskSpawned task=T2 region=R1 at_tick=4
	//   10  TaskScheduled task=T1 at_tick=5
	// - 11  TaskYielded task=T1
	// - 12  TaskScheduled task=T0 at_tick=6
	// - 13  TaskScheduled task=T2 at_tick=7
	// - 14  TaskYielded task=T2
	// - 15  TaskScheduled task=T2 at_tick=8
	// - 16  TaskCompleted task=T2 outcome=ok
	// + 11  TaskScheduled task=T2 at_tick=6
	// + 12  TaskScheduled task=T0 at_tick=7
	// + 13  TaskScheduled task=T1 at_tick=8
	// + 14  TaskYielded task=T1
	// + 15  TaskScheduled task=T2 at_tick=9
	// + 16  TaskScheduled task=T1 at_tick=10
	//
	// who is involved
	//   running   task T1 "left"
	//   expected  task T1 "left"
	//   actual    task T2 "right"
}
