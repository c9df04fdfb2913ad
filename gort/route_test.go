//go:build linux && (amd64 || arm64)

package gort

import (
	"context"
	"testing"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/strategy"
)

// enumerating makes the runs of a search through all schedules of a test.
type enumerating struct{ r *Runner }

// Run implements [explore.Subject].
func (e enumerating) Run(ctx context.Context, p explore.Plan) (*explore.Run, error) {
	o, err := e.r.Run(ctx, Control{Seed: p.Seed, Route: p.Route})
	if err != nil {
		return nil, err
	}
	r := &explore.Run{Plan: p, Branches: o.Route, BranchCount: o.Branches, Digest: o.Recording.Hash, Class: 1}
	for _, b := range o.Route {
		r.Class = strategy.Child(r.Class, uint32(b.Taken))
	}
	if o.Verdict != Passed {
		r.Outcome, r.Finding = explore.Failed, &finding.Finding{Signature: o.Signature()}
	}
	return r, nil
}

// Keep implements [explore.Subject].
func (enumerating) Keep(context.Context, *explore.Run) error { return nil }

// Difference implements [explore.Subject].
func (enumerating) Difference(_, _ *explore.Run) (string, error) { return "", nil }

// Close implements [explore.Subject].
func (enumerating) Close() error { return nil }

// schedules runs every schedule of a test with at most so many preemptions.
func schedules(t *testing.T, test string, limit int) (*explore.Campaign, *explore.Tree) {
	t.Helper()
	r := mustRunner(t, corpus(t), test, Control{})
	tree := &explore.Tree{Limit: limit}
	c := explore.New(explore.Config{Seed: func(int) uint64 { return 1 }, MaxFailing: 1}, enumerating{r})
	c.Exhaust(t.Context(), []explore.Subject{enumerating{r}}, tree)
	if tree.Void != nil || c.Err != nil {
		t.Fatalf("%s: %v, %v", test, tree.Void, c.Err)
	}
	return c, tree
}

// TestScheduleCounts: two goroutines that pass a and b points while both can run have C(a, ⌈k/2⌉)·C(b, ⌊k/2⌋) schedules
// with exactly k preemptions, since they take turns, beginning with the first. No two are alike.
func TestScheduleCounts(t *testing.T) {
	choose := func(n, k int) int {
		c := 1
		for i := range k {
			c = c * (n - i) / (i + 1)
		}
		return c
	}
	_, one := schedules(t, "TestGrid", 1)
	a, b, sum := one.Schedules-1, 3, 0
	for k := range 4 {
		sum += choose(a, (k+1)/2) * choose(b, k/2)
		c, tree := schedules(t, "TestGrid", k)
		if tree.Schedules != sum || !tree.More || c.Coverage().Classes != sum {
			t.Errorf("a = %d, at most %d preemptions: %d schedules, %d different, more: %v; want %d", a, k, tree.Schedules,
				c.Coverage().Classes, tree.More, sum)
		}
	}
}

// TestScheduleBug: no schedule without preemptions loses an update, and the first with one that does is found.
func TestScheduleBug(t *testing.T) {
	for limit, want := range []int{0, 1} {
		c, tree := schedules(t, "TestGridBug", limit)
		if c.Failed() != want || tree.Bound > limit+1-want {
			t.Errorf("at most %d preemptions: %d fail, in the search with %d; %s", limit, c.Failed(), tree.Bound,
				tree.Result(c))
		}
	}
}
