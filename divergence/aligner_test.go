package divergence_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
)

// aligned feeds actual to an Aligner over expected.
func aligned(t rapid.TB, expected, actual []event.Event, window int) divergence.Stats {
	t.Helper()
	a := divergence.NewAligner(cursor(expected...), window)
	for _, e := range actual {
		a.Feed(e)
	}
	stats, err := a.Finish()
	if err != nil {
		t.Fatalf("Finish fails with %v", err)
	}
	return stats
}

// wantPartition checks that every event of both runs is counted once.
func wantPartition(t rapid.TB, s divergence.Stats, expected, actual int) {
	t.Helper()
	if n := s.Matched + s.Inserted + s.Reordered + s.Changed; n != uint64(actual) {
		t.Errorf("the counts %+v make %d actual events, want %d", s, n, actual)
	}
	if n := s.Matched + s.Deleted + s.Reordered + s.Changed; n != uint64(expected) {
		t.Errorf("the counts %+v make %d expected events, want %d", s, n, expected)
	}
	if f := s.Fidelity(); f < 0 || f > 1 || (f == 1) != (s.Matched == uint64(expected) && s.Matched == uint64(actual)) {
		t.Errorf("the counts %+v give the fidelity %v", s, f)
	}
}

// edits is the number of insertions and deletions in an alignment.
func edits(s divergence.Stats) uint64 { return s.Inserted + s.Deleted + 2*(s.Changed+s.Reordered) }

// lcs is the length of the longest common subsequence by its quadratic definition.
func lcs(a, b []event.Event) uint64 {
	row := make([]uint64, len(b)+1)
	for _, x := range a {
		diagonal := uint64(0)
		for j, y := range b {
			above := row[j+1]
			if divergence.Comparable(x) == divergence.Comparable(y) {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}

// fewEvents draws runs in which most events come again and again: the hardest to align.
var fewEvents = rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 3), func(n int) event.Event {
	return event.RngValue(uint64(n))
}), 0, 40)

// TestAlignerAgainstLCS has runs shorter than the window: the alignment must be a shortest one.
func TestAlignerAgainstLCS(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		expected, actual := fewEvents.Draw(t, "expected"), fewEvents.Draw(t, "actual")
		s := aligned(t, expected, actual, 64)
		wantPartition(t, s, len(expected), len(actual))
		if want := uint64(len(expected)+len(actual)) - 2*lcs(expected, actual); edits(s) != want {
			t.Fatalf("%d insertions and deletions, want %d: %+v", edits(s), want, s)
		}
	})
}

// edited returns a copy of run with k events inserted or deleted.
func edited(t *rapid.T, run []event.Event, k int) []event.Event {
	run = slices.Clone(run)
	for range k {
		i := rapid.IntRange(0, len(run)).Draw(t, "where")
		if i < len(run) && rapid.Bool().Draw(t, "delete") {
			run = slices.Delete(run, i, i+1)
		} else {
			run = slices.Insert(run, i, event.RngValue(rapid.Uint64Range(0, 5).Draw(t, "value")))
		}
	}
	return run
}

// TestAlignerRecovers has runs of which one arises from the other by as many edits as the window is wide.
func TestAlignerRecovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := rapid.IntRange(1, 8).Draw(t, "window")
		alphabet := rapid.SampledFrom([]uint64{1, 2, 3, 8, 1000}).Draw(t, "alphabet")
		run := rapid.SliceOfN(rapid.Map(rapid.Uint64Range(0, alphabet), event.RngValue), 0, 16*window).Draw(t, "run")
		k := rapid.IntRange(0, window).Draw(t, "edits")
		actual := edited(t, run, k)
		s := aligned(t, run, actual, window)
		wantPartition(t, s, len(run), len(actual))
		if edits(s) > uint64(k) || s.GaveUp {
			t.Fatalf("%d edits were made, and found: %+v", k, s)
		}
	})
}
