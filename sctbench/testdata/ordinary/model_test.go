package sctbench_test

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// The programs of package sctbench, with the goroutines and locks of ordinary Go.

type (
	mutex     = sync.Mutex
	condition = sync.Cond
)

// world is what a program runs in.
type world struct{}

// shared is a shared variable.
type shared struct{ *variable }

type variable struct{ v atomic.Int64 }

func (x *variable) Load() int   { return int(x.v.Load()) }
func (x *variable) Store(v int) { x.v.Store(int64(v)) }
func (x *variable) CompareAndSwap(old, new int) bool {
	return x.v.CompareAndSwap(int64(old), int64(new))
}

func (w world) shared(v int) shared {
	x := shared{&variable{}}
	x.Store(v)
	return x
}

func (w world) all(n int) (list []shared) {
	for range n {
		list = append(list, w.shared(0))
	}
	return list
}

// inc adds a number by a read and a write.
func (x shared) inc(d int) { x.Store(x.Load() + d) }

// exchange and add are one step each.
func (x shared) exchange(v int) int { return int(x.v.Swap(int64(v))) }
func (x shared) add(d int) int      { return int(x.v.Add(int64(d))) - d }

// probe is a read that counts as a write.
func (x shared) probe() int { return x.add(0) }

func (w world) mutex(string) *mutex                        { return &mutex{} }
func (w world) NewCond(_ string, l sync.Locker) *condition { return sync.NewCond(l) }
func (w world) Yield()                                     { runtime.Gosched() }
func (w world) pad(int)                                    {}

// thread is a goroutine that can be waited for.
type thread struct{ done chan struct{} }

func (w world) task(_ string, f func()) *thread {
	t := &thread{make(chan struct{})}
	go func() {
		defer close(t.done)
		f()
	}()
	return t
}

// join waits for goroutines in their order.
func (w world) join(list ...*thread) {
	for _, t := range list {
		<-t.done
	}
}

// assert fails the run unless ok.
func assert(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}

// TestProgram runs the program that SCTBENCH names.
func TestProgram(*testing.T) {
	for _, p := range programs {
		if p.name == os.Getenv("SCTBENCH") {
			p.run(world{})
		}
	}
}
