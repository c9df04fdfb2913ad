package strategy

// Branch is a choice of a run among alternatives.
type Branch struct {
	Taken uint16 // the alternative that was taken, below N
	N     uint16 // number of alternatives, at least 2
	Costs bool   // all alternatives but 0 are preemptions
}

// routeBranches is the maximum number of branches of a route.
const routeBranches = 1 << 16

// Route is the sequence of branches of a run, which determines its schedule. A search through all schedules gives the
// first branches, at which the run takes the alternatives of the route; from there on the run takes alternative 0 and
// appends its branches. The zero Route gives nothing. It is a value without pointers, so that it can be passed between
// processes in shared memory.
type Route struct {
	// Fixed is the number of a task that is taken only where it is the default; 0 means none. Its schedule is not
	// enumerated.
	Fixed uint32

	given    uint32
	used     uint32 // branches of the run so far, also those beyond routeBranches
	branches [routeBranches]Branch
}

// Give begins a run whose first branches take the alternatives of a list. It panics if the list is too long.
func (r *Route) Give(list []Branch) {
	copy(r.branches[:len(list)], list)
	r.given, r.used = uint32(len(list)), 0
}

// Branches returns the branches of the run so far, up to routeBranches of them, and their number. The slice is valid
// until Give.
func (r *Route) Branches() (list []Branch, n int) {
	n = int(r.used)
	return r.branches[:min(n, routeBranches)], n
}

// Take returns the alternative that a run takes at its next branch, which has n alternatives.
func (r *Route) Take(n int, costs bool) int {
	i := r.used
	r.used++
	if i >= routeBranches {
		return 0
	}
	b := &r.branches[i]
	taken := b.Taken
	if i >= r.given || int(taken) >= n { // the latter if the program is not a function of its choices
		taken = 0
	}
	*b = Branch{taken, uint16(min(n, 1<<16-1)), costs}
	return int(taken)
}

// follower is the Picker of a run along a route. Every point is a decision.
//
//   - At a point, alternative 0 is that the running task goes on; the others are preemptions.
//   - After a task has yielded, alternative 0 is the task that has been ready longest. The others count as preemptions,
//     too: otherwise two tasks that yield in loops would have endless schedules without any.
//   - After a task has blocked or ended, alternative 0 is the task that has been ready longest.
type follower struct{ route *Route }

// following returns the Picker of a run along a route.
func following(r *Route) Picker {
	f := strategyState[follower]()
	f.route = r
	return f
}

// Gap implements [Picker].
func (f *follower) Gap() uint64 { return 1 }

// Pick implements [Picker].
func (f *follower) Pick(d *Decision) int {
	first := 0
	if d.Why == Preempted {
		first = d.Running
	}
	fixed := f.fixed(d)
	if fixed == first && d.Why == Preempted {
		return first
	}
	n := d.N
	if fixed >= 0 && fixed != first {
		n--
	}
	if n < 2 {
		return first
	}
	taken := f.route.Take(n, d.Why != Blocked)
	if taken == 0 {
		return first
	}
	for i := 0; i < d.N; i++ {
		if i == first || i == fixed {
			continue
		}
		if taken--; taken == 0 {
			return i
		}
	}
	return first
}

// fixed returns the index of the task Route.Fixed, -1 if it is not ready.
func (f *follower) fixed(d *Decision) int {
	for i := 0; i < d.N && f.route.Fixed != 0; i++ {
		if d.Ready.At(i).Number == f.route.Fixed {
			return i
		}
	}
	return -1
}
