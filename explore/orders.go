package explore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/reprise-go/reprise/internal/dpor"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/strategy"
)

// Orders is a search for one run of each order of the operations of a test that depend on each other; see package
// internal/dpor for the algorithm. The zero Orders is ready. Unlike those of a [Tree], its runs depend on all runs
// before, so that a single worker makes them. It ends with the first run that fails.
type Orders struct {
	Void error // the reason why the search cannot go on; nil if it can

	search dpor.Search
	runs   int
	again  bool // the last run has left the search
}

// take handles a run.
func (o *Orders) take(r *Run) {
	o.runs++
	switch {
	case r.Outcome == Failed: // the end of the search: what goroutines would have done after it is not known
		return
	case r.Irreducible != nil:
		o.Void = r.Irreducible
	case r.BranchCount > len(r.Branches):
		o.Void = fmt.Errorf("a run has %d choices; at most %d can be enumerated", r.BranchCount, len(r.Branches))
	case !slices.EqualFunc(branches(r.Steps), r.Branches, alike):
		o.Void = errors.New("the steps of a run are not known")
	}
	if o.Void != nil {
		return
	}
	if o.again = o.search.Follow(r.Steps); o.search.Unsteady {
		o.Void = errors.New("under the same choices, the alternatives were not the same twice")
	}
}

// branches returns the branches of a run with some steps.
func branches(steps []dpor.Step) (list []strategy.Branch) {
	for _, x := range steps {
		if n := len(x.Choices); n > 1 {
			list = append(list, strategy.Branch{Taken: uint16(slices.Index(x.Choices, x.Task)), N: uint16(n)})
		}
		list = append(list, x.Cases...)
	}
	return list
}

// alike reports whether two branches are equal but for their costs.
func alike(a, b strategy.Branch) bool { return a.N == b.N && a.Taken == b.Taken }

// next moves on to the next run and reports whether there is one.
func (o *Orders) next() bool { return o.again || o.search.Next() }

// Reorder makes the runs of a search for all orders, instead of those of seeds, and finishes the campaign. All runs
// should have one seed.
func (c *Campaign) Reorder(ctx context.Context, worker Subject, o *Orders) {
	for more := true; more && ctx.Err() == nil; more = more && o.next() {
		p, ok := c.Next()
		if !ok {
			break
		}
		p.Route, p.Steps = o.search.Route(), true
		r := c.make(ctx, worker, p)
		if r.err == nil {
			o.take(r.run)
		}
		if o.Void != nil {
			c.End = EndVoid
			break
		}
		more = c.Take(ctx, r.run, r.err)
	}
	if ctx.Err() != nil && c.End == EndAll {
		c.End = EndInterrupted
	}
	c.Finish()
}

// Result says what the search of a campaign has shown, as a sentence without a full stop.
func (o *Orders) Result(c *Campaign) string {
	passed := prose.Count(o.search.Schedules, "order")
	switch {
	case c.Failed() > 0:
		return fmt.Sprintf("one order of operations fails; %s passed before", passed)
	case c.End != EndAll:
		return fmt.Sprintf("ended before all orders of operations were run; %s passed", passed)
	}
	return fmt.Sprintf("every order of operations passes (%d of them, in %s)", o.search.Schedules,
		prose.Count(o.runs, "run"))
}
