// Package canary has one bug of each class that reprise test has to find by itself, and the same program without it.
package canary

import (
	"sync"
	"sync/atomic"
	"testing"
)

// store holds a number behind a lock.
type store struct {
	mu sync.Mutex
	n  int
}

func (s *store) get() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

func (s *store) set(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n = n
}

func (s *store) add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n += n
}

// both runs two functions at once.
func both(f, g func()) {
	var wg sync.WaitGroup
	wg.Go(f)
	wg.Go(g)
	wg.Wait()
}

func TestLostUpdateBug(t *testing.T) {
	var s store
	f := func() { s.set(s.get() + 1) }
	both(f, f)
	if s.n != 2 {
		t.Error("an update is lost")
	}
}

func TestLostUpdateFixed(t *testing.T) {
	var s store
	f := func() { s.add(1) }
	both(f, f)
	if s.n != 2 {
		t.Error("an update is lost")
	}
}

// locked runs a function with two locks held, taken in order.
func locked(first, second *sync.Mutex, f func()) {
	first.Lock()
	defer first.Unlock()
	second.Lock()
	defer second.Unlock()
	f()
}

func TestTwoLocksBug(t *testing.T) {
	var a, b sync.Mutex
	n := 0
	both(func() { locked(&a, &b, func() { n++ }) }, func() { locked(&b, &a, func() { n++ }) })
}

func TestTwoLocksFixed(t *testing.T) {
	var a, b sync.Mutex
	n := 0
	both(func() { locked(&a, &b, func() { n++ }) }, func() { locked(&a, &b, func() { n++ }) })
}

// philosophers eat once each; the last takes its forks in another order if it is polite.
func philosophers(polite bool) {
	var forks [3]sync.Mutex
	var wg sync.WaitGroup
	for i := range forks {
		left, right := &forks[i], &forks[(i+1)%len(forks)]
		if polite && i == len(forks)-1 {
			left, right = right, left
		}
		wg.Go(func() { locked(left, right, func() {}) })
	}
	wg.Wait()
}

func TestThreeLocksBug(t *testing.T) { philosophers(false) }

func TestThreeLocksFixed(t *testing.T) { philosophers(true) }

func TestLostWakeupBug(t *testing.T) {
	cond := sync.NewCond(&sync.Mutex{})
	var ready atomic.Bool
	both(func() {
		if !ready.Load() {
			cond.L.Lock()
			cond.Wait() // the signal may have come before
			cond.L.Unlock()
		}
	}, func() {
		ready.Store(true)
		cond.Signal()
	})
}

func TestLostWakeupFixed(t *testing.T) {
	cond := sync.NewCond(&sync.Mutex{})
	ready := false
	both(func() {
		cond.L.Lock()
		defer cond.L.Unlock()
		for !ready {
			cond.Wait()
		}
	}, func() {
		cond.L.Lock()
		defer cond.L.Unlock()
		ready = true
		cond.Signal()
	})
}

// closer closes a channel once, if that is done in one step.
func closer(step bool) {
	var closed atomic.Bool
	done := make(chan bool)
	f := func() {
		if step && closed.CompareAndSwap(false, true) || !step && !closed.Load() {
			closed.Store(true)
			close(done)
		}
	}
	both(f, f)
	<-done
}

func TestDoubleCloseBug(t *testing.T) { closer(false) }

func TestDoubleCloseFixed(t *testing.T) { closer(true) }
