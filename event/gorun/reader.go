package gorun

import (
	"errors"
	"slices"

	"github.com/reprise-go/reprise/event"
)

// Choice is a choice of an ordinary run, as far as its events show it.
type Choice struct {
	LetIn  bool   // G was made ready from outside; the fields below except Time are 0
	G      uint32 // number of the goroutine that runs next, or was made ready
	Prev   uint32 // number of the goroutine that ran before; 0 at the start
	Why    Why    // reason for which Prev stopped; Blocked if the events do not show it
	Points uint32 // number of preemption points that Prev passed
	Leap   uint64 // nanoseconds by which time leapt before the decision
	Time   int64  // virtual time of the last TimeAdvanced, in nanoseconds
}

// ErrStart is returned by [Reader.Read] for a second start of main.main.
var ErrStart = errors.New("gorun: a second Checkpoint: main.main starts once")

// Reader reads the choices of a run back from its events. The zero value is ready for the first event of a run. It
// accepts any events in any order; events that do not fit the form are ignored.
type Reader struct {
	started bool
	tick    uint64
	time    int64
	prev    uint32
	why     Why // reason for which prev stopped; 0 if no event has shown it
	leap    uint64
}

// Started reports whether main.main has started. The choices before are those of the initialisation of packages, which
// a replay does not use.
func (r *Reader) Started() bool { return r.started }

// Read handles the next event and reports whether it makes a choice. The only error is [ErrStart].
func (r *Reader) Read(e event.Event) (c Choice, ok bool, err error) {
	switch MeaningOf(e) {
	case Start:
		if r.started {
			return c, false, ErrStart
		}
		r.started, r.tick = true, startTick(r.tick)
		r.why, r.leap = 0, 0
	case Preemption:
		r.why, r.leap = Preempted, e.ChaosData()
	case Leap:
		r.leap = e.ChaosData()
	case LetIn:
		return Choice{LetIn: true, G: Goroutine(Admitted(e)), Time: r.time}, true, nil
	case Decision:
		c = Choice{
			G: Goroutine(e.Task()), Prev: r.prev, Why: r.why, Points: uint32(Points(r.tick, e.Tick())),
			Leap: r.leap, Time: r.time,
		}
		if c.Why == 0 {
			c.Why = Blocked
		}
		r.tick, r.prev, r.why, r.leap = e.Tick(), c.G, 0, 0
		return c, true, nil
	default:
		r.other(e)
	}
	return c, false, nil
}

// other handles an event with the meaning of its kind.
func (r *Reader) other(e event.Event) {
	switch e.Kind() {
	case event.KindTimeAdvanced:
		r.time = int64(e.ToNanos())
	case event.KindTaskYielded:
		r.stops(e.Task(), Yielded)
	case event.KindTaskCompleted:
		r.stops(e.Task(), Ended)
	}
}

// stops records why the running goroutine stopped, if the task is that goroutine's.
func (r *Reader) stops(id event.TaskID, why Why) {
	if r.why == 0 && Goroutine(id) == r.prev {
		r.why = why
	}
}

// Ready returns the tasks that are ready after an event, in the order in which they became ready, given the list
// before it. It may change and return that list.
func Ready(list []event.TaskID, e event.Event) []event.TaskID {
	switch e.Kind() {
	case event.KindTaskScheduled, event.KindTaskCompleted:
		switch i := slices.Index(list, e.Task()); {
		case i == 0: // mostly
			return list[1:]
		case i > 0:
			return slices.Delete(list, i, i+1)
		}
	case event.KindTaskSpawned, event.KindTaskYielded, event.KindWakerWake:
		return join(list, e.Task())
	case event.KindChaosInjection:
		if t, ok := e.ChaosTask(); ok {
			return join(list, t)
		}
	}
	return list
}

func join(list []event.TaskID, t event.TaskID) []event.TaskID {
	if slices.Contains(list, t) {
		return list
	}
	return append(list, t)
}
