package corpus

import (
	"context"
	"testing"
	"time"
)

// TestReadyCases has a select with two ready cases and one that is not ready, and another with a single ready case.
func TestReadyCases(t *testing.T) {
	first, second, third := make(chan int, 1), make(chan int, 1), make(chan int)
	first <- 1
	second <- 2
	got := 0
	select {
	case n := <-first:
		got = n
	case n := <-second:
		got = n
	case third <- 3:
	}
	select {
	case n := <-first:
		got += n
	case n := <-second:
		got += n
	case third <- 3:
	}
	if got != 3 {
		t.Error("something was lost")
	}
}

// TestTimerLines waits for timers that it sets, sets again, and lets the standard library set.
func TestTimerLines(t *testing.T) {
	set := time.NewTimer(2 * time.Millisecond)
	<-set.C
	set.Reset(3 * time.Millisecond)
	<-set.C
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	<-ctx.Done()
	set.Stop()
	set.Reset(time.Second)
	set.Stop()
}
