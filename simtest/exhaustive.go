package simtest

import (
	"context"
	"fmt"
	"testing"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/strategy"
)

// Exhaustive makes [Check] run every schedule with at most a number of preemptions, those with fewer preemptions first,
// instead of seeds. It ends with the first schedule that fails, or logs how many schedules have passed. A negative
// number means all schedules. A schedule is a sequence of choices of tasks, waiters, timers and cases of Select; random
// values, faults and sizes of I/O operations are those of one seed. See [explore.Tree] for the search, and
// [strategy.Route] for what counts as a preemption.
func Exhaustive(preemptions int) Option {
	return func(s *settings) {
		s.enumerate("exhaustive", &everySchedule{tree: explore.Tree{Limit: preemptions}})
	}
}

// EveryOrder makes [Check] run one schedule for each order of the operations that depend on each other, instead of
// seeds: all schedules with that order behave alike. It shows the same as Exhaustive(-1) in far fewer runs, if tasks
// share data only by objects of the simulation or under its locks. See [simsched.Reduction].
func EveryOrder() Option {
	return func(s *settings) { s.enumerate("every-order", &everyOrder{}) }
}

// enumeration is a search through all schedules.
type enumeration interface {
	next() bool                 // moves on to the next run, at first to the first, and reports whether there is one
	chooser() simsched.Chooser  // of that run
	done() (n int, what string) // the number of schedules that have been run, and what they are called
	drew() bool                 // a run has asked for random values, faults or sizes

	// result says what has been shown, as a sentence without a full stop.
	result(*explore.Campaign) string
}

// enumerate makes a search, with Choosers of its own, that of the test.
func (s *settings) enumerate(name string, e enumeration) {
	s.strategyName, s.strategy = name, func(uint64) simsched.Chooser { return e.chooser() }
	s.enumeration, s.seeds, s.profile = e, 0, nil
}

// everySchedule is the search through all schedules with at most a number of preemptions.
type everySchedule struct {
	tree  explore.Tree
	route *strategy.Route // of the run; nil before the first
	last  simsched.Chooser
	drawn bool
}

func (e *everySchedule) next() bool {
	if e.route == nil {
		e.route = &strategy.Route{}
	} else {
		e.drawn = e.drew()
		e.tree.Take(e.route.Branches())
	}
	branches, ok := e.tree.Next()
	if ok {
		e.route.Give(branches)
	}
	return ok
}

func (e *everySchedule) chooser() simsched.Chooser {
	e.last = simsched.NewChooser(strategy.Find(strategy.Single), strategy.Config{Route: e.route})
	return e.last
}

func (e *everySchedule) done() (n int, what string) { return e.tree.Schedules, "schedule" }

func (e *everySchedule) drew() bool {
	last, ok := e.last.(interface{ Drew() bool })
	return e.drawn || ok && last.Drew()
}

func (e *everySchedule) result(c *explore.Campaign) string { return e.tree.Result(c) }

// everyOrder is the search through all orders of operations that depend on each other.
type everyOrder struct {
	search simsched.Reduction
	begun  bool
}

func (e *everyOrder) next() bool {
	first := !e.begun
	e.begun = true
	return first || e.search.Next()
}

func (e *everyOrder) chooser() simsched.Chooser { return e.search.Chooser() }

func (e *everyOrder) done() (n int, what string) { return e.search.Schedules, "order" }

func (e *everyOrder) drew() bool { return e.search.Drawn }

func (e *everyOrder) result(c *explore.Campaign) string {
	passed := prose.Count(e.done())
	switch {
	case e.search.Unsteady:
		return fmt.Sprintf("the test is not a function of its schedule; %s passed", passed)
	case c.Failed() > 0:
		return fmt.Sprintf("one fails; %s passed before", passed)
	case c.End != explore.EndAll:
		return fmt.Sprintf("ended before all were run; %s passed", passed)
	}
	return fmt.Sprintf("every order of dependent operations passes (%d of them)", e.search.Schedules)
}

// exhaust runs every schedule.
func (c *campaign) exhaust() {
	c.t.Helper()
	c.name = func(uint64) string {
		n, _ := c.enumeration.done()
		return fmt.Sprintf("schedule=%d", n+1)
	}
	for c.enumeration.next() {
		p, ok := c.Next()
		if !ok {
			break
		}
		c.schedule(p)
		c.leave()
	}
	c.Finish()
	text := c.enumeration.result(c.Campaign)
	if c.enumeration.drew() && c.End == explore.EndAll {
		text += "; random values, faults and sizes of I/O were those of one seed"
	}
	c.t.Attr(wire.AttrExhaustive.Name, text)
	c.t.Logf("simtest: %s", text)
}

// schedule makes a run, which has a subtest if it fails.
func (c *campaign) schedule(p explore.Plan) {
	c.t.Helper()
	r := c.Make(context.Background(), c.search, p)
	if r.Outcome == explore.Passed {
		return
	}
	t, ok := c.t.(*testing.T)
	if !ok {
		c.tell(c.t, r)
		return
	}
	t.Run(r.Finding.Name, func(t *testing.T) {
		t.Helper()
		c.tell(t, r)
	})
}
