package strategy

// walk chooses among tasks in proportion to what they still have to do, so that all orders of the steps that count have
// the same probability. It knows from a [Profile] how many such steps each task makes. Steps of tasks that do not exist
// yet count for the task that creates them.
type walk struct {
	profile *Profile
	rand    Rand
	rest    []uint64 // by slot: steps to come, with those of descendants that do not exist yet
	parent  []int32  // by slot; 0 if there is none
	slots   []int32  // by row of the profile; 0 if the row is not of a task
}

// unknown is the slot of tasks that the profile does not know. Slot 0 means a task that has not been met.
const unknown = 1

// newWalk returns the walk over the steps that touch an object, over all steps if it is 0.
func newWalk(c Config, object uint64) walk {
	w := walk{profile: c.Profile, rand: newPicks(c.Seed)}
	if c.Profile == nil || !c.Profile.valid() {
		w.profile, w.rest = nil, strategySlice[uint64](unknown+1)
		return w
	}
	size := int(c.Profile.used) + unknown + 1
	w.rest, w.parent = strategySlice[uint64](size), strategySlice[int32](size)
	w.slots = strategySlice[int32](int(c.Profile.used))
	last := int32(unknown)
	for i := range w.slots {
		r := &c.Profile.rows[i]
		if r.object != 0 || r.task == 0 {
			continue
		}
		last++
		w.slots[i] = last
		if up, _ := c.Profile.find(r.parent, 0); up >= 0 && up < i {
			w.parent[last] = w.slots[up]
		}
		if n, _ := c.Profile.find(r.task, object); n >= 0 {
			w.rest[last] = c.Profile.rows[n].total()
		}
	}
	for slot := last; slot > unknown; slot-- { // a parent comes before its children
		if up := w.parent[slot]; up != 0 {
			w.rest[up] += w.rest[slot]
		}
	}
	return w
}

// meet finds the slot of a task. Its steps no longer count for its parent. It returns the slot of the parent if the
// task is new, and else 0.
func (w *walk) meet(t *Task) (parent int32) {
	if t.slot != 0 {
		return 0
	}
	t.slot = unknown
	if w.profile == nil {
		return 0
	}
	row, _ := w.profile.find(t.Path, 0)
	if row < 0 {
		return 0
	}
	t.slot = w.slots[row]
	if parent = w.parent[t.slot]; parent != 0 {
		w.rest[parent] -= min(w.rest[parent], w.rest[t.slot])
	}
	return parent
}

// weight returns the weight of a task that was met.
func (w *walk) weight(t *Task) uint64 { return w.rest[t.slot] }

// took counts a step of a task.
func (w *walk) took(t *Task) {
	if rest := &w.rest[t.slot]; *rest > 0 {
		*rest--
	}
}
