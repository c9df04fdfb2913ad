package simsched

import "github.com/reprise-go/reprise/event"

// waiter is the place of a task in a queue. A task has one of its own, for the ready queue and for waiting for one
// thing; a Select that blocks uses one a case.
type waiter struct {
	task  *Task
	queue *queue // where it is, nil if nowhere
	place int32  // index into queue.all
	index int32  // Select: which case
	older *waiter
	newer *waiter
	turn  uint64 // number of its push among those of the queue it is or was last in
	slot  any    // channels: *T, where the value comes from or goes to
	ok    bool   // channels: the value was sent, the channel not closed
}

// queue holds waiters. Any of them can be taken in constant time, and the others keep their age: alternative 0 is always
// the one that has waited longest. The alternatives after it are in no order.
type queue struct {
	all    []*waiter // in no order
	oldest *waiter
	newest *waiter
	n      int    // len(all)
	turns  uint64 // pushes so far
}

// at returns alternative i: the places in all, with that of the oldest and 0 exchanged.
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

// indexOf returns where t stands in q.
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

// wakeOne serves one of the waiters of q, which is not empty: takes it out, makes its task ready and returns it.
func (s *Sim) wakeOne(q *queue) *waiter {
	w := s.chooseWaiter(PointWaiter, q)
	s.emitWake(w)
	s.makeReady(w)
	return w
}

func (s *Sim) emitWake(w *waiter) { s.emit(event.WakerWake(w.task.id)) }

// wakeAll wakes all waiters of q, calling each before its task is made ready.
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
