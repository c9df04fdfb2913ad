package kernels

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fetchValue returns when its context ends, and nothing receives from the goroutine that it has started.
func fetchValue(ctx context.Context, fixed bool) {
	size := 0
	if fixed {
		size = 1
	}
	c := make(chan int, size)
	go func() { c <- 42 }()
	select {
	case <-c:
	case <-ctx.Done():
	}
}

func contextLeak(fixed bool) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { fetchValue(ctx, fixed) })
	cancel()
	wg.Wait()
}

func TestContextLeakBug(*testing.T)   { contextLeak(false) }
func TestContextLeakFixed(*testing.T) { contextLeak(true) }

// service stores the function that cancels it without the lock under which it is read.
type service struct {
	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

func (s *service) start(fixed bool) {
	ctx, cancel := context.WithCancel(context.Background())
	s.done = make(chan struct{})
	go func() { <-ctx.Done(); close(s.done) }()
	if fixed {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	s.cancel = cancel
}

func (s *service) stop() {
	s.mu.Lock()
	cancel := s.cancel
	s.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

func storedCancel(fixed bool) {
	s := &service{}
	started := make(chan bool)
	go func() { s.start(fixed); close(started) }()
	s.stop()
	<-started
	s.stop()
}

func TestStoredCancelBug(*testing.T)   { storedCancel(false) }
func TestStoredCancelFixed(*testing.T) { storedCancel(true) }

// group keeps the first error of its goroutines, which more than one may set.
type group struct {
	wg   sync.WaitGroup
	once sync.Once
	err  error
}

func (g *group) run(fixed bool, f func() error) {
	g.wg.Go(func() {
		err := f()
		switch {
		case err == nil:
		case fixed:
			g.once.Do(func() { g.err = err })
		case g.err == nil:
			g.err = err
		}
	})
}

func firstOfGroup(fixed bool) {
	var g group
	for i := range 3 {
		g.run(fixed, func() error { return fmt.Errorf("error %d", i) })
	}
	g.wg.Wait()
}

func TestGroupErrorBug(*testing.T)   { firstOfGroup(false) }
func TestGroupErrorFixed(*testing.T) { firstOfGroup(true) }

// limited starts a goroutine of a limited number from within one of them.
func limited(limit int) {
	slots := make(chan struct{}, limit)
	var wg sync.WaitGroup
	start := func(f func()) {
		slots <- struct{}{}
		wg.Go(func() { defer func() { <-slots }(); f() })
	}
	for range 2 {
		start(func() { start(func() {}) })
	}
	wg.Wait()
}

func TestNestedLimitBug(*testing.T)   { limited(2) }
func TestNestedLimitFixed(*testing.T) { limited(4) }

// session is closed while the function of its timer is about to run.
func session(t *testing.T, fixed bool) {
	var mu sync.Mutex
	closed, late := false, false
	timer := time.AfterFunc(5*time.Millisecond, func() {
		mu.Lock()
		defer mu.Unlock()
		if !fixed {
			late = closed
		}
	})
	time.Sleep(5 * time.Millisecond)
	mu.Lock()
	timer.Stop()
	closed = true
	mu.Unlock()
	time.Sleep(time.Second)
	mu.Lock()
	defer mu.Unlock()
	if late {
		t.Error("the timer fires after the session has been closed")
	}
}

func TestTimerStopBug(t *testing.T)   { session(t, false) }
func TestTimerStopFixed(t *testing.T) { session(t, true) }

// repeater uses in the function of its timer the variable that gets the timer.
func repeater(fixed bool) {
	var mu sync.Mutex
	var timer *time.Timer
	n, done := 0, make(chan bool)
	f := func() {
		mu.Lock()
		defer mu.Unlock()
		if n++; n < 3 {
			timer.Reset(time.Millisecond)
		} else {
			close(done)
		}
	}
	if fixed {
		mu.Lock()
	}
	timer = time.AfterFunc(0, f)
	if fixed {
		mu.Unlock()
	}
	<-done
}

func TestTimerVariableBug(*testing.T)   { repeater(false) }
func TestTimerVariableFixed(*testing.T) { repeater(true) }

// table returns its map, which the caller reads without the lock.
type table struct {
	mu sync.RWMutex
	m  map[string]int
}

func (r *table) all(fixed bool) map[string]int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if !fixed {
		return r.m
	}
	all := map[string]int{}
	for k, v := range r.m {
		all[k] = v
	}
	return all
}

func returnedMap(fixed bool) {
	r := &table{m: map[string]int{"a": 1, "b": 2}}
	var wg sync.WaitGroup
	wg.Go(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.m["c"] = 3
	})
	wg.Go(func() {
		sum := 0
		for _, v := range r.all(fixed) {
			sum += v
		}
	})
	wg.Wait()
}

func TestReturnedMapBug(*testing.T)   { returnedMap(false) }
func TestReturnedMapFixed(*testing.T) { returnedMap(true) }

// cache looks under the lock for readers and stores under that for writers, without looking again.
type cache struct {
	mu sync.RWMutex
	m  map[string]*int
}

func (c *cache) get(key string, fixed bool) *int {
	c.mu.RLock()
	v := c.m[key]
	c.mu.RUnlock()
	if v != nil {
		return v
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if v := c.m[key]; fixed && v != nil {
		return v
	}
	c.m[key] = new(int)
	return c.m[key]
}

func upgraded(t *testing.T, fixed bool) {
	c := &cache{m: map[string]*int{}}
	var wg sync.WaitGroup
	var got [3]*int
	for i := range got {
		wg.Go(func() { got[i] = c.get("x", fixed) })
	}
	wg.Wait()
	if got[0] != got[1] || got[1] != got[2] {
		t.Error("one key has several values")
	}
}

func TestUpgradedLockBug(t *testing.T)   { upgraded(t, false) }
func TestUpgradedLockFixed(t *testing.T) { upgraded(t, true) }

// twice takes the lock for readers twice, with a writer in between.
func twice(fixed bool) {
	var mu sync.RWMutex
	n := 0
	read := func() int {
		mu.RLock()
		defer mu.RUnlock()
		return n
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		mu.RLock()
		defer mu.RUnlock()
		if !fixed {
			_ = read()
		}
	})
	wg.Go(func() {
		mu.Lock()
		defer mu.Unlock()
		n++
	})
	wg.Wait()
}

func TestReadTwiceBug(*testing.T)   { twice(false) }
func TestReadTwiceFixed(*testing.T) { twice(true) }

// selectClose closes a channel that it finds open.
func selectClose(fixed bool) {
	var once sync.Once
	c := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if fixed {
				once.Do(func() { close(c) })
				return
			}
			select {
			case <-c:
			default:
				close(c)
			}
		})
	}
	wg.Wait()
}

func TestSelectCloseBug(*testing.T)   { selectClose(false) }
func TestSelectCloseFixed(*testing.T) { selectClose(true) }

// sendAfterClose looks whether it is to stop before it sends, and not while it does.
func sendAfterClose(fixed bool) {
	c, stop := make(chan int, 1), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-stop:
			return
		default:
		}
		c <- 1
	})
	close(stop)
	if fixed {
		wg.Wait()
	}
	close(c)
	wg.Wait()
}

func TestSendAfterCloseBug(*testing.T)   { sendAfterClose(false) }
func TestSendAfterCloseFixed(*testing.T) { sendAfterClose(true) }

// actor stops with a request in its queue, whose sender waits for the reply.
func actor(fixed bool) {
	requests, stop := make(chan chan int, 1), make(chan struct{})
	go func() {
		for {
			select {
			case reply := <-requests:
				reply <- 1
			case <-stop:
				return
			}
		}
	}()
	var wg sync.WaitGroup
	wg.Go(func() {
		reply := make(chan int, 1)
		requests <- reply
		if !fixed {
			<-reply
			return
		}
		select {
		case <-reply:
		case <-stop:
		}
	})
	close(stop)
	wg.Wait()
}

func TestLostReplyBug(*testing.T)   { actor(false) }
func TestLostReplyFixed(*testing.T) { actor(true) }

// handler gives up after a time, and its goroutine writes the status all the same.
func handler(fixed bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 10*time.Millisecond)
		defer cancel()
		result := make(chan error, 1)
		status := http.StatusOK
		go func() {
			time.Sleep(10 * time.Millisecond)
			if !fixed {
				status = http.StatusTeapot
			}
			result <- errors.New("no tea")
		}()
		select {
		case <-result:
		case <-ctx.Done():
			status = http.StatusGatewayTimeout
		}
		w.WriteHeader(status)
	}
}

func served(t *testing.T, fixed bool) {
	s := httptest.NewServer(handler(fixed))
	defer s.Close()
	r, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
}

func TestHandlerTimeoutBug(t *testing.T)   { served(t, false) }
func TestHandlerTimeoutFixed(t *testing.T) { served(t, true) }

// counted loads and stores, both atomically, to add.
func counted(t *testing.T, fixed bool) {
	var n atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if fixed {
				n.Add(1)
			} else {
				n.Store(n.Load() + 1)
			}
		})
	}
	wg.Wait()
	if n.Load() != 2 {
		t.Errorf("%d instead of 2", n.Load())
	}
}

func TestLoadThenAddBug(t *testing.T)   { counted(t, false) }
func TestLoadThenAddFixed(t *testing.T) { counted(t, true) }

// logged has a goroutine that logs after the test has ended.
func logged(t *testing.T, fixed bool) {
	done := make(chan bool)
	go func() {
		defer close(done)
		time.Sleep(time.Millisecond)
		t.Log("late")
	}()
	if fixed {
		<-done
	}
}

func TestLogAfterEndBug(t *testing.T)   { logged(t, false) }
func TestLogAfterEndFixed(t *testing.T) { logged(t, true) }
