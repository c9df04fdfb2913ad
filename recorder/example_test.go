package recorder_test

import (
	"fmt"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
)

// A run is recorded by running it with recorder.Run: the trace says what happened, event by event.
func ExampleRun() {
	cfg := simsched.Config{Seed: 1}
	trace, err := recorder.Run(cfg, func(s *simsched.Sim) error {
		results := simsched.NewChan[int](s, "results", 0)
		s.Go("worker", func() error {
			results.Send(42)
			return nil
		})
		answer, _ := results.Recv()
		fmt.Println("the worker says", answer)
		return nil
	})
	fmt.Println("error:", err)
	for i, e := range trace.All() {
		fmt.Println(i, e)
	}
	// Output:
	// the worker says 42
	// error: <nil>
	// 0 RngSeed seed=1
	// 1 RegionCreated region=R0 parent=none at_tick=0
	// 2 TaskSpawned task=T0 region=R0 at_tick=0
	// 3 TaskScheduled task=T0 at_tick=1
	// 4 TaskScheduled task=T0 at_tick=2
	// 5 TaskSpawned task=T1 region=R0 at_tick=2
	// 6 TaskScheduled task=T0 at_tick=3
	// 7 TaskScheduled task=T1 at_tick=4
	// 8 TaskScheduled task=T1 at_tick=5
	// 9 WakerWake task=T0
	// 10 TaskCompleted task=T1 outcome=ok
	// 11 TaskScheduled task=T0 at_tick=6
	// 12 TaskCompleted task=T0 outcome=ok
	// 13 RegionClosed region=R0 outcome=ok
}

// A Recorder made with New keeps the trace of one run after the other in the same memory.
func ExampleRecorder_Reset() {
	r := recorder.New(event.Metadata{})
	for seed := uint64(4); seed <= 6; seed++ {
		cfg := simsched.Config{Seed: seed, Observer: r}
		r.Reset(cfg.Metadata())
		err := simsched.Run(cfg, func(s *simsched.Sim) error {
			if s.Rand("coin").IntN(2) == 0 {
				return fmt.Errorf("tails")
			}
			return nil
		})
		fmt.Println("seed", r.Trace().Metadata.Seed, "events", r.Trace().Len(), "error", err)
	}
	// Output:
	// seed 4 events 7 error tails
	// seed 5 events 7 error <nil>
	// seed 6 events 7 error tails
}
