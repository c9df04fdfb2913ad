package simtest

import (
	"context"
	"fmt"
	"testing"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/simsched"
)

// Exhaustive makes [Check] run every schedule with at most a number of preemptions, those with fewer preemptions first,
// instead of seeds. It ends with the first schedule that fails, or logs how many schedules have passed. A negative
// number means all schedules. See [simsched.Enumeration] for the definition of a schedule.
func Exhaustive(preemptions int) Option {
	return func(s *settings) {
		e := &simsched.Enumeration{Limit: preemptions}
		s.enumerate("exhaustive", e.Chooser, enumeration{
			next:  e.Next,
			done:  func() (int, string) { return e.Schedules, "schedule" },
			drawn: func() bool { return e.Drawn },
			claim: func() string {
				if e.Complete {
					return fmt.Sprintf("every schedule passes (%d of them)", e.Schedules)
				}
				return fmt.Sprintf("every schedule with at most %s passes (%d of them)", prose.Count(e.Limit, "preemption"),
					e.Schedules)
			},
		})
	}
}

// EveryOrder makes [Check] run one schedule for each order of the operations that depend on each other, instead of
// seeds: all schedules with that order behave alike. It shows the same as Exhaustive(-1) in far fewer runs, if tasks
// share data only by objects of the simulation or under its locks. See [simsched.Reduction].
func EveryOrder() Option {
	return func(s *settings) {
		r := &simsched.Reduction{}
		s.enumerate("every-order", r.Chooser, enumeration{
			next:  r.Next,
			done:  func() (int, string) { return r.Schedules, "order" },
			drawn: func() bool { return r.Drawn },
			claim: func() string {
				if r.Unsteady {
					return fmt.Sprintf("the test is not a function of its schedule; %s passed", prose.Count(r.Schedules, "order"))
				}
				return fmt.Sprintf("every order of dependent operations passes (%d of them)", r.Schedules)
			},
		})
	}
}

// enumeration is a search through all schedules.
type enumeration struct {
	next  func() bool          // moves on to the next schedule and reports whether there is one
	done  func() (int, string) // the number of schedules that have been run, and what they are called
	drawn func() bool          // a run has drawn random values, faults or sizes
	claim func() string        // what has been shown if all passed
}

// enumerate makes a search, with Choosers of its own, that of the test.
func (s *settings) enumerate(name string, chooser func() simsched.Chooser, e enumeration) {
	s.strategyName, s.strategy = name, func(uint64) simsched.Chooser { return chooser() }
	s.enumeration, s.seeds, s.profile = &e, 0, nil
}

// exhaust runs every schedule.
func (c *campaign) exhaust() {
	c.t.Helper()
	c.name = func(uint64) string {
		n, _ := c.enumeration.done()
		return fmt.Sprintf("schedule=%d", n+1)
	}
	for p, ok := c.Next(); ok; p, ok = c.Next() {
		r := c.Make(context.Background(), c.search, p)
		c.leave()
		if r.Outcome == explore.Passed {
			continue
		}
		t, ok := c.t.(*testing.T)
		if !ok {
			c.tell(c.t, r)
			continue
		}
		t.Run(r.Finding.Name, func(t *testing.T) {
			t.Helper()
			c.tell(t, r)
		})
	}
	c.Finish()
	c.t.Attr(wire.AttrExhaustive.Name, c.proof())
	c.t.Logf("simtest: %s", c.proof())
}

// proof tells what the enumeration has shown.
func (c *campaign) proof() string {
	passed := prose.Count(c.enumeration.done())
	switch {
	case c.Failed() > 0:
		return fmt.Sprintf("a schedule fails; %s passed before", passed)
	case c.End != explore.EndLast:
		return fmt.Sprintf("ended before all schedules were run; %s passed", passed)
	}
	text := c.enumeration.claim()
	if c.enumeration.drawn() {
		text += "; random values, faults and sizes of I/O were those of one seed"
	}
	return text
}
