package strategy

// rff samples abstract schedules (Wolff, Shi, Duck, Mathur and Roychoudhury, "Greybox Fuzzing for Concurrency Testing",
// ASPLOS 2024): a few rules say which store an operation must see, or must not see. It needs the operations of an
// earlier run, without which it is partial order sampling.
//
//  1. An operation is known by what it does and by what its task did before, and not by its task: a rule about one of a
//     hundred equal tasks holds for all of them.
//  2. The seed draws up to three rules, each about an operation on an object that several tasks use, and a store to the
//     object or its state before the first store. Operations on locks and channels are stores. Objects that more tasks
//     use are drawn more often.
//  3. A task that is about to make the operation of a rule is held back until the last store to the object is that of
//     the rule. Then tasks that are about to store to the object are held back until the operation has been made. A
//     negative rule holds the operation back while the last store is that of the rule.
//  4. The other tasks go on by priorities, as in partial order sampling. If all ready tasks are held back, one of them
//     goes on nevertheless. When tasks have been held back for [fairStreak] picks, the rules are dropped, since the
//     others may poll for something that a task does that is held back.
//
// The authors choose and change the rules by the pairs of stores and operations that runs have shown. Rules that only
// the seed draws need as few schedules, and depend on no other run; see RATIONALE.md.
type rff struct {
	pos
	profile   *Profile // nil if there is none
	rules     [maxRules]rule
	contested bool // another task was ready at the last decision
	held      int  // picks at which a task was held back
}

const maxRules = 3

// rulesOf is the number of rules, each number as often as it is drawn.
var rulesOf = [...]uint8{0, 1, 1, 1, 2, 2, 2, 3}

// rule is a rule of an abstract schedule. The zero rule holds no task back.
type rule struct {
	object    uint64
	operation uint64 // a Task.name
	store     uint64 // a Task.name; 0 is the state before the first store
	negative  bool
	met       bool   // the operation has seen the store
	last      uint64 // the last store to the object in this run
}

var _ = Register(&Strategy{
	Name:     "rff",
	About:    "a few operations must or must not see a certain store, by random priorities besides (RFF)",
	Profiled: true,
	Dense:    true,
	New: func(c Config) Picker {
		r := strategyState[rff]()
		r.rand = NewRand(c.Seed, Label("rff"))
		if c.Profile != nil && c.Profile.valid() {
			r.profile = c.Profile
			for i := range rulesOf[r.rand.Below(uint64(len(rulesOf)))] {
				r.rules[i] = c.Profile.drawRule(&r.rand)
			}
		}
		return r
	},
})

// name identifies the next operation of a task by its object and kind and by what the task has done before; it is never
// 0. With only the operation before it, the two kinds of tasks in twostage would have one name for locking the second
// lock.
func (t *Task) name() uint64 {
	x := t.Next.Object + uint64(t.Next.Kind)<<62
	y := splitMix(&x) + t.done
	return splitMix(&y) | 1
}

// remember adds the next operation of a task to what it has done: a set of objects and kinds, without an order or a
// number of times, so that the operations of a loop have the same names in each round from the second on. Objects count
// by the order in which the counted run used them first: an address depends on the environment of the process.
func (p *Profile) remember(t *Task) {
	if row, _ := p.find(0, t.Next.Object); row >= 0 {
		x := uint64(row)
		t.done |= 1 << ((splitMix(&x) + uint64(t.Next.Kind)) % 64)
	}
}

// drawRule draws a rule, the zero rule if there is none: first the object, in proportion to the pairs of rivals for it,
// and then evenly one of the operations on it and a store to it. An object that all tasks contend for is drawn more
// often than all the channels together by which a task waits for one other each.
func (p *Profile) drawRule(r *Rand) (x rule) {
	sum := uint64(0)
	for i := range p.known {
		sum += p.pairs(i)
	}
	if sum == 0 {
		return rule{}
	}
	k := r.Below(sum)
	for i := range p.known {
		if n := p.pairs(i); k >= n {
			k -= n
			continue
		}
		x.object = p.operations[i].object
		break
	}
	x.operation = p.nth(x.object, false, r.Below(p.number(x.object, false)))
	stores := p.number(x.object, true)
	if k = r.Below(stores + 1); k < stores {
		x.store = p.nth(x.object, true, k)
	}
	x.negative = r.Below(4) == 0
	return x
}

// pairs returns the number of ordered pairs of tasks that are rivals for the object of operation i, at least 1, if
// several tasks use it in different orders and the operation is the first that is known to store to it, and else 0. So
// an object counts once, and not at all if it is only read while other tasks are ready.
func (p *Profile) pairs(i uint64) uint64 {
	o := &p.operations[i]
	for k := range i {
		if p.operations[k].on(o.object, true) {
			return 0
		}
	}
	row, _ := p.find(0, o.object)
	if row < 0 || o.kind == Load || p.rows[row].tasks < 2 || !p.rows[row].contested {
		return 0
	}
	n := uint64(p.rows[row].rivals)
	return max(n*n-n, 1)
}

// on reports whether an operation is on an object, and a store to it if stores is set.
func (o *operation) on(object uint64, stores bool) bool {
	return o.object == object && (!stores || o.kind != Load)
}

// number returns the number of known operations on an object, or of known stores to it.
func (p *Profile) number(object uint64, stores bool) (n uint64) {
	for i := range p.known {
		if p.operations[i].on(object, stores) {
			n++
		}
	}
	return n
}

// nth returns the name of the k-th of those operations, counted from 0.
func (p *Profile) nth(object uint64, stores bool, k uint64) uint64 {
	for i := range p.known {
		if !p.operations[i].on(object, stores) {
			continue
		}
		if k == 0 {
			return p.operations[i].name
		}
		k--
	}
	return 0
}

// Pick implements [Picker].
func (r *rff) Pick(d *Decision) int {
	r.contested = true
	best := r.free(d)
	if best < 0 {
		best = r.first(d)
	}
	if r.tired(d.Ready.At(best)) || r.held > fairStreak {
		r.rules = [maxRules]rule{}
		r.redraw(d)
		best = r.first(d)
	}
	r.renew(d, best)
	return best
}

// free returns the index of the task with the highest priority of those that are not held back, -1 if all are.
func (r *rff) free(d *Decision) int {
	best, highest, held := -1, uint64(0), 0
	for i := range d.N {
		t := d.Ready.At(i)
		if r.holds(t) {
			held = 1
		} else if x := r.of(t); x > highest {
			best, highest = i, x
		}
	}
	r.held += held
	return best
}

// holds reports whether a rule holds a task back.
func (r *rff) holds(t *Task) bool {
	for i := range r.rules {
		if x := &r.rules[i]; x.object != 0 && x.object == t.Next.Object && x.holds(t) {
			return true
		}
	}
	return false
}

// holds reports whether a rule holds back a task whose next operation is on the object of the rule.
func (x *rule) holds(t *Task) bool {
	due, concerned := x.last == x.store, t.name() == x.operation
	switch {
	case x.negative:
		return due && concerned
	case concerned:
		return !due && !x.met
	}
	return due && !x.met && t.Next.Kind != Load
}

// Step implements [Stepper]. Stores that are made while no other task is ready belong to the state before the first
// store.
func (r *rff) Step(t *Task) {
	if t.Next.Object == 0 {
		r.contested = false
		return
	}
	for i := range r.rules {
		x := &r.rules[i]
		if x.object != t.Next.Object {
			continue
		}
		name := t.name()
		x.met = x.met || name == x.operation && x.last == x.store
		if t.Next.Kind != Load && (r.contested || x.last != 0) {
			x.last = name
		}
	}
	r.contested = false
	if r.profile != nil {
		r.profile.remember(t)
	}
}
