package gotest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
)

// runner makes runs of one test function, one at a time. A [*gort.Runner] is one.
type runner interface {
	Run(ctx context.Context, c gort.Control) (*gort.Outcome, error)
	Close() error
}

// subject makes the runs of a test function for one worker. Its resources are created with the first run.
type subject struct {
	*search
	slots  *slots
	runner runner
	took   time.Duration // real time of the last run
}

var _ explore.Subject = (*subject)(nil)

// detail is the part of a run that is specific to ordinary tests.
type detail struct {
	*gort.Outcome // nil for a run that passed, except the first and replays
	extent        extent
	asserted      []record.Assertion
	second        *gort.Outcome // second run of the same seed, if it should be equal to the first and is not
	fails         bool          // a limit ended the run, and without control the test does not pass
}

// recorded are the choices of a run.
type recorded struct {
	*gort.Choices
	cutOff bool // the choices end before the run
}

// detailOf returns the detail of a run that has one.
func detailOf(r *explore.Run) detail { return r.Detail.(detail) }

// Close implements [explore.Subject].
func (w *subject) Close() (err error) {
	if w.runner != nil {
		err = w.runner.Close()
	}
	if w.slots != nil {
		err = errors.Join(err, w.slots.close())
	}
	return err
}

// make makes a run, alone or beside others.
func (w *subject) make(ctx context.Context, c gort.Control, alone bool) (o *gort.Outcome, err error) {
	done := w.sharing.await(ctx)
	defer func() { done(o) }()
	release, err := w.admit(ctx, alone)
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
	o, err = w.runner.Run(ctx, c)
	w.took = w.now().Sub(start)
	if err == nil && w.records == 0 && (o.Verdict == gort.Limited || o.Verdict == gort.TimedOut) {
		o.Recording.Shorten(limitedRecords)
	}
	return o, err
}

// Run implements [explore.Subject].
func (w *subject) Run(ctx context.Context, p explore.Plan) (*explore.Run, error) {
	control := w.control(p.Seed)
	steer(&control, p, w.origin)
	replay, fromSeed := p.Choices != nil, p.Choices == nil && p.Script == nil
	o, err := w.make(ctx, control, replay && p.Fork == nil)
	if err != nil {
		return nil, err
	}
	if fromSeed {
		if o, err = w.undisturbed(ctx, p, control, o); err != nil {
			return nil, err
		}
	}
	var second *gort.Outcome
	if judged := w.judge(o); w.determinism && judged != explore.Failed && judged != explore.Doubtful && fromSeed {
		if o, second, err = w.twice(ctx, p, control, o); err != nil {
			return nil, err
		}
	}
	r := &explore.Run{Plan: p, Outcome: w.judge(o), Digest: o.Recording.Hash, Loose: o.Forced > 0}
	r.Class = cmp.Or(o.Recording.Class, o.Recording.Hash) // without a class, each schedule is one
	if r.Branches, r.BranchCount = o.Route, o.Branches; p.Steps {
		r.Steps, r.Irreducible = o.Recording.Walk(record.MainGoroutine)
	}
	r.Reached = control.Prefix && o.Verdict == gort.Reached
	if o.Killed && (replay || p.Script != nil) {
		r.Unfinished = fmt.Errorf("the replay had not ended after %v of real time", control.Wall.Round(time.Second))
	}
	if o.Verdict == gort.TimedOut && w.took >= control.Wall {
		r.Last, r.Why = true, "no more, since this run took all the time that a run may"
	}
	d := detail{Outcome: o, extent: extent{w.took, o.Virtual, o.Recording.Steps}, asserted: o.Assertions}
	if second != nil && !equal(o, second) {
		r.Outcome, d.second = explore.Failed, second
	} else {
		w.doubt(r, o)
	}
	if measure(r, o); p.Choices != nil || p.Script != nil {
		r.Script = o.Recording.Script()
	}
	w.complete(r, d)
	r.Common = r.Common || r.Outcome == explore.Failed && control.Memory && r.Finding.Class == "data race"
	return r, nil
}

// judge returns the meaning of a run for its test.
func (w *subject) judge(o *gort.Outcome) explore.Outcome {
	switch {
	case o.Verdict == gort.Passed:
		return explore.Passed
	case o.Verdict == gort.Limited: // a long test may reach a limit, too
		return explore.Doubtful
	case o.Verdict == gort.Leaked && w.leaks == wire.LeaksReport:
		return explore.Noted
	}
	return explore.Failed
}

// complete fills in the finding of a run and the details that are needed later.
func (w *subject) complete(r *explore.Run, d detail) {
	replay := r.Choices != nil || r.Plan.Script != nil
	r.Detail = d
	if r.Outcome == explore.Passed && r.Number > 0 && !replay { // nothing more is needed
		r.Detail = detail{extent: d.extent, asserted: d.asserted}
	}
	if r.Outcome == explore.Passed {
		r.Skipped = r.Number == 0 && !replay && w.members == nil && skipped(w.function, d.Output)
		return
	}
	r.Recorded = recorded{d.Recording.Choices(), d.CutOff()}
	f := &finding.Finding{Name: testpath.Seed(r.Seed), Seed: r.Seed}
	if r.Route != nil {
		f.Name = fmt.Sprintf("schedule=%d", r.Number+1)
	}
	if d.second != nil {
		f.Class, f.Verdict = finding.Nondeterminism, finding.Flaky
		f.Failure = "two runs of one seed differ: something outside of the control takes part"
		f.Signature = finding.Sign(f.Class, w.pkg, w.function) // one per test, because the place of the difference is random
	} else {
		f.Class, f.Failure, f.Signature, f.Parts = d.Class(), d.Failure(), d.Signature(), d.Parts()
	}
	r.Finding = f
}

// Keep implements [explore.Subject]: it decides about runs that a limit ended, and saves the others.
func (w *subject) Keep(ctx context.Context, r *explore.Run) (err error) {
	f, d := r.Finding, detailOf(r)
	switch {
	case f.Class == finding.Timing:
		if w.settle(ctx, r) {
			return nil
		}
		d = detailOf(r)
	case r.Outcome == explore.Doubtful && w.endless(d.Outcome):
		r.Outcome = explore.Failed
	case r.Outcome == explore.Doubtful:
		how, end := w.withoutControl(ctx, max(w.wall, w.patience)) // the test may just be long
		limit := w.limitOf(d.Outcome)
		f.Note(fmt.Sprintf("it reached a limit of reprise, %s, %s; --%s raises it", limit.name, how, limit.flag))
		if r.Outcome = explore.Failed; end == plainPasses { // the trace would be large and not informative
			r.Outcome, f.Verdict = explore.Noted, finding.Unconfirmed
			return nil
		}
		d.fails = true
		r.Detail = d
	}
	if f.Class != finding.Timing && w.ordinary[f.Signature] == nil {
		w.ordinary[f.Signature] = r
	}
	if err := w.save(ctx, f, d.Outcome); err != nil {
		f.Note(fmt.Sprintf("the trace could not be kept: %v", err))
	}
	if d.second != nil {
		r.Differs, err = unlike(d.Outcome, d.second)
		return err
	}
	if f.Trace != "" && ctx.Err() == nil { // replays then show that the file suffices
		loaded, _, err := gort.Load(f.Trace)
		if err != nil { // for example, because the run ended before main.main
			f.Verdict, r.Problem = finding.Unconfirmed, err
			return nil
		}
		r.Recorded = recorded{loaded, d.CutOff()}
	}
	return nil
}

// save writes the trace of a run.
func (w *subject) save(ctx context.Context, f *finding.Finding, o *gort.Outcome) error {
	dir := testpath.Artifacts(w.artifacts, w.pkg, w.function)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	id, err := w.identity(w.function, &w.settings, w.args)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, f.Name+testpath.Ext)
	if err := o.SaveContext(ctx, path, w.function, id); err != nil {
		return err
	}
	f.Trace = path
	return nil
}

// Difference implements [explore.Subject].
func (w *subject) Difference(first, again *explore.Run) (string, error) {
	return unlike(detailOf(first).Outcome, detailOf(again).Outcome)
}

// withoutControl runs the test alone and without control, with a limit of time, and returns how it ended.
func (w *subject) withoutControl(ctx context.Context, most time.Duration) (how string, end plainEnd) {
	release, err := w.admit(ctx, true)
	if err == nil {
		how, end, err = w.alone(ctx, most, append([]string{"-test.run=" + w.selection}, w.args...))
		release()
	}
	if err != nil {
		how = fmt.Sprintf("and it could not be run without control: %v", err)
	}
	return how, end
}
