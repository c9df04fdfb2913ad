package simtest

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/simsched"
)

// Check runs body under many seeds and fails t if a run fails; see the package comment. It returns when all seeds
// have been run, or ends like t.FailNow if the flags or options are invalid. t must be the test that calls it: a
// *testing.T, or a *testing.B or *testing.F, in which there are no subtests.
func Check(t testing.TB, body func(*simsched.Sim) error, opts ...Option) {
	t.Helper()
	check(t, body, opts)
}

func check(t testing.TB, body func(*simsched.Sim) error, opts []Option) {
	t.Helper()
	s, err := newSettings(t, opts)
	if err != nil {
		fatal(t, err)
	}
	if s.trace != "" {
		replayFile(t, s.trace, body, &s)
		return
	}
	c := newCampaign(t, body, s)
	defer c.watch.Close()
	if len(s.only) == 0 && !s.comparing && s.share.First() {
		c.pins()
	}
	if c.enumeration != nil {
		c.exhaust()
	} else {
		c.seeds()
	}
	c.count()
}

// count passes the number of runs, and what they have shown, to the command.
func (c *campaign) count() {
	if os.Getenv(wire.Simulated.Env) == "" || c.Ran == 0 {
		return
	}
	c.t.Attr(wire.AttrSimulated.Name, strconv.Itoa(c.Ran))
	if x := c.Coverage(); c.enumeration == nil && c.tellsCoverage() {
		c.t.Attr(wire.AttrCoverage.Name, wire.Shown(x).String())
	}
}

// tellsCoverage reports whether the runs are enough to tell what they have shown.
func (c *campaign) tellsCoverage() bool { return c.Coverage().Runs > 1 && len(c.only) == 0 }

// fatal ends t with an error about its settings.
func fatal(t testing.TB, err error) {
	t.Helper()
	t.Fatalf("simtest: %v", err)
}

// campaign is one call of Check. It drives an [explore.Campaign] by itself, because the run of a seed and its report
// belong to one subtest, and all of them run on the goroutine of the test.
type campaign struct {
	*search
	selection
	*explore.Campaign
	pinned int            // number of pinned traces that were run
	failed []*explore.Run // failing runs that get a subtest at the end
}

func newCampaign(t testing.TB, body func(*simsched.Sim) error, s settings) *campaign {
	c := &campaign{search: newSearch(t, body, s), selection: selected(t)}
	cfg := explore.Config{
		Seed: c.nth, All: c.all(), Now: time.Now, Budget: c.budget, Least: c.least(), Unseen: c.unseen,
		Deadline: deadline(t), Replays: 1,
	}
	if c.named || len(c.only) > 0 || c.filtered && !c.given {
		cfg.Budget = 0
	}
	if c.enumeration != nil { // all runs have one seed, and the first that fails is the simplest
		cfg.Seed, cfg.MaxFailing = func(int) uint64 { return testpath.DeriveSeed(t.Name(), 0) }, 1
	}
	if failfast() {
		cfg.MaxFailing = 1
	}
	c.Campaign = explore.New(cfg, c.search)
	return c
}

// failfast reports whether the first failure ends the test.
func failfast() bool { return testFlag("failfast") == "true" }

// nth returns a seed.
func (c *campaign) nth(i int) uint64 {
	switch {
	case c.named:
		return c.selection.seed
	case len(c.only) > 0:
		return c.only[i]
	}
	return testpath.DeriveSeed(c.t.Name(), c.share.Number(i))
}

// all returns the number of seeds, 0 if time ends them.
func (c *campaign) all() int {
	switch {
	case c.named:
		return 1
	case len(c.only) > 0:
		return len(c.only)
	case c.least() > 0:
		return 0
	}
	return c.settings.seeds
}

// least returns the number of seeds that are run even if the budget is used up: without a word about seeds. If -run or
// -skip may leave out subtests, no more are run, since time would end the seeds after any number that is left out.
func (c *campaign) least() int {
	if c.given || c.budget == 0 || c.filtered {
		return 0
	}
	return c.share.Part(c.settings.seeds)
}

// margin is the maximum of the time before the deadline of go test that is reserved for reports and replays, which is a
// tenth of the whole time.
const margin = 5 * time.Second

// deadline returns the time after which no seed starts, or the zero Time if there is none.
func deadline(t testing.TB) time.Time {
	d, ok := t.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return time.Time{}
	}
	at, ok := d.Deadline()
	if !ok {
		return time.Time{}
	}
	return at.Add(-min(margin, time.Until(at)/10))
}

// seeds runs the seeds.
func (c *campaign) seeds() {
	c.t.Helper()
	for p, ok := c.Next(); ok; p, ok = c.Next() {
		c.seed(p)
		if c.skipped {
			c.subtests()
		}
		c.leave()
	}
	c.Finish()
	c.subtests()
	switch {
	case c.End == explore.EndEnough && !failfast() && (c.all() == 0 || c.Ran < c.all()):
		c.t.Logf("simtest: ended after %d failing seeds", len(c.Failing))
	case c.End == explore.EndDeadline:
		c.t.Logf("simtest: ended before -timeout, after %s", prose.Count(c.Ran, "seed"))
	}
	if n := c.Failed(); n > 0 {
		c.t.Logf("simtest: %d of %s failed", n, prose.Count(c.Ran+c.pinned, "run"))
	} else if c.Ran > 0 {
		c.t.Logf("simtest: %s passed%s", prose.Count(c.Ran, "seed"), c.covered())
	}
	if c.leak != nil {
		c.t.Logf("simtest: the first run that left tasks behind, which is no failure with %s:\n%v",
			wire.Leaks.Assign(c.leaks), c.leak)
	}
}

// covered returns what the runs have shown, as the end of a sentence; "" if they are too few.
func (c *campaign) covered() string {
	if c.tellsCoverage() {
		return fmt.Sprintf(": %v", c.Coverage())
	}
	return ""
}

// seed runs one seed, in a subtest where that makes a difference.
func (c *campaign) seed(p explore.Plan) {
	c.t.Helper()
	t, ok := c.t.(*testing.T)
	switch {
	case !ok:
		c.tell(c.t, c.Make(context.Background(), c.search, p))
	case c.filtered || testing.Verbose() && (c.least() == 0 || p.Number < c.least()):
		t.Run(testpath.Seed(p.Seed), func(t *testing.T) {
			t.Helper()
			r := c.Make(context.Background(), c.search, p)
			if c.skipped {
				t.SkipNow()
			}
			c.tell(t, r)
		})
	default:
		if r := c.Make(context.Background(), c.search, p); r.Outcome != explore.Passed {
			c.failed = append(c.failed, r)
		}
	}
}

// subtests tells of the failing runs that have no subtest yet, when it is known how many runs failed.
func (c *campaign) subtests() {
	c.t.Helper()
	for _, r := range c.failed {
		c.t.(*testing.T).Run(r.Finding.Name, func(t *testing.T) {
			t.Helper()
			c.tell(t, r)
		})
	}
}

// tell fails t if the run failed, with a full report if it is the first of its signature.
func (c *campaign) tell(t testing.TB, r *explore.Run) {
	t.Helper()
	if f, ok := r.Detail.(*failing); ok {
		c.minimize(r)
		c.Settle(r)
		f.tell(c.t, t, &c.settings)
	}
}

// CheckDeterminism runs body three times under each seed and fails t unless the runs are equal; it does not matter
// whether they fail. Seeds, options and flags are those of [Check]; pinned traces are not replayed.
func CheckDeterminism(t testing.TB, body func(*simsched.Sim) error, opts ...Option) {
	t.Helper()
	check(t, body, append(opts, func(s *settings) { s.comparing = true }))
}
