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
	run, _, err := e.run(ctx, p)
	return run, err
}

func (e enumerating) run(ctx context.Context, p explore.Plan) (*explore.Run, *Outcome, error) {
	o, err := e.r.Run(ctx, Control{Seed: p.Seed, Route: p.Route})
	if err != nil {
		return nil, nil, err
	}
	r := &explore.Run{Plan: p, Branches: o.Route, BranchCount: o.Branches, Digest: o.Recording.Hash, Class: 1}
	for _, b := range o.Route {
		r.Class = strategy.Child(r.Class, uint32(b.Taken))
	}
	if o.Verdict != Passed {
		r.Outcome, r.Finding = explore.Failed, &finding.Finding{Signature: o.Signature()}
	}
	return r, o, nil
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

// interleavings returns the number of schedules with at most a number of preemptions of two goroutines that pass a and
// b points while both can run: C(a, ⌈k/2⌉)·C(b, ⌊k/2⌋) with exactly k, since they take turns, beginning with the
// first.
func interleavings(a, b, limit int) (sum int) {
	choose := func(n, k int) int {
		c := 1
		for i := range k {
			c = c * (n - i) / (i + 1)
		}
		return c
	}
	for k := range limit + 1 {
		sum += choose(a, (k+1)/2) * choose(b, k/2)
	}
	return sum
}

// TestScheduleCounts: the schedules of two goroutines are as many as a formula says, and no two are alike.
func TestScheduleCounts(t *testing.T) {
	_, one := schedules(t, "TestGrid", 1)
	a, b := one.Schedules-1, 3
	for k := range 4 {
		want := interleavings(a, b, k)
		c, tree := schedules(t, "TestGrid", k)
		if tree.Schedules != want || !tree.More || c.Coverage().Classes != want {
			t.Errorf("a = %d, at most %d preemptions: %d schedules, %d different, more: %v; want %d", a, k, tree.Schedules,
				c.Coverage().Classes, tree.More, want)
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
