package strategy

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestRandIsPCG compares with the generator of the standard library.
func TestRandIsPCG(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hi, lo := rapid.Uint64().Draw(t, "hi"), rapid.Uint64().Draw(t, "lo")
		ours, rival := Rand{hi, lo}, rand.NewPCG(hi, lo)
		for i := range 50 {
			if got, want := ours.Uint64(), rival.Uint64(); got != want {
				t.Fatalf("number %d is %#x, want %#x", i, got, want)
			}
		}
	})
}

func TestMul64(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := rapid.Uint64().Draw(t, "x"), rapid.Uint64().Draw(t, "y")
		hi, lo := mul64(x, y)
		if wantHi, wantLo := bits.Mul64(x, y); hi != wantHi || lo != wantLo {
			t.Fatalf("mul64(%#x, %#x) = %#x, %#x, want %#x, %#x", x, y, hi, lo, wantHi, wantLo)
		}
	})
}

func TestBelowIsInRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, n := rapid.Uint64().Draw(t, "x"), rapid.Uint64Min(1).Draw(t, "n")
		if got := Below(x, n); got >= n {
			t.Fatalf("Below(%#x, %d) = %d", x, n, got)
		}
	})
}

// TestGeneratorsDiffer: neither another seed nor another label gives the same numbers.
func TestGeneratorsDiffer(t *testing.T) {
	seen := map[Rand]bool{}
	for seed := range uint64(100) {
		for _, label := range []string{"point task", "point gap", "faults"} {
			seen[NewRand(seed, Label(label))] = true
		}
	}
	if len(seen) != 300 {
		t.Errorf("300 pairs of seed and label gave %d generators", len(seen))
	}
}
