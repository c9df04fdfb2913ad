package simsched

// Enumeration goes through all schedules of a program with at most a number of preemptions, those with fewer
// preemptions first (Musuvathi and Qadeer, "Iterative Context Bounding for Systematic Testing of Multithreaded
// Programs", PLDI 2007). A preemption is a decision that lets another task run although the running task could go on
// and has not yielded. A schedule is one sequence of choices of tasks, waiters, timers and cases of Select. Random
// values, faults and sizes of I/O operations are those of one seed.
//
// The algorithm is a depth-first search that starts the program again for each schedule:
//
//  1. Chooser answers the choices of a run from the path, and beyond its end by alternative 0: the running task goes
//     on. The path then tells, for each choice, how many alternatives there were.
//  2. Next turns the last choice of the path that has another alternative to that, and cuts off what follows. A
//     preemption is no alternative if the path before it has as many as the bound.
//  3. If there is none, the bound rises by one, and the search starts again, until it passes the limit or until a
//     search finds no schedule with as many preemptions as its bound, since then there are no more.
//
// The zero Enumeration is the search without preemptions. A run that is cut off, or whose program is not a function of
// its choices, makes the enumeration incomplete.
type Enumeration struct {
	Limit int    // maximum number of preemptions; negative means no limit
	Seed  uint64 // of random values, faults and sizes

	Schedules int  // number of different schedules that Next has left behind
	Complete  bool // there is no schedule with more preemptions than those that were made
	Drawn     bool // a run has drawn random values, faults or sizes

	path  []fork
	bound int
	spent int  // preemptions of the run
	fresh bool // the search with this bound has found a schedule with as many preemptions
}

// fork is a choice of a path.
type fork struct {
	taken, n int
	costs    bool // alternatives other than 0 are preemptions
	spent    int  // preemptions before it
}

// Chooser returns the Chooser of the next run.
func (e *Enumeration) Chooser() Chooser {
	e.spent = 0
	return &enumerating{e: e, drawn: NewRoundRobin(e.Seed)}
}

// Next moves on to the next schedule, when a run is over, and reports whether there is one.
func (e *Enumeration) Next() bool {
	if e.spent == e.bound {
		e.Schedules++
		e.fresh = true
	}
	for i := len(e.path) - 1; i >= 0; i-- {
		f := &e.path[i]
		if f.taken+1 < f.n && (!f.costs || f.spent < e.bound) {
			f.taken++
			e.path = e.path[:i+1]
			return true
		}
	}
	e.path = e.path[:0]
	e.Complete = !e.fresh
	if e.Complete || e.bound == e.Limit {
		return false
	}
	e.bound, e.fresh = e.bound+1, false
	return true
}

// enumerating is the Chooser of one run of an Enumeration.
type enumerating struct {
	e     *Enumeration
	drawn Chooser
	at    int
}

// Choose implements [Chooser].
func (r *enumerating) Choose(c *Choice) uint64 {
	switch c.Point {
	case PointValue, PointFault, PointBytes:
		r.e.Drawn = true
		return r.drawn.Choose(c)
	case PointTask:
		if c.running != nil && !c.yielded {
			own, _ := c.queue.indexOf(c.running)
			return uint64(swapped(r.take(c.N, true), own))
		}
	}
	return uint64(r.take(c.N, false))
}

// swapped returns the index of alternative i if the running task, which has index own, comes first.
func swapped(i, own int) int {
	switch i {
	case 0:
		return own
	case own:
		return 0
	}
	return i
}

// take returns the alternative that the path takes at the next choice.
func (r *enumerating) take(n int, costs bool) int {
	e := r.e
	if r.at == len(e.path) {
		e.path = append(e.path, fork{n: n, costs: costs, spent: e.spent})
	}
	f := &e.path[r.at]
	r.at++
	if f.taken >= n { // the program is not a function of its choices
		return 0
	}
	if costs && f.taken > 0 {
		e.spent++
	}
	return f.taken
}
