package strategy

// urw is the uniform random walk (Zhao, Wolff, Mathur and Roychoudhury, "Selectively Uniform Concurrency Testing",
// ASPLOS 2025): the probability of a task is proportional to the number of its steps to come, as counted in an earlier
// run. If the tasks do not wait for each other, all schedules have the same probability. Without counts it is a walk in
// which all ready tasks have the same probability.
type urw struct{ walk }

var _ = Register(&Strategy{
	Name:     "urw",
	About:    "in proportion to the steps that each task has to come (uniform random walk)",
	Profiled: true,
	Dense:    true,
	New: func(c Config) Picker {
		u := strategyState[urw]()
		u.walk = newWalk(c, 0)
		return u
	},
})

// Gap implements [Picker].
func (u *urw) Gap() uint64 { return 1 }

// Pick implements [Picker]. Every task has a weight of at least 1, since a run can be longer than the counted one.
func (u *urw) Pick(d *Decision) int {
	for i := range d.N {
		u.meet(d.Ready.At(i))
	}
	sum := uint64(0)
	for i := range d.N {
		sum += max(u.weight(d.Ready.At(i)), 1)
	}
	x := u.rand.Below(sum)
	for i := range d.N {
		if weight := max(u.weight(d.Ready.At(i)), 1); x >= weight {
			x -= weight
			continue
		}
		return i
	}
	return 0
}

// Step implements [Stepper].
func (u *urw) Step(t *Task) {
	u.meet(t)
	u.took(t)
}
