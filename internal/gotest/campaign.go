package gotest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
)

// campaign is the search of one test function for failing seeds.
type campaign struct {
	*session
	function  string
	selection string   // the pattern of -run that selects it, and of its subtests those that are wanted
	args      []string // of each run
	start     time.Time
	limit     time.Duration // of real time; 0: none
	wall      time.Duration // of real time for a run

	length   int          // points that a run passes, where the strategy has to know
	failures atomic.Int64 // failing runs, also those whose turn has not come
	cut      string       // why there are no more seeds although not all were run, "" if there is no reason

	// What is known of the runs whose turn has come.
	first    []byte // the output of the first
	skipped  bool   // the test has skipped itself
	ran      int
	leaked   int        // of these, that were not taken for failures
	findings []*failing // of those that have failed
	races    []*failing // leaks that other seeds do not have, one a signature
	notes    []*failing // of those that have not, but are told of, one a signature
	broken   error      // why there can be no more
	told     time.Time  // when progress was told
	replays  *attempter // makes them
	seen     map[string]*failing
}

// maxFailing is how many failing seeds are told of. More of them tell nothing new.
const maxFailing = 5

// enough is how many failing seeds end the campaign.
func (c *campaign) enough() int {
	if c.failfast {
		return 1
	}
	return maxFailing
}

// control is that of the run of a seed.
func (c *campaign) control(seed uint64) gort.Control {
	control := c.session.control(seed, c.args)
	control.Wall, control.Length = c.wall, c.length
	return control
}

// nth returns a seed.
func (c *campaign) nth(i int) uint64 {
	if len(c.only) > 0 {
		return c.only[i]
	}
	return testpath.DeriveSeed(c.function, i)
}

// all is how many seeds are to be run, 0 if only time says so.
func (c *campaign) all() int {
	if len(c.only) > 0 {
		return len(c.only)
	}
	return c.seeds
}

// more reports whether seed i is to be run, of which all before have been handed out.
func (c *campaign) more(i int) bool {
	switch all := c.all(); {
	case all > 0 && i >= all:
		return false
	case i == 0:
		return true
	case c.failures.Load() >= int64(c.enough()): // any more would come behind these
		return false
	case !c.deadline.IsZero() && !c.now().Before(c.deadline):
		c.cut = "ended before -timeout"
		return false
	case c.limit > 0 && c.now().Sub(c.start) >= c.limit:
		if !c.asked {
			c.cut = "--seeds N or --budget D runs more"
		}
		return false
	}
	return true
}

// run runs the seeds and prints what has come of it. It reports whether the test has passed.
func (c *campaign) run(ctx context.Context) (ok bool) {
	c.out.run(c.function)
	c.start, c.seen = c.now(), map[string]*failing{}
	c.told = c.start
	var workers []worker[attempt]
	var all []*attempter
	for range c.processors + 1 {
		w := &attempter{campaign: c}
		all, workers = append(all, w), append(workers, w)
	}
	c.replays = all[c.processors]
	c.measure(ctx)
	inOrder(ctx, workers[:c.processors], c.more, func(i int, a attempt) bool { return c.take(ctx, i, a) })
	c.judgeLeaks()
	c.compareWithoutControl(ctx)
	for _, w := range all {
		if err := w.close(); err != nil && c.broken == nil {
			c.broken = err
		}
	}
	return c.tell(ctx.Err())
}

// take looks at the run of a seed, of which all before have been looked at, and reports whether there shall be more.
func (c *campaign) take(ctx context.Context, i int, a attempt) bool {
	if a.err != nil {
		c.broken = a.err
		return false
	}
	if i == 0 {
		c.first = a.outcome.Output
		c.skipped = !a.failed && skipped(c.function, c.first)
	}
	if a.outcome != nil && (a.failed || a.outcome.Verdict == gort.Leaked) {
		f, err := c.examine(ctx, a)
		switch {
		case err != nil:
			c.broken = err
			return false
		case !f.Passes:
			c.findings = append(c.findings, f)
		case f.Like == "":
			c.notes = append(c.notes, f)
		}
		if f.Passes && a.outcome.Verdict == gort.Leaked {
			c.leaked++
		}
	}
	c.ran++
	c.tellProgress()
	if a.endless {
		c.cut = "no more, since this run took all the time that a run may"
		return false
	}
	return !c.skipped && len(c.findings) < c.enough()
}

// measure finds out how many points a run passes while several goroutines are ready, over which the changes of priorities are spread. It takes the same seed
// always, so that a seed that is run alone makes the same choices.
func (c *campaign) measure(ctx context.Context) {
	if c.strategy != strategyPCT {
		return
	}
	control := c.control(testpath.DeriveSeed(c.function, 0))
	control.Strategy = gort.Random
	o, err := c.replays.make(ctx, control)
	if err != nil {
		return // the runs will meet it too
	}
	ready := uint16(0)
	for _, r := range o.Recording.Choices().Records {
		if r.Kind == gort.Sched {
			if ready > 1 {
				c.length += int(r.Points)
			}
			ready = r.N
		}
	}
}

// judgeLeaks takes leaks for failures if there are seeds without.
func (c *campaign) judgeLeaks() {
	if c.leaks != wire.LeaksAuto {
		return
	}
	isLeak := func(f *failing) bool { return f.outcome.Verdict == gort.Leaked }
	if c.leaked == c.ran {
		for _, f := range c.notes {
			if isLeak(f) {
				f.Note("it comes under every seed that was run, and so is no failure; with --leaks fail it is")
			}
		}
		return
	}
	for _, f := range c.notes {
		if isLeak(f) {
			f.Passes = false
			c.races = append(c.races, f)
		}
	}
	c.notes = slices.DeleteFunc(c.notes, isLeak)
}

// failed is how many runs have failed.
func (c *campaign) failed() int {
	if len(c.races) > 0 {
		return len(c.findings) + c.leaked
	}
	return len(c.findings)
}

// progressEvery is the time between two messages of progress.
const progressEvery = 500 * time.Millisecond

// tellProgress tells how far the campaign has come, to who shows it.
func (c *campaign) tellProgress() {
	if now := c.now(); c.progress && now.Sub(c.told) >= progressEvery {
		c.told = now
		c.out.attr(c.function, wire.AttrProgress.Name, c.extent().String())
	}
}

// extent is how far the campaign has come.
func (c *campaign) extent() wire.Extent { return wire.Extent{Ran: c.ran, All: c.all()} }

// compareWithoutControl runs a test that has failed under every seed, for one reason, once as an ordinary one.
func (c *campaign) compareWithoutControl(ctx context.Context) {
	if ctx.Err() != nil || len(c.findings) == 0 || len(c.findings) < c.ran || len(c.seen) > 1 || len(c.only) > 0 {
		return
	}
	f := c.findings[0]
	switch {
	case f.Class == finding.Nondeterminism, f.outcome.Verdict == gort.Limited, f.outcome.CutOff(): // of which that is known
	case f.outcome.Verdict == gort.Leaked: // for which an ordinary run does not look
		f.Note("it fails under every seed; with --leaks report a leak is no failure")
	default:
		how, _ := c.withoutControl(ctx, c.patience)
		f.Note("it fails under every seed, " + how)
	}
}

// withoutControl says how the test ends without control, within some time.
func (c *campaign) withoutControl(ctx context.Context, most time.Duration) (how string, passes bool) {
	release, err := c.replays.slot(ctx)
	if err == nil {
		how, passes, err = c.alone(ctx, most, append([]string{"-test.run=" + c.selection}, c.args...))
		release()
	}
	if err != nil {
		how = fmt.Sprintf("and could not be run without control: %v", err)
	}
	return how, passes
}

// tell prints what has come of the campaign and reports whether the test has passed. interrupted is why it was ended from
// outside, nil if it was not.
func (c *campaign) tell(interrupted error) (ok bool) {
	took := c.now().Sub(c.start)
	for _, f := range c.notes {
		c.tellFinding(f, "PASS")
	}
	for _, f := range slices.Concat(c.findings, c.races) {
		c.tellFinding(f, "FAIL")
	}
	c.out.attr(c.function, wire.AttrRuns.Name, c.extent().String())
	if c.cut != "" && len(c.findings) < c.enough() {
		c.out.log(c.function, c.spent(took)+": "+c.cut)
	}
	switch {
	case errors.Is(interrupted, context.DeadlineExceeded):
		c.out.log(c.function, fmt.Sprintf("-timeout is over after %s", prose.Count(c.ran, "seed")))
	case interrupted != nil:
		c.out.log(c.function, fmt.Sprintf("interrupted after %s", prose.Count(c.ran, "seed")))
	case c.broken != nil:
		c.out.log(c.function, fmt.Sprintf("reprise: it cannot be run on: %v", c.broken))
	}
	switch n := c.failed(); {
	case n > 0:
		c.out.log(c.function, fmt.Sprintf("%d of %s failed", n, prose.Count(c.ran, "run")))
		c.out.end("FAIL", c.function, took)
	case interrupted != nil:
		return false // with no result, as a test binary that is interrupted
	case c.broken != nil:
		c.out.end("FAIL", c.function, took)
	default:
		c.out.passed(c.function, c.first, took)
		return true
	}
	return false
}

// spent tells how many seeds were run in the time.
func (c *campaign) spent(took time.Duration) string {
	if all := c.all(); all > 0 {
		return fmt.Sprintf("%d of %s in %v", c.ran, prose.Count(all, "seed"), took.Round(time.Second))
	}
	return fmt.Sprintf("%s in %v", prose.Count(c.ran, "seed"), took.Round(time.Second))
}
