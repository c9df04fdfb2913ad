package explore

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/reprise-go/reprise/internal/finding"
)

// Config sets the seeds of a campaign and its limits.
type Config struct {
	Seed func(number int) uint64 // returns the seed with a number, from 0; must not be nil
	All  int                     // maximum number of seeds; 0 means as many as there is time for

	Strategy string // Plan.Strategy of all runs

	Now      func() time.Time // the real clock; if it is nil, Budget, Limit and Deadline have no effect
	Budget   time.Duration    // real time for the seeds; 0 means no limit
	Least    int              // number of seeds that are run even if Budget is used up
	Limit    time.Duration    // real time after which not even those are run; 0 means no limit
	Deadline time.Time        // only the first seed may start after it; the zero Time means none

	// Schedules says that Run.Class is that of the schedule and not of the order of operations, see Coverage.Schedules.
	Schedules bool

	// Unseen ends the campaign when the estimate of what is unseen is below this bound, see Coverage.Unseen; 0 means that
	// it does not.
	Unseen float64

	// MaxFailing is the number of failing seeds that ends the campaign; 0 means 5. Runs that are Common
	// do not count, unless it is 1.
	MaxFailing int
	Replays    int // number of replays of the first failing run of each signature

	// Known returns the run of a plan if it was made elsewhere or by an earlier campaign, else nil; it may be nil. A known
	// run that did not pass must have Told set and be Doubtful. It is made after all if it is the first of its signature.
	Known    func(Plan) *Run
	Progress func(*Run) // called with each run, in the order of the seeds; may be nil
}

// DefaultMaxFailing is the default of Config.MaxFailing.
const DefaultMaxFailing = 5

// The limits of a campaign for which the user has set none. Some bugs fail in one of a hundred runs that take 3 ms
// each. Therefore a test that passes in all of its first DefaultSeeds runs gets more, unless they were all alike.
const (
	DefaultSeeds  = 100             // Config.Least
	DefaultBudget = 2 * time.Second // Config.Budget
)

// End is the reason why a campaign ended.
type End uint8

// The ends.
const (
	EndAll         End = iota // all seeds were run
	EndEnough                 // enough seeds failed
	EndBudget                 // enough seeds were run, and the budget was used up or all behave alike
	EndLimit                  // the limit was reached before
	EndCovered                // the estimate of what is unseen is below Config.Unseen
	EndDeadline               // the deadline passed
	EndLast                   // Run.Last was set
	EndSkipped                // the test skipped itself
	EndBroken                 // the test cannot be run, see Campaign.Err
	EndInterrupted            // the context was done
	EndVoid                   // of Exhaust: Tree.Void was set
)

// Campaign is a search for failing runs among the seeds of one test. Its algorithm:
//
//  1. Next hands out seeds in the order of their numbers, until all are out, enough runs have failed, or time is up.
//  2. Workers make the runs, in any order.
//  3. Take handles the results in the order of the numbers, so that they do not depend on the number of workers.
//  4. The first failing run of each signature is kept and replayed; later ones of the signature are counted.
//  5. Finish counts the runs of each finding, when all are made.
//
// The zero Campaign is not valid; use New. Next and Take may run concurrently, each in at most one goroutine.
type Campaign struct {
	cfg      Config
	replayer Subject
	start    time.Time
	next     int          // the number of the next seed
	drawn    End          // the reason why Next hands out no more seeds
	stopped  atomic.Bool  // set when Take needs no more runs
	failures atomic.Int64 // number of failing runs, including those that Take has not handled yet

	// The results so far.
	Ran     int    // runs that were taken
	First   *Run   // the run of the first seed
	Failing []*Run // in order, also those that fail as earlier ones do
	Notes   []*Run // runs that passed and deserve a note, the first of each signature
	End     End    // valid after Finish
	Why     string // the Run.Why of the last run, with EndLast
	Err     error  // with EndBroken

	extra   int             // runs that belong to no seed
	seen    map[string]*Run // the first run of each signature as it was found
	settled []*Run          // the first run of each cause, see Settle
	census  Census          // of the classes of runs
}

// New returns a campaign. Failing runs are kept and replayed by replayer, which may be one of the workers if there is
// one.
func New(cfg Config, replayer Subject) *Campaign {
	if cfg.MaxFailing == 0 {
		cfg.MaxFailing = DefaultMaxFailing
	}
	c := &Campaign{cfg: cfg, replayer: replayer, seen: map[string]*Run{}}
	c.start = c.now()
	return c
}

func (c *Campaign) now() time.Time {
	if c.cfg.Now == nil {
		return time.Time{}
	}
	return c.cfg.Now()
}

// Elapsed returns the real time since New.
func (c *Campaign) Elapsed() time.Duration { return c.now().Sub(c.start) }

// Next hands out the next seed; ok is false if there are no more.
func (c *Campaign) Next() (p Plan, ok bool) {
	if c.stopped.Load() || c.drawn != EndAll {
		return Plan{}, false
	}
	i := c.next
	switch {
	case c.cfg.All > 0 && i >= c.cfg.All:
		return Plan{}, false
	case c.failures.Load() >= int64(c.cfg.MaxFailing): // further runs would follow these in the order
		c.drawn = EndEnough
	case i == 0:
	case !c.cfg.Deadline.IsZero() && c.cfg.Now != nil && !c.now().Before(c.cfg.Deadline):
		c.drawn = EndDeadline
	case c.cfg.Budget > 0 && i >= c.cfg.Least && c.cfg.Now != nil && c.Elapsed() >= c.cfg.Budget:
		c.drawn = EndBudget
	case c.cfg.Limit > 0 && c.cfg.Now != nil && c.Elapsed() >= c.cfg.Limit:
		c.drawn = EndLimit
	}
	if c.drawn != EndAll {
		return Plan{}, false
	}
	c.next++
	return Plan{Number: i, Seed: c.cfg.Seed(i), Strategy: c.cfg.Strategy}, true
}

// Run makes the runs with several workers, and finishes the campaign. It returns after all workers have ended.
func (c *Campaign) Run(ctx context.Context, workers []Subject) {
	inOrder(ctx, workers, c.Next, c.make, func(r result) bool { return c.Take(ctx, r.run, r.err) })
	if ctx.Err() != nil && c.End == EndAll {
		c.End = EndInterrupted
	}
	c.Finish()
}

// result is a run, or the error that prevented it.
type result struct {
	run *Run
	err error
}

// make lets a worker make a run.
func (c *Campaign) make(ctx context.Context, s Subject, p Plan) result {
	if c.cfg.Known != nil {
		if r := c.cfg.Known(p); r != nil {
			return result{run: r}
		}
	}
	r, err := s.Run(ctx, p)
	if err == nil && r.Outcome == Failed && !c.common(r) {
		c.failures.Add(1)
	}
	return result{r, err}
}

// Make makes one run and passes it to Take, for a front end that drives the campaign by itself with one subject: it
// calls Next and Make in turn until Next hands out no more seeds, then Finish. The run is nil if the test cannot be
// run.
func (c *Campaign) Make(ctx context.Context, s Subject, p Plan) *Run {
	r := c.make(ctx, s, p)
	c.Take(ctx, r.run, r.err)
	return r.run
}

// Take handles the result of a run. Results must arrive in the order of the seeds. It reports whether to run more
// seeds.
func (c *Campaign) Take(ctx context.Context, r *Run, err error) bool {
	if err == nil && r.Number == 0 {
		c.First = r
	}
	if err == nil {
		err = c.add(ctx, r)
	}
	if err != nil {
		return c.stop(EndBroken, err)
	}
	c.Ran++
	c.census.Add(r.Class)
	if c.cfg.Progress != nil {
		c.cfg.Progress(r)
	}
	switch {
	case r.Last:
		c.Why = r.Why
		return c.stop(EndLast, nil)
	case r.Skipped:
		return c.stop(EndSkipped, nil)
	case c.enough():
		return c.stop(EndEnough, nil)
	case c.cfg.Unseen > 0 && c.census.Covers(c.cfg.Unseen):
		return c.stop(EndCovered, nil)
	case c.cfg.Least > 0 && c.Ran >= c.cfg.Least && c.census.Classes == 1 && c.census.Runs == c.Ran:
		return c.stop(EndBudget, nil)
	}
	return true
}

// common reports whether a failing run does not count towards MaxFailing. If one failure is enough, all count.
func (c *Campaign) common(r *Run) bool { return r.Common && c.cfg.MaxFailing > 1 }

// enough reports whether enough runs failed.
func (c *Campaign) enough() bool {
	n := 0
	for _, r := range c.Failing {
		if !c.common(r) {
			n++
		}
	}
	return n >= c.cfg.MaxFailing
}

// stop ends the campaign. It returns false.
func (c *Campaign) stop(end End, err error) bool {
	c.End, c.Err = end, err
	c.stopped.Store(true)
	return false
}

// Extra handles a run that does not belong to a seed, such as the run of a pinned trace. It is neither kept nor
// replayed, and not counted in Ran, but in the runs of each finding, and it counts as a failure if it fails.
func (c *Campaign) Extra(r *Run) {
	c.extra++
	if r.Outcome == Failed {
		c.failures.Add(1)
	}
	c.file(r)
	if r.Last {
		c.Why = r.Why
		c.stop(EndLast, nil)
	}
}

// add keeps and replays a run if it is the first of its signature, and files it.
func (c *Campaign) add(ctx context.Context, r *Run) error {
	first := func() bool { return r.Outcome != Passed && c.seen[r.Finding.Signature] == nil }
	if r.Told && first() {
		made, err := c.replayer.Run(ctx, r.Plan)
		if err != nil {
			return err
		}
		*r = *made
	}
	if first() {
		if err := c.examine(ctx, r); err != nil {
			return err
		}
	}
	c.file(r)
	return nil
}

// file adds a run to the list for its outcome, and counts it with the first run of its signature.
func (c *Campaign) file(r *Run) {
	if r.Outcome == Passed {
		return
	}
	f := r.Finding
	first := c.seen[f.Signature]
	if first == nil {
		c.seen[f.Signature] = r
	} else if f.Like = first.Finding.Name; r.Outcome == Doubtful {
		r.Outcome = first.Outcome
	}
	c.seen[f.Signature].Finding.Failed++
	if r.Outcome == Failed {
		c.Failing = append(c.Failing, r)
		return
	}
	f.Passes = true
	if first == nil {
		c.Notes = append(c.Notes, r)
	}
}

// examine keeps and replays the first run of a signature.
func (c *Campaign) examine(ctx context.Context, r *Run) error {
	if err := c.replayer.Keep(ctx, r); err != nil {
		return err
	}
	f := r.Finding
	if f.Verdict != "" {
		return nil
	}
	f.Verdict = finding.Unconfirmed
	for range c.cfg.Replays {
		if r.Recorded == nil {
			break
		}
		again, err := c.replayer.Run(ctx, Plan{Number: r.Number, Seed: r.Seed, Strategy: r.Strategy, Choices: r.Recorded})
		if ended := ctx.Err(); ended != nil {
			f.Verdict, r.Problem = finding.Unconfirmed, ended
			return nil
		}
		if err != nil {
			return err
		}
		if r.Again = again; again.Reached {
			continue
		}
		if again.Unfinished != nil {
			f.Verdict, r.Problem = finding.Unconfirmed, again.Unfinished
			return nil
		}
		if alike := again.Digest == r.Digest; again.failsAs(f) && (alike || r.Loose) {
			f.Verdict, r.Apart = finding.Reproduced, r.Apart || !alike
			continue
		}
		f.Verdict = finding.Flaky
		r.Differs, err = c.replayer.Difference(r, again)
		return err
	}
	return nil
}

// failsAs reports whether a run has the signature of a finding.
func (r *Run) failsAs(f *finding.Finding) bool {
	return r.Finding != nil && r.Finding.Signature == f.Signature
}

// Finish counts the runs and says why the campaign ended, when there are no more runs.
func (c *Campaign) Finish() {
	if c.End == EndAll {
		c.End = c.drawn
	}
	for _, r := range c.seen { // lint: order does not matter because each finding is set alone
		r.Finding.Ran = c.Ran + c.extra
	}
}

// Coverage returns what the runs so far have shown.
func (c *Campaign) Coverage() Coverage {
	x := c.census.Coverage
	x.Schedules = c.cfg.Schedules
	return x
}

// Failed returns how many runs failed, after Finish.
func (c *Campaign) Failed() int { return len(c.Failing) }

// Causes returns the number of distinct signatures.
func (c *Campaign) Causes() int { return len(c.seen) }
