package simsched

import "github.com/reprise-go/reprise/event"

// waiter is the place of a task in a queue. Every task has one, for the ready queue and for waiting for one object;
// a Select that blocks uses one for each case.
type waiter struct {
	task  *Task
	queue *queue // the queue it is in, or nil
	place int32  // index into queue.all
	index int32  // Select: the index of the case
	older *waiter
	newer *waiter
	turn  uint64 // number of its push among all pushes of its current or last queue
	slot  any    // channels: *T, the source or destination of the value
	ok    bool   // channels: the value was sent, so the channel was not closed
}

// fewItems is the initial capacity of what is empty in the smallest programs only.
const fewItems = 4

// queue holds waiters. Any of them can be removed in constant time, and the others keep their age. Alternative 0 is
// always the one that has waited longest; the other alternatives are in no particular order.
type queue struct {
	all    []*waiter // in no particular order
	oldest *waiter
	newest *waiter
	n      int    // len(all)
	turns  uint64 // number of pushes so far
}

// at returns alternative i, an index into all in which the places of the oldest and of 0 are exchanged.
func (q *queue) at(i int) *waiter {
	switch i {
	case 0:
		return q.oldest
	case int(q.oldest.place):
		return q.all[0]
	}
	return q.all[i]
}

func (q *queue) push(w *waiter) {
	q.turns++
	w.queue, w.place, w.turn = q, int32(q.n), q.turns
	if q.all == nil {
		q.all = make([]*waiter, 0, fewItems)
	}
	q.all = append(q.all, w)
	q.n++
	w.older = q.newest
	if q.newest == nil {
		q.oldest = w
	} else {
		q.newest.newer = w
	}
	q.newest = w
}

func (q *queue) remove(w *waiter) {
	q.n--
	last := q.all[q.n]
	q.all[w.place], last.place = last, w.place
	q.all[q.n] = nil
	q.all = q.all[:q.n]
	if w.older == nil {
		q.oldest = w.newer
	} else {
		w.older.newer = w.newer
	}
	if w.newer == nil {
		q.newest = w.older
	} else {
		w.newer.older = w.older
	}
	w.queue, w.older, w.newer = nil, nil, nil
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
	switch w.place {
	case q.oldest.place:
		return 0, true
	case 0:
		return int(q.oldest.place), true
	}
	return int(w.place), true
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
