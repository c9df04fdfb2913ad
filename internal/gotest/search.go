package gotest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/strategy"
)

// search is the search for failing seeds of one test function.
type search struct {
	*session
	function  string               // or a test of a suite, "TestSuite/TestX"
	members   []string             // the tests that run together, of which function is the first; nil for a single test
	selection string               // pattern of -run that selects the function, and among its subtests
	args      []string             // arguments of each run
	limit     time.Duration        // real time of the search; 0: none
	wall      time.Duration        // real time of a run
	profiles  [2]*strategy.Profile // counts of runs without and with points at accesses to memory; nil if there are none
	told      time.Time            // time of the last message of progress

	passed  int    // number of runs that passed
	longest extent // maximum over these runs

	facts *Known // what is known of the seeds; nil if nothing is

	pins    []*pinned
	reached reached

	exhausting
	kept   *progress
	goesOn bool // a later search can go on with what was kept
	company
	sharing  *sharing
	campaign *explore.Campaign
	replays  *subject                // makes them
	origin   *gort.Choices           // the recording that is made smaller or explained
	ordinary map[string]*explore.Run // the first run of each signature that is not of the class timing
}

// control returns the control of the run of a seed.
func (c *search) control(seed uint64) gort.Control {
	control := c.session.control(seed, c.args)
	control.Wall, control.Profile = c.wall, *c.profile(control.Memory)
	if c.enumerates() {
		c.controlSchedule(&control)
	}
	return control
}

// profile returns the place of the profile of runs with or without points at accesses to memory.
func (c *search) profile(memory bool) **strategy.Profile {
	if memory {
		return &c.profiles[1]
	}
	return &c.profiles[0]
}

// nth returns a seed.
func (c *search) nth(i int) uint64 {
	if len(c.only) > 0 {
		return c.only[i]
	}
	if c.facts != nil {
		i = c.facts.number(i)
	}
	return testpath.DeriveSeed(c.function, c.share.Number(i))
}

// all returns the number of seeds to run, or 0 if only time limits the search. Without a word about seeds, it is the
// number that is run at least, until that is reached.
func (c *search) all() int {
	switch {
	case c.enumerates():
		return 0
	case len(c.only) > 0:
		return len(c.only)
	case c.facts != nil:
		return c.facts.all()
	case !c.asked && c.campaign != nil && c.campaign.Ran > c.seeds:
		return 0
	}
	return c.share.Part(c.seeds)
}

// maxFailing returns the number of failing seeds that end the search, 0 for the usual one.
func (c *search) maxFailing() int {
	if c.failfast {
		return 1
	}
	return 0
}

// replays is the number of replays of the first failing run of a signature from its trace.
const replays = 2

// run runs the seeds and prints the result. It reports whether the test passed.
func (c *search) run(ctx context.Context) (ok bool) {
	if !c.learn() {
		c.out.about(notRunPrefix + c.function)
		return true
	}
	c.out.run(c.function)
	var workers []explore.Subject
	for range c.processors {
		workers = append(workers, &subject{search: c})
	}
	if !c.exhaust(ctx, workers) {
		c.start()
		c.replayPins(ctx)
		c.measure(ctx)
		c.campaign.Run(ctx, workers)
	}
	c.goesOn = c.endProgress()
	c.judgeTiming()
	c.judgeLimits()
	c.judgeDisturbed()
	c.judgeAlways(ctx)
	c.minimize(ctx, workers)
	c.campaign.Settle(c.campaign.Failing...)
	for _, w := range append(workers, c.replays) {
		if err := w.Close(); err != nil && c.campaign.Err == nil {
			c.campaign.Err = err
		}
	}
	if c.members != nil {
		return c.tellMembers(ctx.Err())
	}
	return c.tell(ctx.Err())
}

// start creates the campaign.
func (c *search) start() {
	if c.replays == nil {
		c.replays = &subject{search: c}
	}
	c.ordinary, c.told = map[string]*explore.Run{}, c.now()
	cfg := explore.Config{
		Seed: c.nth, Strategy: c.strategy, All: c.all(), Now: c.now, Budget: c.limit, Deadline: c.deadline,
		Unseen: c.unseen, MaxFailing: c.maxFailing(), Replays: replays, Progress: c.tellProgress,
		Schedules: c.memory == wire.MemoryOff,
	}
	if !c.asked && len(c.only) == 0 {
		cfg.Budget, cfg.Limit = 0, c.limit
		if !c.short {
			cfg.All, cfg.Least, cfg.Budget = 0, c.seeds, min(explore.DefaultBudget, c.limit)
		}
	}
	if c.enumerates() {
		cfg.Seed, cfg.MaxFailing = func(int) uint64 { return testpath.DeriveSeed(c.function, 0) }, 1
		cfg.All, cfg.Least, cfg.Budget, cfg.Limit = 0, 0, c.budget, 0
	}
	c.startProgress()
	cfg.Known = c.knownRun
	c.campaign = explore.New(cfg, c.replays)
}

// measure fills the profiles that the strategy needs, by runs that always have the same seeds, so that a seed that is
// run alone makes the same choices. A test that takes long has no profile.
func (c *search) measure(ctx context.Context) {
	s := strategy.Find(c.strategy)
	if !s.Reads("length") && !s.Profiled {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, c.wall/measureShare)
	defer cancel()
	defer c.boundRuns()
	for _, memory := range c.memories() {
		control := c.control(testpath.DeriveSeed(c.function, 0))
		control.Strategy, control.Memory, control.Record = strategy.Single, memory, &strategy.Profile{}
		if _, err := c.replays.make(ctx, control, false); err != nil {
			return // the runs will report an error
		}
		*c.profile(memory) = control.Record
	}
}

// measureShare is the part of the real time of a run that is spent on measuring, at most.
const measureShare = 8

// memories returns whether the seeds have points at accesses to memory: some or all may, or none.
func (c *search) memories() []bool {
	switch {
	case c.memory == wire.MemoryOn:
		return []bool{true}
	case c.memory == wire.MemoryOff:
		return []bool{false}
	case len(c.only) == 1:
		return []bool{c.watchesMemory(c.only[0])}
	}
	return []bool{false, true}
}

// progressEvery is the time between two messages of progress.
const progressEvery = 500 * time.Millisecond

// tellProgress counts a run and prints the progress of the search, if the command shows it.
func (c *search) tellProgress(r *explore.Run) {
	c.count(r)
	c.keepRun(r)
	if now := c.now(); c.progress && now.Sub(c.told) >= progressEvery {
		c.told = now
		c.out.attr(c.function, wire.AttrProgress.Name, c.extent().String())
	}
}

// extent returns the progress of the search.
func (c *search) extent() wire.Extent {
	e := wire.Extent{Ran: c.campaign.Ran, All: c.all()}
	if c.facts != nil {
		e.All = c.facts.All
	}
	return e
}

// tell prints the result of the search and reports whether the test passed. interrupted is the reason if the search was
// ended from outside, and nil otherwise.
func (c *search) tell(interrupted error) (ok bool) {
	took := c.campaign.Elapsed()
	pinsOK := c.tellPins(c.function)
	for _, r := range c.campaign.Notes {
		c.tellFinding(r, "PASS")
	}
	for _, r := range c.campaign.Failing {
		c.tellFinding(r, "FAIL")
	}
	ran := c.extent()
	if c.campaign.Failed() == 0 && c.campaign.End == explore.EndEnough { // the failures were excused
		ran.All = ran.Ran
	}
	c.out.attr(c.function, wire.AttrRuns.Name, ran.String())
	c.tellReached(c.function)
	c.tellCoverage()
	c.tellExhaustive()
	c.tellEnd(took, interrupted)
	switch n := c.campaign.Failed(); {
	case n > 0:
		c.out.log(c.function, fmt.Sprintf("%d of %s failed", n, prose.Count(c.campaign.Ran, "run")))
		c.out.end("FAIL", c.function, took)
	case interrupted != nil:
		return false // with no result, as a test binary that is interrupted
	case c.campaign.Err != nil, !pinsOK:
		c.out.end("FAIL", c.function, took)
	default:
		c.out.passed(c.function, c.firstOutput(), took)
		return true
	}
	return false
}

// resumable is printed by a search that was interrupted and has kept the runs that passed.
const resumable = "--resume goes on from here"

// tellEnd prints why the search has ended, unless that goes without saying.
func (c *search) tellEnd(took time.Duration, interrupted error) {
	if why := c.cut(); why != "" {
		c.out.log(c.function, c.spent(took)+": "+why)
	}
	if why := c.shares(); why != "" {
		c.out.log(c.function, why)
	}
	c.tellResumed()
	if c.goesOn {
		c.out.log(c.function, resumable)
	}
	switch {
	case errors.Is(interrupted, context.DeadlineExceeded):
		c.out.log(c.function, fmt.Sprintf("-timeout is over after %s", prose.Count(c.campaign.Ran, "seed")))
	case interrupted != nil:
		c.out.log(c.function, fmt.Sprintf(interruptedAfter+"%s", prose.Count(c.campaign.Ran, c.unit())))
	case c.campaign.Err != nil:
		c.out.log(c.function, fmt.Sprintf("reprise: it cannot be run on: %v", c.campaign.Err))
	}
}

// unit returns what a run is called by which the search counts.
func (c *search) unit() string {
	if c.enumerates() {
		return "schedule"
	}
	return "seed"
}

// cut returns the reason if not all seeds were run, or "" if it is obvious.
func (c *search) cut() string {
	switch {
	case c.campaign.End == explore.EndEnough:
	case c.campaign.End == explore.EndDeadline:
		return "ended before -timeout"
	case c.campaign.End == explore.EndLimit:
		return "--seeds N or --budget D runs more"
	case c.campaign.End == explore.EndLast:
		return c.campaign.Why
	}
	return ""
}

// spent returns the number of seeds that were run in the time, as text.
func (c *search) spent(took time.Duration) string {
	if all := c.all(); all > 0 {
		return fmt.Sprintf("%d of %s in %v", c.campaign.Ran, prose.Count(all, "seed"), took.Round(time.Second))
	}
	return fmt.Sprintf("%s in %v", prose.Count(c.campaign.Ran, "seed"), took.Round(time.Second))
}
