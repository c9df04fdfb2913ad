package corpus

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
)

// TestReadyCases has a select with two ready cases and one that is not ready, and another with a single ready case.
func TestReadyCases(t *testing.T) {
	first, second, third := make(chan int, 1), make(chan int, 1), make(chan int)
	first <- 1
	second <- 2
	got := 0
	select {
	case n := <-first:
		got = n
	case n := <-second:
		got = n
	case third <- 3:
	}
	select {
	case n := <-first:
		got += n
	case n := <-second:
		got += n
	case third <- 3:
	}
	if got != 3 {
		t.Error("something was lost")
	}
}

// TestTimerLines waits for timers that it sets, sets again, and lets the standard library set.
func TestTimerLines(t *testing.T) {
	set := time.NewTimer(2 * time.Millisecond)
	<-set.C
	set.Reset(3 * time.Millisecond)
	<-set.C
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	<-ctx.Done()
	set.Stop()
	set.Reset(time.Second)
	set.Stop()
}

// TestOwnObjects uses a channel before operations on other objects, and locks inside of them.
func TestOwnObjects(t *testing.T) {
	c, n, where := make(chan int, 1), int64(0), new(int)
	p := atomic.Pointer[int]{}
	c <- 1
	atomic.AddInt64(&n, 1)
	atomic.StorePointer((*unsafe.Pointer)(unsafe.Pointer(&where)), nil)
	p.Store(where)
	var once sync.Once
	once.Do(func() { <-c })
	var mu sync.Mutex
	cond, woken := sync.NewCond(&mu), false
	mu.Lock()
	go func() {
		mu.Lock()
		woken = true
		cond.Signal()
		mu.Unlock()
	}()
	for !woken {
		cond.Wait()
	}
	mu.Unlock()
}

// TestTried has selects with a default case and one other, of which each is taken.
func TestTried(t *testing.T) {
	c, d := make(chan int, 1), make(chan int, 1)
	select {
	case <-c:
	default:
	}
	select {
	case d <- 1:
	default:
	}
	select {
	case d <- 2:
	default:
	}
	select {
	case <-d:
	default:
	}
}
