package story

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestChoose checks for any steps and any room: the lines fit, the most important steps are there, and
// nothing is left out that fits as a whole.
func TestChoose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, most := rapid.IntRange(1, 200).Draw(t, "steps"), rapid.IntRange(8, 30).Draw(t, "room")
		steps := make([]step, n)
		for i := range steps {
			steps[i] = step{g: 1, decision: i + 1}
		}
		var kept []int
		for rank := range rapid.IntRange(0, 4).Draw(t, "kept") {
			if i := rapid.IntRange(0, n-1).Draw(t, "at"); steps[i].kept == 0 && rank < most/2-1 {
				steps[i].kept = rank + 1
				kept = append(kept, i)
			}
		}
		if rapid.Bool().Draw(t, "decided") {
			steps[rapid.IntRange(0, n-1).Draw(t, "decides")].decided = true
		}
		chosen := choose(steps, most)
		if lines := linesOf(chosen); lines > most {
			t.Fatalf("%d lines, room for %d", lines, most)
		}
		for _, i := range kept[:min(len(kept), 3)] {
			if !chosen[i] {
				t.Fatalf("step %d is left out", i)
			}
		}
		if n <= most && slices.Contains(chosen, false) {
			t.Fatalf("%d steps are cut to %v", n, chosen)
		}
	})
}

// TestPhrases does not break a line of the source.
func TestPhrases(t *testing.T) {
	got := phrases("waits at a.go:7 `f(a, b)`, called from b.go:1, ends")
	if want := "waits at a.go:7 `f(a, b)`, |called from b.go:1, |ends"; strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
