package simsched

// arena assigns slots, each with an index and a generation that is raised when the index is reused. A slot keeps
// its last value until then, so that an ended task or region can still be named.
type arena[T any] struct {
	slots []slot[T]
	free  uint32 // 1 + the index of the slot that was freed last; 0 = there is no free slot
	live  int
}

type slot[T any] struct {
	value      *T
	generation uint32
	free       uint32 // of a free slot: as arena.free, of the slot that was freed before it
}

// add stores v and returns its index and generation.
func (a *arena[T]) add(v *T) (index, generation uint32) {
	a.live++
	if a.free > 0 {
		index = a.free - 1
		s := &a.slots[index]
		a.free = s.free
		s.value = v
		s.generation++
		return index, s.generation
	}
	if a.slots == nil {
		a.slots = make([]slot[T], 0, fewItems)
	}
	a.slots = append(a.slots, slot[T]{value: v})
	return uint32(len(a.slots) - 1), 0
}

// remove frees a slot for reuse.
func (a *arena[T]) remove(index uint32) {
	a.live--
	a.slots[index].free = a.free
	a.free = index + 1
}

// get returns the live or last value of an index, or nil if it was never used.
func (a *arena[T]) get(index uint32) *T {
	if int64(index) >= int64(len(a.slots)) {
		return nil
	}
	return a.slots[index].value
}
