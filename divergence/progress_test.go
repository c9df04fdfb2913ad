package divergence_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
)

// TestAddAllIsAdd adds events of every kind in parts of every size, and one by one.
func TestAddAllIsAdd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Uint64Range(0, 9)
		one := rapid.Custom(func(t *rapid.T) event.Event {
			n := id.Draw(t, "n")
			task, region := event.NewTaskID(uint32(n), 0), event.NewRegionID(uint32(n), 0)
			return rapid.SampledFrom([]event.Event{
				event.TaskScheduled(task, n), event.TaskYielded(task), event.TaskSpawned(task, region, n),
				event.RootRegionCreated(region, n), event.TimeAdvanced(n, n+1), event.RngValue(n), event.TimerFired(event.TimerID(n)),
			}).Draw(t, "event")
		})
		var all, single divergence.Progress
		for range rapid.IntRange(0, 5).Draw(t, "parts") {
			part := rapid.SliceOfN(one, 0, 40).Draw(t, "part")
			all.AddAll(part)
			for _, e := range part {
				single.Add(e)
			}
			if !reflect.DeepEqual(all.Mismatch(), single.Mismatch()) {
				t.Fatalf("AddAll gives %+v, Add gives %+v", all.Mismatch(), single.Mismatch())
			}
		}
	})
}
