package simtest

import (
	"testing"
	"time"

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
	c := &campaign{search: newSearch(t, body, s), start: time.Now(), selection: selected(t), seen: map[string]string{}}
	defer c.watch.Close()
	if len(s.only) == 0 && !s.comparing {
		c.pins()
	}
	c.seeds()
}

// fatal ends t with an error about its settings.
func fatal(t testing.TB, err error) {
	t.Helper()
	t.Fatalf("simtest: %v", err)
}

// campaign is one call of Check.
type campaign struct {
	*search
	selection
	start    time.Time
	deadline time.Time // zero if there is none
	tainted  bool      // whether the body has marked the test as failed, which it cannot do again

	ran, failing int               // seeds; seeds and pinned traces
	pinned       int               // number of pinned traces that were run
	seen         map[string]string // the first seed with each signature
}

// maxFailing is the maximum number of failing seeds in a report. Further ones rarely show anything new.
const maxFailing = 5

// seeds runs the seeds.
func (c *campaign) seeds() {
	c.t.Helper()
	c.setDeadline()
	for i := 0; c.more(i); i++ {
		c.seed(c.nth(i))
		c.leave()
	}
	if c.failing > 0 {
		c.t.Logf("simtest: %d of %s failed", c.failing, prose.Count(c.ran+c.pinned, "run"))
	} else if c.ran > 0 {
		c.t.Logf("simtest: %s passed", prose.Count(c.ran, "seed"))
	}
	if c.leak != nil {
		c.t.Logf("simtest: the first run that left tasks behind, which is no failure with %s:\n%v",
			wire.Leaks.Assign(c.leaks), c.leak)
	}
}

// nth returns seed i.
func (c *campaign) nth(i int) uint64 {
	switch {
	case c.named:
		return c.selection.seed
	case len(c.only) > 0:
		return c.only[i]
	}
	return testpath.DeriveSeed(c.t.Name(), i)
}

// margin is the maximum time before the deadline of go test that is kept for reports. A tenth of the time is kept
// if that is less.
const margin = 5 * time.Second

func (c *campaign) setDeadline() {
	d, ok := c.t.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return
	}
	if at, ok := d.Deadline(); ok {
		c.deadline = at.Add(-min(margin, at.Sub(c.start)/10))
	}
}

// more reports whether seed i is to be run. If not all seeds are done, it logs why not.
func (c *campaign) more(i int) bool {
	c.t.Helper()
	var all int
	switch {
	case c.named:
		all = 1
	case len(c.only) > 0:
		all = len(c.only)
	default:
		all = c.settings.seeds // 0 with a budget alone
	}
	over := func(limit time.Duration) bool { return limit > 0 && time.Since(c.start) >= limit }
	switch {
	case c.tainted, c.failing > 0 && testFlag("failfast") == "true":
		return false
	case all > 0 && i >= all, i > 0 && !c.named && len(c.only) == 0 && over(c.budget):
		return false
	case c.failing >= maxFailing:
		c.t.Logf("simtest: ended after %d failing seeds", c.failing)
		return false
	case i > 0 && !c.deadline.IsZero() && time.Now().After(c.deadline):
		c.t.Logf("simtest: ended before -timeout, after %s", prose.Count(c.ran, "seed"))
		return false
	}
	return true
}

// seed runs one seed, in a subtest if that makes a difference.
func (c *campaign) seed(seed uint64) {
	c.t.Helper()
	t, ok := c.t.(*testing.T)
	switch {
	case !ok:
		c.tell(c.t, c.try(seed))
		c.ran++
	case c.filtered || testing.Verbose():
		t.Run(testpath.Seed(seed), func(t *testing.T) {
			t.Helper()
			c.ran++
			f := c.try(seed)
			if c.skipped {
				t.SkipNow()
			}
			c.tell(t, f)
		})
	default:
		c.ran++
		f := c.try(seed)
		if f == nil {
			return
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Helper()
			c.tell(t, f)
		})
	}
}

// tell fails t if there is a finding, with the full report for the first finding of its signature.
func (c *campaign) tell(t testing.TB, f *failing) {
	t.Helper()
	if f == nil {
		return
	}
	c.failing++
	c.tainted = c.tainted || f.tainted
	f.identify()
	if f.Like = c.seen[f.Signature]; f.Like != "" {
		f.tell(t)
		return
	}
	c.seen[f.Signature] = f.Name
	f.report(c.t, t, &c.settings)
}

// CheckDeterminism runs body three times under each seed and fails t unless the runs are equal; it does not matter
// whether they fail. Seeds, options and flags are those of [Check]; pinned traces are not replayed.
func CheckDeterminism(t testing.TB, body func(*simsched.Sim) error, opts ...Option) {
	t.Helper()
	check(t, body, append(opts, func(s *settings) { s.comparing = true }))
}
