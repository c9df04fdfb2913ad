package pool

import (
	"sync"
	"sync/atomic"
	"testing"
)

// TestClose closes a pool while jobs are submitted: those that were taken must have been run.
func TestClose(t *testing.T) {
	p := New(2)
	var taken, done atomic.Int32
	var submitters sync.WaitGroup
	for range 2 {
		submitters.Go(func() {
			for range 2 {
				if p.Submit(func() { done.Add(1) }) == nil {
					taken.Add(1)
				}
			}
		})
	}
	p.Close()
	submitters.Wait()
	if taken.Load() != done.Load() {
		t.Errorf("%d jobs taken, %d done", taken.Load(), done.Load())
	}
}
