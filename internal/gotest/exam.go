package gotest

import (
	"context"
	"errors"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/minimize"
	"github.com/reprise-go/reprise/strategy"
)

// Exam is what the examination of the first failing run of a signature has shown.
type Exam struct {
	Number    int // of its seed
	Seed      uint64
	Signature string          // of the run as it was made again; "" if it passed
	Verdict   finding.Verdict // of the replays
	Smallest  *Smallest       // nil if it was not searched for, or could not be found
}

// Smallest tells how to make the smallest run that fails as another does, and what decided it.
type Smallest struct {
	Script  *strategy.Script // explore.Plan.Script; nil if the run as it was found is the smallest
	Limit   int              // explore.Plan.Limit
	Minimal string           // finding.Finding.Minimal
	Why     *minimize.Why    // without the runs of its flips; nil if it is not known
}

// Examine makes a failing run again, given the number of its seed, replays it, and searches for the smallest run. The
// recordings are kept in the folder artifacts. It ends this process when the one ends that holds the file of
// wire.Slots.
func (c *Collected) Examine(ctx context.Context, env []string, test string, number int, artifacts string) (*Exam,
	error) {
	s, err := c.session(env)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s.endWithCommand(stop)
	s.artifacts = artifacts
	return s.search(test, 1).examine(ctx, number)
}

// examine makes the run of a seed, as the only one of a campaign, and searches for the smallest run.
func (c *search) examine(ctx context.Context, number int) (e *Exam, err error) {
	c.start()
	c.measure(ctx)
	w := &subject{search: c}
	defer func() { err = errors.Join(err, w.Close(), c.replays.Close()) }()
	plan := explore.Plan{Number: number, Seed: c.nth(number), Strategy: c.strategy}
	r := c.campaign.Make(ctx, w, plan)
	if c.campaign.Err != nil || ctx.Err() != nil {
		return nil, errors.Join(c.campaign.Err, ctx.Err())
	}
	e = &Exam{Number: number, Seed: plan.Seed}
	if r.Outcome == explore.Passed {
		return e, nil
	}
	e.Signature, e.Verdict = r.Finding.Signature, r.Finding.Verdict
	if r.Outcome == explore.Failed && c.minimal > 0 && shrinks(r) {
		// What could not be found here is searched for by the machine that reports, which also tells why it cannot.
		e.Smallest, _ = c.shrink(ctx, []minimize.Subject{w}, r)
	}
	return e, ctx.Err()
}

// shrinkAs replaces a failing run by the smallest that another machine has found, and explains it. It reports whether
// that run fails here in the same way.
func (c *search) shrinkAs(ctx context.Context, subjects []minimize.Subject, r *explore.Run, s *Smallest) (bool, error) {
	limited, cancel, _ := c.bounds(ctx, c.minimal)
	defer cancel()
	small := c.asRecorded(r)
	plan := explore.Plan{Number: r.Number, Seed: small.Seed, Script: s.Script, Limit: s.Limit}
	if s.Script == nil {
		plan.Choices = r.Recorded
	}
	made, err := subjects[0].Run(limited, plan)
	if err != nil {
		return false, err
	}
	if made.Finding == nil || made.Finding.Signature != r.Finding.Signature || made.Recorded == nil {
		return false, nil
	}
	if s.Script != nil {
		small = *made
	}
	small.Script, small.Length = made.Script, made.Length
	r.Finding.Minimal = s.Minimal
	if _, err := c.explain(ctx, subjects, r.Finding, &small, s.Why); err != nil && !isOver(err) {
		return false, err
	}
	return true, c.replace(ctx, r, &small, s.Script != nil)
}
