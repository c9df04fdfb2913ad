package simsched

import "github.com/reprise-go/reprise/event"

// waiter is the place of a task in a queue. Every task has one, for the ready queue and for waiting for one object;
// a Select that blocks uses one for each case.
type waiter struct {
	node
	task  *Task
	queue *queue // the queue it is in, or nil
	turn  uint64 // number of its push among all pushes of its current or last queue
	slot  any    // channels: *T, the source or destination of the value
	index int32  // Select: the index of the case
	ok    bool   // channels: the value was sent, so the channel was not closed
}

// node is a waiter's place in a queue, with those next to it by age.
type node struct {
	older, newer *node
	place        int32 // index into queue.all
}

// fewItems is the initial capacity of what is empty in the smallest programs only.
const fewItems = 4

// queue holds waiters. Any of them can be removed in constant time, and the others keep their age. Alternative 0 is
// always the one that has waited longest; the other alternatives are in no particular order.
//
// The circle spares the removal two branches, which the processor would often mispredict, since the waiter is chosen at
// random.
type queue struct {
	all   []*waiter // in no particular order
	ends  node      // closes the circle of all nodes: newer is the oldest one, older the newest
	n     int       // len(all)
	turns uint64    // number of pushes so far
}

// at returns alternative i, an index into all in which the places of the oldest and of 0 are exchanged.
func (q *queue) at(i int) *waiter { return q.all[q.exchanged(i)] }

// exchanged returns i, or of the place of the oldest and 0 the other one.
func (q *queue) exchanged(i int) int {
	switch oldest := int(q.ends.newer.place); i {
	case 0:
		return oldest
	case oldest:
		return 0
	}
	return i
}

func (q *queue) push(w *waiter) {
	if q.all == nil {
		q.all = make([]*waiter, 0, fewItems)
		q.ends.older, q.ends.newer = &q.ends, &q.ends
	}
	q.turns++
	w.queue, w.place, w.turn = q, int32(q.n), q.turns
	q.all = append(q.all, w)
	q.n++
	newest := q.ends.older
	w.older, w.newer = newest, &q.ends
	newest.newer, q.ends.older = &w.node, &w.node
}

func (q *queue) remove(w *waiter) {
	q.n--
	last := q.all[q.n]
	q.all[w.place], last.place = last, w.place
	q.all[q.n] = nil
	q.all = q.all[:q.n]
	w.older.newer, w.newer.older = w.newer, w.older
	w.queue = nil
}

// byAge yields the waiters, the oldest first.
func (q *queue) byAge(yield func(*waiter) bool) {
	if q.n == 0 {
		return
	}
	for at := q.ends.newer; at != &q.ends && yield(q.all[at.place]); at = at.newer {
	}
}

// indexOf returns the alternative that is t.
func (q *queue) indexOf(t *Task) (int, bool) {
	w := &t.self
	for i := 0; w.queue != q; i++ {
		if i == len(t.waiters()) {
			return 0, false
		}
		w = &t.sel.waiters[i]
	}
	return q.exchanged(int(w.place)), true
}

// wakeOne removes one waiter from q, which must not be empty, makes its task ready and returns it.
func (s *Sim) wakeOne(q *queue) *waiter {
	w := s.chooseWaiter(PointWaiter, q)
	s.emitWake(w)
	s.makeReady(w)
	return w
}

func (s *Sim) emitWake(w *waiter) { s.emit(event.WakerWake(w.task.id)) }

// wakeAll wakes all waiters of q. It calls each for a waiter before its task becomes ready.
func (s *Sim) wakeAll(q *queue, each func(*waiter)) {
	if q.n == 0 {
		return
	}
	s.emitBatchWake(q)
	for q.n > 0 {
		w := q.at(0)
		q.remove(w)
		if each != nil {
			each(w)
		}
		s.makeReady(w)
	}
}
