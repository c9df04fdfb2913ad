package replayer

import (
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// ErrPosition reports a position that does not exist or cannot be reached: before the first event, beyond the end of
// the run, or, for RunTo, an event that has passed.
var ErrPosition = errors.New("no such position")

var (
	errGone   = errors.New("the Replayer is closed")
	errRewind = errors.New("the recording cannot be read again from the start")

	// errEnded reports that the run was ended by runtime.Goexit, or by a panic outside the program.
	errEnded = errors.New("the run has ended without a result")
)

// Replayer replays a recording in parts. Its position is an index: the events before it were emitted, and nothing
// has happened after the last of them; even the task that caused that event has not continued. At the start the
// position is 0 and the program has not run.
//
// The program runs in a goroutine that exists only between the first step and the end of the run, and waits while
// the Replayer is stopped. Close ends it. To go back, the program is executed again from the start, and its
// Observer, if any, sees the events again. So its body must give the same run each time it is called, without state
// outside itself, and the source must implement [source.Seeker].
//
// If a task calls runtime.Goexit, as testing.T.FailNow does, the method that was running the program does not
// return but ends its own goroutine in the same way. If the Observer or a predicate panics, that method panics. A
// panic of the program is part of the run, as always.
//
// A Replayer must be used by one goroutine at a time, and not by the program that it replays.
type Replayer struct {
	src  source.Source
	cfg  Config
	body func(*simsched.Sim) error

	x       *execution  // nil after Close, or if the source could not be rewound
	started bool        // whether x has, or had, a goroutine
	last    event.Event // the event at which x is stopped; the zero Event if x has not begun or has ended
	over    bool        // whether x has ended
	err     error       // the error of x if it has ended; nil if it ended well
}

// New returns a Replayer at position 0. The parameters and errors are those of [Run]. The caller must close it.
func New(src source.Source, cfg Config, body func(*simsched.Sim) error) (*Replayer, error) {
	r := &Replayer{src: src, cfg: cfg, body: body}
	x, err := prepare("New", src, &r.cfg)
	if err != nil {
		return nil, err
	}
	needBody("New", body)
	r.adopt(x)
	return r, nil
}

// adopt makes x, which has not begun, the execution of r.
func (r *Replayer) adopt(x *execution) {
	r.x, r.started, r.last, r.over, r.err = x, false, event.Event{}, false, nil
	x.gate = newGate()
}

// Step continues by one event and returns it. At the end of the run the error is that of Run, or io.EOF if that is nil.
func (r *Replayer) Step() (event.Event, error) { return r.RunTo(Target{}) }

// Run continues to the end of the run and returns what the function [Run] returns; the result covers the whole run.
func (r *Replayer) Run() (Result, error) {
	if r.x == nil {
		return Result{}, r.gone()
	}
	if _, stopped := r.advance(math.MaxUint64, nil); stopped {
		panic("replayer: Replayer.Run stopped before the end")
	}
	return r.x.gate.result, r.err
}

// RunTo continues by at least one event, to the next event that meets t, and returns it. It stops after that event:
// Pos is its index plus one. If the run ends first, the error is that of Run, or io.EOF if that is nil. If t is an
// index that has passed, the error is [ErrPosition] and the run does not move.
func (r *Replayer) RunTo(t Target) (event.Event, error) {
	stopAt, meets := uint64(math.MaxUint64), t.meets
	switch {
	case r.x == nil:
		return event.Event{}, r.gone()
	case t.exact && t.index < r.Pos():
		return event.Event{}, fmt.Errorf("replayer: RunTo(%v): %w: the next event is %d; go back with Seek", t, ErrPosition,
			r.Pos())
	case t.exact:
		stopAt = t.index + 1
	case meets == nil:
		stopAt = r.Pos() + 1
	}
	if e, stopped := r.advance(stopAt, meets); stopped {
		return e, nil
	}
	return event.Event{}, r.end()
}

// advance lets the execution continue until it stops or ends.
func (r *Replayer) advance(stopAt uint64, meets func(Moment, event.Event) bool) (e event.Event, stopped bool) {
	if r.over {
		return event.Event{}, false
	}
	g := r.x.gate
	g.stopAt, g.meets = stopAt, meets
	if r.started {
		g.resume <- true
	} else {
		r.started = true
		r.x.rewatch()
		go g.execute(r.x, r.body)
	}
	select {
	case r.last = <-g.stopped:
		return r.last, true
	case <-g.done:
		r.last = event.Event{}
		r.finish(g)
		return event.Event{}, false
	}
}

// finish records how the execution ended, and ends the calling goroutine in the same way.
func (r *Replayer) finish(g *gate) {
	r.over = true
	switch g.ending {
	case returned:
		r.err = g.err
	case panicked:
		r.err = fmt.Errorf("replayer: %w: panic: %v", errEnded, g.panicked)
		panic(g.panicked)
	default:
		r.err = fmt.Errorf("replayer: %w: a task has called runtime.Goexit", errEnded)
		runtime.Goexit()
	}
}

// end returns the error at the end of the run.
func (r *Replayer) end() error {
	if r.err == nil {
		return io.EOF
	}
	return r.err
}

// gone returns the error of a Replayer without an execution.
func (r *Replayer) gone() error { return fmt.Errorf("replayer: %w", r.err) }

// Seek moves to an index: forwards by continuing the run; backwards, or after the run was ended from outside the
// program, by executing the program again. If the run ends before the index, the error is [ErrPosition], joined with
// that of Run if there is one, and the Replayer stays at the end.
func (r *Replayer) Seek(index uint64) error {
	if r.x != nil && (index < r.Pos() || errors.Is(r.err, errEnded)) {
		if err := r.Reset(); err != nil {
			return err
		}
	}
	switch {
	case r.x == nil:
		return r.gone()
	case index == r.Pos():
		return nil
	}
	if _, stopped := r.advance(index, nil); stopped {
		return nil
	}
	err := fmt.Errorf("replayer: Seek(%d): %w: the run ended after %d events", index, ErrPosition, r.Pos())
	if r.err != nil {
		err = fmt.Errorf("%w: %w", err, r.err)
	}
	return err
}

// Back goes back by n events, by executing the program again.
func (r *Replayer) Back(n uint64) error {
	if r.x != nil && n > r.Pos() {
		return fmt.Errorf("replayer: Back(%d): %w: the run stands at event %d", n, ErrPosition, r.Pos())
	}
	return r.Seek(r.Pos() - n)
}

// Reset ends the execution, if there is one, and returns to position 0. It fails if the source is not a
// [source.Seeker], or with the error of the source.
func (r *Replayer) Reset() error {
	if r.x == nil {
		return r.gone()
	}
	if !r.started {
		return nil
	}
	if _, ok := r.src.(source.Seeker); !ok {
		return fmt.Errorf("replayer: %w", errRewind)
	}
	r.stop()
	x, err := begin(r.src, &r.cfg)
	if err != nil {
		r.x, r.err = nil, err
		return err
	}
	r.adopt(x)
	return nil
}

// stop ends the execution at its position: its tasks are unwound. When it returns, no goroutine of it is left.
func (r *Replayer) stop() {
	if r.started && !r.over {
		r.x.gate.resume <- false
		<-r.x.gate.done
		r.over = true
	}
}

// Close ends the run at its position. The deferred calls of its tasks run, and no goroutine is left. After Close
// all methods fail, except Close, which does nothing. The error is always nil.
func (r *Replayer) Close() error {
	if r.x != nil {
		r.stop()
	}
	r.x, r.err = nil, errGone
	return nil
}

// Pos returns the index of the next event: the number of events emitted, without those of omitted kinds. After a
// divergence it is the index of the divergence.
func (r *Replayer) Pos() uint64 {
	if r.x == nil {
		return 0
	}
	return r.x.index()
}

// length returns the number of events of a source, if it knows it.
func length(src source.Source) (n uint64, ok bool) {
	if c, ok := src.(interface{ Len() (uint64, bool) }); ok {
		return c.Len()
	}
	return 0, false
}

// State describes the run at the current position, or at the divergence; see [simsched.Sim.Tasks] for the tasks.
// After Close it returns the zero State.
func (r *Replayer) State() State {
	var s State
	switch {
	case r.x == nil:
		return s
	case r.x.gate.frozen != nil:
		s = r.x.gate.frozen.clone()
	case r.over && r.x.sim != nil:
		s.look(r.x.sim, r.x.sim.Elapsed())
	case r.x.sim != nil:
		s.look(r.x.sim, r.x.gate.time)
	}
	s.Steps, s.Pos, s.Event = r.Pos(), r.Pos(), r.last
	s.Recorded, s.Next, s.More = r.x.recording()
	return s
}
