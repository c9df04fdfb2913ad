//go:build linux && (amd64 || arm64)

package gort

import (
	"testing"

	"github.com/reprise-go/reprise/strategy"
)

// TestMaxPoints: by the default schedule, a loop that waits for another goroutine goes on up to the limit of points,
// and always as far.
func TestMaxPoints(t *testing.T) {
	b := corpus(t)
	c := Control{Script: &strategy.Script{}, MaxPoints: 20_000}
	o := mustRun(t, b, "TestSpinBug", c)
	again := mustRun(t, b, "TestSpinBug", c)
	if o.Verdict != Limited || o.Recording.Points != c.MaxPoints || again.Recording.Hash != o.Recording.Hash {
		t.Errorf("%s after %d points, and again after %d", o.describe(), o.Recording.Points, again.Recording.Points)
	}
	if o := mustRun(t, b, "TestHour", Control{Seed: 1, MaxPoints: 200}); o.Verdict != Limited {
		t.Errorf("without a script: %s after %d points", o.describe(), o.Recording.Points)
	}
}

// TestResyncOfSpin: a replay that leaves its recording lets other goroutines run while one polls.
func TestResyncOfSpin(t *testing.T) {
	edited := buildCorpus(t, BuildConfig{Args: []string{"-tags=edited"}})
	for seed := range uint64(20) {
		o := mustRun(t, corpus(t), "TestSpinBug", Control{Seed: seed})
		p := mustRun(t, edited, "TestSpinBug", Control{Choices: o.Recording.Choices(), Resync: 32})
		if p.Verdict != Passed {
			t.Errorf("seed %d: %s", seed, p.describe())
		}
	}
}
