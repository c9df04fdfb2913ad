package races

import "sync"

// both runs f and g in goroutines of their own and waits for both.
func both(f, g func()) {
	var wg sync.WaitGroup
	wg.Go(f)
	wg.Go(g)
	wg.Wait()
}

// guarded returns f under a mutex.
func guarded(mu *sync.Mutex, f func()) func() {
	return func() {
		mu.Lock()
		defer mu.Unlock()
		f()
	}
}

// Variables that the tests write their results to, so that no access is optimised away.
var (
	sinkInt    int
	sinkString string
	sinkBytes  []byte
	sinkAny    any
)
