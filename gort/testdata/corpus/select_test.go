package corpus

import (
	"sync/atomic"
	"testing"
)

// full returns channels with a value each, the number of the channel.
func full() (a, b, c chan int) {
	a, b, c = make(chan int, 1), make(chan int, 1), make(chan int, 1)
	a <- 0
	b <- 1
	c <- 2
	return a, b, c
}

// pick receives from one of the channels that have a value.
func pick(a, b, c chan int) (n int) {
	select {
	case n = <-a:
	case n = <-b:
	case n = <-c:
	}
	return n
}

// TestPickTwo has two ready cases.
func TestPickTwo(t *testing.T) {
	a, b, _ := full()
	t.Log("picked", pick(a, b, nil))
}

// TestPickThree has three ready cases, and then two.
func TestPickThree(t *testing.T) {
	a, b, c := full()
	t.Log("picked", pick(a, b, c), pick(a, b, c))
}

// TestPickGrid is TestGrid with a choice of two cases, of which one sends.
func TestPickGrid(t *testing.T) {
	a, _, _ := full()
	out := make(chan int, 1)
	var n atomic.Int32
	go func() { n.Add(1); n.Add(1) }()
	select {
	case out <- 1:
		t.Log("picked", 0)
	case k := <-a:
		t.Log("picked", 1+k)
	}
}

// TestPickBug fails if the last of three cases is taken before the second.
func TestPickBug(t *testing.T) {
	a, b, c := full()
	if x, y := pick(a, b, c), pick(a, b, c); x == 2 && y == 1 {
		t.Error("picked", x, y)
	}
}
