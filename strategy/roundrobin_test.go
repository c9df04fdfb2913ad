package strategy

import (
	"testing"

	"pgregory.net/rapid"
)

// TestRoundRobinIsFair: no task waits for more decisions than tasks were ready when it became so, and turns have equal
// length.
func TestRoundRobinIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, quantum := rapid.IntRange(2, 9).Draw(t, "tasks"), rapid.Uint64Range(1, 5).Draw(t, "gap")
		w := newWorld(t, Find("round-robin").New(Config{Gap: quantum}), n)
		running := w.decide(Blocked)
		for turn := range 3 * n {
			if want := uint32(turn%n + 1); running.Number != want {
				t.Fatalf("turn %d is that of task %d, want %d", turn, running.Number, want)
			}
			for range quantum {
				running = w.point(running)
			}
		}
	})
}
