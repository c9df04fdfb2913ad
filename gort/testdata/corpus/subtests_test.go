package corpus

import (
	"runtime"
	"strings"
	"testing"
)

// TestSubtests checks in a subtest that its parent waits for it, as packages that look for leaked goroutines do: they know
// the goroutines of package testing by their state.
func TestSubtests(t *testing.T) {
	t.Run("sub", func(t *testing.T) {
		stacks := make([]byte, 1<<16)
		for _, g := range strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if strings.Contains(g, "testing.(*T).Run(") && !strings.Contains(g, "[chan receive") {
				t.Errorf("a goroutine of package testing does not wait:\n%s", g)
			}
		}
	})
}
