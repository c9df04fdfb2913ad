package gorun_test

import (
	"fmt"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
)

// Goroutine 2 is preempted, and goroutine 1 goes on two points later.
func ExampleMeaningOf() {
	for _, e := range []event.Event{
		event.TaskScheduled(gorun.Task(2), 1000),
		event.ChaosInjectionInto(gorun.Task(2), event.ChaosDelay, 0),
		event.TaskScheduled(gorun.Task(1), 1002),
	} {
		fmt.Println(gorun.MeaningOf(e), e)
	}
	// Output:
	// decision TaskScheduled task=T1 at_tick=1000
	// preemption ChaosInjection kind=delay task=T1 data=0
	// decision TaskScheduled task=T0 at_tick=1002
}
