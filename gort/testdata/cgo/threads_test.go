package cgo

import (
	"sync"
	"testing"
	"time"
)

// collect makes C code send its numbers to a channel without a buffer.
func collect() chan int {
	numbers := make(chan int)
	called = func(n int) { numbers <- n }
	return numbers
}

func TestThread(t *testing.T) {
	numbers := collect()
	startThread(1)
	if n := <-numbers; n != 0 {
		t.Error(n)
	}
}

// TestThreads: four threads call three times each, and every call blocks.
func TestThreads(t *testing.T) {
	numbers, sum := collect(), 0
	for range 4 {
		startThread(3)
	}
	for range 12 {
		sum += <-numbers
	}
	if sum != 12 {
		t.Error(sum)
	}
}

// TestTimeout passes as long as virtual time does not leap while a thread is about to call.
func TestTimeout(t *testing.T) {
	numbers := collect()
	startThread(1)
	select {
	case <-numbers:
	case <-time.After(5 * time.Second):
		t.Error("time-out")
	}
}

// TestSleeps: the function that C code calls sleeps, starts goroutines and takes a lock.
func TestSleeps(t *testing.T) {
	var mu sync.Mutex
	done, total := make(chan bool), 0
	called = func(int) {
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				time.Sleep(time.Millisecond)
				mu.Lock()
				total++
				mu.Unlock()
			})
		}
		wg.Wait()
		done <- true
	}
	startThread(2)
	<-done
	<-done
	if total != 6 {
		t.Error(total)
	}
}

// TestJoined: calls of C code block until threads have called Go.
func TestJoined(t *testing.T) {
	var mu sync.Mutex
	total := 0
	called = func(int) {
		mu.Lock()
		total++
		mu.Unlock()
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { joinThread(2) })
	}
	wg.Wait()
	if total != 6 {
		t.Error(total)
	}
}

// TestPause: calls of C code block, and other goroutines go on.
func TestPause(t *testing.T) {
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { pause(150) })
	}
	c := make(chan int)
	go func() { c <- 1 }()
	<-c
	wg.Wait()
}

func TestDirect(t *testing.T) {
	var mu sync.Mutex
	sum := 0
	called = func(n int) {
		mu.Lock()
		sum += n
		mu.Unlock()
	}
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() { callDirect(i) })
	}
	wg.Wait()
	if sum != 3 {
		t.Error(sum)
	}
}

// TestStay: a thread that never calls makes time pass as the real one does, and prevents no end.
func TestStay(t *testing.T) {
	stayThread()
	time.Sleep(20 * time.Millisecond)
}

// TestDead: in a program that C code may call, a deadlock is found while there is no thread of C code.
func TestDead(t *testing.T) {
	c := make(chan int)
	<-c
}
