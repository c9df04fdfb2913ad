package gotest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/strategy"
)

// search is the search of one test function for failing seeds.
type search struct {
	*session
	function  string
	selection string        // the pattern of -run that selects it, and of its subtests those that are wanted
	args      []string      // of each run
	limit     time.Duration // of real time; 0: none
	wall      time.Duration // of real time for a run
	length    int           // points that a run passes, where the strategy has to know
	told      time.Time     // when progress was told

	passed  int    // runs that have not failed
	longest extent // of these

	company
	sharing  *sharing
	campaign *explore.Campaign
	replays  *subject                // makes them
	ordinary map[string]*explore.Run // the first run of each signature that is not of the class timing
}

// control is that of the run of a seed.
func (c *search) control(seed uint64) gort.Control {
	control := c.session.control(seed, c.args)
	control.Wall, control.Length = c.wall, c.length
	return control
}

// nth returns a seed.
func (c *search) nth(i int) uint64 {
	if len(c.only) > 0 {
		return c.only[i]
	}
	return testpath.DeriveSeed(c.function, i)
}

// all is how many seeds are to be run, 0 if only time says so.
func (c *search) all() int {
	if len(c.only) > 0 {
		return len(c.only)
	}
	return c.seeds
}

// maxFailing is how many failing seeds end the search.
func (c *search) maxFailing() int {
	if c.failfast {
		return 1
	}
	return explore.DefaultMaxFailing
}

// replays is how often the first failing run of a signature is made again from its trace.
const replays = 2

// run runs the seeds and prints what has come of it. It reports whether the test has passed.
func (c *search) run(ctx context.Context) (ok bool) {
	c.out.run(c.function)
	c.start()
	c.measure(ctx)
	var workers []explore.Subject
	for range c.processors {
		workers = append(workers, &subject{search: c})
	}
	c.campaign.Run(ctx, workers)
	c.judgeTiming()
	c.judgeLimits()
	c.judgeDisturbed()
	c.judgeAlways(ctx)
	c.minimize(ctx, workers)
	for _, w := range append(workers, c.replays) {
		if err := w.Close(); err != nil && c.campaign.Err == nil {
			c.campaign.Err = err
		}
	}
	return c.tell(ctx.Err())
}

// start makes the campaign.
func (c *search) start() {
	c.replays, c.ordinary = &subject{search: c}, map[string]*explore.Run{}
	c.told = c.now()
	c.campaign = explore.New(explore.Config{
		Seed: c.nth, All: c.all(), Now: c.now, Budget: c.limit, Deadline: c.deadline, MaxFailing: c.maxFailing(),
		Replays: replays, Progress: c.tellProgress,
	}, c.replays)
}

// measure finds out how many points a run passes while several goroutines are ready, over which the changes of
// priorities are spread. It takes the same seed always, so that a seed that is run alone makes the same choices.
func (c *search) measure(ctx context.Context) {
	if !strategy.Find(c.strategy).Reads("length") {
		return
	}
	control := c.control(testpath.DeriveSeed(c.function, 0))
	control.Strategy = strategy.Default
	o, err := c.replays.make(ctx, control, false)
	if err != nil {
		return // the runs will meet it too
	}
	ready := uint16(0)
	for _, r := range o.Recording.Choices().Records {
		if r.Kind == record.Sched {
			if ready > 1 {
				c.length += int(r.Points)
			}
			ready = r.N
		}
	}
}

// progressEvery is the time between two messages of progress.
const progressEvery = 500 * time.Millisecond

// tellProgress counts a run and tells how far the search is, if somebody shows it.
func (c *search) tellProgress(r *explore.Run) {
	c.count(r)
	if now := c.now(); c.progress && now.Sub(c.told) >= progressEvery {
		c.told = now
		c.out.attr(c.function, wire.AttrProgress.Name, c.extent().String())
	}
}

// extent is how far the search is.
func (c *search) extent() wire.Extent { return wire.Extent{Ran: c.campaign.Ran, All: c.all()} }

// tell prints what has come of the search and reports whether the test has passed. interrupted is why it was ended from
// outside, nil if it was not.
func (c *search) tell(interrupted error) (ok bool) {
	took := c.campaign.Elapsed()
	for _, r := range c.campaign.Notes {
		c.tellFinding(r, "PASS")
	}
	for _, r := range slices.Concat(c.campaign.Failing, c.campaign.Races) {
		c.tellFinding(r, "FAIL")
	}
	ran := c.extent()
	if c.campaign.Failed() == 0 && c.campaign.End == explore.EndEnough { // the failures were excused
		ran.All = ran.Ran
	}
	c.out.attr(c.function, wire.AttrRuns.Name, ran.String())
	if why := c.cut(); why != "" {
		c.out.log(c.function, c.spent(took)+": "+why)
	}
	if why := c.shares(); why != "" {
		c.out.log(c.function, why)
	}
	switch {
	case errors.Is(interrupted, context.DeadlineExceeded):
		c.out.log(c.function, fmt.Sprintf("-timeout is over after %s", prose.Count(c.campaign.Ran, "seed")))
	case interrupted != nil:
		c.out.log(c.function, fmt.Sprintf("interrupted after %s", prose.Count(c.campaign.Ran, "seed")))
	case c.campaign.Err != nil:
		c.out.log(c.function, fmt.Sprintf("reprise: it cannot be run on: %v", c.campaign.Err))
	}
	switch n := c.campaign.Failed(); {
	case n > 0:
		c.out.log(c.function, fmt.Sprintf("%d of %s failed", n, prose.Count(c.campaign.Ran, "run")))
		c.out.end("FAIL", c.function, took)
	case interrupted != nil:
		return false // with no result, as a test binary that is interrupted
	case c.campaign.Err != nil:
		c.out.end("FAIL", c.function, took)
	default:
		c.out.passed(c.function, c.firstOutput(), took)
		return true
	}
	return false
}

// cut says why there were no more seeds although not all were run, "" if that goes without saying.
func (c *search) cut() string {
	switch {
	case c.campaign.End == explore.EndEnough:
	case c.campaign.End == explore.EndDeadline:
		return "ended before -timeout"
	case c.campaign.End == explore.EndBudget && !c.asked:
		return "--seeds N or --budget D runs more"
	case c.campaign.End == explore.EndLast:
		return c.campaign.Why
	}
	return ""
}

// spent tells how many seeds were run in the time.
func (c *search) spent(took time.Duration) string {
	if all := c.all(); all > 0 {
		return fmt.Sprintf("%d of %s in %v", c.campaign.Ran, prose.Count(all, "seed"), took.Round(time.Second))
	}
	return fmt.Sprintf("%s in %v", prose.Count(c.campaign.Ran, "seed"), took.Round(time.Second))
}
