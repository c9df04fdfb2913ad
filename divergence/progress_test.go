package divergence_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
)

// TestAddAllIsAdd adds events in parts of any size, and one by one: the same is remembered.
func TestAddAllIsAdd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all, single divergence.Progress
		for range rapid.IntRange(0, 5).Draw(t, "parts") {
			part := rapid.SliceOfN(anyEvent, 0, 20).Draw(t, "part")
			all.AddAll(part)
			for _, e := range part {
				single.Add(e)
			}
			for _, next := range []event.Event{event.RngValue(9), event.TaskSpawned(t2, r2, 0), event.RegionCancelled(r1, 5)} {
				var d [2]*divergence.Divergence
				for i, p := range []*divergence.Progress{&all, &single} {
					m := p.Mismatch()
					m.Expected, m.Actual = events{event.WakerBatchWake(7)}, events{next}
					d[i] = divergence.Describe(m)
				}
				if diff := cmp.Diff(d[1], d[0], byValue); diff != "" {
					t.Fatalf("AddAll gives another divergence than Add (-Add +AddAll):\n%s", diff)
				}
			}
		}
	})
}
