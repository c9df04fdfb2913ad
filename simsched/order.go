package simsched

import "github.com/reprise-go/reprise/strategy"

// Order computes the class of a run: a hash of the order of its conflicting operations, which is equal for runs that
// differ only in the order of operations that do not depend on each other (Mazurkiewicz, "Trace theory", 1987). With
// the same random values such runs behave alike. The zero Order is ready for [Config.Order]. It can be used for one run
// after another.
//
//  1. The state of a task is a hash of all that its last operation depends on. It begins with that of its parent and
//     with its path. The case that a Select takes and the size of a transfer become part of it. Random values and
//     faults do not, by themselves, because hardly two runs would be of one class.
//  2. The state of an object consists of a hash of all that its operations depended on up to the last one that
//     conflicts with others, and a sum of the hashes of the loads since then, which do not depend on each other.
//  3. An operation hashes the state of its task and that of its object. That becomes the state of the task, goes into
//     that of the object, and is added to the class. A sum does not depend on the order.
//
// A task that goes on after a wait acts once more on the object that it waited for.
type Order struct {
	class   uint64
	objects map[uint64]objectOrder
}

// objectOrder is the state of an object.
type objectOrder struct{ hash, loads uint64 }

// Class returns the class of the last run; it is never 0.
func (o *Order) Class() uint64 { return o.class | 1<<63 }

// reset begins a run.
func (o *Order) reset() {
	o.class = 0
	if o.objects == nil {
		o.objects = map[uint64]objectOrder{}
	}
	clear(o.objects)
}

// step is called when t goes on with an operation.
func (o *Order) step(t *Task, op strategy.Op) {
	if op.Object == 0 {
		return
	}
	x := o.objects[op.Object]
	if op.Kind == strategy.Load {
		t.order = after(t.order, x.hash)
		x.loads += t.order
	} else {
		t.order = after(t.order, after(x.hash, x.loads))
		x = objectOrder{hash: t.order}
	}
	o.objects[op.Object] = x
	o.class += t.order
}

// chose is called when the running task has made a choice.
func (o *Order) chose(t *Task, p Point, answer uint64) {
	if t != nil && (p == PointCase || p == PointBytes) {
		t.order = after(t.order, after(uint64(p), answer))
		o.class += t.order
	}
}

// after returns the hash of something that depends on a and b, in this order.
func after(a, b uint64) uint64 { return strategy.Child(strategy.Child(a, 1)^b, 2) }
