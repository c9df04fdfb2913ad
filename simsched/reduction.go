package simsched

import (
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/dpor"
	"github.com/reprise-go/reprise/strategy"
)

// Reduction goes through all schedules of a program that differ in more than the order of operations that do not depend
// on each other: one of each class of Mazurkiewicz, by the algorithm Source-DPOR with sleep sets; see package
// internal/dpor. The zero Reduction is ready.
//
// The steps of a run depend on each other if they are of one task, if one makes the task of the other ready, if they
// use the same object and do not both read, or if both use something else than a lock, a channel, an atomic value or
// another object of which one knows that it is the only one: timers, Select, contexts, the network, the end of a
// task that fails, a query. Such a step depends on all steps with an operation. Random values, faults and sizes are
// those of one seed.
//
// Tasks must share data only by objects of the simulation, or under a lock of it: plain variables that several tasks
// use without one are not seen. A search through all schedules needs no such assumption; see NewChooser.
type Reduction struct {
	Seed uint64 // of random values, faults and sizes

	Schedules int  // schedules of different classes that Next has left behind
	Redundant int  // runs that were not counted
	Drawn     bool // a run has drawn random values, faults or sizes
	Unsteady  bool // the program is not a function of its choices, which makes the search incomplete

	search  dpor.Search
	decided bool
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

// Chooser returns the Chooser of the next run.
func (r *Reduction) Chooser() Chooser {
	r.search.Begin()
	r.decided = false
	return &reducing{r, NewRoundRobin(r.Seed)}
}

// Next moves on to the next schedule, when a run is over, and reports whether there is one.
func (r *Reduction) Next() bool {
	more := r.search.Next()
	r.Schedules, r.Redundant, r.Unsteady = r.search.Schedules, r.search.Redundant, r.search.Unsteady
	return more
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
		first := 0
		if q.running != nil && !q.yielded {
			first, _ = q.queue.indexOf(q.running)
		}
		return uint64(c.r.decide(q, first))
	}
	return uint64(c.r.search.Take(q.N))
}

// decide makes a decision. It returns the index of the task that goes on; first is the preferred one.
func (r *Reduction) decide(q *Choice, first int) int {
	ready := make([]uint64, q.N)
	for i := range ready {
		ready[i] = q.queue.at(i).task.strategic.Path
	}
	r.decided = true
	return r.search.Decide(ready, first)
}

// step is called when a task goes on with an operation. A task that starts has none.
func (r *Reduction) step(t *Task, op strategy.Op) {
	if !r.decided {
		r.search.Decide([]uint64{t.strategic.Path}, 0)
	}
	r.decided = false
	if op.Object == 0 {
		op = t.reduces
	}
	t.reduces = strategy.Op{}
	r.search.Step(t.strategic.Path)
	if op.Object != 0 {
		r.search.Uses(op)
	} else if t.steps > 1 {
		r.search.UsesAnything()
	}
}

// ended is called when a task has ended.
func (r *Reduction) ended(t *Task) {
	if t.outcome == event.OutcomeOK && t.sim.net == nil {
		r.search.Uses(t.region.ends(strategy.Store))
		return
	}
	r.search.UsesAnything()
}
