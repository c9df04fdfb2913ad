package replay

import (
	"slices"
	"strings"
	"testing"
)

func TestEnvironment(t *testing.T) {
	got := testReplay{"resync", 64, "5", "6", "7", "8,9", strings.NewReader("")}.environment("/x")
	want := []string{
		"REPRISE_TRACE=/x", "REPRISE_POLICY=resync", "REPRISE_WINDOW=64", "REPRISE_FORK=5", "REPRISE_FORK_SEED=6", "REPRISE_TO=7",
		"REPRISE_BREAK=8,9", "REPRISE_STEP=true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("environment %q, want %q", got, want)
	}
}
