package replayer

import (
	"math"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// gate is where an execution in a goroutine of its own is held up at an event. Everything but the channels belongs to
// the goroutine that has the turn.
type gate struct {
	stopAt uint64                         // stop once so many events were emitted
	meets  func(Moment, event.Event) bool // stop at an event that this accepts; nil for none
	frozen *State                         // at the first difference of a strict replay, after which the run goes on

	stopped chan event.Event // the execution stands after this event
	resume  chan bool        // it goes on, or is to end
	done    chan struct{}    // closed when it has ended

	ending   ending
	result   Result
	err      error
	panicked any
}

// ending is how an execution has ended.
type ending uint8

const (
	exited   ending = iota // by runtime.Goexit
	returned               // with a result
	panicked               // by a panic of the Observer, the Chooser or a predicate
)

func newGate() *gate {
	return &gate{
		stopAt: math.MaxUint64, stopped: make(chan event.Event), resume: make(chan bool), done: make(chan struct{}),
	}
}

// watch is from which number of events on each must be looked at.
func (g *gate) watch() uint64 {
	if g.meets != nil {
		return 0
	}
	return g.stopAt
}

// wanted reports whether to stop after e.
func (g *gate) wanted(x *execution, e event.Event) bool {
	return x.index() >= g.stopAt || g.meets != nil && g.meets(x.sim, e)
}

// stop holds the execution up after e. It reports whether to go on.
func (g *gate) stop(e event.Event) bool {
	g.stopped <- e
	return <-g.resume
}

// execute runs the execution of g in this goroutine.
func (g *gate) execute(x *execution, body func(*simsched.Sim) error) {
	defer close(g.done)
	defer func() {
		if g.ending == returned {
			return
		}
		if g.panicked = recover(); g.panicked != nil {
			g.ending = panicked
		}
	}()
	g.result, g.err = x.run(body)
	g.ending = returned
}
