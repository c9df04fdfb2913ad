package testpath

import (
	"fmt"
	"testing"
)

// TestSeedsArePinned checks that derived seeds never change, on any machine and in any version.
func TestSeedsArePinned(t *testing.T) {
	for _, c := range []struct {
		test   string
		number int
		want   uint64
	}{
		{"TestTransfer", 0, 0x1ce561c0a4753007},
		{"TestTransfer", 1, 0x3bdc954a7572c430},
		{"TestTransfer/größe", 99, 0xc412e018e4284f4c},
		{"", 0, 0xc3817c016ba4ff30},
	} {
		if got := DeriveSeed(c.test, c.number); got != c.want {
			t.Errorf("seed %d of %q is %#x, want %#x", c.number, c.test, got, c.want)
		}
	}
}

func TestSeedsDiffer(t *testing.T) {
	seen := map[uint64]string{}
	for _, test := range []string{"TestA", "TestB", "TestA/b"} {
		for i := range 1000 {
			name := fmt.Sprint(test, " ", i)
			seed := DeriveSeed(test, i)
			if other := seen[seed]; other != "" {
				t.Errorf("%s and %s have one seed", name, other)
			}
			seen[seed] = name
		}
	}
}
