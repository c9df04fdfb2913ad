package corpus

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

var reachIDs = make(chan int)

func TestKeptSend(t *testing.T) {
	go func() {
		for i := 0; ; i++ {
			reachIDs <- i
		}
	}()
	<-reachIDs
}

var reachOnce sync.Once
var reachJobs chan func()

func TestKeptOnce(t *testing.T) {
	reachOnce.Do(func() {
		reachJobs = make(chan func())
		go func() {
			for f := range reachJobs {
				f()
			}
		}()
	})
	reachJobs <- func() {}
}

type reachServer struct {
	jobs chan int
	stop chan bool
}

var reachRegistry sync.Map

func (s *reachServer) run() {
	for {
		select {
		case <-s.jobs:
		case <-s.stop:
			return
		}
	}
}

func TestKeptMap(t *testing.T) {
	s := &reachServer{make(chan int), make(chan bool)}
	reachRegistry.Store("a", s)
	go s.run()
	s.jobs <- 1
}

type reachCache struct{ *reachServer }

func TestKeptFinalizer(t *testing.T) {
	s := &reachServer{make(chan int), make(chan bool)}
	go s.run()
	c := &reachCache{s}
	runtime.SetFinalizer(c, func(c *reachCache) { close(c.stop) })
	c.jobs <- 1
}

func TestKeptCleanup(t *testing.T) {
	s := &reachServer{make(chan int), make(chan bool)}
	go s.run()
	c := &reachCache{s}
	runtime.AddCleanup(c, func(stop chan bool) { close(stop) }, s.stop)
	c.jobs <- 1
}

func TestKeptTimer(t *testing.T) {
	c := make(chan bool)
	time.AfterFunc(24*time.Hour, func() { close(c) })
	go func() { <-c }()
}

func TestLostWorker(t *testing.T) {
	s := &reachServer{make(chan int), make(chan bool)}
	go s.run()
	s.jobs <- 1
}

func TestLostContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-ctx.Done() }()
	_ = cancel
}

func TestLostPair(t *testing.T) {
	a, b := make(chan int), make(chan int)
	go func() { <-a; b <- 1 }()
	go func() { <-b; a <- 1 }()
}

func TestLostStoppedTimer(t *testing.T) {
	c := make(chan bool)
	time.AfterFunc(time.Hour, func() { close(c) }).Stop()
	go func() { <-c }()
}

// TestLostFiredTimer waits a second time for a timer that has fired.
func TestLostFiredTimer(t *testing.T) {
	go func() {
		fired := time.NewTimer(time.Millisecond)
		<-fired.C
		<-fired.C
	}()
	time.Sleep(10 * time.Millisecond)
}

// TestLostTicker ranges over the channel of a ticker, which Stop does not close.
func TestLostTicker(t *testing.T) {
	tick := time.NewTicker(time.Millisecond)
	go func() {
		for range tick.C {
		}
	}()
	time.Sleep(5 * time.Millisecond)
	tick.Stop()
}

func TestLostNil(t *testing.T) {
	go func() { var c chan int; <-c }()
	go func() { select {} }()
}

func TestLostGenerator(t *testing.T) {
	gen := func() <-chan int {
		c := make(chan int)
		go func() {
			for i := range 10 {
				c <- i
			}
		}()
		return c
	}
	for i := range gen() {
		if i == 3 {
			break
		}
	}
}
func TestLostBesideSleeper(t *testing.T) {
	c := make(chan bool)
	go func() { <-c }()
	go func() {
		for {
			time.Sleep(time.Minute)
		}
	}()
}

func TestHangBesideTicker(t *testing.T) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	go func() {
		for range tick.C {
		}
	}()
	<-make(chan int)
}

// TestHangBesidePoller waits for a worker that waits for what nothing reaches.
func TestHangBesidePoller(t *testing.T) {
	go func() {
		for {
			runtime.Gosched()
		}
	}()
	var wg sync.WaitGroup
	wg.Go(func() { <-make(chan int) })
	wg.Wait()
}

// TestLateSignal looks like a hang for ten minutes of ticks.
func TestLateSignal(t *testing.T) {
	c := make(chan bool)
	go func() {
		n := 0
		for range time.Tick(100 * time.Millisecond) {
			if n++; n == 6000 {
				close(c)
				return
			}
		}
	}()
	<-c
}

// TestLogsLate leaves a goroutine that uses the test after the process would have ended.
func TestLogsLate(t *testing.T) {
	go func() {
		time.Sleep(30 * time.Second)
		t.Log("late")
		fmt.Fprintln(t.Output(), "late")
		t.Error("late")
		println("used the test")
	}()
}
