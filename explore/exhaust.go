package explore

import (
	"context"
	"fmt"

	"github.com/reprise-go/reprise/internal/prose"
)

// Exhaust makes the runs of a tree with several workers, instead of those of seeds, and finishes the campaign. All
// runs should have one seed, and a campaign with Config.MaxFailing 1 ends with the first schedule that fails, which
// has as few preemptions as possible. What it finds does not depend on the number of workers.
func (c *Campaign) Exhaust(ctx context.Context, workers []Subject, t *Tree) {
	for jobs := t.batch(); len(jobs) > 0 && c.exhaustBatch(ctx, workers, t, jobs); jobs = t.batch() {
	}
	switch {
	case t.Void != nil:
		c.End = EndVoid
	case ctx.Err() != nil && c.End == EndAll:
		c.End = EndInterrupted
	}
	c.Finish()
}

// exhaustBatch makes the runs of jobs. It reports whether to go on.
func (c *Campaign) exhaustBatch(ctx context.Context, workers []Subject, t *Tree, jobs []*job) bool {
	drawn, taken := 0, 0
	next := func() (p Plan, ok bool) {
		if drawn == len(jobs) {
			return Plan{}, false
		}
		if p, ok = c.Next(); ok {
			p.Route = jobs[drawn].route()
			drawn++
		}
		return p, ok
	}
	first := c.next
	try := func(ctx context.Context, s Subject, p Plan) result {
		r := c.make(ctx, s, p)
		if r.err == nil && jobs[p.Number-first].check(r.run.Branches, r.run.BranchCount) != nil && ctx.Err() == nil {
			return c.make(ctx, s, p) // something from outside may have come between
		}
		return r
	}
	take := func(r result) bool {
		if r.err == nil {
			if t.take(jobs[taken], r.run.Branches, r.run.BranchCount); t.Void != nil {
				return false
			}
		}
		taken++
		return c.Take(ctx, r.run, r.err)
	}
	inOrder(ctx, workers, next, try, take)
	return taken == len(jobs) && !c.stopped.Load() && ctx.Err() == nil
}

// Result says what the search of a campaign has shown, as a sentence without a full stop.
func (t *Tree) Result(c *Campaign) string {
	passed := prose.Count(t.Schedules-c.Failed(), "schedule")
	all := fmt.Sprintf("%d of them", t.Schedules)
	if x := c.Coverage(); !x.Schedules {
		all += ", " + prose.Count(x.Classes, "order") + " of operations"
	}
	switch {
	case t.Void != nil:
		return fmt.Sprintf("ended, because the test is not a function of its schedule (%v); %s passed", t.Void, passed)
	case c.Failed() > 0 && t.Schedules == c.Failed():
		return fmt.Sprintf("the first one fails, with %s", prose.Count(t.Bound, "preemption"))
	case c.Failed() > 0:
		return fmt.Sprintf("one with %s fails; %s without more preemptions passed before",
			prose.Count(t.Bound, "preemption"), passed)
	case c.End != EndAll:
		return fmt.Sprintf("ended before all were run; %s passed, among them all with fewer than %s", passed,
			prose.Count(t.Bound, "preemption"))
	case t.More:
		return fmt.Sprintf("every schedule with at most %s passes (%s)", prose.Count(t.Limit, "preemption"), all)
	}
	return fmt.Sprintf("every schedule passes (%s)", all)
}
