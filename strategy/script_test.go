package strategy

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func drawScript(t *rapid.T) Script {
	list := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Deviation {
		return Deviation{
			Task: rapid.Uint64Range(0, 3).Draw(t, "task"), Kind: DeviationKind(rapid.IntRange(0, 3).Draw(t, "kind")),
			At: rapid.Uint64Range(0, 9).Draw(t, "at"), Sub: rapid.Uint16Range(0, 2).Draw(t, "sub"),
		}
	})).Draw(t, "script")
	slices.SortFunc(list, Deviation.Compare)
	return slices.CompactFunc(list, func(a, b Deviation) bool { return a.Compare(b) == 0 })
}

// TestScriptAgainstALoop: the binary searches find what a loop over the script finds.
func TestScriptAgainstALoop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScript(t)
		task, at := rapid.Uint64Range(0, 4).Draw(t, "task"), rapid.Uint64Range(0, 10).Draw(t, "at")
		kind, sub := DeviationKind(rapid.IntRange(0, 4).Draw(t, "kind")), rapid.Uint16Range(0, 3).Draw(t, "sub")
		var found, preemption *Deviation
		for i, d := range s {
			if d == (Deviation{Task: task, Kind: kind, At: at, Sub: sub}) {
				found = &s[i]
			}
			if preemption == nil && d.Task == task && d.Kind == Preempt && d.At > at {
				preemption = &s[i]
			}
		}
		if got := s.Lookup(task, kind, at, sub); got != found {
			t.Fatalf("Lookup = %v, want %v", got, found)
		}
		if got := s.Preemption(task, at); got != preemption {
			t.Fatalf("Preemption = %v, want %v", got, preemption)
		}
	})
}

// TestChild: the tasks of a large tree have different keys.
func TestChild(t *testing.T) {
	seen := map[uint64]bool{0: true}
	var grow func(parent uint64, depth int)
	grow = func(parent uint64, depth int) {
		for n := uint32(1); n <= 20 && depth > 0; n++ {
			key := Child(parent, n)
			if seen[key] {
				t.Fatalf("two tasks have the key %#x", key)
			}
			seen[key] = true
			grow(key, depth-1)
		}
	}
	grow(0, 4)
}
