package divergence

import (
	"iter"

	"github.com/reprise-go/reprise/event"
)

// Ahead yields the expected events from Index on, up to a window of them, with their indices, as they were
// recorded. Feed must not be called during the iteration.
func (a *Aligner) Ahead() iter.Seq2[uint64, event.Event] {
	return func(yield func(uint64, event.Event) bool) {
		if a.tally.stats.GaveUp {
			return
		}
		for i := a.Index(); i < a.Index()+uint64(a.window) && a.fill(i); i++ {
			if !yield(i, a.recorded[i-a.first]) {
				return
			}
		}
	}
}

// Passed yields the skipped expected events that can still come, with their indices, oldest first, without their
// ticks. Feed must not be called during the iteration.
func (a *Aligner) Passed() iter.Seq2[uint64, event.Event] {
	return func(yield func(uint64, event.Event) bool) {
		if a.tally.stats.GaveUp {
			return
		}
		for _, l := range a.preview(false).missing {
			if !yield(l.at, l.e) {
				return
			}
		}
	}
}
