package strategy

const (
	profileRows  = 1 << 12
	profileIndex = 1 << 13
	profileNames = 1 << 8
)

// Profile counts the steps of a run, by task and by object. The zero Profile is empty. It is a value without pointers,
// so that it can be passed between processes in shared memory.
type Profile struct {
	Points    uint64 // steps of all tasks
	Contested uint64 // points that were passed while more than one task was ready
	Tasks     uint64 // tasks that made steps

	// The rows in the order in which they were first needed, and a hash table of their numbers, from 1, with open
	// addressing. When there is no room for another row, what would be counted there is left out.
	used  uint64
	rows  [profileRows]count
	index [profileIndex]uint16

	// The different operations on objects that were used while another task was ready, as many as there is room for.
	known      uint64
	operations [profileNames]operation
}

// operation is an operation that some task makes.
type operation struct {
	name, object uint64 // Task.name and Op.Object
	kind         OpKind
}

// count is a row of a profile: what one task does to one object, what it does to all of them (object 0), or what all
// tasks do to one (task 0).
type count struct {
	task, object uint64 // Task.Path and Op.Object
	parent       uint64 // Task.Parent; 0 in rows of objects
	loads        uint32
	others       uint32 // operations that are not loads
	tasks        uint32 // tasks that use the object, in rows of objects
	rivals       uint32 // those for which it is not only a signal, in rows of objects; see [Profile.step]
	rival        bool   // the task is one of those, in rows of a task and an object
	contested    bool   // the object was used while another task was ready, in rows of objects
}

// find returns the number of the row of a task and an object, -1 if there is none, and its place in the index.
func (p *Profile) find(task, object uint64) (row, place int) {
	x := task ^ object*0x9e3779b97f4a7c15
	i := int(splitMix(&x) % profileIndex)
	for n := 0; p.index[i] != 0 && n < profileIndex; i, n = (i+1)%profileIndex, n+1 {
		row := int(p.index[i]) - 1
		if r := &p.rows[row]; r.task == task && r.object == object {
			return row, i
		}
	}
	return -1, i
}

// row returns the row of a task and an object, a new one if there is none, nil if there is no room.
func (p *Profile) row(task, object uint64) (r *count, added bool) {
	row, place := p.find(task, object)
	if row >= 0 {
		return &p.rows[row], false
	}
	if p.used == profileRows {
		return nil, false
	}
	r = &p.rows[p.used]
	p.used++
	p.index[place] = uint16(p.used)
	r.task, r.object = task, object
	return r, true
}

// add counts an operation.
func (r *count) add(op Op) {
	if op.Kind == Load {
		r.loads++
		return
	}
	r.others++
}

// total returns the number of operations.
func (r *count) total() uint64 { return uint64(r.loads) + uint64(r.others) }

// step counts the step of a task, which is contested if another task was ready. A task that uses a channel or a wait
// group only once, to say that it has come to its end or to wait for that of another, is not a rival of others for it.
// One that locks and unlocks a lock, or reads or writes memory, is.
func (p *Profile) step(t *Task, contested bool) {
	p.Points++
	if r, added := p.row(t.Path, 0); r != nil {
		if added {
			r.parent = t.Parent
			p.Tasks++
		}
		r.add(t.Next)
	}
	if t.Next.Object == 0 {
		return
	}
	r, added := p.row(t.Path, t.Next.Object)
	if r == nil {
		return
	}
	r.add(t.Next)
	if all, _ := p.row(0, t.Next.Object); all != nil {
		all.add(t.Next)
		if added {
			all.tasks++
		}
		if !r.rival && (t.Next.Kind != Sync || !added) {
			r.rival = true
			all.rivals++
		}
		if all.contested = all.contested || contested; all.contested {
			p.learn(t)
		}
	}
}

// learn adds the next operation of a task to those that are known.
func (p *Profile) learn(t *Task) {
	name := t.name()
	for i := range p.known {
		if p.operations[i].name == name {
			return
		}
	}
	if p.known < profileNames {
		p.operations[p.known] = operation{name, t.Next.Object, t.Next.Kind}
		p.known++
	}
}

// valid reports whether the numbers of rows are in range, which is not certain of a Profile that a program could write
// to.
func (p *Profile) valid() bool {
	if p.used > profileRows || p.known > profileNames {
		return false
	}
	for _, number := range p.index {
		if uint64(number) > p.used {
			return false
		}
	}
	return true
}

// profiler is a Picker that counts the steps of another one.
type profiler struct {
	inner   Picker
	stepper Stepper // the same, if it is one
	into    *Profile
	picked  bool // a decision was made since the last step
}

// profiling returns a Picker that picks as p does and counts the run in a Profile.
func profiling(p Picker, into *Profile) Picker {
	stepper, _ := p.(Stepper)
	q := strategyState[profiler]()
	*q = profiler{inner: p, stepper: stepper, into: into}
	return q
}

// Gap implements [Picker].
func (p *profiler) Gap() uint64 {
	p.inner.Gap()
	return 1
}

// Pick implements [Picker].
func (p *profiler) Pick(d *Decision) int {
	if d.Why == Preempted {
		p.into.Contested++
	}
	p.picked = true
	return p.inner.Pick(d)
}

// Step implements [Stepper].
func (p *profiler) Step(t *Task) {
	p.into.step(t, p.picked)
	p.picked = false
	if p.stepper != nil {
		p.stepper.Step(t)
	}
	if t.Next.Object != 0 {
		p.into.remember(t)
	}
}
