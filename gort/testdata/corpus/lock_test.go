// Package corpus has small programs of the usual classes of concurrency bugs, each with its repair.
package corpus

import (
	"sync"
	"testing"
)

// account guards its balance in two steps, so that an update between them is lost.
type account struct {
	mu      sync.Mutex
	balance int
}

func (a *account) get() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.balance
}

func (a *account) set(v int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.balance = v
}

func (a *account) add(v int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.balance += v
}

func deposits(t *testing.T, deposit func(*account)) {
	var a account
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { deposit(&a) })
	}
	wg.Wait()
	if a.balance != 30 {
		t.Errorf("balance is %d after three deposits of 10", a.balance)
	}
}

func TestLostUpdateBug(t *testing.T) { deposits(t, func(a *account) { a.note(); a.set(a.get() + 10) }) }

func TestLostUpdateFixed(t *testing.T) { deposits(t, func(a *account) { a.add(10) }) }

func transfers(from, to *account) {
	from.mu.Lock()
	defer from.mu.Unlock()
	to.mu.Lock()
	defer to.mu.Unlock()
	from.balance--
	to.balance++
}

func TestLockOrderBug(t *testing.T) {
	var a, b account
	var wg sync.WaitGroup
	wg.Go(func() { transfers(&a, &b) })
	wg.Go(func() { transfers(&b, &a) })
	wg.Wait()
}

func TestLockOrderFixed(t *testing.T) {
	var a, b account
	var wg sync.WaitGroup
	wg.Go(func() { transfers(&a, &b) })
	wg.Go(func() { transfers(&a, &b) })
	wg.Wait()
}
