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
		c.out.attr(c.function, wire.AttrCoverage.Name, wire.CoverageText(x.Runs, x.Classes, x.Once))
	}
}

// coverage returns what the runs of a test have shown.
func (t *testResult) coverage() (c explore.Coverage, ok bool) {
	x, ok := wire.AttrCoverage.Parse(t.attrs[wire.AttrCoverage.Name])
	return explore.Coverage{Runs: x[0], Classes: x[1], Once: x[2]}, ok
}

// shownCoverage is the maximum number of tests whose coverage is printed.
const shownCoverage = 20

// coverage writes a line for each test, for those of which the least was seen if there are many.
func (r *testResults) coverage(w io.Writer) {
	var list []*testResult
	for _, t := range r.order {
		if _, ok := t.coverage(); ok {
			list = append(list, t)
		}
	}
	shown := list
	if len(list) > shownCoverage {
		shown = slices.Clone(list)
		slices.SortStableFunc(shown, func(a, b *testResult) int {
			x, _ := a.coverage()
			y, _ := b.coverage()
			return cmp.Compare(y.Unseen(), x.Unseen())
		})
		shown = shown[:shownCoverage]
	}
	for _, t := range shown {
		c, _ := t.coverage()
		_, _ = fmt.Fprintf(w, "coverage of %s: %s\n", t.name(), c)
	}
	if more := len(list) - len(shown); more > 0 {
		_, _ = fmt.Fprintf(w, "coverage of %s, of which more was seen: see -v or --results\n",
			prose.Count(more, "other test"))
	}
}
