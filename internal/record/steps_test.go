package record

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reprise-go/reprise/internal/dpor"
	"github.com/reprise-go/reprise/strategy"
)

// started are the records of a test, goroutine 1, that has started goroutine 2 and goes on.
func started(more ...Record) *Recording {
	list := []Record{
		{Kind: Spawn, G: 1}, {Kind: Begin, G: 1}, {Kind: Sched, G: 1}, {Kind: Spawn, G: 2, Val: 1 << 32},
	}
	return &Recording{Records: append(list, more...), Class: 1}
}

// TestUsesAfterWait: a goroutine that goes on after a wait uses what it used when it began to wait, besides what it
// uses then. A lock that it waited for may have been taken by another goroutine meanwhile.
func TestUsesAfterWait(t *testing.T) {
	steps, err := started(
		Record{Kind: Step, G: 1}, Record{Kind: Uses, G: 1, Val: 800, Points: 1, Reason: uint8(strategy.Sync)},
		Record{Kind: Block, G: 1},
		Record{Kind: Step, G: 2}, Record{Kind: Sched, G: 2}, Record{Kind: Wake, G: 1}, Record{Kind: End, G: 2},
		Record{Kind: Step, G: 1}, Record{Kind: Sched, G: 1},
		Record{Kind: Uses, G: 1, Val: 1600, Points: 1, Reason: uint8(strategy.Load)}, Record{Kind: End, G: 1},
	).Walk(0)
	if err != nil || len(steps) != 3 {
		t.Fatalf("%d steps, error %v; want 3", len(steps), err)
	}
	waited, read := strategy.Op{Object: 101, Kind: strategy.Sync}, strategy.Op{Object: 201, Kind: strategy.Load}
	got := [][]strategy.Op{steps[0].Uses, steps[1].Uses, steps[2].Uses}
	if diff := cmp.Diff([][]strategy.Op{{waited}, nil, {waited, read}}, got); diff != "" {
		t.Errorf("what the steps use (-want +got):\n%s", diff)
	}
}

// TestOrderNotKnown: the order of the operations of a run does not determine what goroutines do that could run at the
// end of the process, nor when a timer fires while some could run.
func TestOrderNotKnown(t *testing.T) {
	end := []Record{{Kind: Step, G: 1}, {Kind: End, G: 1}}
	other := []Record{{Kind: Step, G: 2}, {Kind: Sched, G: 2}, {Kind: End, G: 2}}
	whole := append(end[:2:2], other...)
	for _, c := range []struct {
		name string
		run  *Recording
		want error
	}{
		{"all ended", started(whole...), nil},
		{"one could run", started(end...), errStepsLeft},
		{"a timer", started(append([]Record{{Kind: TimerFire}}, whole...)...), errStepsTimer},
		{"no operations", &Recording{Records: started(whole...).Records}, errStepsBlind},
		{"no room", &Recording{Records: started(whole...).Records, Class: 1, Dropped: 1}, errStepsFull},
	} {
		if _, err := c.run.Walk(0); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		}
	}
}

// TestSearchNeedsWait: without what a goroutine used before its wait, a search would take the order in which it and
// another goroutine get a lock for one that does not matter.
func TestSearchNeedsWait(t *testing.T) {
	lock := []strategy.Op{{Object: 1, Kind: strategy.Sync}}
	second := func(after []strategy.Op) (more bool) {
		var s dpor.Search
		s.Follow([]dpor.Step{
			{Task: 1, Choices: []uint64{1}, Uses: lock},              // unlocks, and wakes task 2
			{Task: 2, Choices: []uint64{2, 3}, Uses: after},          // goes on with the lock
			{Task: 3, Choices: []uint64{3}, Uses: lock, Others: nil}, // wants it
		})
		return s.Next()
	}
	if !second(lock) || second(nil) {
		t.Error("the second order is searched without the lock, or is not with it")
	}
}
