package corpus

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// The tests of this file end in a deadlock, so that package testing has no points at their end and all of their
// schedules are few. They print what a run shows by println, which has no points.

// TestDependLocks takes two locks in two orders.
func TestDependLocks(*testing.T) {
	var a, b sync.Mutex
	go func() { a.Lock(); b.Lock(); b.Unlock() }()
	b.Lock()
	a.Lock()
	println("picked both")
	select {}
}

// TestDependAtomics loses an update in some orders.
func TestDependAtomics(*testing.T) {
	var n, other atomic.Int32
	go func() { other.Add(1); n.Store(n.Load() + 1) }()
	n.Store(n.Load() + 1)
	println("picked", n.Load(), other.Load())
	select {}
}

// TestDependBuffered sends on a buffered channel and closes it.
func TestDependBuffered(*testing.T) {
	c := make(chan int, 1)
	go func() { c <- 1; close(c) }()
	v, ok := <-c
	println("picked", v, ok)
	v, ok = <-c
	println("picked", v, ok)
	select {}
}

// TestDependSenders has two senders without a buffer.
func TestDependSenders(*testing.T) {
	c := make(chan int)
	for i := range 2 {
		go func() { c <- i }()
	}
	println("picked", <-c)
	select {}
}

// TestDependSelect has a select that finds no, one or two cases ready.
func TestDependSelect(*testing.T) {
	a, b := make(chan int, 1), make(chan int, 1)
	go func() { a <- 1; b <- 2 }()
	select {
	case v := <-a:
		println("picked", v)
	case v := <-b:
		println("picked", v)
	}
	select {}
}

// TestDependDefault polls a channel, twice.
func TestDependDefault(*testing.T) {
	a := make(chan int, 1)
	go func() { a <- 1 }()
	for range 2 {
		select {
		case v := <-a:
			println("picked", v)
		default:
			println("picked", 0)
		}
	}
	select {}
}

// TestDependCond misses the signal in some orders.
func TestDependCond(*testing.T) {
	var m sync.Mutex
	c := sync.NewCond(&m)
	go func() { m.Lock(); c.Signal(); m.Unlock() }()
	m.Lock()
	c.Wait()
	println("picked the signal")
	select {}
}

// TestDependWait waits for a goroutine.
func TestDependWait(*testing.T) {
	var all sync.WaitGroup
	var n atomic.Int32
	all.Add(1)
	go func() { n.Add(1); all.Done(); n.Add(1) }()
	all.Wait()
	println("picked", n.Load())
	select {}
}

// TestDependReaders has a writer beside a reader.
func TestDependReaders(*testing.T) {
	var m sync.RWMutex
	go m.Lock()
	println("picked", m.TryRLock())
	select {}
}

// TestDependOnce runs a function once, from two goroutines.
func TestDependOnce(*testing.T) {
	var o sync.Once
	go o.Do(func() {})
	o.Do(func() { println("picked") })
	select {}
}

// TestDependApart has two goroutines that have nothing in common.
func TestDependApart(*testing.T) {
	var a, b atomic.Int32
	go func() { a.Add(1); a.Add(1) }()
	b.Add(1)
	b.Add(1)
	select {}
}

// TestDependProgram runs two goroutines with the operations in the environment, separated by ";". A letter is an
// operation, in lower case on another object than in upper case.
func TestDependProgram(*testing.T) {
	var vars [2]atomic.Int64
	var locks [2]sync.Mutex
	c := make(chan int64, 1)
	here, there, _ := strings.Cut(os.Getenv("PROGRAM"), ";")
	run := func(n int, ops string) {
		result := int64(0)
		for _, op := range ops {
			result = result*7 + perform(op, int64(n+1), &vars, &locks, c)
		}
		println("picked by", n, result)
	}
	go run(1, there)
	run(0, here)
	println("picked", vars[0].Load(), vars[1].Load())
	select {}
}

// perform makes an operation and returns what it shows.
func perform(op rune, n int64, vars *[2]atomic.Int64, locks *[2]sync.Mutex, c chan int64) int64 {
	i := 0
	if op >= 'a' {
		i, op = 1, op-'a'+'A'
	}
	switch op {
	case 'L':
		return vars[i].Load()
	case 'S':
		vars[i].Store(n)
	case 'M':
		locks[i].Lock()
		x := vars[i].Load()
		locks[i].Unlock()
		return x
	case 'P':
		select {
		case c <- n:
			return 1
		default:
		}
	case 'R':
		select {
		case x := <-c:
			return x
		default:
		}
	case 'X':
		select {
		case x := <-c:
			return x
		case c <- n:
			return 9
		}
	default:
		panic(fmt.Sprintf("operation %q", op))
	}
	return 0
}
