package races

import (
	"sync"
	"testing"
)

func TestCounterRace(t *testing.T) {
	n := 0
	both(func() { n++ }, func() { n++ })
	sinkInt = n
}

func TestCounterFixed(t *testing.T) {
	n := 0
	var mu sync.Mutex
	both(guarded(&mu, func() { n++ }), guarded(&mu, func() { n++ }))
	sinkInt = n
}

func TestReadWriteRace(t *testing.T) {
	n, seen := 0, 0
	both(func() { n = 1 }, func() { seen = n })
	sinkInt = seen
}

func TestReadWriteFixed(t *testing.T) {
	n, seen := 0, 0
	var mu sync.RWMutex
	both(func() { mu.Lock(); n = 1; mu.Unlock() }, func() { mu.RLock(); seen = n; mu.RUnlock() })
	sinkInt = seen
}

func TestReadersUnderReadLockRace(t *testing.T) { // both only hold the read lock, and both write
	n := 0
	var mu sync.RWMutex
	write := func() { mu.RLock(); n++; mu.RUnlock() }
	both(write, write)
	sinkInt = n
}

func TestReadersUnderReadLockFixed(t *testing.T) {
	n := 0
	var mu sync.RWMutex
	write := func() { mu.Lock(); n++; mu.Unlock() }
	both(write, write)
	sinkInt = n
}

func TestTwoLocksRace(t *testing.T) {
	n := 0
	var a, b sync.Mutex
	both(guarded(&a, func() { n++ }), guarded(&b, func() { n++ }))
	sinkInt = n
}

func TestTwoLocksFixed(t *testing.T) {
	n := 0
	var a sync.Mutex
	both(guarded(&a, func() { n++ }), guarded(&a, func() { n++ }))
	sinkInt = n
}

func TestCapturedVariableRace(t *testing.T) { // of the loop, declared outside of it
	var wg sync.WaitGroup
	var i int
	for i = 0; i < 3; i++ {
		wg.Go(func() { sinkAny = nil; _ = i * 2 })
	}
	wg.Wait()
}

func TestCapturedVariableFixed(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := 0; i < 3; i++ {
		wg.Go(func() { mu.Lock(); sinkInt = i; mu.Unlock() })
	}
	wg.Wait()
}

func TestCapturedErrorRace(t *testing.T) {
	var err error
	work := func() error { return nil }
	both(func() { err = work() }, func() { err = work() })
	sinkAny = err
}

func TestCapturedErrorFixed(t *testing.T) {
	var errs [2]error
	work := func() error { return nil }
	both(func() { errs[0] = work() }, func() { errs[1] = work() })
	sinkAny = errs[0]
}

type pair struct{ a, b int }

func TestStructCopyRace(t *testing.T) {
	p := &pair{}
	var q pair
	both(func() { p.b = 1 }, func() { q = *p })
	sinkInt = q.b
}

func TestStructCopyFixed(t *testing.T) {
	p := &pair{}
	var q pair
	var mu sync.Mutex
	both(guarded(&mu, func() { p.b = 1 }), guarded(&mu, func() { q = *p }))
	sinkInt = q.b
}

func TestFieldsRace(t *testing.T) {
	p := &pair{}
	both(func() { p.a = 1 }, func() { p.a = 2; p.b = 2 })
	sinkInt = p.a
}

func TestFieldsFixed(t *testing.T) { // different fields of eight bytes
	p := &pair{}
	both(func() { p.a = 1 }, func() { p.b = 2 })
	sinkInt = p.a
}

type flags struct{ a, b, c, d byte }

func TestBytesRace(t *testing.T) {
	f := &flags{}
	both(func() { f.b = 1 }, func() { f.b = 2 })
	sinkInt = int(f.b)
}

func TestBytesFixed(t *testing.T) { // neighbours within eight bytes
	f := &flags{}
	both(func() { f.b = 1 }, func() { f.c = 2 })
	sinkInt = int(f.b)
}

func TestArrayRace(t *testing.T) {
	var a, b [4]int
	p := &a
	both(func() { p[2] = 1 }, func() { b = *p })
	sinkInt = b[2]
}

func TestArrayFixed(t *testing.T) {
	var a [4]int
	p := &a
	both(func() { p[2] = 1 }, func() { p[3] = 1 })
	sinkInt = a[2]
}

func TestInterfaceRace(t *testing.T) {
	var v any = 1
	both(func() { v = "text" }, func() { sinkAny = v })
}

func TestInterfaceFixed(t *testing.T) {
	var v any = 1
	var mu sync.Mutex
	both(guarded(&mu, func() { v = "text" }), guarded(&mu, func() { sinkAny = v }))
}

func TestStringRace(t *testing.T) {
	s := "one"
	both(func() { s = "three" }, func() { sinkString = s })
}

func TestStringFixed(t *testing.T) {
	s := "one"
	done := make(chan struct{})
	both(func() { s = "three"; close(done) }, func() { <-done; sinkString = s })
}

func TestPointerRace(t *testing.T) {
	var p *pair
	both(func() { p = &pair{1, 2} }, func() {
		if p != nil {
			sinkInt = p.b
		}
	})
}

func TestPointerFixed(t *testing.T) {
	c := make(chan *pair, 1)
	both(func() { c <- &pair{1, 2} }, func() { sinkInt = (<-c).b })
}

func TestFuncValueRace(t *testing.T) {
	hook := func() {}
	both(func() { hook = func() { sinkInt = 1 } }, func() { hook() })
}

func TestFuncValueFixed(t *testing.T) {
	hook := func() {}
	var mu sync.Mutex
	both(guarded(&mu, func() { hook = func() { sinkInt = 1 } }), guarded(&mu, func() { hook() }))
}

type node struct {
	next  *node
	value int
}

func TestListRace(t *testing.T) {
	head := &node{}
	push := func(v int) { head = &node{head, v} }
	both(func() { push(1) }, func() { push(2) })
	sinkInt = head.value
}

func TestListFixed(t *testing.T) {
	head := &node{}
	var mu sync.Mutex
	push := func(v int) func() { return guarded(&mu, func() { head = &node{head, v} }) }
	both(push(1), push(2))
	sinkInt = head.value
}

var global int

func TestGlobalRace(t *testing.T) { both(func() { global = 1 }, func() { global = 2 }) }

func TestGlobalFixed(t *testing.T) {
	var mu sync.Mutex
	both(guarded(&mu, func() { global = 1 }), guarded(&mu, func() { global = 2 }))
}

type account struct{ balance int }

func (a *account) deposit(n int) { a.balance += n }

func TestMethodRace(t *testing.T) {
	a := &account{}
	both(func() { a.deposit(1) }, func() { a.deposit(2) })
	sinkInt = a.balance
}

func TestMethodFixed(t *testing.T) {
	a := &account{}
	c := make(chan int)
	both(func() { c <- 1; c <- 2; close(c) }, func() {
		for n := range c {
			a.deposit(n)
		}
	})
	sinkInt = a.balance
}
