// Package dpor holds the search through all orders of the operations of a program that depend on each other: one run
// of each class of Mazurkiewicz, instead of one of each schedule. Both worlds use it: package simsched while a run
// goes on, package explore after each run of an ordinary test. It must not know how a run is made.
package dpor

import (
	"fmt"
	"slices"

	"github.com/reprise-go/reprise/strategy"
)

// Search is the algorithm Source-DPOR with sleep sets (Abdulla, Aronis, Jonsson and Sagonas, "Source Sets: A
// Foundation for Optimal Dynamic Partial Order Reduction", JACM 64, 2017), which starts the program again for each
// run. The zero Search is ready. Its user calls Begin, and then for each step of the run Decide, Step and what belongs
// to the step, in the order in which things happen, and Next behind the run.
//
// Two steps depend on each other if they are of one task, if one makes the task of the other ready, if they use the
// same object and do not both read, or if one of them uses something unknown and the other uses anything.
//
//  1. A node of the path is a decision: the tasks that can be chosen, the one that ran, and its step. Behind the end of
//     the path, a run takes a task that is not asleep, the preferred one if possible.
//  2. When a step is over, each earlier step with which it is in a race (they depend on each other, and on nothing
//     between) is looked at: if the run could go the other way, a task that leads there is added to the tasks that are
//     to be tried at the node of the earlier step, unless one that leads there is among them.
//  3. A task that was tried at a node is asleep in what follows at that node, until a step comes that depends on its
//     step. If all tasks that can be chosen are asleep, the run would be of a class that was run before, and does not
//     count.
//  4. Next goes back to the last node with a task that is to be tried and is not asleep. Other choices, such as those
//     of cases, belong to the step in which they are made; all their alternatives are tried.
type Search struct {
	Schedules int  // runs of different classes that Next has left behind
	Redundant int  // runs that were not counted
	Unsteady  bool // the program is not a function of its choices, which makes the search incomplete

	nodes []node

	// The run.
	at        int // number of steps that have begun
	finished  int // number of steps that are over
	fresh     int // first node whose step is not known from an earlier run
	redundant bool
	value     int // choices of the step
	tasks     map[uint64]*task
	order     []*task
	barrier   []int32 // clock of the last advance of the time
	advanced  bool    // since the last decision
}

// node is a decision of a path.
type node struct {
	tasks  []uint64  // the tasks that can be chosen
	sleep  []sleeper // tasks that need not be tried
	tried  []sleeper // tasks that were tried
	want   []uint64  // tasks to be tried, with those that were
	chosen uint64
	values []fork // choices of the step

	task   int       // number of the chosen task in the run
	nth    int32     // of the task's steps, from 1
	before []int32   // clock of the steps that come before the step in any order
	clock  []int32   // number of steps of each task that come before the step, and the step
	foot   footprint // of the step
	trace  footprint // of the step under all values
}

// fork is a choice of a step.
type fork struct{ taken, n int }

// sleeper is a task with its next step.
type sleeper struct {
	task uint64
	foot footprint
}

// task is a task of the run.
type task struct {
	number int
	steps  int32
	clock  []int32 // of its last step
	ready  []int32 // clock of what made it ready since then
	seen   int     // number of the last decision at which it was ready, from 1
}

// Begin begins a run.
func (s *Search) Begin() {
	s.at, s.finished, s.fresh, s.value = 0, 0, max(len(s.nodes)-1, 0), 0
	s.redundant, s.advanced, s.barrier = false, false, nil
	s.tasks, s.order = map[uint64]*task{}, nil
}

// Next moves on to the next run, when a run is over, and reports whether there is one.
func (s *Search) Next() bool {
	s.finish()
	if s.redundant {
		s.Redundant++
	} else {
		s.Schedules++
	}
	for i := len(s.nodes) - 1; i >= 0; i-- {
		n := &s.nodes[i]
		if i < s.at && n.nextValue() || n.nextTask() {
			s.nodes = s.nodes[:i+1]
			return true
		}
	}
	return false
}

// nextValue turns to the next values of the step.
func (n *node) nextValue() bool {
	for i := len(n.values) - 1; i >= 0; i-- {
		if f := &n.values[i]; f.taken+1 < f.n {
			f.taken++
			n.values = n.values[:i+1]
			return true
		}
	}
	return false
}

// nextTask turns to the next task that is to be tried.
func (n *node) nextTask() bool {
	n.tried = append(n.tried, sleeper{n.chosen, n.trace})
	for _, t := range n.want {
		if !asleep(n.tried, t) && !asleep(n.sleep, t) {
			n.chosen, n.values, n.trace = t, nil, footprint{}
			return true
		}
	}
	return false
}

func asleep(list []sleeper, task uint64) bool {
	return slices.ContainsFunc(list, func(s sleeper) bool { return s.task == task })
}

// Asleep reports whether the rest of the run does not count, because its class was run before or the program is not a
// function of its choices.
func (s *Search) Asleep() bool { return s.redundant }

// Decide makes a decision between tasks, which a run identifies by the same numbers as all others. It returns the
// index of the task that goes on; first is the preferred one. The tasks in others are ready, too, but cannot be
// chosen. Search keeps the list of tasks.
func (s *Search) Decide(tasks []uint64, first int, others ...uint64) int {
	s.finish()
	s.meet(tasks)
	s.meet(others)
	s.advanced = false
	if s.redundant {
		return first
	}
	if s.at < len(s.nodes) {
		if i := slices.Index(tasks, s.nodes[s.at].chosen); i >= 0 {
			return i
		}
		s.Unsteady, s.redundant = true, true
		return first
	}
	n := node{tasks: tasks, sleep: s.sleep()}
	for i := range tasks {
		k := (first + i) % len(tasks)
		if !asleep(n.sleep, tasks[k]) {
			n.chosen, n.want = tasks[k], []uint64{tasks[k]}
			s.nodes = append(s.nodes, n)
			return k
		}
	}
	s.redundant = true
	return first
}

// meet notes which tasks are ready, and what has made them ready.
func (s *Search) meet(ready []uint64) {
	for _, id := range ready {
		t := s.tasks[id]
		if t == nil {
			t = &task{number: len(s.order)}
			s.tasks[id], s.order = t, append(s.order, t)
		}
		if t.seen < s.at || s.at == 0 || s.advanced { // not at the last decision, or not without a wait
			if t.ready = s.barrier; !s.advanced && s.at > 0 && s.at-1 < len(s.nodes) {
				t.ready = s.nodes[s.at-1].clock
			}
		}
		t.seen = s.at + 1
	}
}

// sleep returns the tasks that are asleep at a new node.
func (s *Search) sleep() (list []sleeper) {
	if s.at == 0 {
		return nil
	}
	n := &s.nodes[s.at-1]
	for _, x := range slices.Concat(n.sleep, n.tried) {
		if x.task != n.chosen && !x.foot.depends(&n.foot) {
			list = append(list, x)
		}
	}
	return list
}

// Step begins the step of the task that was chosen.
func (s *Search) Step(id uint64) {
	if s.redundant {
		return
	}
	n, x := &s.nodes[s.at], s.tasks[id]
	s.at++
	s.value = 0
	if s.at <= s.fresh { // known
		return
	}
	n.task, n.nth = x.number, x.steps+1
	n.before = merge(slices.Clone(x.clock), x.ready)
	n.foot = footprint{}
}

// step returns the footprint of the step, nil if it is known or does not count.
func (s *Search) step() *footprint {
	if s.at == 0 || s.redundant || s.at != s.finished+1 || s.at <= s.fresh {
		return nil
	}
	return &s.nodes[s.at-1].foot
}

// Uses notes that the step makes an operation on an object.
func (s *Search) Uses(op strategy.Op) {
	if f := s.step(); f != nil {
		f.add(op)
	}
}

// UsesAnything notes that the step uses something that may be anything.
func (s *Search) UsesAnything() {
	if f := s.step(); f != nil {
		f.other = true
	}
}

// Take returns the answer to a choice of the step among alternatives.
func (s *Search) Take(of int) int {
	if s.redundant || s.at == 0 {
		return 0
	}
	n := &s.nodes[s.at-1]
	if s.value == len(n.values) {
		n.values = append(n.values, fork{n: of})
	}
	f := &n.values[s.value]
	s.value++
	if f.taken >= of {
		s.Unsteady = true
		return 0
	}
	return f.taken
}

// Took notes the answer to a choice of the step among alternatives, of a run whose choices another search makes: Decide
// then gets the task that was chosen as the preferred one.
func (s *Search) Took(answer, of int) {
	if !s.redundant && s.at > 0 {
		n := &s.nodes[s.at-1]
		n.values = append(n.values[:s.value], fork{answer, of})
		s.value++
	}
}

// Advance is called when no task is ready and time goes on: all that follows comes after all that was before.
func (s *Search) Advance() {
	s.finish()
	s.advanced, s.barrier = true, slices.Clone(s.barrier)
	for _, t := range s.order {
		s.barrier = merge(s.barrier, t.clock)
	}
}

// finish is called when a step is over, at the latest before the next decision.
func (s *Search) finish() {
	if s.finished == s.at {
		return
	}
	s.finished = s.at
	i := s.at - 1
	n := &s.nodes[i]
	x := s.order[n.task]
	if i >= s.fresh {
		s.races(i)
		n.trace.join(&n.foot)
	}
	x.steps, x.clock = n.nth, n.clock
}

// races computes the clock of step i and looks at its races.
func (s *Search) races(i int) {
	n := &s.nodes[i]
	clock, races := slices.Clone(n.before), []int(nil)
	for j := i - 1; j >= 0; j-- {
		e := &s.nodes[j]
		if e.task == n.task || e.nth <= part(clock, e.task) || !e.foot.depends(&n.foot) {
			continue
		}
		races = append(races, j)
		clock = merge(clock, e.clock)
	}
	n.clock = merge(clock, nil)
	for len(n.clock) <= n.task {
		n.clock = append(n.clock, 0)
	}
	n.clock[n.task] = n.nth
	for _, j := range races {
		s.reverse(j, i)
	}
}

// reverse has a task tried at node j that leads to step i before step j.
func (s *Search) reverse(j, i int) {
	e := &s.nodes[j]
	var between []*node // steps that do not come after step j, and step i
	var initials []uint64
	for k := j + 1; k <= i; k++ {
		n := &s.nodes[k]
		if k < i && part(n.clock, e.task) >= e.nth {
			continue
		}
		if !slices.ContainsFunc(between, func(b *node) bool { return part(n.clock, b.task) >= b.nth }) {
			if slices.Contains(e.want, n.chosen) {
				return
			}
			initials = append(initials, n.chosen)
		}
		between = append(between, n)
	}
	for _, task := range initials {
		if slices.Contains(e.tasks, task) {
			e.want = append(e.want, task)
			return
		}
	}
	e.want = append(e.want, e.tasks...) // the task that leads there cannot be chosen at e
}

// Class returns a text that is equal for runs whose dependent steps have the same order, when a run is over.
func (s *Search) Class() string {
	s.finish()
	names := map[int]uint64{}
	for id, t := range s.tasks { // lint: order does not matter because the numbers are distinct
		names[t.number] = id
	}
	var steps []string
	for _, n := range s.nodes[:s.at] {
		clock := map[uint64]int32{}
		for t, c := range n.clock {
			if c > 0 {
				clock[names[t]] = c
			}
		}
		steps = append(steps, fmt.Sprint(n.chosen, n.nth, clock, n.values))
	}
	slices.Sort(steps)
	return fmt.Sprint(steps)
}

// part returns a component of a clock.
func part(clock []int32, task int) int32 {
	if task < len(clock) {
		return clock[task]
	}
	return 0
}

// merge adds what another clock has to a clock.
func merge(clock, other []int32) []int32 {
	for len(clock) < len(other) {
		clock = append(clock, 0)
	}
	for i, n := range other {
		clock[i] = max(clock[i], n)
	}
	return clock
}
