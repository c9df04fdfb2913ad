package wire

import (
	"slices"
	"testing"
)

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
	if got, ok := parseSeeds("1, 0x2"); !ok || !slices.Equal(got, []uint64{1, 2}) {
		t.Errorf("parseSeeds = %d, %v", got, ok)
	}
	if got, ok := parseSeeds("1,,2"); ok {
		t.Errorf("parseSeeds = %d, want none", got)
	}
}
