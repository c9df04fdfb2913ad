package strategy

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// stepsOf are the operations of tasks that do not wait for each other.
type stepsOf [][]Op

// start returns the tasks before their first operations.
func (p stepsOf) start() (all tasks) {
	for i := range p {
		all = append(all, &Task{Number: uint32(i) + 1, Path: uint64(i) + 1, Next: p[i][0]})
	}
	return all
}

// run makes a run and returns the order of the tasks.
func (p stepsOf) run(s Stepper) (order []int) {
	ready, done := p.start(), make([]int, len(p))
	for len(ready) > 0 {
		i := 0
		if len(ready) > 1 {
			i = s.Pick(&Decision{Ready: ready, N: len(ready), Running: -1})
		}
		t := ready[i]
		s.Step(t)
		k := int(t.Number) - 1
		order = append(order, k)
		if done[k]++; done[k] < len(p[k]) {
			t.Next = p[k][done[k]]
		} else {
			ready = slices.Delete(ready, i, i+1)
		}
	}
	return order
}

// orders calls f with every order of the tasks.
func (p stepsOf) orders(f func(order []int)) {
	var extend func(order []int, done []int)
	extend = func(order, done []int) {
		over := true
		for k := range p {
			if done[k] < len(p[k]) {
				over = false
				done[k]++
				extend(append(order, k), done)
				done[k]--
			}
		}
		if over {
			f(order)
		}
	}
	extend(nil, make([]int, len(p)))
}

// meets reports whether an operation sees the store of a rule in an order, which it computes anew.
func (p stepsOf) meets(order []int, x rule) bool {
	profile, all, done, last := p.counted(), p.start(), make([]int, len(p)), uint64(0)
	for _, k := range order {
		t := all[k]
		t.Next = p[k][done[k]]
		done[k]++
		if t.Next.Object == x.object {
			if t.name() == x.operation && last == x.store {
				return true
			}
			if t.Next.Kind != Load {
				last = t.name()
			}
		}
		profile.remember(t)
	}
	return false
}

// named are the names of the operations of tasks on an object: all, those behind a store of the same task to it or with
// the name of another one, and those of stores.
func (p stepsOf) named(object uint64) (all, vague, stores []uint64) {
	stores = []uint64{0}
	profile := p.counted()
	for k, t := range p.start() {
		stored := false
		for _, op := range p[k] {
			t.Next = op
			if op.Object == object {
				if stored || slices.Contains(all, t.name()) {
					vague = append(vague, t.name())
				}
				all = append(all, t.name())
				if op.Kind != Load {
					stored, stores = true, append(stores, t.name())
				}
			}
			profile.remember(t)
		}
	}
	return all, vague, stores
}

func drawSteps(t *rapid.T) stepsOf {
	op := rapid.Custom(func(t *rapid.T) Op {
		return Op{rapid.Uint64Range(1, 2).Draw(t, "object"), OpKind(rapid.IntRange(0, 1).Draw(t, "kind"))}
	})
	return rapid.SliceOfN(rapid.SliceOfN(op, 1, 3), 2, 3).Draw(t, "operations")
}

// TestRuleIsMet: a rule is met under every seed if one of all orders meets it, unless the task of the operation has
// stored to the object itself or several operations have the name.
func TestRuleIsMet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawSteps(t)
		x := rule{object: p[0][0].Object}
		all, vague, stores := p.named(x.object)
		x.operation, x.store = rapid.SampledFrom(all).Draw(t, "operation"), rapid.SampledFrom(stores).Draw(t, "store")
		if slices.Contains(vague, x.operation) {
			return
		}
		possible := false
		p.orders(func(order []int) { possible = possible || p.meets(order, x) })
		for seed := range uint64(20) {
			s := Find("rff").New(Config{Seed: seed}).(*rff)
			s.rules[0], s.profile = x, p.counted()
			if order := p.run(s); p.meets(order, x) != possible {
				t.Fatalf("seed %d, order %v: the rule is met: %v, in some order: %v", seed, order, !possible, possible)
			}
		}
	})
}

// TestNegativeRule: an operation does not see the store of a negative rule as long as another store may follow.
func TestNegativeRule(t *testing.T) {
	p := stepsOf{{{1, Store}, {2, Load}, {1, Store}}, {{1, Load}}}
	all, _, stores := p.named(1)
	for seed := range uint64(100) {
		s := Find("rff").New(Config{Seed: seed}).(*rff)
		s.rules[0], s.profile = rule{object: 1, operation: all[2], store: stores[1], negative: true}, p.counted()
		if order := p.run(s); slices.Index(order, 1) == 1 || slices.Index(order, 1) == 2 {
			t.Fatalf("seed %d, order %v: the load sees the first store", seed, order)
		}
	}
}

// TestRulesDrawn: rules are about objects that several tasks use and not all only read, and all of those are drawn.
func TestRulesDrawn(t *testing.T) {
	p := stepsOf{{{1, Store}, {2, Store}, {3, Load}}, {{1, Load}, {2, Store}, {3, Load}, {4, Store}, {5, Load}}}
	profile := &Profile{}
	p.run(Find(Single).Start(Config{Seed: 1, Record: profile}).(Stepper))
	drawn := map[rule]bool{}
	for seed := range uint64(2000) {
		r := NewRand(seed, 0)
		x := profile.drawRule(&r)
		if x.object != 1 && x.object != 2 {
			t.Fatalf("seed %d: a rule about object %d", seed, x.object)
		}
		drawn[x] = true
	}
	if want := 2 * (2*2 + 2*3); len(drawn) != want { // operations and stores, with the state before the first
		t.Errorf("%d rules, want %d", len(drawn), want)
	}
}

// counted returns the counts of a run in which other tasks are always ready.
func (p stepsOf) counted() *Profile {
	profile := &Profile{}
	for k, t := range p.start() {
		for _, t.Next = range p[k] {
			profile.step(t, true)
			profile.remember(t)
		}
	}
	return profile
}

// pairs counts the pairs of tasks that read or write an object or use it more than once, at least 1. It is 0 if fewer
// than two tasks use the object or all only read it.
func (p stepsOf) pairs(object uint64) (n int) {
	uses, signals, stores := make([]int, len(p)), make([]bool, len(p)), false
	tasks := 0
	for k := range p {
		for _, op := range p[k] {
			if op.Object == object {
				uses[k]++
				signals[k] = op.Kind == Sync
				stores = stores || op.Kind != Load
			}
		}
		if uses[k] > 0 {
			tasks++
		}
	}
	if tasks < 2 || !stores {
		return 0
	}
	rival := func(k int) bool { return uses[k] > 1 || uses[k] == 1 && !signals[k] }
	for a := range p {
		for b := range p {
			if a != b && rival(a) && rival(b) {
				n++
			}
		}
	}
	return max(n, 1)
}

// TestRuleObjects: rules are about objects in proportion to the pairs of tasks that are rivals for them. The bound is
// six standard deviations.
func TestRuleObjects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := rapid.Custom(func(t *rapid.T) Op {
			return Op{rapid.Uint64Range(1, 5).Draw(t, "object"), OpKind(rapid.IntRange(0, 2).Draw(t, "kind"))}
		})
		p := stepsOf(rapid.SliceOfN(rapid.SliceOfN(op, 1, 4), 1, 6).Draw(t, "operations"))
		profile, sum, drawn := p.counted(), 0, map[uint64]int{}
		const draws = 2000
		for seed := range uint64(draws) {
			r := NewRand(seed, 0)
			drawn[profile.drawRule(&r).object]++
		}
		for object := range uint64(6) {
			sum += p.pairs(object)
		}
		if sum == 0 {
			if drawn[0] != draws {
				t.Fatalf("there is nothing to draw, and the objects of rules are %v", drawn)
			}
			return
		}
		for object := range uint64(6) {
			share := float64(p.pairs(object)) / float64(sum)
			if d := float64(drawn[object]) - draws*share; math.Abs(d) > 6*math.Sqrt(draws*share*(1-share)) {
				t.Errorf("%d of %d rules are about object %d, want a share of %.3f", drawn[object], draws, object, share)
			}
		}
	})
}

// TestNamesTellKindsOfTasks: operations of different kinds of tasks have different names if the tasks have done
// different things, also long before, and those of equal tasks and of the rounds of a loop have the same.
func TestNamesTellKindsOfTasks(t *testing.T) {
	profile := stepsOf{{{1, Store}, {3, Load}, {9, Sync}, {4, Sync}}}.counted()
	name := func(before ...Op) uint64 {
		x := &Task{}
		for _, x.Next = range before {
			profile.remember(x)
		}
		x.Next = Op{9, Sync}
		return x.name()
	}
	round := []Op{{3, Load}, {9, Sync}, {4, Sync}}
	writes, reads := name(Op{1, Store}, Op{3, Load}), name(Op{1, Load}, Op{3, Load})
	second, third := name(slices.Repeat(round, 2)...), name(slices.Repeat(round, 3)...)
	if writes == reads || writes != name(Op{1, Store}, Op{3, Load}) || second != third || second == writes {
		t.Errorf("names %x, %x, %x, %x", writes, reads, second, third)
	}
}

// TestObjectsAreOnlyCompared: a strategy makes the same run if all objects have other addresses, as in a process with
// another environment.
func TestObjectsAreOnlyCompared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const objects = 70
		op := rapid.Custom(func(t *rapid.T) Op {
			return Op{rapid.Uint64Range(1, objects).Draw(t, "object"), OpKind(rapid.IntRange(0, 2).Draw(t, "kind"))}
		})
		p := stepsOf(rapid.SliceOfN(rapid.SliceOfN(op, 1, 12), 2, 5).Draw(t, "operations"))
		shift, moved := rapid.Uint64Range(1, 1<<40).Draw(t, "shift"), make(stepsOf, len(p))
		for k := range p {
			for _, op := range p[k] {
				moved[k] = append(moved[k], Op{op.Object*8 + shift, op.Kind})
			}
		}
		for _, name := range []string{"rff", "surw", "urw"} {
			for seed := range uint64(10) {
				made := func(p stepsOf) []int {
					return p.run(Find(name).New(Config{Seed: seed, Profile: p.counted()}).(Stepper))
				}
				if here, there := made(p), made(moved); !slices.Equal(here, there) {
					t.Fatalf("%s, seed %d: %v, with other addresses %v", name, seed, here, there)
				}
			}
		}
	})
}

// TestHeldForever: rules are dropped if others poll for what a task does that is held back.
func TestHeldForever(t *testing.T) {
	s := Find("rff").New(Config{Seed: 1}).(*rff)
	waits, polls := &Task{Number: 1, Next: Op{1, Store}}, &Task{Number: 2, Next: Op{2, Store}}
	s.rules[0] = rule{object: 1, operation: waits.name(), store: 77}
	more := &Task{Number: 3, Next: Op{2, Store}}
	for range 3 * fairStreak {
		ready := tasks{waits, polls, more}
		i := s.Pick(&Decision{Ready: ready, N: 3, Running: -1})
		if s.Step(ready[i]); i == 0 {
			return
		}
	}
	t.Error("the task is held back for ever")
}
