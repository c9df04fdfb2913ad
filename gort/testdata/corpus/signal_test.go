package corpus

import (
	"sync"
	"testing"
)

// gate lets waiters through once it is open.
type gate struct {
	mu   sync.Mutex
	cond *sync.Cond
	open bool
}

func newGate() *gate {
	g := &gate{}
	g.cond = sync.NewCond(&g.mu)
	return g
}

func (g *gate) release() {
	g.mu.Lock()
	g.open = true
	g.mu.Unlock()
	g.cond.Signal()
}

func TestMissedSignalBug(t *testing.T) {
	g := newGate()
	go g.release()
	g.mu.Lock()
	g.cond.Wait()
	g.mu.Unlock()
}

func TestMissedSignalFixed(t *testing.T) {
	g := newGate()
	go g.release()
	g.mu.Lock()
	for !g.open {
		g.cond.Wait()
	}
	g.mu.Unlock()
}

func TestWaitGroupBug(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range 3 {
		go func() {
			wg.Add(1)
			defer wg.Done()
			mu.Lock()
			done++
			mu.Unlock()
		}()
	}
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	if done != 3 {
		t.Errorf("Wait returned after %d of 3", done)
	}
}

func TestWaitGroupFixed(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			mu.Lock()
			done++
			mu.Unlock()
		}()
	}
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	if done != 3 {
		t.Errorf("Wait returned after %d of 3", done)
	}
}

// registry starts itself on first use, and after that the registry that it needs.
type registry struct {
	once  sync.Once
	needs *registry
}

func (r *registry) start() {
	r.once.Do(func() {
		if r.needs != nil {
			r.needs.start()
		}
	})
}

func starts(a, b *registry) {
	var wg sync.WaitGroup
	wg.Go(a.start)
	wg.Go(b.start)
	wg.Wait()
}

func TestOnceBug(t *testing.T) {
	var a, b registry
	a.needs, b.needs = &b, &a
	starts(&a, &b)
}

func TestOnceFixed(t *testing.T) {
	var a, b registry
	a.needs = &b
	starts(&a, &b)
}
