package testpath

import (
	"fmt"
	"slices"
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

func TestParseSeed(t *testing.T) {
	for s, want := range map[string]uint64{
		"0": 0, "18446744073709551615": 1<<64 - 1, "0x4d2": 1234, "0X4D2": 1234, "0xffffffffffffffff": 1<<64 - 1, "007": 7,
	} {
		if got, ok := ParseSeed(s); !ok || got != want {
			t.Errorf("ParseSeed(%q) = %d, %v; want %d", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "0x", "x", "4d2", "-1", "+1", "1_0", "0x+1", "18446744073709551616", "1.0", " 1"} {
		if got, ok := ParseSeed(s); ok {
			t.Errorf("ParseSeed(%q) = %d, want none", s, got)
		}
	}
	if got, ok := ParseSeeds("1, 0x2"); !ok || !slices.Equal(got, []uint64{1, 2}) {
		t.Errorf("ParseSeeds = %d, %v", got, ok)
	}
	if got, ok := ParseSeeds("1,,2"); ok {
		t.Errorf("ParseSeeds = %d, want none", got)
	}
}
