package corpus

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// TestBarrierBug takes a sleep for a barrier: by then, it thinks, the other goroutine has had its turn.
func TestBarrierBug(t *testing.T) {
	var mu sync.Mutex
	var order []string
	add := func(name string) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, name)
	}
	var wg sync.WaitGroup
	wg.Go(func() { add("first") })
	time.Sleep(3 * time.Millisecond)
	add("second")
	wg.Wait()
	if order[0] != "first" {
		t.Error("the order is", order)
	}
}

func TestBarrierFixed(t *testing.T) {
	var order []string
	done := make(chan bool)
	go func() {
		order = append(order, "first")
		close(done)
	}()
	time.Sleep(3 * time.Millisecond)
	<-done
	if order = append(order, "second"); order[0] != "first" {
		t.Error("the order is", order)
	}
}

// backoff calls f until it succeeds or ctx ends, with pauses. When ctx has ended it must not call f again, which needs
// the check.
func backoff(ctx context.Context, check bool, f func() error) error {
	for f() != nil {
		timer := time.NewTimer(2 * time.Millisecond)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
			if check && ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

// TestBackoffBug has a timer that is due before anybody waits for it.
func TestBackoffBug(t *testing.T) { testBackoff(t, false) }

func TestBackoffFixed(t *testing.T) { testBackoff(t, true) }

func testBackoff(t *testing.T, check bool) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_ = backoff(ctx, check, func() error { // ends as it may
		calls++
		cancel()
		return errors.New("transient")
	})
	if calls != 1 {
		t.Error("called again after the end")
	}
}

// TestTwoLateBug fails if both of its goroutines are later than two sleeps, or if the first is later than both.
func TestTwoLateBug(t *testing.T) {
	var a, b sync.WaitGroup
	aDone, bDone := make(chan bool, 1), make(chan bool, 1)
	a.Go(func() { aDone <- true })
	b.Go(func() { bDone <- true })
	time.Sleep(4 * time.Millisecond)
	n := len(aDone) + len(bDone)
	a.Wait()
	b.Wait()
	if n == 0 {
		t.Error("neither has run")
	}
}
