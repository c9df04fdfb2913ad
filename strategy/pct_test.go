package strategy

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// textbookPCT is the rival of pct: a list of all tasks from the highest priority to the lowest, which is searched and
// cut apart at each step. It draws the same random numbers.
type textbookPCT struct {
	config  Config
	picks   Rand
	first   map[uint32]uint64 // the first priorities
	lowered map[uint64]uint32 // the task of each rank
	unused  []uint64          // the ranks, ascending
	sunk    []uint32          // the last one is the lowest
	changes int               // so far
	fair    int
	gaps    Picker // for Gap alone
}

func newTextbookPCT(c Config) *textbookPCT {
	c.fill()
	r := &textbookPCT{
		config: c, picks: newPicks(c.Seed), first: map[uint32]uint64{}, lowered: map[uint64]uint32{}, gaps: newPCT(c),
	}
	for rank := range c.Depth {
		r.unused = append(r.unused, rank)
	}
	return r
}

func (r *textbookPCT) remove(task uint32) {
	delete(r.first, task)
	maps.DeleteFunc(r.lowered, func(_ uint64, t uint32) bool { return t == task })
	r.sunk = slices.DeleteFunc(r.sunk, func(t uint32) bool { return t == task })
}

func (r *textbookPCT) known(task uint32) bool {
	_, ok := r.first[task]
	for _, t := range r.lowered {
		ok = ok || t == task
	}
	return ok || slices.Contains(r.sunk, task)
}

// order returns all tasks from the highest priority to the lowest.
func (r *textbookPCT) order() []uint32 {
	list := slices.SortedFunc(maps.Keys(r.first), func(a, b uint32) int {
		if r.first[a] > r.first[b] {
			return -1
		}
		return 1
	})
	for _, rank := range slices.Backward(slices.Sorted(maps.Keys(r.lowered))) {
		list = append(list, r.lowered[rank])
	}
	return append(list, r.sunk...)
}

func (r *textbookPCT) Gap() uint64 { return r.gaps.Gap() }

func (r *textbookPCT) Pick(d *Decision) int {
	var ready []uint32
	for i := range d.N {
		number := d.Ready.At(i).Number
		ready = append(ready, number)
		if !r.known(number) {
			x := r.config.Seed ^ uint64(number)*0x9e3779b97f4a7c15
			r.first[number] = firstPriority | splitMix(&x)
		}
	}
	if d.Running >= 0 {
		task := ready[d.Running]
		r.remove(task)
		switch {
		case d.Why == Preempted && len(r.unused) > 0:
			i := r.picks.Below(uint64(len(r.unused)))
			r.lowered[r.unused[i]] = task
			r.unused = slices.Delete(r.unused, int(i), int(i)+1)
			r.changes++
		default:
			r.sunk = append(r.sunk, task)
			r.fair++
		}
	}
	for _, task := range r.order() {
		if i := slices.Index(ready, task); i >= 0 {
			return i
		}
	}
	return -1
}

// paired asks pct and its rival and compares.
type paired struct {
	t     rapid.TB
	pct   Picker
	rival *textbookPCT
}

func (p *paired) Gap() uint64 { return p.pct.Gap() }

func (p *paired) Pick(d *Decision) int {
	got, want := p.pct.Pick(d), p.rival.Pick(d)
	if got != want {
		p.t.Fatalf("after %d changes: pct picks %d, its rival %d", p.rival.changes, got, want)
	}
	return got
}

func TestPCTAgainstItsRival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRun(t)
		p := &paired{t, newPCT(r.config), newTextbookPCT(r.config)}
		play(t, p, r.tasks, r.script)
		if p.rival.changes > int(p.rival.config.Depth) {
			t.Fatalf("%d changes of priorities, want at most %d", p.rival.changes, p.rival.config.Depth)
		}
	})
}

// TestPCTPreempts counts the preemptions of tasks that neither block nor yield: Depth of them, and the next after
// fairGap points.
func TestPCTPreempts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Config{Seed: rapid.Uint64().Draw(t, "seed"), Depth: rapid.Uint64Range(1, 5).Draw(t, "depth"), Length: 500}
		w := newWorld(t, newPCT(c), 3)
		running := w.decide(Blocked)
		for range c.Length + c.Depth {
			running = w.point(running)
		}
		preempted := len(w.decisions) - 1
		if preempted != int(c.Depth) {
			t.Fatalf("%d preemptions within the expected length, want %d", preempted, c.Depth)
		}
	})
}

// TestPCTChangesAnywhere: the changes are spread evenly, as if each had been drawn by itself.
func TestPCTChangesAnywhere(t *testing.T) {
	const seeds, length, parts = 20_000, 1000, 10
	for depth := uint64(1); depth <= 4; depth++ {
		var counts [parts]int
		for seed := range uint64(seeds) {
			w, at := newWorld(t, newPCT(Config{Seed: seed, Depth: depth, Length: length}), 2), 0
			running := w.decide(Blocked)
			for range depth {
				at += int(w.gap)
				for before := len(w.decisions); len(w.decisions) == before; {
					running = w.point(running)
				}
				counts[min(at-1, length-1)*parts/length]++
			}
		}
		chi, want := 0.0, float64(seeds*depth)/parts
		for _, count := range counts {
			chi += (float64(count) - want) * (float64(count) - want) / want
		}
		if chi > 40 { // nine degrees of freedom: mean 9, standard deviation 4.2
			t.Errorf("depth %d: changes by tenths of the run %v, chi-square %.1f", depth, counts, chi)
		}
	}
}

// TestPCTOrders: each order of the first priorities, and of the ranks, comes up equally often.
func TestPCTOrders(t *testing.T) {
	const seeds = 12_000
	first, ranks := map[string]int{}, map[string]int{}
	for seed := range uint64(seeds) {
		p := newPCT(Config{Seed: seed, Depth: 3, Length: 10})
		all := tasks{{Number: 1}, {Number: 2}, {Number: 3}}
		first[order(p, all)]++
		for i := range all {
			p.Pick(&Decision{Ready: all, N: 3, Running: i, Why: Preempted})
		}
		ranks[order(p, all)]++
	}
	for what, counts := range map[string]map[string]int{"first priorities": first, "ranks": ranks} {
		for _, count := range counts {
			if len(counts) != 6 || count < 1800 || count > 2200 {
				t.Errorf("the orders of the %s: %v, want six, each about %d times", what, counts, seeds/6)
				break
			}
		}
	}
}

// order returns the numbers of the tasks from the highest priority to the lowest.
func order(p Picker, all tasks) string {
	rest, numbers := slices.Clone(all), ""
	for len(rest) > 0 {
		i := p.Pick(&Decision{Ready: rest, N: len(rest), Running: -1})
		numbers += string(rune('0' + rest[i].Number))
		rest = slices.Delete(rest, i, i+1)
	}
	return numbers
}

// TestPCTLetsOthersRun: a task that runs on for ever does not starve the others, and one that yields goes last.
func TestPCTLetsOthersRun(t *testing.T) {
	w := newWorld(t, newPCT(Config{Seed: 1}), 3)
	running, ran := w.decide(Blocked), map[uint32]bool{}
	for range 3 * fairGap {
		running = w.point(running)
		ran[running.Number] = true
	}
	if len(ran) != 3 {
		t.Errorf("tasks %v have run, want all three", ran)
	}
	w = newWorld(t, newPCT(Config{Seed: 1}), 3)
	var numbers []uint32
	for running := w.decide(Blocked); len(numbers) < 6; running = w.yield(running) {
		numbers = append(numbers, running.Number)
	}
	if diff := cmp.Diff(numbers[:3], numbers[3:]); diff != "" || numbers[0] == numbers[1] {
		t.Errorf("three tasks that yield run in the order %v, want them to take turns", numbers)
	}
}
