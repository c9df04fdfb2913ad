package simsched

import (
	"iter"
	"runtime"
	"sync"
)

// coroutine runs tasks, one after another. It is an iter.Pull iterator: the cheapest way in Go to switch between
// stacks, about a fifth of the cost of a channel hand-off.
type coroutine struct {
	sim   *Sim // of task
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
		t.co = s.cfg.Pool.take()
		t.co.sim, t.co.place = s, int32(len(s.coroutines))
		s.coroutines = append(s.coroutines, t.co)
	}
	t.co.task = t
}

func newCoroutine() *coroutine {
	c := &coroutine{}
	c.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		c.work()
	})
	return c
}

func (c *coroutine) resume() { c.next() }

// work runs the task of c, then the next task if that has not started yet, and otherwise waits for a new task, which
// may be of another run.
func (c *coroutine) work() {
	for {
		s := c.sim
		if s.cfg.CheckGoroutines && s.goroutines[c] == 0 {
			s.goroutines[c] = goroutineID()
		}
		s.runTask(c.task)
		c.task.co = nil
		next := s.pick()
		if next != nil && next.co == nil {
			c.task, next.co = next, c
			continue
		}
		s.next, c.task = next, nil
		s.idle = append(s.idle, c)
		if c.yield(struct{}{}); c.ending {
			return
		}
	}
}

// shutDown ends all coroutines that the Pool does not take.
func (s *Sim) shutDown() {
	s.unwinding, s.current = true, nil
	for _, c := range s.coroutines {
		if c.task != nil || !s.cfg.Pool.put(c) {
			c.end()
		}
	}
	s.unwinding = false
	s.cfg.Pool.release()
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
