package corpus

import (
	"runtime"
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

func TestReaderBehindWriter(t *testing.T) {
	var rw sync.RWMutex
	rw.RLock()
	rw.RLock()
	rw.RUnlock() // it still reads
	go rw.Lock()
	for rw.TryRLock() {
		rw.RUnlock()
		runtime.Gosched()
	}
	rw.RLock()
}

func TestWriterBehindWriter(t *testing.T) {
	var rw sync.RWMutex
	stay(rw.RLock)
	go rw.Lock()
	for rw.TryRLock() {
		rw.RUnlock()
		runtime.Gosched()
	}
	rw.Lock()
}

func TestWriterTwice(t *testing.T) {
	var rw sync.RWMutex
	rw.Lock()
	rw.Lock()
}

func TestUpgrade(t *testing.T) {
	var rw sync.RWMutex
	rw.RLock()
	rw.Lock()
}

func TestUnlockedByAnother(t *testing.T) {
	var rw sync.RWMutex
	rw.RLock()
	stay(rw.RLock)
	stay(rw.RUnlock) // whose lock that was is unknown
	rw.Lock()
}

// TestHeldAmongMany holds every other one of many locks, for each of which a goroutine waits.
func TestHeldAmongMany(t *testing.T) {
	var locks [128]sync.Mutex
	for i := range locks {
		locks[i].Lock()
	}
	for i := range locks {
		if i%2 == 0 {
			locks[i].Unlock()
		} else {
			go locks[i].Lock()
		}
	}
	select {}
}
