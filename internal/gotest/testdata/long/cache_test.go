package cache

import (
	"sync"
	"testing"
)

// TestLong loads a value twice under some schedules, while other goroutines make the run long.
func TestLong(t *testing.T) {
	var all sync.WaitGroup
	for range 4 {
		values := make(chan int)
		all.Go(func() {
			defer close(values)
			for i := range 100 {
				values <- i
			}
		})
		all.Go(func() {
			for range values {
			}
		})
	}
	c := New()
	var mu sync.Mutex
	loads := 0
	for range 3 {
		all.Go(func() {
			c.Get("k", func() int {
				mu.Lock()
				loads++
				mu.Unlock()
				return 42
			})
		})
	}
	all.Wait()
	if loads != 1 {
		t.Errorf("loaded %d times, want 1", loads)
	}
}
