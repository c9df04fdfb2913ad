package divergence_test

import (
	"fmt"
	"log"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// One program is recorded under two strategies. The report tells the first event at which the runs part, with the last
// events that they share and what came next on each side.
func ExampleCompare() {
	program := func(s *simsched.Sim) error {
		for _, name := range []string{"reader", "writer"} {
			s.Go(name, func() error { return nil })
		}
		return nil
	}
	var recordings []source.Source
	for _, strategy := range []simsched.Chooser{simsched.NewRoundRobin(1), simsched.NewRandom(1)} {
		trace, err := recorder.Run(simsched.Config{Seed: 1, Chooser: strategy}, program)
		if err != nil {
			log.Fatal(err)
		}
		recordings = append(recordings, source.FromTrace(trace))
	}
	d, err := divergence.Compare(recordings[0], recordings[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(report.Of(d).Text())
	// Output:
	// divergence [RPR1001] at event 6, virtual time 0s: scheduling-order, reordered by 2
	// - expected  TaskScheduled task=T1 at_tick=3
	// + actual    TaskScheduled task=T0 at_tick=3
	//
	//    1  RegionCreated region=R0 parent=none at_tick=0
	//    2  TaskSpawned task=T0 region=R0 at_tick=0
	//    3  TaskScheduled task=T0 at_tick=1
	//    4  TaskScheduled task=T0 at_tick=2
	//    5  TaskSpawned task=T1 region=R0 at_tick=2
	// -  6  TaskScheduled task=T1 at_tick=3
	// -  7  TaskCompleted task=T1 outcome=ok
	// -  8  TaskScheduled task=T0 at_tick=4
	// -  9  TaskSpawned task=T1g1 region=R0 at_tick=4
	// - 10  TaskCompleted task=T0 outcome=ok
	// - 11  TaskScheduled task=T1g1 at_tick=5
	// +  6  TaskScheduled task=T0 at_tick=3
	// +  7  TaskSpawned task=T2 region=R0 at_tick=3
	// +  8  TaskCompleted task=T0 outcome=ok
	// +  9  TaskScheduled task=T2 at_tick=4
	// + 10  TaskCompleted task=T2 outcome=ok
	// + 11  TaskScheduled task=T1 at_tick=5
	//
	// what differs
	//   task            expected T1, actual T0
	//
	// who is involved
	//   running   task T0
	//   expected  task T1
	//   actual    task T0
	//
	// why, probably (another-choice)
	//   A choice of the scheduler was answered differently: task T1 in one run, task T0 in the
	//   other.
	//   Compare runs of one strategy and seed, or replay the recording.
	//
	// to see it again
	//   prefix     7 events
	//   choice     event 4: TaskScheduled task=T0 at_tick=2 is the last before
	//   signature  9728d689bbf0ffbf
}
