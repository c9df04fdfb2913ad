package simsched

import (
	"iter"
	"runtime"
	"strings"
	"sync"
)

// coroutine runs tasks, one after the other. It is an iter.Pull iterator: the cheapest way in Go to switch between
// stacks, about a fifth of a channel hand-off.
type coroutine struct {
	task  *Task
	place int // in Sim.coroutines
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool

	goroutine string // as goroutineID gives it; empty unless Config.CheckGoroutines is set
}

// goroutineID returns the identity of the calling goroutine, read off the head of its stack trace, "goroutine 7 [".
func goroutineID() string {
	var buf [32]byte
	head := string(buf[:runtime.Stack(buf[:], false)])
	id, _, _ := strings.Cut(head, "[")
	return id
}

// adopt gives t a coroutine, an idle one if there is one.
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
	c := &coroutine{place: len(s.coroutines)}
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) { s.work(c, yield) })
	s.coroutines = append(s.coroutines, c)
	return c
}

func (c *coroutine) resume() { c.next() }

// work runs the task of c, and then at once the next task if that has not started yet, else it waits for another.
func (s *Sim) work(c *coroutine, yield func(struct{}) bool) {
	c.yield = yield
	if s.cfg.CheckGoroutines {
		c.goroutine = goroutineID()
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
		if !yield(struct{}{}) {
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

// end ends c. If it has a task that is unwound by runtime.Goexit, which reaches the caller of stop too: a goroutine that
// is there for nothing else.
func (c *coroutine) end() {
	if c.task == nil {
		c.stop()
		return
	}
	var unwound sync.WaitGroup
	unwound.Go(c.stop)
	unwound.Wait()
}
