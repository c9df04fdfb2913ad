package corpus

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestParallelParts checks that the goroutines of its parts have ended when it goes on, as a TestMain does that counts
// goroutines: the main goroutine is left, and that of the test.
func TestParallelParts(t *testing.T) {
	t.Cleanup(func() {
		if n := runtime.NumGoroutine(); n != 2 {
			t.Errorf("%d goroutines, want 2", n)
		}
	})
	for range 3 {
		t.Run("part", func(t *testing.T) { t.Parallel() })
	}
}

// TestBusyWait polls for what another goroutine does, for 100 ms at most.
func TestBusyWait(t *testing.T) {
	done := make(chan bool, 1)
	go func() { done <- true }()
	for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
		select {
		case <-done:
			return
		default:
		}
	}
	t.Error("the other goroutine has not run")
}

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
