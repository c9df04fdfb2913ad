package races

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
)

type lazy struct {
	mu    sync.Mutex
	once  sync.Once
	value *pair
}

func (l *lazy) doubleChecked() *pair {
	if l.value == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.value == nil {
			l.value = &pair{1, 2}
		}
	}
	return l.value
}

func (l *lazy) onced() *pair {
	l.once.Do(func() { l.value = &pair{1, 2} })
	return l.value
}

func TestDoubleCheckedRace(t *testing.T) {
	l := &lazy{}
	both(func() { _ = l.doubleChecked().a }, func() { _ = l.doubleChecked().b })
}

func TestDoubleCheckedFixed(t *testing.T) {
	l := &lazy{}
	both(func() { _ = l.onced().a }, func() { _ = l.onced().b })
}

func TestPublicationRace(t *testing.T) {
	var config *pair
	ready := false
	both(func() { config = &pair{1, 2}; ready = true }, func() {
		if ready {
			sinkInt = config.b
		}
	})
}

func TestPublicationFixed(t *testing.T) {
	var config atomic.Pointer[pair]
	both(func() { config.Store(&pair{1, 2}) }, func() {
		if c := config.Load(); c != nil {
			sinkInt = c.b
		}
	})
}

func TestUnsafePublicationRace(t *testing.T) { // published before it is complete
	var config unsafe.Pointer
	both(func() {
		c := &pair{1, 2}
		atomic.StorePointer(&config, unsafe.Pointer(c))
		c.b = 3
	}, func() {
		if c := (*pair)(atomic.LoadPointer(&config)); c != nil {
			sinkInt = c.b
		}
	})
}

func TestUnsafePublicationFixed(t *testing.T) {
	var config unsafe.Pointer
	read := func(at unsafe.Pointer) {
		if c := (*pair)(at); c != nil {
			sinkInt = c.b
		}
	}
	both(func() {
		atomic.StorePointer(&config, unsafe.Pointer(&pair{1, 2}))
		atomic.SwapPointer(&config, unsafe.Pointer(&pair{3, 4}))
	}, func() {
		seen := atomic.LoadPointer(&config)
		read(seen)
		if atomic.CompareAndSwapPointer(&config, seen, unsafe.Pointer(&pair{5, 6})) {
			read(atomic.LoadPointer(&config))
		}
		read(atomic.SwapPointer(&config, nil))
	})
}

func TestAtomicFlagRace(t *testing.T) { // the flag is set before what it stands for
	n := 0
	var ready atomic.Bool
	both(func() { ready.Store(true); n = 1 }, func() {
		if ready.Load() {
			sinkInt = n
		}
	})
}

func TestAtomicFlagFixed(t *testing.T) {
	n := 0
	var ready atomic.Bool
	both(func() { n = 1; ready.Store(true) }, func() {
		if ready.Load() {
			sinkInt = n
		}
	})
}

func TestAtomicAndPlainRace(t *testing.T) {
	var n int64
	both(func() { atomic.AddInt64(&n, 1) }, func() { n++ })
	sinkInt = int(n)
}

func TestAtomicAndPlainFixed(t *testing.T) {
	var n int64
	both(func() { atomic.AddInt64(&n, 1) }, func() { atomic.AddInt64(&n, 1) })
	sinkInt = int(atomic.LoadInt64(&n))
}

func TestAtomicReadPlainWriteRace(t *testing.T) {
	var n uint32
	both(func() { n = 1 }, func() { sinkInt = int(atomic.LoadUint32(&n)) })
}

func TestAtomicReadPlainWriteFixed(t *testing.T) {
	var n uint32
	both(func() { atomic.StoreUint32(&n, 1) }, func() { sinkInt = int(atomic.LoadUint32(&n)) })
}

func TestCompareAndSwapRace(t *testing.T) { // the loser goes on all the same
	n := 0
	var taken int32
	work := func() { atomic.CompareAndSwapInt32(&taken, 0, 1); n++ }
	both(work, func() { n++; atomic.CompareAndSwapInt32(&taken, 0, 1) })
	sinkInt = n
}

func TestCompareAndSwapFixed(t *testing.T) {
	n := 0
	var taken int32
	work := func() {
		if atomic.CompareAndSwapInt32(&taken, 0, 1) {
			n++
		}
	}
	both(work, work)
	sinkInt = n
}

func TestSpinLockRace(t *testing.T) { // gives the lock back before it is done
	n := 0
	var lock atomic.Int32
	work := func() {
		for !lock.CompareAndSwap(0, 1) {
			time.Sleep(time.Millisecond)
		}
		lock.Store(0)
		n++
	}
	both(work, work)
	sinkInt = n
}

func TestSpinLockFixed(t *testing.T) {
	n := 0
	var lock atomic.Int32
	work := func() {
		for !lock.CompareAndSwap(0, 1) {
			time.Sleep(time.Millisecond)
		}
		n++
		lock.Store(0)
	}
	both(work, work)
	sinkInt = n
}

func TestWaitGroupRace(t *testing.T) { // done too early
	n := 0
	var wg sync.WaitGroup
	wg.Add(1)
	end := make(chan bool)
	go func() { wg.Done(); n = 1; end <- true }()
	wg.Wait()
	sinkInt = n
	<-end
}

func TestWaitGroupFixed(t *testing.T) {
	n := 0
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { n = 1; wg.Done() }()
	wg.Wait()
	sinkInt = n
}

func TestNoWaitRace(t *testing.T) {
	n := 0
	done := make(chan bool)
	go func() { n = 1; done <- true }()
	sinkInt = n
	<-done
}

func TestNoWaitFixed(t *testing.T) {
	n := 0
	done := make(chan bool)
	go func() { n = 1; done <- true }()
	<-done
	sinkInt = n
}

func TestCondRace(t *testing.T) {
	var mu sync.Mutex
	c := sync.NewCond(&mu)
	ready, n := false, 0
	both(func() {
		mu.Lock()
		ready = true
		mu.Unlock()
		n = 1
		c.Signal()
	}, func() {
		mu.Lock()
		for !ready {
			c.Wait()
		}
		mu.Unlock()
		sinkInt = n
	})
}

func TestCondFixed(t *testing.T) {
	var mu sync.Mutex
	c := sync.NewCond(&mu)
	ready, n := false, 0
	both(func() {
		mu.Lock()
		n = 1
		ready = true
		mu.Unlock()
		c.Signal()
	}, func() {
		mu.Lock()
		for !ready {
			c.Wait()
		}
		mu.Unlock()
		sinkInt = n
	})
}

func TestTryLockRace(t *testing.T) {
	n := 0
	var mu sync.Mutex
	work := func() {
		if mu.TryLock() {
			defer mu.Unlock()
		}
		n++
	}
	both(func() { mu.Lock(); n++; mu.Unlock() }, func() { n += 2; work() })
	sinkInt = n
}

func TestTryLockFixed(t *testing.T) {
	n := 0
	var mu sync.Mutex
	work := func() {
		if mu.TryLock() {
			n++
			mu.Unlock()
		}
	}
	both(work, work)
	sinkInt = n
}

func TestTimerRace(t *testing.T) {
	n := 0
	fired := make(chan bool)
	time.AfterFunc(time.Millisecond, func() { n = 1; fired <- true })
	n = 2
	<-fired
	sinkInt = n
}

func TestTimerFixed(t *testing.T) {
	n := 0
	fired := make(chan bool)
	n = 2
	time.AfterFunc(time.Millisecond, func() { n = 1; fired <- true })
	<-fired
	sinkInt = n
}

func TestSleepRace(t *testing.T) { // a sleep orders nothing
	n := 0
	done := make(chan bool)
	go func() { n = 1; <-done }()
	time.Sleep(time.Millisecond)
	sinkInt = n
	done <- true
}

func TestSleepFixed(t *testing.T) {
	n := 0
	done := make(chan bool)
	go func() { n = 1; done <- true }()
	time.Sleep(time.Millisecond)
	<-done
	sinkInt = n
}

func TestContextRace(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	both(func() { cancel(); n = 1 }, func() { <-ctx.Done(); sinkInt = n })
}

func TestContextFixed(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	n := 0
	both(func() { n = 1; cancel(errors.New("enough")) }, func() { <-ctx.Done(); sinkInt = n })
}

func TestSelectRace(t *testing.T) {
	n := 0
	a, b := make(chan int, 1), make(chan int, 1)
	both(func() { a <- 1; n = 1; b <- 1 }, func() {
		select {
		case <-a:
		case <-b:
		}
		sinkInt = n
	})
}

func TestSelectFixed(t *testing.T) {
	n := 0
	a, b := make(chan int), make(chan int)
	both(func() {
		n = 1
		select {
		case a <- 1:
		case b <- 1:
		}
	}, func() {
		select {
		case <-a:
		case <-b:
		}
		sinkInt = n
	})
}

func TestPoolRace(t *testing.T) { // goes on with what it has given back
	p := sync.Pool{New: func() any { return new(pair) }}
	x := p.Get().(*pair)
	p.Put(x)
	both(func() { x.a = 1 }, func() { y := p.Get().(*pair); y.a = 2; p.Put(y) })
}

func TestPoolFixed(t *testing.T) {
	p := sync.Pool{New: func() any { return new(pair) }}
	use := func() { x := p.Get().(*pair); x.a++; p.Put(x) }
	both(use, use)
}

func TestValueRace(t *testing.T) {
	var v atomic.Value
	p := &pair{}
	v.Store(p)
	both(func() { v.Load().(*pair).a = 1 }, func() { sinkInt = v.Load().(*pair).a })
}

func TestValueFixed(t *testing.T) {
	var v atomic.Value
	v.Store(&pair{})
	both(func() { v.Store(&pair{1, 1}) }, func() { sinkInt = v.Load().(*pair).a })
}
