package races

import (
	"sync"
	"sync/atomic"
	"testing"
)

// meter counts with a method of sync/atomic, and is read plainly.
type meter struct{ n atomic.Int64 }

func (m *meter) count() { m.n.Add(1) } // atomic access

func (m *meter) clear() { *m = meter{} } // plain access

func TestAtomicMethodRace(t *testing.T) {
	m := new(meter)
	var wg sync.WaitGroup
	wg.Go(m.count)
	m.clear()
	wg.Wait()
}

func TestAtomicMethodFixed(t *testing.T) {
	m := new(meter)
	var wg sync.WaitGroup
	wg.Go(m.count)
	m.n.Store(0)
	wg.Wait()
}

// ledger has an access below two calls.
type ledger struct {
	mu    sync.Mutex
	total int
}

//go:noinline
func (l *ledger) add(n int) { l.total += n } // inner access

//go:noinline
func (l *ledger) book(n int) { l.add(n) } // first call

//go:noinline
func (l *ledger) day(n int) { l.book(n) } // second call

func TestStackRace(t *testing.T) {
	var l ledger
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() { l.day(i) })
	}
	wg.Wait()
}

func TestStackFixed(t *testing.T) {
	var l ledger
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			l.mu.Lock()
			l.day(i)
			l.mu.Unlock()
		})
	}
	wg.Wait()
}
