package corpus

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// pipe is closed by whoever is done first.
type pipe struct {
	closed atomic.Bool
	once   sync.Once
	c      chan int
}

func (p *pipe) closeChecked() {
	if !p.closed.Load() {
		p.closed.Store(true)
		close(p.c)
	}
}

func (p *pipe) closeOnce() { p.once.Do(func() { close(p.c) }) }

func closers(closePipe func(*pipe)) {
	p := &pipe{c: make(chan int)}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { closePipe(p) })
	}
	wg.Wait()
}

func TestDoubleCloseBug(t *testing.T) { closers((*pipe).closeChecked) }

func TestDoubleCloseFixed(t *testing.T) { closers((*pipe).closeOnce) }

// consume counts the values until stop is closed.
func consume(values <-chan int, stop <-chan struct{}, drain bool) (n int) {
	for {
		select {
		case _, ok := <-values:
			if !ok {
				return n
			}
			n++
		case <-stop:
			for drain && len(values) > 0 {
				<-values
				n++
			}
			return n
		}
	}
}

func selects(t *testing.T, drain bool) {
	values, stop := make(chan int, 3), make(chan struct{})
	for i := range 3 {
		values <- i
	}
	close(stop)
	if n := consume(values, stop, drain); n != 3 {
		t.Errorf("consumed %d of 3 values before the stop", n)
	}
}

func TestSelectOrderBug(t *testing.T) { selects(t, false) }

func TestSelectOrderFixed(t *testing.T) { selects(t, true) }

var errLate = errors.New("late")

// ask gives the answer, or errLate after a while.
func ask(answers chan int, work func()) (int, error) {
	go func() {
		work()
		answers <- 42
	}()
	select {
	case v := <-answers:
		return v, nil
	case <-time.After(10 * time.Millisecond):
		return 0, errLate
	}
}

func work() {
	for range 5 {
		time.Sleep(time.Millisecond)
	}
}

func TestTimerBug(t *testing.T) {
	if _, err := ask(make(chan int, 1), work); err != nil {
		t.Errorf("work of 5 ms within 10 ms: %v", err)
	}
}

func TestTimerFixed(t *testing.T) {
	answers := make(chan int, 1)
	if _, err := ask(answers, work); err != nil {
		if v := <-answers; v != 42 {
			t.Errorf("the late answer is %d", v)
		}
	}
}

func TestLeakedSenderBug(t *testing.T) { _, _ = ask(make(chan int), func() {}) }

func TestLeakedSenderFixed(t *testing.T) { _, _ = ask(make(chan int, 1), func() {}) }

// TestTicking has a goroutine that waits for a ticker beside others that are busy.
func TestTicking(t *testing.T) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	done := make(chan bool)
	go func() {
		for {
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	}()
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range 2 {
		wg.Go(func() {
			for range 10 {
				mu.Lock()
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	done <- true
}

// watch waits for the context in the background and tells when it has ended.
func watch(ctx context.Context, done chan<- struct{}) {
	<-ctx.Done()
	close(done)
}

// lookup watches a query, and forgets to cancel if the cache answers.
func lookup(cached, cancelAlways bool) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go watch(ctx, done)
	if cached && !cancelAlways {
		return
	}
	cancel()
	<-done
}

func cachedLookup(cancelAlways bool) {
	var cached atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() { cached.Store(true) })
	wg.Go(func() { lookup(cached.Load(), cancelAlways) })
	wg.Wait()
}

func TestContextLeakBug(t *testing.T) { cachedLookup(false) }

func TestContextLeakFixed(t *testing.T) { cachedLookup(true) }
