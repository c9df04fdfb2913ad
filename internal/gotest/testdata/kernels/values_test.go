package kernels

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// reader hands the same buffer to a handler of each message.
func reader(t *testing.T, fixed bool) {
	buf := make([]byte, 1)
	var got [3]atomic.Int32
	var wg sync.WaitGroup
	for i := range 3 {
		if fixed {
			buf = make([]byte, 1)
		}
		buf[0] = byte(i)
		message := buf
		wg.Go(func() { got[message[0]].Add(1) })
	}
	wg.Wait()
	for i := range got {
		if got[i].Load() != 1 {
			t.Errorf("message %d was handled %d times", i, got[i].Load())
		}
	}
}

func TestSharedBufferBug(t *testing.T)   { reader(t, false) }
func TestSharedBufferFixed(t *testing.T) { reader(t, true) }

// shards locks the shard of the hash, and writes to the map of another for a rare key.
type shards struct {
	mu   [2]sync.Mutex
	maps [2]map[string]int
}

func (s *shards) add(key string, fixed bool) {
	i := len(key) % 2
	s.mu[i].Lock()
	defer s.mu[i].Unlock()
	if !fixed && key == "rare" {
		i = 1 - i
	}
	s.maps[i][key]++
}

func wrongShard(fixed bool) {
	s := &shards{maps: [2]map[string]int{{}, {}}}
	var wg sync.WaitGroup
	for _, key := range []string{"a", "bcd", "rare"} {
		wg.Go(func() { s.add(key, fixed) })
	}
	wg.Wait()
}

func TestWrongShardBug(*testing.T)   { wrongShard(false) }
func TestWrongShardFixed(*testing.T) { wrongShard(true) }

// gather closes the results when its wait group is done, which is before a worker that adds itself has begun.
func gather(t *testing.T, fixed bool) {
	results := make(chan int, 3)
	var wg sync.WaitGroup
	for i := range 3 {
		if fixed {
			wg.Add(1)
		}
		go func() {
			if !fixed {
				wg.Add(1)
			}
			defer wg.Done()
			results <- i
		}()
	}
	go func() {
		wg.Wait()
		close(results)
	}()
	n := 0
	for range results {
		n++
	}
	if n != 3 {
		t.Errorf("%d results", n)
	}
}

func TestClosedEarlyBug(t *testing.T)   { gather(t, false) }
func TestClosedEarlyFixed(t *testing.T) { gather(t, true) }

// server starts a goroutine before it has set the field that the goroutine uses.
type server struct {
	handle  func() int
	results chan int
}

func newServer(fixed bool) *server {
	s := &server{results: make(chan int, 1)}
	if fixed {
		s.handle = func() int { return 1 }
	}
	go func() { s.results <- s.handle() }()
	if !fixed {
		s.handle = func() int { return 1 }
	}
	return s
}

func TestUsedBeforeSetBug(*testing.T)   { <-newServer(false).results }
func TestUsedBeforeSetFixed(*testing.T) { <-newServer(true).results }

// stack is a stack without locks that gives nodes back for reuse, so that a node may return while another goroutine is
// about to take what was behind it.
type stack struct {
	head atomic.Pointer[node]
	free atomic.Pointer[node]
}

type node struct {
	value int
	next  atomic.Pointer[node]
}

func (s *stack) push(n *node) {
	for {
		old := s.head.Load()
		n.next.Store(old)
		if s.head.CompareAndSwap(old, n) {
			return
		}
	}
}

func (s *stack) pop() *node {
	for {
		old := s.head.Load()
		if old == nil {
			return nil
		}
		next := old.next.Load()
		if s.head.CompareAndSwap(old, next) {
			return old
		}
	}
}

func reused(t *testing.T, fixed bool) {
	s := &stack{}
	for i := range 3 {
		s.push(&node{value: i})
	}
	var taken [3]atomic.Int32
	var wg sync.WaitGroup
	wg.Go(func() {
		if n := s.pop(); n != nil {
			taken[n.value].Add(1)
		}
	})
	wg.Go(func() {
		a, b := s.pop(), s.pop()
		if b != nil {
			taken[b.value].Add(1)
		}
		if a == nil {
			return
		}
		if fixed {
			a = &node{value: a.value}
		}
		s.push(a)
	})
	wg.Wait()
	for n := s.pop(); n != nil; n = s.pop() {
		taken[n.value].Add(1)
	}
	for i := range taken {
		if taken[i].Load() != 1 {
			t.Errorf("%d was taken %d times", i, taken[i].Load())
		}
	}
}

func TestReusedNodeBug(t *testing.T)   { reused(t, false) }
func TestReusedNodeFixed(t *testing.T) { reused(t, true) }

// setup lets the first caller through by a flag, and the second finds the flag set before the value is.
type setup struct {
	begun atomic.Bool
	once  sync.Once
	value atomic.Int32
}

func (s *setup) get(fixed bool) int32 {
	switch {
	case fixed:
		s.once.Do(func() { s.value.Store(42) })
	case s.begun.CompareAndSwap(false, true):
		s.value.Store(42)
	}
	return s.value.Load()
}

func lazy(t *testing.T, fixed bool) {
	s := &setup{}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if v := s.get(fixed); v != 42 {
				t.Errorf("the value is %d", v)
			}
		})
	}
	wg.Wait()
}

func TestLazyFlagBug(t *testing.T)   { lazy(t, false) }
func TestLazyFlagFixed(t *testing.T) { lazy(t, true) }

// debounce puts off what it runs at each event. If an event meets the timer that fires, the timer of the event before
// runs as well.
type debounce struct {
	mu    sync.Mutex
	timer *time.Timer
	turn  int
	stale int
}

func (d *debounce) event(fixed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn++
	turn := d.turn
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer = time.AfterFunc(5*time.Millisecond, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if fixed && turn != d.turn {
			return
		}
		if turn != d.turn {
			d.stale++
		}
	})
}

func debounced(t *testing.T, fixed bool) {
	d := &debounce{}
	d.event(fixed)
	time.Sleep(4 * time.Millisecond)
	d.event(fixed)
	time.Sleep(time.Second)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stale > 0 {
		t.Error("it ran for an event that was not the last")
	}
}

func TestDebounceBug(t *testing.T)   { debounced(t, false) }
func TestDebounceFixed(t *testing.T) { debounced(t, true) }

// sessions looks for a session and stores one if there is none, in two steps.
func sessions(t *testing.T, fixed bool) {
	var all sync.Map
	open := func() *int {
		if fixed {
			v, _ := all.LoadOrStore("user", new(int))
			return v.(*int)
		}
		if v, ok := all.Load("user"); ok {
			return v.(*int)
		}
		v := new(int)
		all.Store("user", v)
		return v
	}
	var got [2]*int
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = open() })
	}
	wg.Wait()
	if got[0] != got[1] {
		t.Error("one user has two sessions")
	}
}

func TestLoadThenStoreBug(t *testing.T)   { sessions(t, false) }
func TestLoadThenStoreFixed(t *testing.T) { sessions(t, true) }

// recent moves what is read to the front, under the lock for readers.
type recent struct {
	mu    sync.RWMutex
	order *list.List
	items map[string]*list.Element
}

func (r *recent) get(key string, fixed bool) any {
	if fixed {
		r.mu.Lock()
		defer r.mu.Unlock()
	} else {
		r.mu.RLock()
		defer r.mu.RUnlock()
	}
	e := r.items[key]
	r.order.MoveToFront(e)
	return e.Value
}

func readersWrite(fixed bool) {
	r := &recent{order: list.New(), items: map[string]*list.Element{}}
	for _, key := range []string{"a", "b", "c"} {
		r.items[key] = r.order.PushFront(key)
	}
	var wg sync.WaitGroup
	wg.Go(func() { r.get("a", fixed) })
	wg.Go(func() { r.get("b", fixed) })
	wg.Wait()
}

func TestReadersWriteBug(*testing.T)   { readersWrite(false) }
func TestReadersWriteFixed(*testing.T) { readersWrite(true) }

// tally has methods on a copy of itself, whose lock is a copy, too.
type tally struct {
	mu *sync.Mutex
	by sync.Mutex
	n  *int
}

func (c tally) add(fixed bool) {
	mu := &c.by
	if fixed {
		mu = c.mu
	}
	mu.Lock()
	defer mu.Unlock()
	*c.n++
}

func copiedLock(fixed bool) {
	c := tally{mu: &sync.Mutex{}, n: new(int)}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { c.add(fixed) })
	}
	wg.Wait()
}

func TestCopiedLockBug(*testing.T)   { copiedLock(false) }
func TestCopiedLockFixed(*testing.T) { copiedLock(true) }

// fetch returns at the first error of a group, and closes what the others still send to.
func fetch(fixed bool) error {
	results := make(chan int, 3)
	errs := make(chan error, 3)
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			if i == 1 {
				errs <- errors.New("not found")
				return
			}
			results <- i
			errs <- nil
		})
	}
	if fixed {
		wg.Wait()
	}
	defer close(results)
	for range 3 {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func TestGroupLeftBug(*testing.T)   { _ = fetch(false) }
func TestGroupLeftFixed(*testing.T) { _ = fetch(true) }

// await takes the end of the context for that of the time, although someone may have cancelled it before.
func await(t *testing.T, fixed bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	var stopped atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		time.Sleep(10 * time.Millisecond)
		stopped.Store(true)
		cancel()
	})
	wg.Go(func() {
		<-ctx.Done()
		if fixed {
			return
		}
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Error("it ended before its time: ", ctx.Err())
		}
	})
	wg.Wait()
}

func TestCancelledOrLateBug(t *testing.T)   { await(t, false) }
func TestCancelledOrLateFixed(t *testing.T) { await(t, true) }
