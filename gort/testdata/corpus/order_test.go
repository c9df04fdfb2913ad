package corpus

import (
	"sync"
	"testing"
)

// sections lets two goroutines enter two critical sections each.
func sections(of func(i int) *sync.Mutex) {
	var all sync.WaitGroup
	for i := range 2 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 2 {
				m := of(i)
				m.Lock()
				m.Unlock() //nolint:staticcheck // what matters is the order
			}
		}()
	}
	all.Wait()
}

// TestOrderOne has six orders of its critical sections.
func TestOrderOne(*testing.T) {
	var m sync.Mutex
	sections(func(int) *sync.Mutex { return &m })
}

// TestOrderApart has one: the goroutines share no lock.
func TestOrderApart(*testing.T) {
	var m [2]sync.Mutex
	sections(func(i int) *sync.Mutex { return &m[i] })
}
