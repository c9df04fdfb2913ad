package minimize

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/strategy"
)

// Subject makes runs from seeds, recordings and scripts, one at a time. The runs that it makes from the latter two have
// a Script.
type Subject interface {
	// Run makes a run. It may end early when ctx is done.
	Run(ctx context.Context, p explore.Plan) (*explore.Run, error)
}

// Config bounds the search. The zero Config searches until nothing can be made smaller.
type Config struct {
	Runs     int              // maximum number of runs; 0 means no limit
	Now      func() time.Time // nil means that time does not end the search
	Deadline time.Time        // no run starts after it; zero means none
}

// Pass says what one kind of step did.
type Pass struct {
	Name  string
	Tried int // candidates that were run
	Kept  int // candidates that failed in the same way, were smaller, and replayed
}

// Result is what the search found.
type Result struct {
	// Run is the smallest run that was found. It replays strictly and has the signature of the original.
	Run *explore.Run

	Before, After Size
	Passes        []Pass // in the order of their first use
	Runs          int    // number of runs that were made, with replays
	Complete      bool   // no step makes the run smaller; false if a bound ended the search
}

// ErrNotReproduced is returned if the original run cannot be replayed as the same failure, or not as a script.
var ErrNotReproduced = errors.New("minimize: the failure did not occur again")

// search is the state of one search. It works like this:
//
//  1. The original is replayed, which yields its script. A run by that script must fail in the same way. Preemptions
//     that only take time are left out if it fails without, as most do.
//  2. The passes run in order, again and again, until a whole round changes nothing or a bound is reached.
//  3. A pass proposes candidates, each a script. They are run, several at once if there are several subjects, and
//     handled in the order in which they were proposed. What was run beyond the first success is discarded, so that the
//     result does not depend on the number of subjects.
//  4. A candidate is accepted if its run fails with the signature of the original, is smaller than the best so far by
//     [Size.Less], and if a strict replay of it is the same run. The script of the accepted run, which can differ from
//     the candidate, is the best so far.
type search struct {
	cfg      Config
	subjects []Subject
	origin   *explore.Run
	longest  int // number of decisions of the original
	busiest  int // number of points of the original; 0 if it is not known
	best     *explore.Run
	size     Size
	passes   []Pass
	runs     int
	over     bool // a bound was reached
	err      error
}

// Run minimizes a failing run, of which Finding and Recorded must be set. The errors are [ErrNotReproduced], and those
// of the subjects and of ctx if nothing was found by then.
func Run(ctx context.Context, cfg Config, subjects []Subject, failing *explore.Run) (*Result, error) {
	return minimize(ctx, cfg, subjects, failing, passes)
}

func minimize(
	ctx context.Context, cfg Config, subjects []Subject, failing *explore.Run, order []pass,
) (*Result, error) {
	s := &search{cfg: cfg, subjects: subjects, origin: failing}
	before, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	for changed := true; changed && !s.stopped(ctx); {
		changed = false
		for _, p := range order {
			kept := p.steps(&stepper{search: s, ctx: ctx, pass: s.passOf(p.name)})
			changed = changed || kept
		}
	}
	return &Result{
		Run: s.best, Before: before, After: s.size, Passes: s.passes, Runs: s.runs, Complete: !s.over && s.err == nil,
	}, nil
}

// begin replays the original and makes it again by its script.
func (s *search) begin(ctx context.Context) (before Size, err error) {
	again, err := s.subjects[0].Run(ctx, explore.Plan{
		Number: s.origin.Number, Seed: s.origin.Seed, Choices: s.origin.Recorded,
	})
	if err != nil {
		return before, err
	}
	s.runs++
	if !s.same(again) {
		return before, ErrNotReproduced
	}
	s.longest, s.busiest = max(again.Length, s.origin.Length), max(again.Points, s.origin.Points)
	s.best = s.origin
	s.best.Length, s.best.Points = again.Length, again.Points
	for _, script := range []strategy.Script{withoutIdle(again.Script), again.Script} {
		s.best.Script = script
		s.size = SizeOf(s.best)
		r, err := s.subjects[0].Run(ctx, s.plan(script))
		if err != nil {
			return before, err
		}
		if s.runs++; s.same(r) {
			return s.size, nil
		}
		if slices.Equal(script, again.Script) {
			break
		}
	}
	return before, ErrNotReproduced
}

// withoutIdle returns a script in which no preemption is there for its time only: one behind which the same task goes
// on is one behind which the default does. Those that made a goroutine late are idle in a run without lateness.
func withoutIdle(script strategy.Script) strategy.Script {
	script = slices.Clone(script)
	for i := range script {
		if d := &script[i]; d.Kind == strategy.Preempt && d.To == d.Task && d.Leap == 0 {
			d.To = 0
		}
	}
	return script
}

// plan returns the plan of a run by a script. Such a run may take twice the time of the original, in which it can turn
// out to be too long.
func (s *search) plan(script strategy.Script) explore.Plan {
	return explore.Plan{
		Number: s.origin.Number, Seed: s.origin.Seed, Script: &script, Limit: 2*s.longest + 1000, Points: s.points(),
	}
}

// A run may pass busyFactor times as many points as the original, and busyRest more. By the default schedule, a loop
// that waits for another goroutine goes on up to this limit.
const (
	busyFactor = 8
	busyRest   = 100_000
)

// points returns the limit of points of a run.
func (s *search) points() int { return busyFactor*s.busiest + busyRest }

// same reports whether a run fails as the original does. A run that was ended from outside does not.
func (s *search) same(r *explore.Run) bool {
	return !r.Limited && r.Unfinished == nil &&
		r.Finding != nil && r.Outcome != explore.Passed && r.Finding.Signature == s.origin.Finding.Signature
}

// stopped reports whether a bound has been reached.
func (s *search) stopped(ctx context.Context) bool {
	switch {
	case s.over || s.err != nil:
	case ctx.Err() != nil,
		s.cfg.Runs > 0 && s.runs >= s.cfg.Runs,
		s.cfg.Now != nil && !s.cfg.Deadline.IsZero() && !s.cfg.Now().Before(s.cfg.Deadline):
		s.over = true
	}
	return s.over || s.err != nil
}

// passOf returns the index of the pass with a name.
func (s *search) passOf(name string) int {
	i := slices.IndexFunc(s.passes, func(p Pass) bool { return p.Name == name })
	if i < 0 {
		i = len(s.passes)
		s.passes = append(s.passes, Pass{Name: name})
	}
	return i
}

// attempt is the run of a candidate.
type attempt struct {
	run *explore.Run
	err error
}

// first runs candidates in order and returns the index of the first that is accepted, -1 if none is.
func (s *search) first(ctx context.Context, pass int, candidates []strategy.Script) int {
	for from := 0; from < len(candidates); {
		batch := candidates[from:min(from+len(s.subjects), len(candidates))]
		if s.stopped(ctx) {
			return -1
		}
		for i, a := range s.make(ctx, batch) {
			if s.stopped(ctx) {
				return -1
			}
			s.runs++
			s.passes[pass].Tried++
			if s.accept(ctx, a) {
				s.passes[pass].Kept++
				return from + i
			}
		}
		from += len(batch)
	}
	return -1
}

// make makes the runs of some candidates.
func (s *search) make(ctx context.Context, batch []strategy.Script) []attempt {
	var plans []explore.Plan
	for _, script := range batch {
		plans = append(plans, s.plan(script))
	}
	return s.makePlans(ctx, plans)
}

// makePlans makes some runs, not more than there are subjects, at once.
func (s *search) makePlans(ctx context.Context, batch []explore.Plan) []attempt {
	made := make([]attempt, len(batch))
	var all sync.WaitGroup
	for i, p := range batch {
		one := func() { made[i].run, made[i].err = s.subjects[i].Run(ctx, p) }
		if i == len(batch)-1 {
			one()
		} else {
			all.Go(one)
		}
	}
	all.Wait()
	return made
}

// accept makes a run the best so far if it is a smaller one of the same failure and replays.
func (s *search) accept(ctx context.Context, a attempt) bool {
	if a.err != nil {
		s.err = a.err
		return false
	}
	size := SizeOf(a.run)
	if !s.same(a.run) || !size.Less(s.size) || a.run.Recorded == nil {
		return false
	}
	again, err := s.subjects[0].Run(ctx, explore.Plan{
		Number: s.origin.Number, Seed: s.origin.Seed, Choices: a.run.Recorded,
	})
	if err != nil {
		s.err = err
		return false
	}
	s.runs++
	if !s.same(again) || again.Digest != a.run.Digest && !a.run.Loose {
		return false
	}
	s.best, s.size = a.run, size
	return true
}
