package strategy

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fixed is a program of tasks that make lists of operations without waiting for each other. The first task creates the
// others by its first operations.
type fixed [][]Op

// run makes a run and returns the order of the operations by task: of those on an object, or of all if it is 0.
func (f fixed) run(p Picker, object uint64) (order string) {
	stepper, _ := p.(Stepper)
	ready, left := tasks{{Number: 1, Path: 1, Next: f[0][0]}}, []int{0: len(f[0])}
	for len(ready) > 0 {
		i := 0
		if len(ready) > 1 {
			i = p.Pick(&Decision{Ready: ready, N: len(ready), Running: -1})
		}
		t := ready[i]
		if stepper != nil {
			stepper.Step(t)
		}
		if object == 0 || t.Next.Object == object {
			order += fmt.Sprint(t.Number)
		}
		if n := len(left); t.Number == 1 && n < len(f) {
			ready = append(ready, &Task{Number: uint32(n) + 1, Path: uint64(n) + 1, Parent: 1, Next: f[n][0]})
			left = append(left, len(f[n]))
		}
		own := &left[t.Number-1]
		if *own--; *own > 0 {
			t.Next = f[t.Number-1][len(f[t.Number-1])-*own]
		} else {
			ready = append(ready[:i:i], ready[i+1:]...)
		}
	}
	return order
}

// evenly checks that runs of a strategy with a profile show a number of orders, all equally often.
func evenly(t *testing.T, f fixed, name string, object uint64, orders int) {
	t.Helper()
	s := Find(name)
	profile := &Profile{}
	f.run(Find(Single).Start(Config{Seed: 1, Record: profile}), 0)
	const runs = 20_000
	counts := map[string]int{}
	for seed := range uint64(runs) {
		counts[f.run(s.Start(Config{Seed: seed, Profile: profile}), object)]++
	}
	want, chi := float64(runs)/float64(orders), 0.0
	for _, n := range counts {
		chi += (float64(n) - want) * (float64(n) - want) / want
	}
	if len(counts) != orders || chi > 3*float64(orders) {
		t.Errorf("%s: %d orders, chi-square %.1f; want %d, all equally often: %v", name, len(counts), chi, orders, counts)
	}
}

// on returns operations on objects, one after another.
func on(objects ...uint64) (list []Op) {
	for _, o := range objects {
		list = append(list, Op{o, Store})
	}
	return list
}

// TestURWTakesAllOrdersEvenly: that is what makes it a uniform random walk. The third program creates its tasks at
// different times, which other walks cannot make up for.
func TestURWTakesAllOrdersEvenly(t *testing.T) {
	evenly(t, fixed{on(9), on(1, 1, 1), on(1)}[:2], "urw", 0, 1)
	evenly(t, fixed{on(9, 9), on(1, 1, 1), on(1)}, "urw", 0, 10)
	evenly(t, fixed{on(9, 9, 9, 9), on(1, 2), on(3, 4, 5)}, "urw", 0, 280)
}

// TestSURWTakesOrdersOfOneObjectEvenly: the other operations, of which one task makes many, change nothing.
func TestSURWTakesOrdersOfOneObjectEvenly(t *testing.T) {
	evenly(t, fixed{on(9, 9), on(1, 1), on(8, 8, 8, 8, 8, 8, 8, 8, 1, 1)}, "surw", 1, 6)
	evenly(t, fixed{on(9, 9, 9), on(1, 7, 7, 7, 1), on(1, 1), on(6, 6, 6, 6, 1)}, "surw", 1, 30)
}

// TestPOSChoosesAmongConflicts: of two operations that conflict either may come first, whatever else the tasks do
// before. A walk would nearly always take the short task first.
func TestPOSChoosesAmongConflicts(t *testing.T) {
	f := fixed{on(9, 9), on(2, 2, 2, 2, 2, 2, 2, 2, 2, 1), on(1)}
	counts := map[string]int{}
	for seed := range uint64(10_000) {
		counts[f.run(Find("pos").New(Config{Seed: seed}), 1)]++
	}
	if n := counts["23"]; len(counts) != 2 || n < 700 {
		t.Errorf("the orders %v, want both, the long task first in a tenth of them", counts)
	}
}

// TestRedrawnPriorities: what conflicts with the operation that is made gets a new priority, and nothing else does.
func TestRedrawnPriorities(t *testing.T) {
	for _, c := range []struct {
		made, other Op
		redrawn     bool
	}{
		{Op{1, Store}, Op{1, Load}, true}, {Op{1, Load}, Op{1, Store}, true}, {Op{1, Sync}, Op{1, Sync}, true},
		{Op{1, Load}, Op{1, Load}, false}, {Op{1, Store}, Op{2, Store}, false}, {Op{0, Store}, Op{0, Store}, false},
	} {
		all := tasks{{Number: 1, Next: c.made, priority: 9}, {Number: 2, Next: c.other, priority: 5}}
		Find("pos").New(Config{}).Pick(&Decision{Ready: all, N: 2, Running: -1})
		if all[0].priority != 0 || (all[1].priority == 0) != c.redrawn {
			t.Errorf("%v is made before %v: priorities %d and %d", c.made, c.other, all[0].priority, all[1].priority)
		}
	}
}

// TestPollingTasksLetOthersRun: a task that never ends does not keep another from running, whatever the priorities.
func TestPollingTasksLetOthersRun(t *testing.T) {
	for _, name := range []string{"pos", "surw", "urw"} {
		for seed := range uint64(50) {
			p, all := Find(name).New(Config{Seed: seed}), tasks{{Number: 1, Next: Op{1, Load}}, {Number: 2}}
			i, n := 0, 0
			for ; i == 0 && n < 5*fairStreak; n++ {
				i = p.Pick(&Decision{Ready: all, N: 2, Running: 0, Why: Preempted})
				if s, ok := p.(Stepper); ok {
					s.Step(all[i])
				}
			}
			if i == 0 {
				t.Errorf("%s, seed %d: the second task has not run in %d picks", name, seed, n)
			}
		}
	}
}

// rows returns the counts of a profile: by task and object.
func (p *Profile) counts() map[[2]uint64]uint64 {
	m := map[[2]uint64]uint64{}
	for i := range p.used {
		m[[2]uint64{p.rows[i].task, p.rows[i].object}] = p.rows[i].total()
	}
	return m
}

func TestProfileCounts(t *testing.T) {
	p := &Profile{}
	fixed{on(9, 9), on(1, 2, 1), on(1)}.run(Find("random").Start(Config{Record: p}), 0)
	want := map[[2]uint64]uint64{
		{1, 0}: 2, {2, 0}: 3, {3, 0}: 1, {1, 9}: 2, {2, 1}: 2, {2, 2}: 1, {3, 1}: 1, {0, 9}: 2, {0, 1}: 3, {0, 2}: 1,
	}
	if diff := cmp.Diff(want, p.counts()); diff != "" || p.Points != 6 || p.Tasks != 3 {
		t.Errorf("%d points of %d tasks; counts (-want +got):\n%s", p.Points, p.Tasks, diff)
	}
}

// TestContested: SURW leaves out an object that is used only while no other task is ready, such as what package testing
// shares with its tests.
func TestContested(t *testing.T) {
	profile := &Profile{}
	p := Find("random").Start(Config{Record: profile}).(Stepper)
	ready := tasks{{Number: 1, Path: 1, Next: Op{7, Store}}, {Number: 2, Path: 2, Next: Op{7, Store}}}
	for _, x := range ready {
		p.Step(x)
	}
	for _, x := range ready {
		x.Next.Object = 8
		p.Pick(&Decision{Ready: ready, N: 2, Running: 0, Why: Preempted})
		p.Step(x)
	}
	for seed := range uint64(20) {
		r := NewRand(seed, 0)
		if object := profile.draw(&r); object != 8 {
			t.Errorf("seed %d: object %d, want 8", seed, object)
		}
	}
}

// TestMoreThanCounted: SURW tries all places for an operation that the counted run did not make.
func TestMoreThanCounted(t *testing.T) {
	profile, orders := &Profile{}, map[string]bool{}
	fixed{on(7, 7, 7), on(7)}.run(Find(Single).Start(Config{Seed: 1, Record: profile}), 0)
	for seed := range uint64(1000) {
		p := Find("surw").Start(Config{Seed: seed, Profile: profile})
		orders[fixed{on(7, 7, 7), on(7, 7)}.run(p, 7)] = true
	}
	if len(orders) != 6 { // the first operation of the first task creates the second
		t.Errorf("%d orders, want 6: %v", len(orders), orders)
	}
}

// TestProfileIsFull: what finds no room is left out, and nothing else is lost.
func TestProfileIsFull(t *testing.T) {
	p := &Profile{}
	for i := range uint64(3 * profileRows) {
		p.step(&Task{Path: 1, Next: Op{1 + i, Store}}, true)
	}
	p.step(&Task{Path: 1, Next: Op{1, Store}}, true)
	counts := p.counts()
	if p.used != profileRows || counts[[2]uint64{1, 0}] != p.Points || counts[[2]uint64{1, 1}] != 2 || !p.valid() {
		t.Errorf("%d rows, %d of %d points, %d operations on the first object", p.used, counts[[2]uint64{1, 0}], p.Points,
			counts[[2]uint64{1, 1}])
	}
	p.index[5] = profileRows + 1
	for _, s := range All() {
		s.New(Config{Profile: p}) // does not panic
	}
}
