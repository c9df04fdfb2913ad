package corpus

import (
	"sync"
	"testing"
	"time"
)

// TestTickers has goroutines that pass points while timers are due soon.
func TestTickers(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range 3 {
		wg.Go(func() {
			tick := time.NewTicker(time.Duration(i+1) * time.Millisecond)
			defer tick.Stop()
			for range 8 {
				select {
				case <-tick.C:
				default:
				}
				mu.Lock()
				soon := time.After(time.Millisecond / 2)
				mu.Unlock()
				if i == 1 {
					<-soon
				}
			}
		})
	}
	wg.Wait()
}
