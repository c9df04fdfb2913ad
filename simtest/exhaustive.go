package simtest

import (
	"context"
	"fmt"
	"testing"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/simsched"
)

// Exhaustive makes [Check] run every schedule with at most a number of preemptions, those with fewer preemptions first,
// instead of seeds. It ends with the first schedule that fails, or logs how many schedules have passed. A negative
// number means all schedules. See [simsched.Enumeration] for the definition of a schedule.
func Exhaustive(preemptions int) Option {
	return func(s *settings) {
		e := &simsched.Enumeration{Limit: preemptions}
		s.strategyName, s.strategy = "exhaustive", func(uint64) simsched.Chooser { return e.Chooser() }
		s.enumeration, s.seeds, s.profile = e, 0, nil
	}
}

// exhaust runs every schedule.
func (c *campaign) exhaust() {
	c.t.Helper()
	c.name = func(uint64) string { return fmt.Sprintf("schedule=%d", c.enumeration.Schedules+1) }
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
	c.t.Logf("simtest: %s", c.proof())
}

// proof tells what the enumeration has shown.
func (c *campaign) proof() string {
	e := c.enumeration
	passed := prose.Count(e.Schedules, "schedule")
	switch {
	case c.Failed() > 0:
		return fmt.Sprintf("a schedule fails; %s without as many preemptions or before it passed", passed)
	case c.End != explore.EndLast:
		return fmt.Sprintf("ended before all schedules were run; %s passed", passed)
	}
	text := fmt.Sprintf("every schedule with at most %s passes (%d of them)", prose.Count(e.Limit, "preemption"),
		e.Schedules)
	if e.Complete {
		text = fmt.Sprintf("every schedule passes (%d of them)", e.Schedules)
	}
	if e.Drawn {
		text += "; random values, faults and sizes of I/O were those of one seed"
	}
	return text
}
