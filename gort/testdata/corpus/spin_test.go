package corpus

import (
	"sync"
	"testing"
)

// TestSpinBug has a goroutine that polls a channel, and needs a lock in between, which another goroutine may hold while
// it sends on that channel.
func TestSpinBug(*testing.T) {
	var mu sync.Mutex
	stop := make(chan int)
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				mu.Lock()
				mu.Unlock()
			}
		}
	}()
	go func() {
		mu.Lock()
		if mended {
			mu.Unlock()
		}
		stop <- 1
		if !mended {
			mu.Unlock()
		}
	}()
}
