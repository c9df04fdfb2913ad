package explore

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/strategy"
)

// maze is a program that has choices only: the branches of a run depend on the alternatives taken before, by a hash.
type maze struct {
	seed    uint64
	depth   int
	fail    uint64 // one of so many schedules fails; 0: none
	restive int    // the run with this number and all later ones see other branches; 0: none
	turns   []int
}

// at returns the branch after some alternatives; ok is false if the run has ended.
func (m *maze) at(taken []strategy.Branch) (b strategy.Branch, ok bool) {
	x := m.hash(taken)
	return strategy.Branch{N: uint16(2 + x>>8%2), Costs: x>>16%3 > 0}, len(taken) < m.depth && x%7 > 0
}

func (m *maze) hash(taken []strategy.Branch) uint64 {
	x := m.seed
	for _, b := range taken {
		x = strategy.Child(x, uint32(b.Taken)+1)
	}
	return strategy.Child(x, 1)
}

// follow makes the run along a route.
func (m *maze) follow(route []strategy.Branch) (list []strategy.Branch) {
	for b, ok := m.at(nil); ok; b, ok = m.at(list) {
		if len(list) < len(route) {
			b.Taken = route[len(list)].Taken
		}
		list = append(list, b)
	}
	return list
}

// spent returns the number of preemptions of a run.
func spent(list []strategy.Branch) (n int) {
	for _, b := range list {
		if b.Costs && b.Taken > 0 {
			n++
		}
	}
	return n
}

// Run implements [Subject].
func (m *maze) Run(_ context.Context, p Plan) (*Run, error) {
	for range m.turns[p.Number%len(m.turns)] {
		runtime.Gosched()
	}
	list := m.follow(p.Route)
	if m.restive > 0 && p.Number >= m.restive && len(list) > 0 {
		list[0].N++
	}
	r := &Run{Plan: p, Branches: list, BranchCount: len(list), Digest: m.hash(list)}
	if m.fail > 0 && m.hash(list)>>20%m.fail == 0 {
		r.Outcome, r.Finding = Failed, &finding.Finding{Name: fmt.Sprint(list), Signature: "1"}
	}
	return r, nil
}

// Keep implements [Subject].
func (m *maze) Keep(context.Context, *Run) error { return nil }

// Difference implements [Subject].
func (m *maze) Difference(_, _ *Run) (string, error) { return "", nil }

// Close implements [Subject].
func (m *maze) Close() error { return nil }

// exhaust goes through a maze.
func (m *maze) exhaust(limit, workers, maxFailing int) (*Campaign, *Tree, []string) {
	var seen []string
	var list []Subject
	for range workers {
		list = append(list, m)
	}
	tree := &Tree{Limit: limit}
	c := New(Config{Seed: func(int) uint64 { return 1 }, MaxFailing: maxFailing,
		Progress: func(r *Run) { seen = append(seen, fmt.Sprint(spent(r.Branches), r.Branches)) }}, m)
	c.Exhaust(context.Background(), list, tree)
	return c, tree, seen
}

// all returns every run of a maze with at most so many preemptions, and whether there are more.
func (m *maze) all(limit int, before []strategy.Branch) (list []string, more bool) {
	b, ok := m.at(before)
	if n := spent(before); limit >= 0 && n > limit {
		return nil, true
	} else if !ok {
		return []string{fmt.Sprint(n, before)}, false
	}
	for b.Taken = 0; b.Taken < b.N; b.Taken++ {
		deeper, others := m.all(limit, append(slices.Clip(before), b))
		list, more = append(list, deeper...), more || others
	}
	return list, more
}

// TestTreeAgainstBruteForce: each schedule within the limit is run exactly once, those with fewer preemptions first.
func TestTreeAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &maze{seed: rapid.Uint64().Draw(t, "seed"), depth: rapid.IntRange(0, 9).Draw(t, "depth"), turns: []int{0}}
		limit := rapid.IntRange(-1, 4).Draw(t, "limit")
		want, more := m.all(limit, nil)
		c, tree, seen := m.exhaust(limit, rapid.IntRange(1, 3).Draw(t, "workers"), 0)
		if tree.Schedules != len(want) || c.Ran != len(want) || tree.More != more || tree.Void != nil || c.End != EndAll {
			t.Errorf("%d schedules in %d runs, more %v, void %v, end %d; want %d, %v", tree.Schedules, c.Ran, tree.More,
				tree.Void, c.End, len(want), more)
		}
		if !slices.IsSortedFunc(seen, func(a, b string) int { return strings.Compare(a[:1], b[:1]) }) {
			t.Errorf("schedules are not in the order of their preemptions: %v", seen)
		}
		slices.Sort(want)
		if slices.Sort(seen); !slices.Equal(seen, want) {
			t.Errorf("the schedules are\n%v\nwant\n%v", seen, want)
		}
	})
}

// TestTreeWorkers: the runs and the first that fails do not depend on the number of workers.
func TestTreeWorkers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &maze{seed: rapid.Uint64().Draw(t, "seed"), depth: 12, fail: rapid.Uint64Range(2, 1000).Draw(t, "fail"),
			turns: rapid.SliceOfN(rapid.IntRange(0, 40), 1, 9).Draw(t, "turns")}
		one, tree, runs := m.exhaust(2, 1, 1)
		more, tree2, runs2 := m.exhaust(2, rapid.IntRange(2, 4).Draw(t, "workers"), 1)
		if found(one) != found(more) || tree.Schedules != tree2.Schedules || !slices.Equal(runs, runs2) {
			t.Errorf("one worker: %d runs, %s; several: %d runs, %s", len(runs), found(one), len(runs2), found(more))
		}
		if n := len(one.Failing); n > 0 && tree.Bound != spent(one.Failing[0].Branches) {
			t.Errorf("the first that fails has %d preemptions in the search of %d", spent(one.Failing[0].Branches), tree.Bound)
		}
	})
}

// TestTreeVoid: a program that is not a function of its choices ends the search.
func TestTreeVoid(t *testing.T) {
	m := &maze{seed: 3, depth: 8, turns: []int{0}, restive: 9}
	c, tree, _ := m.exhaust(-1, 2, 0)
	if tree.Void == nil || c.End != EndVoid || c.Ran != 9 {
		t.Errorf("void %v, end %d after %d runs", tree.Void, c.End, c.Ran)
	}
}
