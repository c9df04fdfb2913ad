package kernels

import (
	"errors"
	"sync"
	"testing"
	"time"
)

// notifier keeps the lock while it sends to a full queue, and the receiver takes the lock between two receives.
type notifier struct {
	mu    sync.Mutex
	queue chan int
	seen  int
}

func (n *notifier) notify(v int, fixed bool) {
	n.mu.Lock()
	n.seen++
	if fixed {
		n.mu.Unlock()
		n.queue <- v
		return
	}
	n.queue <- v
	n.mu.Unlock()
}

func (n *notifier) drain(count int) {
	for range count {
		n.mu.Lock()
		n.seen--
		n.mu.Unlock()
		<-n.queue
	}
}

func lockAcrossSend(fixed bool) {
	n := &notifier{queue: make(chan int, 1)}
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() { n.notify(i, fixed) })
	}
	wg.Go(func() { n.drain(2) })
	wg.Wait()
}

func TestLockAcrossSendBug(*testing.T)   { lockAcrossSend(false) }
func TestLockAcrossSendFixed(*testing.T) { lockAcrossSend(true) }

// registry returns with the lock held if it finds itself closed.
type registry struct {
	mu     sync.Mutex
	closed bool
	names  []string
}

func (r *registry) add(name string, fixed bool) error {
	r.mu.Lock()
	if r.closed {
		if fixed {
			r.mu.Unlock()
		}
		return errors.New("closed")
	}
	r.names = append(r.names, name)
	r.mu.Unlock()
	return nil
}

func (r *registry) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

func returnWithLock(fixed bool) {
	r := &registry{}
	var wg sync.WaitGroup
	wg.Go(func() { _ = r.add("a", fixed) })
	wg.Go(func() { _ = r.add("b", fixed) })
	wg.Go(r.close)
	wg.Wait()
	r.close()
}

func TestReturnWithLockBug(*testing.T)   { returnWithLock(false) }
func TestReturnWithLockFixed(*testing.T) { returnWithLock(true) }

// stopper waits under its lock for a worker that takes the lock.
type stopper struct {
	mu   sync.Mutex
	jobs chan int
	done chan struct{}
	sum  int
}

func (s *stopper) work() {
	defer close(s.done)
	for j := range s.jobs {
		s.mu.Lock()
		s.sum += j
		s.mu.Unlock()
	}
}

func (s *stopper) stop(fixed bool) {
	s.mu.Lock()
	close(s.jobs)
	if fixed {
		s.mu.Unlock()
		<-s.done
		return
	}
	<-s.done
	s.mu.Unlock()
}

func waitUnderLock(fixed bool) {
	s := &stopper{jobs: make(chan int, 2), done: make(chan struct{})}
	go s.work()
	s.jobs <- 1
	s.jobs <- 2
	s.stop(fixed)
}

func TestWaitUnderLockBug(*testing.T)   { waitUnderLock(false) }
func TestWaitUnderLockFixed(*testing.T) { waitUnderLock(true) }

// box has one cond for those who put and those who take, and wakes one of them, which may be of the wrong kind.
type box struct {
	mu   sync.Mutex
	cond *sync.Cond
	full bool
}

func (b *box) wake(fixed bool) {
	if fixed {
		b.cond.Broadcast()
	} else {
		b.cond.Signal()
	}
}

func (b *box) put(fixed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.full {
		b.cond.Wait()
	}
	b.full = true
	b.wake(fixed)
}

func (b *box) take(fixed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.full {
		b.cond.Wait()
	}
	b.full = false
	b.wake(fixed)
}

func wrongWaiter(fixed bool) {
	b := &box{}
	b.cond = sync.NewCond(&b.mu)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 2 {
				b.put(fixed)
			}
		})
		wg.Go(func() {
			for range 2 {
				b.take(fixed)
			}
		})
	}
	wg.Wait()
}

func TestWrongWaiterBug(*testing.T)   { wrongWaiter(false) }
func TestWrongWaiterFixed(*testing.T) { wrongWaiter(true) }

// client sets itself up once, in a function that waits for a watcher, which sets the client up as well.
type client struct {
	once  sync.Once
	ready chan struct{}
}

func (c *client) connect(fixed bool) {
	c.once.Do(func() {
		if !fixed {
			<-c.ready
		}
	})
	if fixed {
		<-c.ready
	}
}

func (c *client) watch() {
	c.once.Do(func() {})
	close(c.ready)
}

func onceReentry(fixed bool) {
	c := &client{ready: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Go(c.watch)
	wg.Go(func() { c.connect(fixed) })
	wg.Wait()
}

func TestOnceReentryBug(*testing.T)   { onceReentry(false) }
func TestOnceReentryFixed(*testing.T) { onceReentry(true) }

// flight shares one call among callers; if the call panics, those that wait stay behind.
type flight struct {
	mu    sync.Mutex
	calls map[string]chan struct{}
}

func (f *flight) do(key string, fixed bool, call func()) {
	f.mu.Lock()
	if done, ok := f.calls[key]; ok {
		f.mu.Unlock()
		<-done
		return
	}
	done := make(chan struct{})
	f.calls[key] = done
	f.mu.Unlock()
	end := func() {
		f.mu.Lock()
		delete(f.calls, key)
		f.mu.Unlock()
		close(done)
	}
	if fixed {
		defer end()
		call()
		return
	}
	call()
	end()
}

func panickedCall(fixed bool) {
	f := &flight{calls: map[string]chan struct{}{}}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			defer func() { _ = recover() }()
			f.do("x", fixed, func() { panic("no connection") })
		})
	}
	wg.Wait()
}

func TestPanickedCallBug(*testing.T)   { panickedCall(false) }
func TestPanickedCallFixed(*testing.T) { panickedCall(true) }

// idle stops its timer and drains it, also where the time has been received already.
func idle(fixed bool) {
	activity, fired, stop := make(chan struct{}), 0, make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		t := time.NewTimer(10 * time.Millisecond)
		received := false
		for {
			select {
			case <-t.C:
				fired++
				received = true
			case <-activity:
				if !t.Stop() && !(fixed && received) {
					<-t.C
				}
				t.Reset(10 * time.Millisecond)
				received = false
			case <-stop:
				return
			}
		}
	})
	for range 3 {
		time.Sleep(4 * time.Millisecond)
		activity <- struct{}{}
	}
	close(stop)
	wg.Wait()
}

func TestTimerDrainBug(*testing.T)   { idle(false) }
func TestTimerDrainFixed(*testing.T) { idle(true) }

// topic drops what is published while its subscriber is between two receives.
func topic(fixed bool) {
	size := 0
	if fixed {
		size = 1
	}
	changed := make(chan struct{}, size)
	var mu sync.Mutex
	value := 0
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			mu.Lock()
			v := value
			mu.Unlock()
			if v == 2 {
				return
			}
			<-changed
		}
	})
	wg.Go(func() {
		for range 2 {
			mu.Lock()
			value++
			mu.Unlock()
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	})
	wg.Wait()
}

func TestDroppedNotifyBug(*testing.T)   { topic(false) }
func TestDroppedNotifyFixed(*testing.T) { topic(true) }

// check returns the first error of two workers, and nothing receives from the other one.
func check(fixed bool) error {
	errs := make(chan error)
	if fixed {
		errs = make(chan error, 2)
	}
	numbers := make(chan int, 2)
	for range 2 {
		go func() {
			if <-numbers == 1 {
				errs <- errors.New("bad number")
				return
			}
			errs <- nil
		}()
	}
	numbers <- 1
	numbers <- 2
	if err := <-errs; err != nil {
		return err
	}
	return <-errs
}

func TestFirstErrorBug(*testing.T)   { _ = check(false) }
func TestFirstErrorFixed(*testing.T) { _ = check(true) }

// balancer answers those that ask before it closes, and forgets those that ask later.
type balancer struct {
	mu      sync.Mutex
	closed  bool
	waiting []chan string
}

func (b *balancer) pick(fixed bool) string {
	b.mu.Lock()
	c := make(chan string, 1)
	if fixed && b.closed {
		b.mu.Unlock()
		return ""
	}
	b.waiting = append(b.waiting, c)
	b.mu.Unlock()
	return <-c
}

func (b *balancer) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for _, c := range b.waiting {
		close(c)
	}
	b.waiting = nil
}

func forgotten(fixed bool) {
	b := &balancer{}
	var wg sync.WaitGroup
	wg.Go(func() { b.pick(fixed) })
	wg.Go(b.close)
	wg.Wait()
}

func TestForgottenWaiterBug(*testing.T)   { forgotten(false) }
func TestForgottenWaiterFixed(*testing.T) { forgotten(true) }
