package simsched

import "github.com/reprise-go/reprise/event"

// waiter is the place of a task in a queue. A task has one of its own, for the ready queue and for waiting for one
// thing; a Select that blocks uses one a case.
type waiter struct {
	task  *Task
	queue *queue // where it is, nil if nowhere
	pos   int    // index into queue.buf
	slot  any    // channels: *T, where the value comes from or goes to
	index int    // Select: which case
	ok    bool   // channels: the value was sent, the channel not closed
}

// queue is a ring of waiters: first in, first out when the front is taken, and any element can be taken in constant
// time, in which case the front moves to its place.
type queue struct {
	buf  []*waiter // length 0 or a power of two
	head int
	n    int
}

func (q *queue) at(i int) *waiter { return q.buf[(q.head+i)&(len(q.buf)-1)] }

func (q *queue) push(w *waiter) {
	if q.n == len(q.buf) {
		q.grow()
	}
	w.queue, w.pos = q, (q.head+q.n)&(len(q.buf)-1)
	q.buf[w.pos] = w
	q.n++
}

func (q *queue) grow() {
	buf := make([]*waiter, max(4, 2*len(q.buf)))
	for i := range q.n {
		buf[i] = q.at(i)
		buf[i].pos = i
	}
	q.buf, q.head = buf, 0
}

func (q *queue) remove(w *waiter) {
	front := q.buf[q.head]
	q.buf[w.pos], front.pos = front, w.pos
	q.buf[q.head] = nil
	q.head = (q.head + 1) & (len(q.buf) - 1)
	q.n--
	w.queue = nil
}

// indexOf returns where t stands in q.
func (q *queue) indexOf(t *Task) (int, bool) {
	w := &t.self
	for i := 0; w.queue != q; i++ {
		if i == len(t.cases) {
			return 0, false
		}
		w = &t.cases[i]
	}
	return (w.pos - q.head) & (len(q.buf) - 1), true
}

// wakeOne serves one of the waiters of q, which is not empty: takes it out, makes its task ready and returns it.
func (s *Sim) wakeOne(q *queue) *waiter {
	w := s.chooseWaiter(PointWaiter, q)
	s.emit(event.WakerWake(w.task.id))
	s.makeReady(w)
	return w
}

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
