package corpus

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// TestGrid is a goroutine with three points beside its parent, which has some, too.
func TestGrid(*testing.T) {
	var a, b atomic.Int32
	go func() { b.Add(1); b.Add(1); b.Add(1) }()
	a.Add(1)
	a.Add(1)
}

// TestGridBug loses an update if a goroutine is preempted between its two operations.
func TestGridBug(t *testing.T) {
	var n, done atomic.Int32
	add := func() { n.Store(n.Load() + 1); done.Add(1) }
	go add()
	add()
	for done.Load() < 2 {
		runtime.Gosched()
	}
	if n.Load() != 2 {
		t.Error("an update is lost")
	}
}
