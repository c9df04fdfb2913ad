package simsched

// arena assigns slots, each with an index and a generation that is raised when the index is reused. A slot keeps
// its last value until then, so that an ended task or region can still be named.
type arena[T any] struct {
	slots       []*T
	generations []uint32 // of each slot
	free        []uint32
	live        int
}

// add stores v and returns its index and generation.
func (a *arena[T]) add(v *T) (index, generation uint32) {
	a.live++
	if n := len(a.free); n > 0 {
		index = a.free[n-1]
		a.free = a.free[:n-1]
		a.slots[index] = v
		a.generations[index]++
		return index, a.generations[index]
	}
	a.slots = append(a.slots, v)
	a.generations = append(a.generations, 0)
	return uint32(len(a.slots) - 1), 0
}

// remove frees a slot for reuse.
func (a *arena[T]) remove(index uint32) {
	a.live--
	a.free = append(a.free, index)
}

// get returns the live or last value of an index, or nil if it was never used.
func (a *arena[T]) get(index uint32) *T {
	if int64(index) >= int64(len(a.slots)) {
		return nil
	}
	return a.slots[index]
}
