package corpus

import (
	"runtime"
	"sync"
	"testing"
)

// TestInTurn passes if its goroutines, which are all ready, run in turn, more than a million times.
func TestInTurn(t *testing.T) {
	const goroutines, rounds = 400, 2700
	var all sync.WaitGroup
	turn, wrong := 0, 0
	for i := range goroutines {
		all.Go(func() {
			for round := range rounds {
				if turn != round*goroutines+i {
					wrong++
				}
				turn++
				runtime.Gosched()
			}
		})
	}
	all.Wait()
	if wrong > 0 {
		t.Errorf("%d of %d turns are wrong", wrong, turn)
	}
}
