package strategy

// rff samples abstract schedules (Wolff, Shi, Duck, Mathur and Roychoudhury, "Greybox Fuzzing for Concurrency Testing",
// ASPLOS 2024): a few rules say which store an operation must see, or must not see. It needs the operations of an
// earlier run, without which it is partial order sampling.
//
//  1. An operation is known by what it does and by what its task did before, and not by its task: a rule about one of a
//     hundred equal tasks holds for all of them.
//  2. The seed draws up to three rules, each about an operation on an object that several tasks use, and a store to the
//     object or its state before the first store. Operations on locks and channels are stores.
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
			for i := range rulesOf[r.rand.Below(uint64(len(rulesOf)))] {
				r.rules[i] = c.Profile.drawRule(&r.rand)
			}
		}
		return r
	},
})

// name identifies the next operation of a task by its object and kind and by those of the operation before; it is
// never 0.
func (t *Task) name() uint64 {
	x := t.Next.Object + uint64(t.Next.Kind)<<62
	y := splitMix(&x) + t.before.Object + uint64(t.before.Kind)<<62
	return splitMix(&y) | 1
}

// drawRule draws a rule, the zero rule if there is none.
func (p *Profile) drawRule(r *Rand) (x rule) {
	all := uint64(0)
	for i := range p.known {
		all += p.shared(&p.operations[i])
	}
	if all == 0 {
		return rule{}
	}
	k, stores := r.Below(all), uint64(0)
	for i := range p.known {
		o := &p.operations[i]
		if n := p.shared(o); k < n {
			x.object, x.operation = o.object, o.name
			break
		} else {
			k -= n
		}
	}
	for i := range p.known {
		stores += p.operations[i].stores(x.object)
	}
	if k = r.Below(stores + 1); k < stores {
		x.store = p.storeTo(x.object, k)
	}
	x.negative = r.Below(4) == 0
	return x
}

// storeTo returns the name of a store to an object, by its number.
func (p *Profile) storeTo(object, number uint64) uint64 {
	for i := range p.known {
		o := &p.operations[i]
		if n := o.stores(object); number < n {
			return o.name
		} else {
			number -= n
		}
	}
	return 0
}

// shared returns 1 if an operation is on an object that several tasks use in different orders, and else 0.
func (p *Profile) shared(o *operation) uint64 {
	if row, _ := p.find(0, o.object); row >= 0 {
		if r := &p.rows[row]; r.tasks >= 2 && r.others > 0 && r.contested {
			return 1
		}
	}
	return 0
}

// stores returns 1 if an operation is a store to an object, and else 0.
func (o *operation) stores(object uint64) uint64 {
	if o.object == object && o.kind != Load {
		return 1
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
	t.before, r.contested = t.Next, false
}
