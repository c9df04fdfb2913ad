package simsched

import (
	"fmt"
	"sync"
)

// Cond is a condition variable with the rules of [sync.Cond]. If several tasks wait, the Chooser chooses the one
// that Signal wakes.
type Cond struct {
	L sync.Locker // held while the condition is checked or changed

	sim   *Sim
	name  string
	id    uint64
	queue queue

	missed   int    // number of signals while no task was waiting
	lastMiss uint64 // step of the last of them
}

// NewCond returns a Cond with a lock, which must be one of this package. The name is for reports.
func (s *Sim) NewCond(name string, l sync.Locker) *Cond {
	return &Cond{L: l, sim: s, name: name, id: s.objectID()}
}

// Wait unlocks c.L, waits for Signal or Broadcast, and locks c.L again. A wake between the unlock and the wait counts.
func (c *Cond) Wait() {
	t := c.sim.enter("Cond.Wait")
	c.sim.usesOther()
	t.sel = &selection{waiters: []waiter{{task: t}}, early: true}
	c.queue.push(&t.sel.waiters[0])
	c.L.Unlock()
	c.sim.usesOther()
	t.sel.early = false
	if t.sel.served == nil {
		t.blockedOn = c
		c.sim.park(t, c.sim.pick())
		t.blockedOn = nil
	}
	t.sel = nil
	c.L.Lock()
}

// Signal wakes one of the waiting tasks, if any.
func (c *Cond) Signal() {
	t, ok := c.sim.release("Cond.Signal")
	if !ok {
		return
	}
	c.sim.pointAt(t, syncOn(c.id))
	c.sim.did("signals", c.object())
	if c.queue.n == 0 {
		c.miss()
		return
	}
	c.sim.wakeOne(&c.queue)
}

func (c *Cond) miss() {
	c.missed++
	c.lastMiss = c.sim.tick
}

// Broadcast wakes all waiting tasks.
func (c *Cond) Broadcast() {
	t, ok := c.sim.release("Cond.Broadcast")
	if !ok {
		return
	}
	c.sim.pointAt(t, syncOn(c.id))
	c.sim.did("broadcasts to", c.object())
	if c.queue.n == 0 {
		c.miss()
	}
	c.sim.wakeAll(&c.queue, nil)
}

func (c *Cond) waitsFor() string {
	text := fmt.Sprintf("for a signal on condition %q", c.name)
	if c.missed > 0 {
		text += fmt.Sprintf("; lost wake-ups: %d (no task was waiting), the last in step %d", c.missed, c.lastMiss)
	}
	return text
}
