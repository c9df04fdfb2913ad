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

// TestOrderMap has one: what it does is in one goroutine, and a sync.Map in it makes more or fewer operations inside, as
// random hashes of its keys have it.
func TestOrderMap(t *testing.T) {
	var m sync.Map
	for i := range 10 {
		m.Store(i, i)
		m.Load(i)
	}
	m.Range(func(key, value any) bool {
		m.Delete(key)
		return true
	})
	t.Run("subtest", func(*testing.T) {})
}

// TestOrderMapTwo has two orders of the operations that two goroutines make in what Range calls, besides those of the
// Range and of the channel.
func TestOrderMapTwo(*testing.T) {
	var m sync.Map
	m.Store(1, 1)
	c := make(chan int, 2)
	m.Range(func(key, value any) bool {
		for i := range 2 {
			go func() { c <- i }()
		}
		<-c
		<-c
		return true
	})
}
