package simsched

import (
	"slices"
	"testing"

	"github.com/reprise-go/reprise/event"
)

// checkpointSteps runs a task of n yields and returns before which steps there were checkpoints.
func checkpointSteps(t *testing.T, every, n int) []uint64 {
	var steps []uint64
	step, sequence := uint64(0), uint64(0)
	cfg := inTurns()
	cfg.CheckpointEvery = every
	for _, e := range mustRun(t, cfg, func(s *Sim) {
		for range n {
			s.Yield()
		}
	}) {
		switch e.Kind() {
		case event.KindTaskScheduled:
			step = e.Tick()
		case event.KindCheckpoint:
			if e.Sequence() != sequence {
				t.Errorf("checkpoint %d has the number %d", sequence, e.Sequence())
			}
			sequence++
			steps = append(steps, step+1)
		}
	}
	return steps
}

func TestCheckpointSpacing(t *testing.T) {
	for _, c := range []struct {
		every, yields int
		want          []uint64
	}{
		{1, 3, []uint64{1, 2, 3, 4}},
		{3, 10, []uint64{3, 6, 9}},
		{3, 7, []uint64{3, 6}},
		{0, 2500, []uint64{1000, 2000}},
		{-1, 2500, nil},
	} {
		if got := checkpointSteps(t, c.every, c.yields); !slices.Equal(got, c.want) {
			t.Errorf("CheckpointEvery %d: checkpoints before steps %d, want %d", c.every, got, c.want)
		}
	}
}

func TestCheckpointContent(t *testing.T) {
	cfg := inTurns()
	cfg.CheckpointEvery = 1
	events := mustRun(t, cfg, func(s *Sim) {
		s.Sleep(5)
		_ = s.InRegion("r", func(*Region) error {
			s.Go("t", func() error { return nil })
			return nil
		})
	})
	wantLines(t, "checkpoints", ofKind(events, event.KindCheckpoint),
		"Checkpoint sequence=0 time_nanos=0s active_tasks=1 active_regions=1",  // main starts
		"Checkpoint sequence=1 time_nanos=0s active_tasks=1 active_regions=1",  // Sleep
		"Checkpoint sequence=2 time_nanos=5ns active_tasks=1 active_regions=1", // woken
		"Checkpoint sequence=3 time_nanos=5ns active_tasks=1 active_regions=1", // InRegion
		"Checkpoint sequence=4 time_nanos=5ns active_tasks=1 active_regions=2", // Go
		"Checkpoint sequence=5 time_nanos=5ns active_tasks=2 active_regions=2", // the task starts
		"Checkpoint sequence=6 time_nanos=5ns active_tasks=1 active_regions=2") // the region closes
}
