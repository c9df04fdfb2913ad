package simsched

import (
	"iter"
	"runtime"
	"sync"
)

// coroutine runs tasks, one after another. It is an iter.Pull iterator: the cheapest way in Go to switch between
// stacks, about a fifth of the cost of a channel hand-off.
type coroutine struct {
	task  *Task
	next  func() (struct{}, bool)
	yield func(struct{}) bool

	place  int32 // in Sim.coroutines
	ending bool  // resumed for the last time, to end
}

// goroutineID returns the number of the calling goroutine, read from the head of its stack trace, "goroutine 7 [".
func goroutineID() (id uint64) {
	var buf [32]byte
	for _, c := range buf[len("goroutine "):runtime.Stack(buf[:], false)] {
		if c < '0' || c > '9' {
			break
		}
		id = 10*id + uint64(c-'0')
	}
	return id
}

// adopt assigns a coroutine to t, an idle one if possible.
func (s *Sim) adopt(t *Task) {
	if n := len(s.idle); n > 0 {
		t.co = s.idle[n-1]
		s.idle = s.idle[:n-1]
	} else {
		t.co = s.newCoroutine()
	}
	t.co.task = t
}

func (s *Sim) newCoroutine() *coroutine {
	c := &coroutine{place: int32(len(s.coroutines))}
	c.next, _ = iter.Pull(func(yield func(struct{}) bool) { s.work(c, yield) })
	s.coroutines = append(s.coroutines, c)
	return c
}

func (c *coroutine) resume() { c.next() }

// work runs the task of c, then the next task if that has not started yet, and otherwise waits for a new task.
func (s *Sim) work(c *coroutine, yield func(struct{}) bool) {
	c.yield = yield
	if s.cfg.CheckGoroutines {
		s.goroutines[c] = goroutineID()
	}
	for {
		s.runTask(c.task)
		c.task.co = nil
		next := s.pick()
		if next != nil && next.co == nil {
			c.task, next.co = next, c
			continue
		}
		s.next, c.task = next, nil
		s.idle = append(s.idle, c)
		if yield(struct{}{}); c.ending {
			return
		}
	}
}

// shutDown ends all coroutines.
func (s *Sim) shutDown() {
	s.unwinding, s.current = true, nil
	for _, c := range s.coroutines {
		c.end()
	}
	s.unwinding = false
}

// end ends c. A task in it is unwound by runtime.Goexit, which also reaches the goroutine that called next; end
// uses a goroutine for this purpose only. The stop function of iter.Pull would do the same, but keeping it costs
// memory.
func (c *coroutine) end() {
	c.ending = true
	if c.task == nil {
		c.next()
		return
	}
	var unwound sync.WaitGroup
	unwound.Go(c.resume)
	unwound.Wait()
}
