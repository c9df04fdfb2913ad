package ordinary

import (
	"slices"
	"testing"
)

// TestWithoutReprise keeps the settings of one run from those of another.
func TestWithoutReprise(t *testing.T) {
	if got := WithoutReprise([]string{"A=1", "REPRISE_SEED=1"}); !slices.Equal(got, []string{"A=1"}) {
		t.Errorf("environment %q", got)
	}
}
