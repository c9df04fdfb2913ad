package simsched

import (
	"slices"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/strategy"
)

// Reduction goes through all schedules of a program that differ in more than the order of operations that do not depend
// on each other: one of each class of Mazurkiewicz. It is the algorithm Source-DPOR with sleep sets (Abdulla, Aronis,
// Jonsson and Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order Reduction", JACM 64, 2017), which
// starts the program again for each schedule. The zero Reduction is ready.
//
// The steps of a run depend on each other if they are of one task, if one makes the task of the other ready, if they
// use the same object and do not both read, or if both use something else than a lock, a channel, an atomic value or
// another object of which one knows that it is the only one: timers, Select, contexts, the network, the end of a
// task that fails, a query. Such a step depends on all steps with an operation. Random values, faults and sizes are
// those of one seed.
//
// Tasks must share data only by objects of the simulation, or under a lock of it: plain variables that several tasks
// use without one are not seen. A search through all schedules needs no such assumption; see NewChooser.
//
//  1. A node of the path is a decision: the tasks that are ready, the one that ran, and its step. Behind the end of the
//     path, a run takes a task that is not asleep, the running one if possible.
//  2. When a step is over, each earlier step with which it is in a race (they depend on each other, and on nothing
//     between) is looked at: if the run could go the other way, a task that leads there is added to the tasks that are
//     to be tried at the node of the earlier step, unless one that leads there is among them.
//  3. A task that was tried at a node is asleep in what follows at that node, until a step comes that depends on its
//     step. If all tasks that are ready are asleep, the run would be of a class that was run before, and does not
//     count.
//  4. Next goes back to the last node with a task that is to be tried and is not asleep. Other choices (of timers,
//     waiters and cases) belong to the step in which they are made; all their alternatives are tried.
type Reduction struct {
	Seed uint64 // of random values, faults and sizes

	Schedules int  // schedules of different classes that Next has left behind
	Redundant int  // runs that were not counted
	Drawn     bool // a run has drawn random values, faults or sizes
	Unsteady  bool // the program is not a function of its choices, which makes the search incomplete

	nodes []node

	// The run.
	at        int // number of steps that have begun
	finished  int // number of steps that are over
	fresh     int // first node whose step is not known from an earlier run
	decided   bool
	redundant bool
	value     int // choices of the step
	tasks     map[uint64]*reduced
	order     []*reduced
	barrier   []int32 // clock of the last advance of the time
	advanced  bool    // since the last decision
}

// node is a decision of a path.
type node struct {
	tasks  []uint64  // the ready tasks, by Path
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

// footprint says what a step uses.
type footprint struct {
	ops   [2]strategy.Op // without an Object if it uses fewer, the first before the second
	other bool           // it uses something that may be anything
}

// depends reports whether the order of two steps of different tasks matters.
func (f footprint) depends(g footprint) bool {
	switch {
	case f.other && g.other:
		return true
	case f.other:
		return g.ops[0].Object != 0
	case g.other:
		return f.ops[0].Object != 0
	}
	for _, a := range f.ops {
		for _, b := range g.ops {
			if a.Object == b.Object && a.Object != 0 && (a.Kind != strategy.Load || b.Kind != strategy.Load) {
				return true
			}
		}
	}
	return false
}

// The objects of a Reduction that no other strategy knows. Starting a task or a region is a load of the first: only the
// cancellation of a region minds it. The end of a task that succeeds is a store to the object of its region, for which
// the region and joins of its tasks wait.
const (
	reducedStarts  = 1 << 62
	reducedRegions = 1 << 63
)

// ends returns the operation on the object of the region.
func (r *Region) ends(kind strategy.OpKind) strategy.Op {
	return strategy.Op{Object: reducedRegions | uint64(r.id), Kind: kind}
}

// pointReduced is point before an operation that a Reduction knows.
func (s *Sim) pointReduced(t *Task, op strategy.Op) {
	t.reduces = op
	s.point(t)
}

// reduced is a task of the run.
type reduced struct {
	number int
	steps  int32
	clock  []int32 // of its last step
	ready  []int32 // clock of what made it ready since then
	seen   int     // number of the last decision at which it was ready, from 1
}

// Chooser returns the Chooser of the next run.
func (r *Reduction) Chooser() Chooser {
	r.at, r.finished, r.fresh, r.value = 0, 0, max(len(r.nodes)-1, 0), 0
	r.decided, r.redundant, r.advanced, r.barrier = false, false, false, nil
	r.tasks, r.order = map[uint64]*reduced{}, nil
	return &reducing{r, NewRoundRobin(r.Seed)}
}

// Next moves on to the next schedule, when a run is over, and reports whether there is one.
func (r *Reduction) Next() bool {
	r.finish()
	if r.redundant {
		r.Redundant++
	} else {
		r.Schedules++
	}
	for i := len(r.nodes) - 1; i >= 0; i-- {
		n := &r.nodes[i]
		if i < r.at && n.nextValue() || n.nextTask() {
			r.nodes = r.nodes[:i+1]
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

// reducing is the Chooser of one run of a Reduction.
type reducing struct {
	r     *Reduction
	drawn Chooser
}

// reducer is a Chooser that follows the steps of a run.
type reducer interface{ reduction() *Reduction }

func (c *reducing) reduction() *Reduction { return c.r }

// Choose implements [Chooser].
func (c *reducing) Choose(q *Choice) uint64 {
	switch q.Point {
	case PointValue, PointFault, PointBytes:
		c.r.Drawn = true
		return c.drawn.Choose(q)
	case PointTask:
		ready := make([]uint64, q.N)
		for i := range ready {
			ready[i] = q.queue.at(i).task.strategic.Path
		}
		first := 0
		if q.running != nil && !q.yielded {
			first, _ = q.queue.indexOf(q.running)
		}
		return uint64(c.r.decide(ready, first))
	}
	return uint64(c.r.take(q.N))
}

// decide makes a decision. It returns the index of the task that goes on; first is the preferred one.
func (r *Reduction) decide(ready []uint64, first int) int {
	r.finish()
	r.decided = true
	r.meet(ready)
	if r.redundant {
		return first
	}
	if r.at < len(r.nodes) {
		if i := slices.Index(ready, r.nodes[r.at].chosen); i >= 0 {
			return i
		}
		r.Unsteady, r.redundant = true, true
		return first
	}
	n := node{tasks: ready, sleep: r.sleep()}
	ready = slices.Clone(ready)
	for i := range ready {
		k := (first + i) % len(ready)
		if !asleep(n.sleep, ready[k]) {
			n.chosen, n.want = ready[k], []uint64{ready[k]}
			r.nodes = append(r.nodes, n)
			return k
		}
	}
	r.redundant = true
	return first
}

// meet notes which tasks are ready, and what has made them ready.
func (r *Reduction) meet(ready []uint64) {
	for _, path := range ready {
		t := r.tasks[path]
		if t == nil {
			t = &reduced{number: len(r.order)}
			r.tasks[path], r.order = t, append(r.order, t)
		}
		if t.seen < r.at || r.at == 0 || r.advanced { // not at the last decision, or not without a wait
			if t.ready = r.barrier; !r.advanced && r.at > 0 && r.at-1 < len(r.nodes) {
				t.ready = r.nodes[r.at-1].clock
			}
		}
		t.seen = r.at + 1
	}
	r.advanced = false
}

// sleep returns the tasks that are asleep at a new node.
func (r *Reduction) sleep() (list []sleeper) {
	if r.at == 0 {
		return nil
	}
	n := &r.nodes[r.at-1]
	for _, s := range slices.Concat(n.sleep, n.tried) {
		if s.task != n.chosen && !s.foot.depends(n.foot) {
			list = append(list, s)
		}
	}
	return list
}

// step is called when a task goes on with an operation. A task that starts has none.
func (r *Reduction) step(t *Task, op strategy.Op) {
	if !r.decided {
		r.decide([]uint64{t.strategic.Path}, 0)
	}
	r.decided = false
	if r.redundant {
		return
	}
	if op.Object == 0 {
		op = t.reduces
	}
	t.reduces = strategy.Op{}
	n, x := &r.nodes[r.at], r.tasks[t.strategic.Path]
	r.at++
	r.value = 0
	if r.at <= r.fresh { // known
		return
	}
	n.task, n.nth = x.number, x.steps+1
	n.before = merge(slices.Clone(x.clock), x.ready)
	n.foot = footprint{[2]strategy.Op{op}, op.Object == 0 && t.steps > 1}
}

// uses notes that the step uses one more object.
func (r *Reduction) uses(op strategy.Op) {
	if r.at == 0 || r.redundant || r.at != r.finished+1 || r.at <= r.fresh {
		return
	}
	switch f := &r.nodes[r.at-1].foot; {
	case f.ops[0].Object == 0:
		f.ops[0] = op
	case f.ops[1].Object == 0:
		f.ops[1] = op
	default:
		f.other = true
	}
}

// other notes that the step uses something that may be anything.
func (r *Reduction) other() {
	if r.at > 0 && !r.redundant && r.at == r.finished+1 && r.at > r.fresh {
		r.nodes[r.at-1].foot.other = true
	}
}

// ended is called when a task has ended.
func (r *Reduction) ended(t *Task) {
	if t.outcome == event.OutcomeOK && t.sim.net == nil {
		r.uses(t.region.ends(strategy.Store))
		return
	}
	r.other()
}

// take returns the answer to a choice other than that of a task.
func (r *Reduction) take(of int) int {
	if r.redundant || r.at == 0 {
		return 0
	}
	n := &r.nodes[r.at-1]
	if r.value == len(n.values) {
		n.values = append(n.values, fork{n: of})
	}
	f := &n.values[r.value]
	r.value++
	if f.taken >= of {
		r.Unsteady = true
		return 0
	}
	return f.taken
}

// advance is called when no task is ready and time goes on: all that follows comes after all that was before.
func (r *Reduction) advance() {
	r.finish()
	r.advanced, r.barrier = true, slices.Clone(r.barrier)
	for _, t := range r.order {
		r.barrier = merge(r.barrier, t.clock)
	}
}

// finish is called when a step is over, at the latest before the next decision.
func (r *Reduction) finish() {
	if r.finished == r.at {
		return
	}
	r.finished = r.at
	i := r.at - 1
	n := &r.nodes[i]
	x := r.order[n.task]
	if i >= r.fresh {
		r.races(i)
		if n.trace == (footprint{}) {
			n.trace = n.foot
		}
		n.trace.other = n.trace.other || n.trace != n.foot
	}
	x.steps, x.clock = n.nth, n.clock
}

// races computes the clock of step i and looks at its races.
func (r *Reduction) races(i int) {
	n := &r.nodes[i]
	clock, races := slices.Clone(n.before), []int(nil)
	for j := i - 1; j >= 0; j-- {
		e := &r.nodes[j]
		if e.task == n.task || e.nth <= part(clock, e.task) || !e.foot.depends(n.foot) {
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
		r.reverse(j, i)
	}
}

// reverse has a task tried at node j that leads to step i before step j.
func (r *Reduction) reverse(j, i int) {
	e := &r.nodes[j]
	var between []*node // steps that do not come after step j, and step i
	var initials []uint64
	for k := j + 1; k <= i; k++ {
		n := &r.nodes[k]
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
	e.want = append(e.want, e.tasks...) // cannot happen; if it does, all are tried
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
