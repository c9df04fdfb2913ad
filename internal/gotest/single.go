package gotest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/story"
	"github.com/reprise-go/reprise/minimize"
)

// steer makes the choices of a control those of a plan. The script of a plan is one of the run that was recorded as
// origin.
func steer(control *gort.Control, p explore.Plan, origin *gort.Choices) {
	if p.Choices != nil {
		again := p.Choices.(recorded)
		control.Choices, control.Prefix = again.Choices, again.cutOff
	}
	control.Detail = p.Detail
	if p.Strategy != "" {
		control.Strategy = p.Strategy
	}
	if f := p.Fork; f != nil {
		control.Choices = firstOf(control.Choices, f.Decisions)
		control.Seed, control.Continue, control.Prefix = f.Seed, true, false
	}
	control.Script, control.Route, control.Steps = p.Script, p.Route, p.Steps
	if p.Script != nil {
		control.Origin = origin
		if origin != nil {
			control.Memory = origin.Memory
		}
	}
	if p.Limit > 0 {
		control.MaxSteps = min(control.MaxSteps-1, uint64(p.Limit)-1) + 1 // 0 is no limit
	}
	control.MaxPoints = uint64(p.Points)
}

// measure tells in a run how long it was, and whether a limit of its plan ended it.
func measure(r *explore.Run, o *gort.Outcome) {
	r.Length, r.Points = o.Recording.Decisions(), int(o.Recording.Points)
	r.Limited = o.Verdict == gort.Limited &&
		(r.Limit > 0 && o.Recording.Steps >= uint64(r.Limit) || r.Plan.Points > 0 && r.Points >= r.Plan.Points)
}

// firstOf returns choices up to a number of decisions. It leaves out the faults, and the cases of selects, in the turn
// that the last decision begins: continuations from there on may go without them, and so the turn of a fault or a case
// that decides is its own.
func firstOf(all *record.Choices, decisions int) *record.Choices {
	first := *all
	for i, r := range all.Records {
		if r.Kind != record.Sched {
			continue
		}
		if decisions--; decisions < 0 {
			first.Records = all.Records[:i]
			first.Reads = before(all.Reads, func(r record.Record) uint32 { return r.Points }, i)
			first.Faults = before(all.Faults, func(r record.Record) uint32 { return r.Site }, i-1)
			first.Cases = before(all.Cases, func(r record.Record) uint32 { return r.Site }, i-1)
			break
		}
	}
	return &first
}

// before returns the first of the records, those that at most so many choices precede.
func before(all []record.Record, preceding func(record.Record) uint32, choices int) []record.Record {
	n := slices.IndexFunc(all, func(r record.Record) bool { return int(preceding(r)) > choices })
	if n < 0 {
		return all
	}
	return all[:n]
}

// Failing is the failing run of a recording, of a test that was built again.
type Failing struct {
	test  *Rebuilt
	id    map[string]string // identity of the recording
	run   *explore.Run
	start time.Time
	most  time.Duration // real time for everything
}

// smaller is the part of the time that the search for the smallest run takes at most.
const smaller = 0.75

// bounds returns the bounds of a search that ends when a part of the time is over. A run that is not over by then is
// ended, and does not count.
func (f *Failing) bounds(ctx context.Context, part float64) (context.Context, context.CancelFunc, minimize.Config) {
	end := f.start.Add(time.Duration(part * float64(f.most)))
	limited, cancel := context.WithDeadline(ctx, end)
	return limited, cancel, minimize.Config{Now: time.Now, Deadline: end}
}

// single makes runs of a test that was built again.
type single struct {
	test   *Rebuilt
	memory bool
	origin *gort.Choices // of runs by scripts
}

// Run implements [minimize.Subject].
func (s single) Run(ctx context.Context, p explore.Plan) (*explore.Run, error) {
	control := gort.Control{Seed: p.Seed, Memory: s.memory}
	steer(&control, p, s.origin)
	o, err := s.test.Run(ctx, control)
	if err != nil {
		return nil, err
	}
	r := &explore.Run{
		Plan: p, Digest: o.Recording.Hash, Loose: o.Forced > 0,
		Script: o.Recording.Script(), Recorded: recorded{o.Recording.Choices(), o.CutOff()}, Detail: detail{Outcome: o},
	}
	measure(r, o)
	if o.Killed {
		r.Unfinished = errKilled
	}
	if o.Verdict != gort.Passed {
		r.Outcome = explore.Failed
		r.Finding = &finding.Finding{Class: o.Class(), Failure: o.Failure(), Signature: o.Signature()}
	}
	return r, nil
}

// subjects returns the subject for minimize.
func (f *Failing) subjects() []minimize.Subject {
	return []minimize.Subject{single{f.test, f.run.Recorded.(recorded).Memory, originOf(f.run)}}
}

// errKilled is the reason why a run shows nothing that was ended by its limit of real time.
var errKilled = errors.New("gotest: the run had not ended when its real time was over")

// errPasses is returned for a recording that is not of a failing run.
var errPasses = errors.New("gotest: the run does not fail")

// Failing replays the recording in a file, whose identity is given, for a search that takes some time at most. The
// errors are those of [gort.Load] and of the runs, and an error if the run does not fail.
func (r *Rebuilt) Failing(
	ctx context.Context, path string, id map[string]string, most time.Duration,
) (*Failing, error) {
	choices, _, err := gort.Load(path)
	if err != nil {
		return nil, err
	}
	again := explore.Plan{Seed: choices.Seed, Choices: recorded{choices, false}}
	first, err := single{r, choices.Memory, nil}.Run(ctx, again)
	switch {
	case err != nil:
		return nil, err
	case first.Finding == nil:
		return nil, errPasses
	case detailOf(first).Verdict == gort.Diverged:
		return nil, fmt.Errorf("gotest: the program does not fit the recording any more: %s", first.Finding.Headline())
	}
	return &Failing{r, id, first, time.Now(), most}, nil
}

// Minimize replaces the run by the smallest that fails in the same way.
func (f *Failing) Minimize(ctx context.Context) (*minimize.Result, error) {
	limited, cancel, cfg := f.bounds(ctx, smaller)
	defer cancel()
	m, err := minimize.Run(limited, cfg, f.subjects(), f.run)
	if err == nil {
		f.run = m.Run
	}
	return m, err
}

// Save saves the run in a file, with what decided it if why is not nil.
func (f *Failing) Save(ctx context.Context, path string, why *minimize.Why) error {
	o := detailOf(f.run)
	if why != nil {
		told, err := storyOf(f.run, why)
		if err != nil {
			return err
		}
		decided := told.Cause(why.Text("turn"), why.Curve)
		o.AtEnd = decided.Notes()
	}
	return o.SaveContext(ctx, path, f.test.test, f.id)
}

// detail makes the run again, recording all that the goroutines do.
func (f *Failing) detail(ctx context.Context) error {
	r, err := f.subjects()[0].Run(ctx, explore.Plan{Seed: f.run.Seed, Choices: f.run.Recorded, Detail: true})
	if err == nil && r.Digest == f.run.Digest && r.Finding != nil {
		f.run.Detail, f.run.Recorded, f.run.Script = r.Detail, r.Recorded, r.Script
	}
	return err
}

// Explain finds out what decided the run.
func (f *Failing) Explain(ctx context.Context) (*minimize.Why, error) {
	if err := f.detail(ctx); err != nil {
		return nil, err
	}
	limited, cancel, cfg := f.bounds(ctx, 1)
	defer cancel()
	return minimize.Explain(limited, cfg, f.subjects(), f.run, f.run.Length)
}

// Units implements Failing of package internal/replay.
func (f *Failing) Units() (turn, length string) { return "turn", "decision" }

// Tell implements Failing of package internal/replay.
func (f *Failing) Tell(why *minimize.Why, lines int) (failure, critical, schedule string, err error) {
	run, err := storyOf(f.run, why)
	if err != nil {
		return "", "", "", err
	}
	return f.run.Finding.Failure, run.Critical().Text, run.Schedule(lines), nil
}

// storyOf returns the story of a run with what decided it if why is not nil.
func storyOf(r *explore.Run, why *minimize.Why) (*story.Story, error) {
	o := detailOf(r).Outcome
	run, err := story.Of(o)
	if err != nil {
		return nil, err
	}
	if run.SourceLine = newSources(o).line; why == nil {
		return run, nil
	}
	run.Turning = why.Turning()
	for _, p := range why.Passing() {
		other, err := story.Of(detailOf(p).Outcome)
		if err != nil {
			return nil, err
		}
		run.Passing = append(run.Passing, other)
	}
	return run, nil
}
