package divergence_test

import (
	"slices"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
)

// categories are written by hand: the category of two events of one kind that differ in every field.
var categories = map[event.Kind]divergence.Category{
	event.KindTaskScheduled:   divergence.SchedulingOrder,
	event.KindTaskYielded:     divergence.SchedulingOrder,
	event.KindTaskCompleted:   divergence.SchedulingOrder,
	event.KindTaskSpawned:     divergence.SchedulingOrder,
	event.KindTimeAdvanced:    divergence.TimeDivergence,
	event.KindTimerCreated:    divergence.TimerMismatch,
	event.KindTimerFired:      divergence.TimerMismatch,
	event.KindTimerCancelled:  divergence.TimerMismatch,
	event.KindIoReady:         divergence.IOMismatch,
	event.KindIoResult:        divergence.IOMismatch,
	event.KindIoError:         divergence.IOMismatch,
	event.KindRngSeed:         divergence.RNGMismatch,
	event.KindRngValue:        divergence.RNGMismatch,
	event.KindChaosInjection:  divergence.ChaosMismatch,
	event.KindRegionCreated:   divergence.RegionMismatch,
	event.KindRegionClosed:    divergence.RegionMismatch,
	event.KindRegionCancelled: divergence.RegionMismatch,
	event.KindWakerWake:       divergence.WakerMismatch,
	event.KindWakerBatchWake:  divergence.WakerMismatch,
	event.KindCheckpoint:      divergence.CheckpointMismatch,
}

func TestClassifyKinds(t *testing.T) {
	for a := range event.Kinds() {
		for b := range event.Kinds() {
			want := divergence.EventTypeMismatch
			if a == b {
				want = categories[a]
			}
			if got := divergence.Classify(filled(a, 1), filled(b, 2)); got != want {
				t.Errorf("%v against %v is %q, want %q", a, b, got, want)
			}
		}
	}
}

// TestClassifyFields changes one field at a time: only the outcome of a task has a category of its own.
func TestClassifyFields(t *testing.T) {
	for k := range event.Kinds() {
		for i, f := range slices.Collect(k.Fields()) {
			values := slices.Repeat([]any{1}, fieldCount(k))
			values[i] = 2
			want := categories[k]
			if k == event.KindTaskCompleted && f.Name == "outcome" {
				want = divergence.OutcomeMismatch
			}
			if got := divergence.Classify(filled(k, 1), build(k, values...)); got != want {
				t.Errorf("%v with another %s is %q, want %q", k, f.Name, got, want)
			}
		}
	}
}

func TestClassifyMisuse(t *testing.T) {
	for k := range event.Kinds() {
		e := filled(k, 1)
		wantPanic(t, "divergence: Describe called with equal events", func() { divergence.Classify(e, e) })
		wantPanic(t, "divergence: Describe called with the zero Event", func() { divergence.Classify(event.Event{}, e) })
		wantPanic(t, "divergence: Describe called with the zero Event", func() { divergence.Classify(e, event.Event{}) })
	}
	wantPanic(t, "divergence: Describe called with the zero Event", func() {
		divergence.Classify(event.Event{}, event.Event{})
	})
}

func TestDescribeMisuse(t *testing.T) {
	one := []event.Event{event.RngValue(1)}
	for _, c := range []struct {
		name, want       string
		expected, actual []event.Event
	}{
		{"both ended", "divergence: Describe called with no event on either side", nil, nil},
		{"equal", "divergence: Describe called with equal events", one, one},
		{"zero expected", "divergence: Describe called with the zero Event", []event.Event{{}}, one},
		{"zero actual", "divergence: Describe called with the zero Event", one, []event.Event{{}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantPanic(t, c.want, func() {
				divergence.Describe(divergence.Mismatch{Expected: c.expected, Actual: c.actual})
			})
		})
	}
}
