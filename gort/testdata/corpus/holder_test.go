package corpus

import (
	"sync"
	"testing"
)

// stay runs a function in a goroutine that never ends, and returns when the function has.
func stay(f func()) {
	done := make(chan bool)
	go func() {
		f()
		close(done)
		select {}
	}()
	<-done
}

func TestWriterWaits(t *testing.T) {
	var rw sync.RWMutex
	stay(rw.RLock)
	rw.Lock()
}

func TestWriterWaitsForTry(t *testing.T) {
	var rw sync.RWMutex
	stay(func() { rw.TryRLock() })
	rw.Lock()
}

func TestWriterWaitsForEarlier(t *testing.T) {
	var rw sync.RWMutex
	stay(rw.RLock)
	stay(func() {
		rw.RLock()
		rw.RUnlock()
	})
	rw.Lock()
}

func TestReaderWaits(t *testing.T) {
	var rw sync.RWMutex
	stay(rw.Lock)
	rw.RLock()
}

func TestLockWaitsForTry(t *testing.T) {
	var mu sync.Mutex
	stay(func() { mu.TryLock() })
	mu.Lock()
}
