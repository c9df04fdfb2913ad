package cast

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// cycleByPower finds the lowest node on a circle by following every node as many steps as there are nodes. It is the
// dumb rival of cycleIn.
func cycleByPower(next map[uint32]uint32, nodes int) []uint32 {
	for start := uint32(1); start <= uint32(nodes); start++ {
		circle := []uint32{start}
		for n := next[start]; n != 0 && len(circle) <= nodes; n = next[n] {
			if n == start {
				return circle
			}
			circle = append(circle, n)
		}
	}
	return nil
}

// TestCycle compares random graphs with the rival: there is a circle in both or in none, and it is one.
func TestCycle(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		n := 1 + rng.IntN(6)
		next := map[uint32]uint32{}
		var from []uint32
		for g := 1; g <= n; g++ {
			if rng.IntN(4) > 0 {
				next[uint32(g)] = uint32(1 + rng.IntN(n))
				from = append(from, uint32(g))
			}
		}
		got, want := cycleIn(next, from), cycleByPower(next, n)
		if (got == nil) != (want == nil) {
			t.Fatalf("%v: %v, want %v", next, got, want)
		}
		for i, g := range got {
			if next[g] != got[(i+1)%len(got)] || g < got[0] || slices.Index(got, g) != i {
				t.Fatalf("%v: %v is no circle that starts at its lowest", next, got)
			}
		}
	}
}
