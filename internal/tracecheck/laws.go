package tracecheck

import (
	"fmt"

	"github.com/reprise-go/reprise/event"
)

func (c *Checker) rngSeed(e *event.Event) *Error {
	switch {
	case c.index != 0:
		return broken(1, "the seed belongs at event 0")
	case e.Value() != c.seed:
		return broken(1, "the seed of the metadata is %d", c.seed)
	}
	return nil
}

func (c *Checker) taskSpawned(e *event.Event) *Error {
	id, region := uint64(e.Task()), uint64(e.Region())
	if err := c.tasks.fresh(id); err != nil {
		return err
	}
	owner, state := c.regions.look(region)
	first := len(c.tasks.slots) == 0
	orphan := first && state != live && state != over
	if !orphan {
		var err *Error
		if owner, err = c.regionNamed(region); err != nil {
			return err
		}
	}
	if err := c.atTick(e.Tick()); err != nil {
		return err
	}
	if orphan {
		c.orphan, c.orphanAt, owner = *e, c.index, -1
	} else {
		c.regions.slots[owner].tasks++
	}
	c.tasks.add(id, c.index, owner)
	return nil
}

// regionNamed checks that an event may name a region, and returns the position of its slot. If a partial check
// learns from this that the region of the first task existed before, it assigns the region to the task.
func (c *Checker) regionNamed(id uint64) (int, *Error) {
	p, err := c.regions.named(id)
	if err == nil {
		c.adopt(p)
	}
	return p, err
}

func (c *Checker) taskScheduled(e *event.Event) *Error {
	if err := c.taskNamed(e.Task()); err != nil {
		return err
	}
	return c.atTick(e.Tick())
}

func (c *Checker) taskNamed(task event.TaskID) *Error {
	_, err := c.tasks.named(uint64(task))
	return err
}

func (c *Checker) chaosInjection(e *event.Event) *Error {
	if task, ok := e.ChaosTask(); ok {
		return c.taskNamed(task)
	}
	return nil
}

func (c *Checker) wakerWake(e *event.Event) *Error {
	id := uint64(e.Task())
	switch p, state := c.tasks.look(id); {
	case state == never:
		return c.tasks.notLive(id)
	case state == unknown && (p < 0 || c.tasks.slots[p].id != id):
		c.tasks.learn(id, unsure)
	}
	return nil
}

func (c *Checker) taskCompleted(e *event.Event) *Error {
	p, err := c.tasks.named(uint64(e.Task()))
	if err != nil {
		return err
	}
	c.tasks.end(p, c.index)
	if owner := c.tasks.slots[p].owner; owner >= 0 {
		c.regions.slots[owner].tasks--
	}
	return nil
}

func (c *Checker) regionCreated(e *event.Event) *Error {
	id, owner := uint64(e.Region()), -1
	err := c.regions.fresh(id)
	if err != nil {
		return err
	}
	if parent, ok := e.Parent(); ok {
		if owner, err = c.regionNamed(uint64(parent)); err != nil {
			return err
		}
	}
	if err := c.atTick(e.Tick()); err != nil {
		return err
	}
	p := c.regions.add(id, c.index, owner)
	if owner >= 0 {
		c.regions.slots[owner].children++
	}
	c.adopt(p)
	return nil
}

// adopt assigns the new region at p to the first task if the task was spawned into it.
func (c *Checker) adopt(p int) {
	if c.orphan.Kind() == 0 || uint64(c.orphan.Region()) != c.regions.slots[p].id {
		return
	}
	if root, state := c.tasks.look(uint64(c.orphan.Task())); state == live {
		c.tasks.slots[root].owner = p
		c.regions.slots[p].tasks++
	}
	c.orphan = event.Event{}
}

func (c *Checker) regionClosed(e *event.Event) *Error {
	p, err := c.regionNamed(uint64(e.Region()))
	if err != nil {
		return err
	}
	s := &c.regions.slots[p]
	switch {
	case s.tasks > 0:
		return broken(6, "%s has not completed", c.tasks.oldestIn(p))
	case s.children > 0:
		return broken(6, "child %s has not closed", c.regions.oldestIn(p))
	}
	c.regions.end(p, c.index)
	if s.owner >= 0 {
		c.regions.slots[s.owner].children--
	}
	return nil
}

func (c *Checker) timeAdvanced(e *event.Event) *Error {
	from, to := e.FromNanos(), e.ToNanos()
	switch {
	case from != c.now && c.timed:
		return broken(3, "the time so far is %s", c.clock())
	case from >= to:
		return broken(3, "to_nanos is not after from_nanos")
	}
	c.now, c.nowAt, c.timed = to, c.index, true
	return nil
}

// clock describes the current time and the event that set it.
func (c *Checker) clock() string {
	if c.nowAt < 0 {
		return fmt.Sprintf("%dns since the start", c.now)
	}
	return fmt.Sprintf("%dns since event %d", c.now, c.nowAt)
}

// atTick checks law 7.
func (c *Checker) atTick(tick uint64) *Error {
	if tick < c.tick {
		return broken(7, "at_tick was %d at event %d", c.tick, c.tickAt)
	}
	c.tick, c.tickAt = tick, c.index
	return nil
}

func (c *Checker) checkpoint(e *event.Event) *Error {
	sequence := e.Sequence()
	switch {
	case c.checkpointAt >= 0 && (sequence == 0 || sequence-1 != c.sequence):
		return broken(8, "the sequence was %d at event %d", c.sequence, c.checkpointAt)
	case e.TimeNanos() != c.now && c.timed:
		return broken(8, "the time is %s", c.clock())
	case !c.tasks.count(uint64(e.ActiveTasks())):
		return broken(8, "the number of live tasks is %s", c.tasks.number())
	case !c.regions.count(uint64(e.ActiveRegions())):
		return broken(8, "the number of open regions is %s", c.regions.number())
	}
	if !c.timed {
		c.now, c.nowAt, c.timed = e.TimeNanos(), c.index, true
	}
	c.sequence, c.checkpointAt = sequence, c.index
	return nil
}
