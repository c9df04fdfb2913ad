package props_test

import (
	"fmt"

	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// counter returns the worked case of the README: two workers that count, with or without a lock around the update.
func counter(locked bool) func(*simsched.Sim) error {
	return func(s *simsched.Sim) error {
		mu := s.NewMutex("counter")
		n := 0
		err := s.InRegion("workers", func(r *simsched.Region) error {
			for i := range 2 {
				r.Go(fmt.Sprintf("worker-%d", i), func() error {
					if locked {
						mu.Lock()
						defer mu.Unlock()
					}
					seen := n
					s.Yield() // any task may run here
					n = seen + 1
					return nil
				})
			}
			return nil
		})
		if n != 2 {
			return fmt.Errorf("counted %d, want 2", n)
		}
		return err
	}
}

func Example() {
	cfg := simsched.Config{Program: "counter", Seed: 1}
	trace, err := recorder.Run(cfg, counter(false))
	for err == nil { // try seeds until one fails
		cfg.Seed++
		trace, err = recorder.Run(cfg, counter(false))
	}
	fmt.Printf("seed %d, %d events: %v\n", cfg.Seed, trace.Len(), err)

	result, err := replayer.Run(source.FromTrace(trace), replayer.Config{}, counter(false))
	fmt.Printf("replayed %d events: %v, divergence: %v\n", result.Events, result.Err, err)

	_, err = replayer.Run(source.FromTrace(trace), replayer.Config{}, counter(true))
	fmt.Println("fixed:", err)

	// Output:
	// seed 7, 24 events: counted 1, want 2
	// replayed 24 events: counted 1, want 2, divergence: <nil>
	// fixed: divergence: event 11, virtual time 0s: event-type-mismatch: expected TaskYielded task=T1, got TaskScheduled task=T1 at_tick=6
}
