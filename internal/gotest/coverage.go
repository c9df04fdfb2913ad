package gotest

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/wire"
)

// tellCoverage prints what the runs have shown, unless only some seeds were asked for or there was one run.
func (c *search) tellCoverage() {
	if x := c.campaign.Coverage(); x.Runs > 1 && len(c.only) == 0 && !c.enumerates() {
		c.out.attr(c.function, wire.AttrCoverage.Name, wire.Shown(x).String())
	}
}

// add counts the runs that an attribute tells of. A test may call package simtest several times, each of which is
// another program: all numbers add up.
func (t *testResult) add(key, value string) {
	switch key {
	case wire.AttrSimulated.Name:
		n, _ := wire.AttrSimulated.Parse(value)
		t.simulated += n
	case wire.AttrCoverage.Name:
		x, _ := wire.AttrCoverage.Parse(value)
		t.shown = plus(t.shown, explore.Coverage(x))
	}
}

// plus returns what the runs of two programs have shown together.
func plus(a, b explore.Coverage) explore.Coverage {
	return explore.Coverage{
		Runs: a.Runs + b.Runs, Classes: a.Classes + b.Classes, Once: a.Once + b.Once, Schedules: a.Schedules || b.Schedules,
	}
}

// shownCoverage is the maximum number of tests whose coverage is printed.
const shownCoverage = 20

// coverage writes a line for each test, for those of which the least was seen if there are many.
func (r *testResults) coverage(w io.Writer) {
	var list []*testResult
	for _, t := range r.order {
		if t.shown.Runs > 0 {
			list = append(list, t)
		}
	}
	shown := list
	if len(list) > shownCoverage {
		shown = slices.Clone(list)
		slices.SortStableFunc(shown, func(a, b *testResult) int {
			return cmp.Compare(b.shown.Unseen(), a.shown.Unseen())
		})
		shown = shown[:shownCoverage]
	}
	for _, t := range shown {
		_, _ = fmt.Fprintf(w, "coverage of %s: %s\n", t.name(), t.shown)
	}
	if more := len(list) - len(shown); more > 0 {
		_, _ = fmt.Fprintf(w, "coverage of %s, of which more was seen: see -v or --results\n",
			prose.Count(more, "other test"))
	}
}
