package simsched

import "github.com/reprise-go/reprise/strategy"

// Atomic is a value that tasks share without a lock, like the types of package sync/atomic. Every access is a
// scheduling point, so that a run can take any order of the accesses.
type Atomic[T comparable] struct {
	sim *Sim
	id  uint64
	v   T
}

// NewAtomic returns an Atomic with the initial value v.
func NewAtomic[T comparable](s *Sim, v T) *Atomic[T] { return &Atomic[T]{s, s.objectID(), v} }

// point is the scheduling point of an access; verb says what it is.
func (a *Atomic[T]) point(op string, kind strategy.OpKind, verb string) {
	a.sim.pointAt(a.sim.enter(op), strategy.Op{Object: a.id, Kind: kind})
	a.sim.did(verb, Object{"atomic", "", a})
}

// Load returns the value.
func (a *Atomic[T]) Load() T {
	a.point("Atomic.Load", strategy.Load, "loads")
	return a.v
}

// Store sets the value.
func (a *Atomic[T]) Store(v T) {
	a.point("Atomic.Store", strategy.Store, "stores")
	a.v = v
}

// Swap sets the value and returns the previous one.
func (a *Atomic[T]) Swap(v T) T {
	a.point("Atomic.Swap", strategy.Store, "swaps")
	old := a.v
	a.v = v
	return old
}

// CompareAndSwap sets the value if it is old, and reports whether it was.
func (a *Atomic[T]) CompareAndSwap(old, v T) bool {
	a.point("Atomic.CompareAndSwap", strategy.Store, "compares and swaps")
	if a.v != old {
		return false
	}
	a.v = v
	return true
}

// AddAtomic adds delta to the value and returns the sum. It wraps around like integer addition.
func AddAtomic[T integer](a *Atomic[T], delta T) T {
	a.point("AddAtomic", strategy.Store, "adds to")
	a.v += delta
	return a.v
}

type integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}
