package gotest

import (
	"context"
	"errors"
	"time"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/wire"
)

// runner makes runs of one test function, one at a time. A [*gort.Runner] is one.
type runner interface {
	Run(ctx context.Context, c gort.Control) (*gort.Outcome, error)
	Close() error
}

// attempt is what came of a seed.
type attempt struct {
	seed    uint64
	outcome *gort.Outcome // nil if it has passed and nobody asks about it
	second  *gort.Outcome // of the same seed, if it is not equal to the first and was to be
	failed  bool
	endless bool  // real time has ended it
	err     error // there is no outcome
}

// attempter makes the runs of one worker. What it needs for that is made when it first does.
type attempter struct {
	*campaign
	slots  *slots
	runner runner
	took   time.Duration // by the last run, of real time
}

// close gives everything back.
func (w *attempter) close() (err error) {
	if w.runner != nil {
		err = w.runner.Close()
	}
	if w.slots != nil {
		err = errors.Join(err, w.slots.close())
	}
	return err
}

// slot waits for the right to run.
func (w *attempter) slot(ctx context.Context) (release func(), err error) {
	if w.slots == nil {
		if w.slots, err = openSlots(w.slotsDir, w.processors); err != nil {
			return nil, err
		}
	}
	return w.slots.take(ctx)
}

// make makes a run.
func (w *attempter) make(ctx context.Context, c gort.Control) (*gort.Outcome, error) {
	release, err := w.slot(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if w.runner == nil {
		if w.runner, err = w.open(w.function, c); err != nil {
			return nil, err
		}
	}
	start := w.now()
	o, err := w.runner.Run(ctx, c)
	w.took = w.now().Sub(start)
	return o, err
}

// run makes the run of a seed.
func (w *attempter) run(ctx context.Context, number int) (a attempt) {
	a.seed = w.nth(number)
	control := w.control(a.seed)
	if a.outcome, a.err = w.make(ctx, control); a.err != nil {
		return a
	}
	a.endless = a.outcome.Verdict == gort.TimedOut && w.took >= control.Wall
	a.failed = a.outcome.Verdict != gort.Passed && (a.outcome.Verdict != gort.Leaked || w.leaks == wire.LeaksFail)
	if w.determinism && !a.failed {
		var second *gort.Outcome
		if second, a.err = w.make(ctx, control); a.err != nil {
			return a
		}
		if !equal(a.outcome, second) {
			a.failed, a.second = true, second
		}
	}
	if a.failed {
		if a.outcome.Verdict != gort.Limited { // of which it is not known yet what to think
			w.failures.Add(1)
		}
	} else if number > 0 && a.outcome.Verdict == gort.Passed {
		a.outcome = nil
	}
	return a
}
