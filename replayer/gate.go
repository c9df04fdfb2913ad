package replayer

import (
	"math"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// gate stops an execution, which runs in a separate goroutine, at an event. Everything except the channels belongs
// to the goroutine that is running.
type gate struct {
	stopAt uint64                         // stop when this number of events was emitted
	meets  func(Moment, event.Event) bool // stop at an event that this function accepts; may be nil
	// state at the first difference of a strict replay, after which the run continues
	frozen *State
	time   time.Duration // virtual time at which the execution has stopped: only its own goroutines may ask for it

	stopped chan event.Event // the execution has stopped after this event
	resume  chan bool        // true: continue; false: end
	done    chan struct{}    // closed when the execution has ended

	ending   ending
	result   Result
	err      error
	panicked any
}

// ending is the way in which an execution ended.
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

// watch returns the number of emitted events from which on every event must be examined.
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

// stop stops the execution after e. It reports whether to continue.
func (g *gate) stop(x *execution, e event.Event) bool {
	g.time = x.sim.Elapsed()
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
