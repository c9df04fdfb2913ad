// Package turns is the driver that replays the recording of an ordinary test, turn by turn: a [replayer.Driver] over
// runs that package gort makes. It must not know how a replay is controlled or reported.
package turns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/replayer"
)

// Config configures a replay of a recording.
type Config struct {
	Path   string          // path of the recording, a .reprise file
	Policy replayer.Policy // what to do when the run differs from the recording
	Window int             // number of choices that Resync looks ahead
	// Fork is the number of events that Prefix replays; the live part begins after the last decision among them.
	Fork uint64
	Seed uint64 // seed of the live part

	All       bool      // a result tells every turn, with all that the goroutines do
	Reproduce string    // the command line of this replay, for reports
	Notes     []string  // differences between the program and the recorded one
	Output    io.Writer // destination of the test's output if Run reaches the end; nil discards it
}

// Test makes runs of the recorded test, like a [gort.Runner].
type Test interface {
	Run(ctx context.Context, c gort.Control) (*gort.Outcome, error)
}

// Driver replays the recording of an ordinary test. A process cannot be stopped and inspected, and cannot go back. But
// a replayed run is the same each time, and gort can end it at any decision after the start of main.main. A step is
// therefore such a decision, and the driver only changes a number, the position:
//
//  1. The position is the number of decisions made, 0 at the start. The goroutine that the last decision chose is about
//     to run. The position after the last decision is the end of the run.
//  2. known is the longest run made so far, from the start to a decision or to the end. Its events are in a file, and
//     its first difference from the recording is known.
//  3. RunTo searches the events of known for its target, starting at the position. If the target is not there and known
//     is not a whole run, known is made again with twice as many decisions, and so on.
//  4. If a target is after the difference that ends a replay, or in no run, the new position is the end.
//  5. For each new position before the end, the run is made again up to it. The state is what gort knows of every
//     goroutine at its end.
//
// A test that depends on the world outside may differ from run to run. If a position is not reached again for that
// reason, the driver returns an error.
type Driver struct {
	ctx      context.Context
	cfg      Config
	test     Test
	recorded *recording
	control  gort.Control // settings of every run, without MaxSteps
	until    uint64       // index of the first event that may be live, if the policy allows live events
	dir      string       // folder for the files of runs
	early    int          // number of decisions before main.main starts

	known    *run
	position int
	turn     string        // description of the last step
	state    *gort.Outcome // the run up to the position; nil at the start and at the end
	end      *ending       // nil if the position is not the end
}

var _ replayer.Driver = (*Driver)(nil)

// ending is the end of the replay.
type ending struct {
	result replayer.Result
	err    error // a divergence, or nil
}

// New returns a driver at the start. It must be closed. ctx ends the runs of its methods. The errors are those of
// reading the recording, and [replayer.ErrConfig] for a Fork beyond its end.
func New(ctx context.Context, cfg Config, test Test) (*Driver, error) {
	d := &Driver{ctx: ctx, cfg: cfg, test: test}
	var err error
	if d.recorded, err = openRecording(cfg.Path); err != nil {
		return nil, err
	}
	d.early = d.recorded.places.early
	if err = d.plan(); err == nil {
		d.dir, err = os.MkdirTemp("", "reprise-turns-")
	}
	if err != nil {
		return nil, errors.Join(err, d.recorded.file.Close())
	}
	return d, nil
}

// plan sets control and until according to the policy.
func (d *Driver) plan() error {
	choices := d.recorded.choices
	d.control = gort.Control{Choices: choices, Seed: d.cfg.Seed, Detail: d.cfg.All || d.recorded.places.detail}
	switch d.cfg.Policy {
	case replayer.Resync:
		d.control.Resync = d.cfg.Window
	case replayer.PastEnd:
		d.goLive(len(choices.Records))
	case replayer.Prefix:
		if n := d.recorded.places.events; d.cfg.Fork > n {
			return fmt.Errorf("turns: %w: the Fork %d is beyond the recording, which has %d events",
				replayer.ErrConfig, d.cfg.Fork, n)
		}
		d.goLive(before(d.recorded.places.choices, d.cfg.Fork))
	}
	return nil
}

// goLive makes the run continue live after a number of choices.
func (d *Driver) goLive(choices int) {
	d.control.Continue = true
	d.control.Choices.Records = d.control.Choices.Records[:choices]
	if choices > 0 {
		d.until = d.recorded.places.choices[choices-1] + 1
	}
}

// RunTo implements [replayer.Driver].
func (d *Driver) RunTo(t replayer.Target) (event.Event, error) {
	if index, exact := t.Index(); exact && index < d.pos() {
		return event.Event{}, fmt.Errorf("turns: RunTo(%v): %w: the next event is %d", t, replayer.ErrPosition, d.pos())
	}
	for most := 64; d.end == nil; most *= 2 {
		if d.known == nil {
			if err := d.make(most); err != nil {
				return event.Event{}, err
			}
		}
		n, err := d.known.find(t, d.pos())
		switch parted, ok := d.parts(); {
		case err != nil:
			return event.Event{}, err
		case ok && (n == 0 || d.known.places.decisions[n-1] >= parted), n == 0 && d.known.whole:
			if err := d.finish(); err != nil {
				return event.Event{}, err
			}
		case n > 0:
			return d.stand(n)
		default:
			if err := d.make(max(most, 2*len(d.known.places.decisions))); err != nil {
				return event.Event{}, err
			}
		}
	}
	if d.end.err != nil {
		return event.Event{}, d.end.err
	}
	return event.Event{}, io.EOF
}

// make makes known again, up to a decision, or as a whole run if decisions is 0.
func (d *Driver) make(decisions int) error {
	r, err := d.attempt(decisions)
	if err != nil {
		return err
	}
	if d.known != nil {
		err = d.known.file.Close()
	}
	d.known, d.early = r, r.places.early
	return err
}

// parts returns the index of the first event at which known differs from the recording so that the replay ends, if
// there is one.
func (d *Driver) parts() (index uint64, ok bool) {
	r := d.known
	switch first := r.first; {
	case first == nil, !r.whole && first.Index >= r.places.events: // only the end of known
		return 0, false
	case d.control.Resync > 0 && first.Rest != nil: // a run that diverged has no rest
		return 0, false
	case d.control.Continue && r.outcome.Mismatch == nil && first.Index >= d.until:
		return 0, false
	default:
		return first.Index, true
	}
}

// stand moves to a position in known, and makes the run up to it.
func (d *Driver) stand(position int) (event.Event, error) {
	o, err := d.run(position)
	if err != nil {
		return event.Event{}, err
	}
	if o.Verdict != gort.Limited || o.Recording.Decisions() != position {
		return event.Event{},
			base.Failed(fmt.Errorf("turns: decision %d is not reached again: this run %v; the test depends "+
				"on something outside of it\n%s", position, o.Verdict, o.Dependence()))
	}
	d.turn = turnText(o, position)
	d.position, d.state, d.end = position, o, nil
	return d.known.event(d.known.places.decisions[position-1])
}

// run makes the run up to a decision, or to its end if decisions is 0.
func (d *Driver) run(decisions int) (*gort.Outcome, error) {
	c := d.control
	if decisions > 0 {
		c.MaxSteps = uint64(d.early + decisions)
	}
	o, err := d.test.Run(d.ctx, c)
	if err != nil {
		return nil, base.Failed(err)
	}
	return o, nil
}

// Back implements [replayer.Driver].
func (d *Driver) Back(n uint64) error {
	if n > uint64(d.position) {
		return fmt.Errorf("turns: Back(%d): %w: there are %d steps to the start", n, replayer.ErrPosition, d.position)
	}
	position := d.position - int(n)
	if position == 0 {
		return d.Reset()
	}
	if n == 0 {
		return nil
	}
	_, err := d.stand(position)
	d.turn = ""
	return err
}

// Reset implements [replayer.Driver].
func (d *Driver) Reset() error {
	d.position, d.turn, d.state, d.end = 0, "", nil, nil
	return nil
}

// Run implements [replayer.Driver].
func (d *Driver) Run() (replayer.Result, error) {
	if d.end == nil {
		if err := d.finish(); err != nil {
			return replayer.Result{}, err
		}
		if d.cfg.Output != nil {
			if _, err := d.cfg.Output.Write(d.known.outcome.Output); err != nil {
				return replayer.Result{}, err
			}
		}
	}
	return d.end.result, d.end.err
}

// finish moves to the end of the run.
func (d *Driver) finish() error {
	if d.known == nil || !d.known.whole {
		if err := d.make(0); err != nil {
			return err
		}
	}
	decisions := len(d.known.places.decisions)
	index, ok := d.parts()
	if ok {
		decisions = before(d.known.places.decisions, index)
	}
	d.position, d.turn, d.state, d.end = decisions+1, turnText(d.known.outcome, decisions+1), nil, d.known.ending
	if d.end == nil {
		d.end = &ending{result: d.result()}
		if first := d.known.first; first != nil {
			first.Reproduce = d.cfg.Reproduce
		}
		if ok {
			d.end.err = &divergence.Error{Divergence: d.known.first}
		}
		d.known.ending = d.end
	}
	return nil
}

// Close implements [replayer.Driver].
func (d *Driver) Close() error {
	err := d.recorded.file.Close()
	if d.known != nil {
		err = errors.Join(err, d.known.file.Close())
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}
