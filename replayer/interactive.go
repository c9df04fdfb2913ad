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

var (
	// ErrClosed says that a Replayer was used after Close.
	ErrClosed = errors.New("the Replayer is closed")

	// ErrRewind says that a Replayer was to go back and its source can be read only once.
	ErrRewind = errors.New("the recording cannot be read again from the start")

	// ErrPosition says that a Replayer was asked to go where there is nothing: before the first event, beyond the end of
	// the run, or with RunTo to an event that has passed.
	ErrPosition = errors.New("no such position")

	// ErrEnded says that the run was ended by runtime.Goexit, or by a panic that was not the program's.
	ErrEnded = errors.New("the run has ended without a result")
)

// Replayer replays a recording in parts. It stands at an index: the events before it were emitted, and nothing has
// happened after the last of them, which is not even known yet to the task that caused it. At the start it stands at 0 and
// no part of the program has run.
//
// The program runs in a goroutine that exists only between the first step and the end of the run, and waits while the
// Replayer stands. Close ends it. To go back, the program is executed anew from the start, and its Observer, if there is
// one, sees the events anew. So its body must give the same run each time that it is called: it must not keep state
// outside itself, and a source that implements [source.Seeker] is needed.
//
// If a task calls runtime.Goexit, as testing.T.FailNow does, the method that was running the program does not return but
// ends its own goroutine the same way. If the Observer or a predicate panics, so does that method. A panic of the program
// is a part of the run as always.
//
// A Replayer must be used by one goroutine at a time, and not by the program that it replays.
type Replayer struct {
	src  source.Source
	cfg  Config
	body func(*simsched.Sim) error

	x       *execution  // nil after Close, or if the source could not be rewound
	started bool        // x has a goroutine, or had one
	last    event.Event // at which x stands; the zero Event if it has not begun or has ended
	over    bool        // x has ended
	err     error       // how: nil if it has ended well
}

// New returns a Replayer that stands at 0. The parameters and errors are those of [Run]. It must be closed.
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

// Step goes on by one event and returns it. At the end of the run the error is that of Run, or io.EOF if that is nil.
func (r *Replayer) Step() (event.Event, error) { return r.RunTo(Target{}) }

// Run goes on to the end of the run. See the function [Run] for what it returns; the result is about the whole run.
func (r *Replayer) Run() (Result, error) {
	if r.x == nil {
		return Result{}, r.gone()
	}
	if _, stopped := r.advance(math.MaxUint64, nil); stopped {
		panic("replayer: Replayer.Run stopped before the end")
	}
	return r.x.gate.result, r.err
}

// RunTo goes on to the next event that meets t, at least by one event, and returns it. It stands after that event then:
// Pos is one more than its index. If the run ends before, the error is that of Run, or io.EOF if that is nil. An index
// that has passed is [ErrPosition], and nothing is run.
func (r *Replayer) RunTo(t Target) (event.Event, error) {
	stopAt, meets := uint64(math.MaxUint64), t.meets
	switch {
	case r.x == nil:
		return event.Event{}, r.gone()
	case t.exact && t.index < r.Pos():
		return event.Event{}, fmt.Errorf("replayer: RunTo(%v): %w: the next event is %d; go back with Seek", t, ErrPosition, r.Pos())
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

// advance lets the execution go on until it stops or ends.
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

// finish notes how the execution ended, and ends the same way.
func (r *Replayer) finish(g *gate) {
	r.over = true
	switch g.ending {
	case returned:
		r.err = g.err
	case panicked:
		r.err = fmt.Errorf("replayer: %w: panic: %v", ErrEnded, g.panicked)
		panic(g.panicked)
	default:
		r.err = fmt.Errorf("replayer: %w: a task has called runtime.Goexit", ErrEnded)
		runtime.Goexit()
	}
}

// end is the error at the end of the run.
func (r *Replayer) end() error {
	if r.err == nil {
		return io.EOF
	}
	return r.err
}

// gone is the error of a Replayer without an execution.
func (r *Replayer) gone() error { return fmt.Errorf("replayer: %w", r.err) }

// Seek goes to an index: forwards by running on, backwards, or after [ErrEnded], by executing the program anew. If the run ends before it, the
// error is [ErrPosition], joined with that of Run if there is one, and the Replayer stands at the end.
func (r *Replayer) Seek(index uint64) error {
	if r.x != nil && (index < r.Pos() || errors.Is(r.err, ErrEnded)) {
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

// Back goes back by n events, by executing the program anew.
func (r *Replayer) Back(n uint64) error {
	if r.x != nil && n > r.Pos() {
		return fmt.Errorf("replayer: Back(%d): %w: the run stands at event %d", n, ErrPosition, r.Pos())
	}
	return r.Seek(r.Pos() - n)
}

// Reset ends the execution, if there is one, and goes back to 0. The error is [ErrRewind], or that of the source.
func (r *Replayer) Reset() error {
	if r.x == nil {
		return r.gone()
	}
	if !r.started {
		return nil
	}
	if _, ok := r.src.(source.Seeker); !ok {
		return fmt.Errorf("replayer: %w", ErrRewind)
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

// stop ends the execution where it stands: its tasks are unwound. It returns when nothing of it is left.
func (r *Replayer) stop() {
	if r.started && !r.over {
		r.x.gate.resume <- false
		<-r.x.gate.done
		r.over = true
	}
}

// Close ends the run where it stands. The deferred calls of its tasks run, no goroutine is left. Afterwards nothing but
// Close may be called to any effect. The error is always nil.
func (r *Replayer) Close() error {
	if r.x != nil {
		r.stop()
	}
	r.x, r.err = nil, ErrClosed
	return nil
}

// Pos returns the index of the next event: how many events were emitted, those of kinds that are omitted not counted.
// After a divergence it is the index of that.
func (r *Replayer) Pos() uint64 {
	if r.x == nil {
		return 0
	}
	return r.x.index()
}

// length returns the number of events of a source, if it knows it.
func length(src source.Source) (n uint64, ok bool) {
	if c, ok := src.(source.Counted); ok {
		return c.Len()
	}
	return 0, false
}

// State describes where the run stands, or stood where it diverged; see [simsched.Sim.Tasks] for the tasks. After Close it
// is the zero State.
func (r *Replayer) State() State {
	var s State
	switch {
	case r.x == nil:
		return s
	case r.x.gate.frozen != nil:
		s = r.x.gate.frozen.clone()
	case r.x.sim != nil:
		s.look(r.x.sim)
	}
	s.Steps, s.Pos, s.Event = r.Pos(), r.Pos(), r.last
	s.Recorded, s.Next, s.More = r.x.recording()
	return s
}
