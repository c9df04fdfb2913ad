package sctbench_test

// stealing is a queue of items of which one task takes from one end and others from the other. Each access to it is
// announced to state, if there is one.
type stealing struct {
	w                world
	head, tail, mask shared
	room             shared // stands for the pointer to elems
	elems            []shared
	lock, unlock     func()
	full             int // 1 in the queue that fills its array although a steal is in flight
	state            *calls
}

func newStealing(w world) *stealing {
	return &stealing{w: w, head: w.shared(0), tail: w.shared(0), mask: w.shared(1), room: w.shared(1), elems: w.all(2)}
}

// at announces an access of a task to the queue.
func (q *stealing) at(id int) {
	if q.state != nil {
		q.state.peek(id)
	}
}

// entered announces an operation of a task; the result announces its end.
func (q *stealing) entered(id int) (left func()) {
	if q.state == nil {
		return func() {}
	}
	q.state.push(id)
	return func() { q.state.pop(id) }
}

func (q *stealing) elem(i int) shared {
	m := q.mask.Load()
	q.room.Load()
	return q.elems[i&m]
}

func (q *stealing) push(id, e int) {
	defer q.entered(id)()
	q.at(id)
	t := q.tail.probe()
	q.at(id)
	if t < q.head.probe()+q.mask.Load()+q.full {
		q.at(id)
		q.elem(t).Store(e)
		q.at(id)
		q.tail.exchange(t + 1)
		return
	}
	q.grow(id, e)
}

// grow pushes under the lock, into a larger array if need be.
func (q *stealing) grow(id, e int) {
	q.lock()
	q.at(id)
	h := q.head.probe()
	n := q.tail.probe() - h
	h &= q.mask.Load()
	q.head.exchange(h)
	q.tail.exchange(h + n)
	if n >= q.mask.Load() {
		size := 2 * (q.mask.Load() + 1)
		larger := q.w.all(size)
		for i := range n {
			larger[i].Store(q.elem(h + i).Load())
		}
		q.room.Store(size)
		q.elems = larger
		q.mask.Store(size - 1)
		q.head.exchange(0)
		q.tail.exchange(n)
	}
	assert(n < q.mask.Load(), "the queue is full")
	q.at(id)
	t := q.tail.probe()
	q.elem(t).Store(e)
	q.tail.exchange(t + 1)
	q.unlock()
}

func (q *stealing) pop(id int) (e int, ok bool) {
	defer q.entered(id)()
	q.at(id)
	t := q.tail.probe() - 1
	q.tail.exchange(t)
	q.at(id)
	if q.head.probe() <= t {
		return q.elem(t).Load(), true
	}
	q.tail.exchange(t + 1)
	q.lock()
	defer q.unlock()
	q.at(id)
	t = q.tail.probe() - 1
	q.tail.exchange(t)
	if ok = q.head.probe() <= t; ok {
		e = q.elem(t).Load()
	} else {
		q.tail.exchange(t + 1)
	}
	if q.head.probe() > t {
		q.head.exchange(0)
		q.tail.exchange(0)
		return 0, false
	}
	return e, ok
}

func (q *stealing) steal(id int) (e int, ok bool) {
	defer q.entered(id)()
	q.lock()
	defer q.unlock()
	q.at(id)
	h := q.head.probe()
	q.head.exchange(h + 1)
	q.at(id)
	if h < q.tail.probe() {
		return q.elem(h).Load(), true
	}
	q.head.exchange(h)
	return 0, false
}

// items are counted as they are taken from the queue.
type items []shared

func (n items) take(e int, ok bool) {
	if ok {
		n[e].inc(1)
	}
}

// halves is what the owner does: it pushes two items and takes one, twice, and then takes what is left.
func (q *stealing) halves(n items) {
	for i := range 2 {
		q.push(0, 2*i)
		q.push(0, 2*i+1)
		n.take(q.pop(0))
	}
	for range 2 {
		n.take(q.pop(0))
	}
}

// whole is what another owner does: it pushes all items and then takes them.
func (q *stealing) whole(n items) {
	for i := range 4 {
		q.push(0, i)
	}
	for range 4 {
		n.take(q.pop(0))
	}
}

func (q *stealing) thief(id int, n items) func() {
	return func() {
		for range 2 {
			n.take(q.steal(id))
		}
	}
}

func (n items) check() {
	for i, v := range n {
		assert(v.Load() == 1, "item %d", i)
	}
}

// workStealQueue has a queue that may fill its whole array while a thief looks at a slot.
func workStealQueue(w world) {
	q, m, n := newStealing(w), w.mutex("q"), items(w.all(4))
	q.lock, q.unlock, q.full = m.Lock, m.Unlock, 1
	thief := w.task("thief", q.thief(1, n))
	owner := w.task("owner", func() { q.halves(n) })
	w.join(owner, thief)
	n.check()
}

// workStealQueueFixed is the same without the bug.
func workStealQueueFixed(w world) {
	q, m, n := newStealing(w), w.mutex("q"), items(w.all(4))
	q.lock, q.unlock = m.Lock, m.Unlock
	thief := w.task("thief", q.thief(1, n))
	owner := w.task("owner", func() { q.halves(n) })
	w.join(owner, thief)
	n.check()
}

// calls are the stacks of the calls of three tasks, in a vector that grows without a lock.
type calls struct {
	len   shared
	depth [3]int // of the stack in each slot
}

func (c *calls) checked(id int) {
	n := c.len.Load()
	assert(id < n, "stack %d of %d", id, n)
}

func (c *calls) push(id int) {
	if old := c.len.Load(); old <= id {
		if now := c.len.Load(); now <= id {
			for i := now; i <= id; i++ {
				c.depth[i] = 0
			}
			c.len.Store(id + 1)
		} else if now > id+1 { // the other task has grown it in the meantime
			for i := id + 1; i < now; i++ {
				c.depth[i] = 0
			}
			c.len.Store(id + 1)
		}
	}
	c.checked(id)
	c.depth[id]++
}

func (c *calls) peek(id int) {
	c.checked(id)
	c.checked(id)
	assert(c.depth[id] > 0, "the stack of %d is empty", id)
}

func (c *calls) pop(id int) {
	c.peek(id)
	c.depth[id]--
}

// withState returns a program whose queue is correct and whose calls are not.
func withState(own func(*stealing, items)) func(world) {
	return func(w world) {
		q, n, held := newStealing(w), items(w.all(4)), w.shared(0)
		q.state = &calls{len: w.shared(0)}
		q.lock = func() {
			for held.exchange(1) == 1 {
				w.Yield()
			}
		}
		q.unlock = func() { held.Store(0) }
		q.state.push(0)
		tasks := []*thread{
			w.task("thief", q.thief(1, n)), w.task("thief", q.thief(2, n)), w.task("owner", func() { own(q, n) }),
		}
		w.join(tasks[2], tasks[0], tasks[1])
		n.check()
	}
}
