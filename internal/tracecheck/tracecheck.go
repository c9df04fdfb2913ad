package tracecheck

import (
	"fmt"

	"github.com/reprise-go/reprise/event"
)

// Error reports the event that broke a law.
type Error struct {
	Law   int         // number of the law, 1 to 8
	Index int         // index of the event in the run, from 0
	Event event.Event // the event itself
	Msg   string      // what is wrong, with the index of the conflicting event if there is one
}

// Error returns the law, the event and what is wrong with it.
func (e *Error) Error() string {
	return fmt.Sprintf("tracecheck: law %d, event %d (%v): %s", e.Law, e.Index, e.Event, e.Msg)
}

// broken makes an Error whose event is not set yet.
func broken(law int, format string, args ...any) *Error {
	return &Error{Law: law, Msg: fmt.Sprintf(format, args...)}
}

// Check checks a whole trace and returns the first broken law as an [*Error], or nil. To check a trace that was cut
// off, pass its events to a [Checker] and do not call [Checker.End].
func Check(t *event.Trace) error {
	c := New(t.Metadata)
	for _, e := range t.All() {
		if err := c.Event(e); err != nil {
			return err
		}
	}
	return c.End()
}

// Checker checks one trace event by event. It is made by [New] and is not safe for concurrent use.
type Checker struct {
	seed    uint64
	index   int    // index of the next event
	partial bool   // the trace starts in the middle of a run
	err     *Error // the first broken law
	tasks   arena
	regions arena
	timers  timers

	orphan   event.Event // the first TaskSpawned while its region is missing, else the zero Event
	orphanAt int         // its index

	now   uint64 // virtual time
	nowAt int    // index of the event that set now; -1 at the start
	timed bool   // whether now is known

	tick   uint64 // the last at_tick
	tickAt int    // index of the event that had it

	sequence     uint64 // number of the last checkpoint
	checkpointAt int    // index of that event; -1 before the first checkpoint
}

// New returns a Checker of the trace with the metadata md, before its first event.
func New(md event.Metadata) *Checker {
	return &Checker{
		seed:         md.Seed,
		tasks:        arena{words: &taskWords},
		regions:      arena{words: &regionWords},
		nowAt:        -1,
		timed:        true,
		checkpointAt: -1,
	}
}

// Start describes where in a run the events of a partial check begin.
type Start struct {
	First uint64 // index of the first event; 0 if unknown
	Timed bool   // whether Time is known
	Time  uint64 // virtual time before the first event, in nanoseconds since the start of the run
}

// NewPartial returns a Checker of a trace that starts in the middle of a run. It infers what existed before from
// the first event that names it, and does not check what cannot be inferred: see the package comment.
func NewPartial(md event.Metadata, start Start) *Checker {
	c := New(md)
	c.partial, c.index, c.now, c.timed = true, int(start.First), start.Time, start.Timed
	c.tasks.partial, c.regions.partial, c.timers.partial = true, true, true
	return c
}

// Event checks the next event of the trace. It returns the first broken law as an [*Error]; later calls return the
// same Error. It panics if e is the zero Event.
func (c *Checker) Event(e event.Event) error {
	if c.err != nil {
		return c.err
	}
	if err := c.apply(&e); err != nil {
		err.Index, err.Event = c.index, e
		c.err = err
		return err
	}
	c.index++
	return nil
}

// End checks that the region of the first task was created by the end of the trace. If it was not, the [*Error] has
// the TaskSpawned of that task. If a law was broken before, End returns what Event returned.
func (c *Checker) End() error {
	if c.err != nil {
		return c.err
	}
	if c.orphan.Kind() == 0 || c.partial {
		return nil
	}
	err := broken(2, "region %v was not created before the end", c.orphan.Region())
	err.Index, err.Event = c.orphanAt, c.orphan
	return err
}

// apply checks e and updates the state.
func (c *Checker) apply(e *event.Event) *Error {
	switch e.Kind() {
	case event.KindTaskScheduled:
		return c.taskScheduled(e)
	case event.KindTaskYielded:
		return c.taskNamed(e.Task())
	case event.KindTaskCompleted:
		return c.taskCompleted(e)
	case event.KindTaskSpawned:
		return c.taskSpawned(e)
	case event.KindTimeAdvanced:
		return c.timeAdvanced(e)
	case event.KindTimerCreated:
		return c.timers.create(e, c.index)
	case event.KindTimerFired:
		return c.timers.fire(e, c.index, c.now, c.timed)
	case event.KindTimerCancelled:
		return c.timers.cancel(e, c.index)
	case event.KindRngSeed:
		return c.rngSeed(e)
	case event.KindChaosInjection:
		return c.chaosInjection(e)
	case event.KindRegionCreated:
		return c.regionCreated(e)
	case event.KindRegionClosed:
		return c.regionClosed(e)
	case event.KindRegionCancelled:
		_, err := c.regionNamed(uint64(e.Region()))
		return err
	case event.KindWakerWake:
		return c.wakerWake(e)
	case event.KindCheckpoint:
		return c.checkpoint(e)
	case event.KindIoReady, event.KindIoResult, event.KindIoError, event.KindRngValue, event.KindWakerBatchWake:
		return nil // no law constrains them
	case 0:
		panic("tracecheck: Checker.Event of the zero Event")
	default:
		panic(fmt.Sprintf("tracecheck: no law has been written for %v, nor is it listed as a kind without one", e.Kind()))
	}
}
