package simsched

import (
	"iter"
	"runtime"
	"sync"
)

// coroutine runs tasks, one after another, on a stack of its own. Each hands over to the next one directly, with a
// single switch, the cheapest that Go has:
//
//  1. An exchange is a place where exactly one goroutine waits. Whoever swaps through it waits there from then on, and
//     the goroutine that waited goes on. A coroutine brings one exchange with it, its home.
//  2. To hand over to a coroutine, swap through the exchange in which it waits, wherever that is. So coroutines come to
//     wait in each other's exchanges, and the driver of the run in one of them.
//  3. A goroutine that ends lets the one go on that waits in its home. Before one ends, all others, and the driver, go
//     home: see [Sim.settle].
type coroutine struct {
	sim  *Sim // of task
	task *Task
	own  exchange
	home *exchange // &own; of the driver the one that is left if all others are at home
	in   *exchange // in which it waits, nil while it runs

	place int32 // in Sim.coroutines
	told  told  // what to do when it goes on
}

// told is an order to a coroutine that waits.
type told uint8

const (
	goOn   told = iota
	goHome      // to wait in its home, and let the goroutine that waits there go on
	end
)

// exchange is an iter.Pull iterator, about a third of the cost of a channel hand-off. The runtime does not mind which
// goroutine calls next and which one yield, as long as they take turns.
type exchange struct {
	next    func() (struct{}, bool)
	yield   func(struct{}) bool
	entered bool // the next swap is a yield
}

// swap lets the goroutine that waits in x go on, and the caller wait in its place.
func (x *exchange) swap() {
	if x.entered = !x.entered; x.entered {
		x.next()
	} else {
		x.yield(struct{}{})
	}
}

// handOver lets next, or the driver if next is nil, go on and c, the running coroutine, wait. It returns when another
// one hands over to c. If the run has ended, the task of c is unwound instead.
//
// The swap is written out because the processor mispredicts, after a switch, the return of every call between a task
// and the switch: a call less saves 5 to 10 ns of about 150 (BenchmarkStep of package replayer).
func (c *coroutine) handOver(next *Task) {
	to := c.sim.stack(next)
	x := to.in
	c.in, to.in = x, nil
	if x.entered = !x.entered; x.entered {
		x.next()
	} else {
		x.yield(struct{}{})
	}
	if c.told != goOn {
		c.obey()
	}
}

// obey carries out the order that c received while it waited.
func (c *coroutine) obey() {
	for c.told == goHome {
		c.told, c.in = goOn, c.home
		c.home.swap()
	}
	if c.told == end && c.task != nil {
		runtime.Goexit()
	}
}

// stack returns the coroutine in which a task runs: its own, an idle or a new one if it has none yet, or the driver if
// the task is nil because the run is over.
func (s *Sim) stack(t *Task) *coroutine {
	if t == nil {
		return &s.driver
	}
	if t.co == nil {
		s.adopt(t)
	}
	return t.co
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
	c.home, c.in = &c.own, &c.own
	c.own.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		c.own.yield = yield
		defer c.leave()
		c.work()
	})
	return c
}

// grownStacks is the number of stacks of a run that grow at their start. In runs with many tasks most of them wait, for
// which the stack of a new goroutine is large enough.
const grownStacks = 64

// growStack lets the stack of a new goroutine grow to what a scheduling step needs, while there is hardly anything on
// it to be copied.
//
//go:noinline
func growStack() {
	var room [2 << 10]byte
	runtime.KeepAlive(&room)
}

// work runs the task of c, then the next task if that has not started yet, and otherwise waits for a new task, which
// may be of another run.
func (c *coroutine) work() {
	if c.place < grownStacks {
		growStack()
	}
	for {
		s := c.sim
		if s.goroutines != nil {
			s.goroutines.add(c)
		}
		s.runTask(c.task)
		c.task.co = nil
		next := s.pick()
		if next != nil && next.co == nil {
			c.task, next.co = next, c
			continue
		}
		c.task = nil
		s.idle = append(s.idle, c)
		if c.handOver(next); c.told == end {
			return
		}
	}
}

// leave is called when the goroutine of c ends. If it ends early, by a panic of the Observer or the Chooser or by
// runtime.Goexit, the run ends, and the driver goes on.
func (c *coroutine) leave() {
	if c.told == end {
		return
	}
	s := c.sim
	if v := recover(); v != nil {
		s.hookPanic = v
	} else {
		s.quit = true
	}
	s.settle(c)
	s.remove(c)
}

// settle lets all coroutines, and the driver, wait in their homes. The running one, which calls it, does not wait; its
// own exchange is the home of the driver. Those that wait elsewhere wait in a circle in the exchanges of each other:
// the caller wakes one, which goes home and wakes the one that waits there, and so on, until the last one wakes the
// caller.
func (s *Sim) settle(running *coroutine) {
	s.driver.home = running.home
	all := s.coroutines
	for i := -1; i < len(all); i++ {
		if c := s.participant(i); c != running && c.in != c.home {
			c.told = goHome
		}
	}
	for i := -1; i < len(all); i++ {
		if c := s.participant(i); c.told == goHome {
			running.in = c.in
			running.in.swap()
			running.in = nil
		}
	}
}

// participant returns a coroutine of the run by its place, and the driver for -1.
func (s *Sim) participant(i int) *coroutine {
	if i < 0 {
		return &s.driver
	}
	return s.coroutines[i]
}

// running returns the coroutine that runs now, or the driver.
func (s *Sim) running() *coroutine {
	for _, c := range s.coroutines {
		if c.in == nil {
			return c
		}
	}
	return &s.driver
}

// remove removes a coroutine that has ended, or is about to.
func (s *Sim) remove(c *coroutine) {
	last := len(s.coroutines) - 1
	s.coroutines[c.place] = s.coroutines[last]
	s.coroutines[c.place].place = c.place
	s.coroutines[last] = nil
	s.coroutines = s.coroutines[:last]
}

// shutDown ends all coroutines that the Pool does not take.
func (s *Sim) shutDown() {
	s.unwinding, s.current = true, nil
	s.settle(&s.driver)
	for _, c := range s.coroutines {
		if c.task != nil || !s.cfg.Pool.put(c) {
			c.end()
		}
	}
	s.unwinding = false
	s.cfg.Pool.release()
}

// end ends c, which waits at home. A task in it is unwound by runtime.Goexit, which also reaches the goroutine that
// called next; end uses a goroutine for this purpose only. The stop function of iter.Pull would do the same, but
// keeping it costs memory.
func (c *coroutine) end() {
	c.told = end
	if c.task == nil {
		c.own.swap()
		return
	}
	var unwound sync.WaitGroup
	unwound.Go(c.own.swap)
	unwound.Wait()
}
