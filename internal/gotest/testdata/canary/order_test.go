package canary

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// served starts a server that needs its name, which is set before it starts or, too late, afterwards.
func served(t *testing.T, late bool) {
	var name atomic.Pointer[string]
	start := func() *sync.WaitGroup {
		var wg sync.WaitGroup
		wg.Go(func() {
			if name.Load() == nil {
				t.Error("the server has no name")
			}
		})
		return &wg
	}
	own := "server"
	if !late {
		name.Store(&own)
	}
	wg := start()
	if late {
		name.Store(&own)
	}
	wg.Wait()
}

func TestOrderBug(t *testing.T) { served(t, true) }

func TestOrderFixed(t *testing.T) { served(t, false) }

func TestChildFirstBug(t *testing.T) {
	started, done := false, make(chan bool)
	go func() {
		started = true
		close(done)
	}()
	if started { // there is nothing but plain code since the go statement
		t.Error("the child was first")
	}
	<-done
}

func TestChildFirstFixed(t *testing.T) {
	started, done := false, make(chan bool)
	first := started
	go func() {
		started = true
		close(done)
	}()
	if first {
		t.Error("the child was first")
	}
	<-done
}

// cancelled cancels a worker that looks whether it is, and then takes the next job, or looks while it waits for one.
func cancelled(waits func(ctx context.Context, jobs chan int)) {
	ctx, cancel := context.WithCancel(context.Background())
	jobs := make(chan int)
	both(func() {
		for ctx.Err() == nil {
			waits(ctx, jobs)
		}
	}, cancel)
}

func TestMissedCancelBug(t *testing.T) {
	cancelled(func(_ context.Context, jobs chan int) { <-jobs })
}

func TestMissedCancelFixed(t *testing.T) {
	cancelled(func(ctx context.Context, jobs chan int) {
		select {
		case <-jobs:
		case <-ctx.Done():
		}
	})
}

// asked returns an answer, or that it was stopped before; who answers needs room then.
func asked(room int) bool {
	answers, stop := make(chan int, room), make(chan bool)
	go func() { answers <- 1 }()
	go close(stop)
	select {
	case <-answers:
		return true
	case <-stop:
		return false
	}
}

func TestLeakedSenderBug(t *testing.T) { asked(0) }

func TestLeakedSenderFixed(t *testing.T) { asked(1) }

// slept takes a sleep for a barrier, unless it waits.
func slept(t *testing.T, wait bool) {
	var done atomic.Bool
	ended := make(chan bool)
	go func() {
		done.Store(true)
		close(ended)
	}()
	time.Sleep(2 * time.Millisecond)
	if wait {
		<-ended
	}
	if !done.Load() {
		t.Error("not done after 2 ms")
	}
	<-ended
}

func TestTimingBug(t *testing.T) { slept(t, false) }

func TestTimingFixed(t *testing.T) { slept(t, true) }
