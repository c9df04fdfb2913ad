package tracecheck

import (
	"fmt"
	"testing"

	"github.com/reprise-go/reprise/event"
)

// benchTrace is a lawful run: live tasks take turns, yield, wake each other, set timers, end, and are replaced. index
// gives the arena index of the n-th task.
func benchTrace(live int, index func(n int) uint32) []event.Event {
	var events []event.Event
	emit := func(e ...event.Event) { events = append(events, e...) }
	r := event.NewRegionID(0, 0)
	tick, now := uint64(0), uint64(0)
	task := func(n int) event.TaskID { return event.NewTaskID(index(n%live), uint32(n/live)) }
	emit(event.RngSeed(1), event.RootRegionCreated(r, 0))
	for n := range live {
		emit(event.TaskSpawned(task(n), r, 0))
	}
	for n := range 100_000 {
		id := event.TimerID(n)
		emit(event.TaskScheduled(task(n), tick), event.TimerCreated(id, now+5), event.TaskYielded(task(n)),
			event.WakerWake(task(n+live/2)), event.RngValue(7), event.TaskScheduled(task(n), tick+1),
			event.TimeAdvanced(now, now+5), event.TimerFired(id), event.TaskScheduled(task(n), tick+2),
			event.TaskCompleted(task(n), event.OutcomeOK), event.TaskSpawned(task(n+live), r, tick+3),
			event.Checkpoint(uint64(n), now+5, uint32(live), 1))
		tick, now = tick+3, now+5
	}
	return events
}

// BenchmarkChecker is to stay below 50 ns an event, so that a whole test run can be checked in passing. Scattered arena
// indices cost a map lookup an event and are compared with the others; with 100,000 live tasks they may take longer.
func BenchmarkChecker(b *testing.B) {
	for _, live := range []int{10, 1000, 100_000} {
		arena := func(n int) uint32 { return uint32(n) }
		scattered := func(n int) uint32 { return uint32(n+1) * 2654435761 }
		b.Run(fmt.Sprintf("live=%d", live), func(b *testing.B) { benchEvents(b, benchTrace(live, arena)) })
		b.Run(fmt.Sprintf("live=%d/scattered", live), func(b *testing.B) { benchEvents(b, benchTrace(live, scattered)) })
	}
}

func benchEvents(b *testing.B, events []event.Event) {
	b.ReportAllocs()
	for b.Loop() {
		c := New(event.NewMetadata(1))
		for _, e := range events {
			if err := c.Event(e); err != nil {
				b.Fatal(err)
			}
		}
		if err := c.End(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(events)), "ns/event")
}
