package simsched

import (
	"slices"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// Case is a case of a [Sim.Select]: [Chan.OnSend], [Chan.OnRecv], [OnDone] or [Default].
type Case interface {
	blocker
	queue() *queue   // the queue to wait in
	ready() bool     // whether take can be called
	take()           // performs the operation
	prepare(*waiter) // prepares a waiter for the queue
	finish(*waiter)  // completes the operation after the waiter was served
}

// Select waits until one of the cases is ready, performs it, and returns its index. If several are ready, the
// Chooser chooses one. If none is ready and there is a [Default], Select takes that. Without cases it waits
// forever.
func (s *Sim) Select(cases ...Case) int {
	t := s.enter("Select")
	s.point(t)
	var ready []uint64
	fallback := -1
	for i, c := range cases {
		if _, ok := c.(defaultCase); ok {
			fallback = i
		} else if c.ready() {
			ready = append(ready, uint64(i))
		}
	}
	if len(ready) == 0 {
		if fallback >= 0 {
			s.chose(cases, fallback, nil)
			return fallback
		}
		return s.selectBlocked(t, cases)
	}
	i := ready[0]
	if n := len(ready); n > 1 {
		s.choice.cases, s.drawn = ready, ""
		i = ready[s.choose(PointCase, n)]
		s.emit(event.RngValue(i))
		s.stopIfEnded(t)
	}
	s.chose(cases, int(i), ready)
	cases[i].take()
	return int(i)
}

// selectBlocked waits in the queues of all cases. If several cases wait in the same queue, only the first one does.
func (s *Sim) selectBlocked(t *Task, cases []Case) int {
	t.sel = &selection{waiters: make([]waiter, len(cases))}
	for i, c := range cases {
		w := &t.sel.waiters[i]
		w.task, w.index = t, int32(i)
		if q := c.queue(); !t.waitsIn(q) {
			c.prepare(w)
			q.push(w)
		}
	}
	t.blockedOn = selecting(cases)
	s.park(t, s.pick())
	w := t.sel.served
	t.blockedOn, t.sel = nil, nil
	s.chose(cases, int(w.index), nil)
	cases[w.index].finish(w)
	return int(w.index)
}

func (t *Task) waitsIn(q *queue) bool {
	return slices.ContainsFunc(t.waiters(), func(w waiter) bool { return w.queue == q })
}

// leaveSelect records the waiter of a Select that was served and removes the others from their queues.
func (t *Task) leaveSelect(served *waiter) {
	t.sel.served = served
	t.leaveQueues()
}

type selecting []Case

func (cases selecting) waitsFor() string {
	if len(cases) == 0 {
		return "in a select without cases"
	}
	parts := make([]string, len(cases))
	for i, c := range cases {
		parts[i] = c.waitsFor()
	}
	return strings.Join(parts, " or ")
}

// Default is the case of a [Sim.Select] that is taken if no other is ready.
func Default() Case { return defaultCase{} }

type defaultCase struct{}

func (defaultCase) queue() *queue    { panic("simsched: a default case does not wait") }
func (defaultCase) ready() bool      { return false }
func (defaultCase) take()            {}
func (defaultCase) prepare(*waiter)  {}
func (defaultCase) finish(*waiter)   {}
func (defaultCase) waitsFor() string { return "for nothing" }

// OnSend is the case that sends v on c. It panics if it is taken and c is closed.
func (c *Chan[T]) OnSend(v T) Case {
	if c == nil {
		return &nilCase{}
	}
	return &sendCase[T]{c, v}
}

type sendCase[T any] struct {
	c *Chan[T]
	v T
}

func (k *sendCase[T]) queue() *queue     { return &k.c.sendq }
func (k *sendCase[T]) ready() bool       { return k.c.canSend() }
func (k *sendCase[T]) take()             { k.c.send(k.v) }
func (k *sendCase[T]) prepare(w *waiter) { w.slot = &k.v }
func (k *sendCase[T]) finish(w *waiter)  { k.c.sent(w) }
func (k *sendCase[T]) waitsFor() string  { return (*sending[T])(k.c).waitsFor() }

// OnRecv is the case that receives a value from c, or finds c closed. It stores the value in v, and in ok whether
// the value was sent; either may be nil.
func (c *Chan[T]) OnRecv(v *T, ok *bool) Case {
	if c == nil {
		return &nilCase{}
	}
	return &recvCase[T]{c, v, ok}
}

// nilCase is a case on a nil channel.
type nilCase struct{ never queue }

func (k *nilCase) queue() *queue    { return &k.never }
func (k *nilCase) ready() bool      { return false }
func (k *nilCase) take()            {}
func (k *nilCase) prepare(*waiter)  {}
func (k *nilCase) finish(*waiter)   {}
func (k *nilCase) waitsFor() string { return "on a nil channel" }

type recvCase[T any] struct {
	c  *Chan[T]
	v  *T
	ok *bool
}

func (k *recvCase[T]) queue() *queue     { return &k.c.recvq }
func (k *recvCase[T]) ready() bool       { return k.c.canRecv() }
func (k *recvCase[T]) take()             { k.set(k.c.recv()) }
func (k *recvCase[T]) prepare(w *waiter) { w.slot = new(T) }
func (k *recvCase[T]) waitsFor() string  { return (*receiving[T])(k.c).waitsFor() }

func (k *recvCase[T]) finish(w *waiter) {
	v := *w.slot.(*T)
	k.set(v, w.received())
}

func (k *recvCase[T]) set(v T, ok bool) {
	if k.v != nil {
		*k.v = v
	}
	if k.ok != nil {
		*k.ok = ok
	}
}
