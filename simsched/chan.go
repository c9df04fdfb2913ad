package simsched

import (
	"fmt"
	"time"
)

// Chan is a channel of values of type T, with the rules of Go's channels. If several tasks wait, the Chooser
// chooses the one to serve.
type Chan[T any] struct {
	sim    *Sim
	name   string
	id     uint64
	buf    []T // ring buffer
	head   int
	n      int
	closed bool
	recvq  queue
	sendq  queue

	timer   bool   // belongs to a Timer or Ticker and looks unbuffered to the program
	never   bool   // behaves like a nil channel
	onDrain func() // called when a value was taken out of the buffer; may be nil
}

// NewChan returns a channel with a buffer for capacity values; 0 gives an unbuffered channel. The name is for
// reports. NewChan panics if capacity is negative.
func NewChan[T any](s *Sim, name string, capacity int) *Chan[T] {
	if capacity < 0 {
		panic("simsched: NewChan called with a negative capacity")
	}
	return newChan[T](s, name, capacity)
}

func newChan[T any](s *Sim, name string, capacity int) *Chan[T] {
	return &Chan[T]{sim: s, name: name, id: s.objectID(), buf: make([]T, capacity)}
}

// newTimerChan returns a channel with a buffer for the one value that a timer sends without waiting.
func newTimerChan(s *Sim, name string) *Chan[time.Time] {
	c := newChan[time.Time](s, name, 1)
	c.timer = true
	return c
}

// NilChan returns a channel that behaves like a nil channel: operations on it wait forever and closing it panics.
// In a [Sim.Select] a nil *Chan behaves the same way.
func NilChan[T any](s *Sim) *Chan[T] {
	c := newChan[T](s, "nil", 0)
	c.never = true
	return c
}

// Len returns the number of values in the buffer. It is 0 for nil and for the channel of a timer.
func (c *Chan[T]) Len() int {
	if c == nil || c.timer {
		return 0
	}
	c.sim.look()
	return c.n
}

// Cap returns the capacity of the buffer. It is 0 for nil and for the channel of a timer.
func (c *Chan[T]) Cap() int {
	if c == nil || c.timer {
		return 0
	}
	return len(c.buf)
}

// enter is Sim.enter for an operation on c.
func (c *Chan[T]) enter(op string) *Task {
	if c == nil {
		panic("simsched: " + op + " called on a nil Chan, which belongs to no Sim; NilChan gives one that waits for ever")
	}
	return c.sim.enter(op)
}

// Send sends v. It waits until there is a receiver or room in the buffer, and panics if c is closed.
func (c *Chan[T]) Send(v T) {
	t := c.enter("Chan.Send")
	c.sim.pointAt(t, syncOn(c.id))
	if c.canSend() {
		c.sim.did("sends on", c.object())
		c.send(v)
		return
	}
	t.self.slot = &v
	c.sim.block(t, &c.sendq, (*sending[T])(c))
	c.sent(&t.self)
}

// Recv receives a value and waits until there is one. If c is closed and empty, v is zero and ok is false.
func (c *Chan[T]) Recv() (v T, ok bool) {
	t := c.enter("Chan.Recv")
	c.sim.pointAt(t, syncOn(c.id))
	if c.canRecv() {
		c.sim.did("receives from", c.object())
		return c.recv()
	}
	t.self.slot = &v
	c.sim.block(t, &c.recvq, (*receiving[T])(c))
	return v, t.self.received()
}

// All yields values until c is closed and empty, like a range over a Go channel.
func (c *Chan[T]) All() func(yield func(T) bool) {
	return func(yield func(T) bool) {
		for v, ok := c.Recv(); ok; v, ok = c.Recv() {
			if !yield(v) {
				return
			}
		}
	}
}

// Close closes c: receivers get the buffered values and then zero values, senders panic. It panics if c is closed.
func (c *Chan[T]) Close() {
	if c == nil || c.never {
		panic("simsched: Chan.Close of a nil channel")
	}
	t, ok := c.sim.release("Chan.Close")
	if !ok {
		return
	}
	c.sim.pointAt(t, syncOn(c.id))
	c.sim.did("closes", c.object())
	if c.closed {
		panic("simsched: Chan.Close of a closed channel")
	}
	c.closed = true
	c.sim.wakeAll(&c.recvq, func(w *waiter) { w.ok = false })
	c.sim.wakeAll(&c.sendq, func(w *waiter) { w.ok = false })
}

func (c *Chan[T]) canSend() bool { return c.closed || c.recvq.n > 0 || c.n < len(c.buf) }
func (c *Chan[T]) canRecv() bool { return c.closed || c.sendq.n > 0 || c.n > 0 }

// send passes v on. The caller has checked canSend.
func (c *Chan[T]) send(v T) {
	switch {
	case c.closed:
		panic("simsched: Chan.Send on a closed channel")
	case c.recvq.n > 0:
		w := c.sim.wakeOne(&c.recvq)
		w.ok = true
		if dst := w.slot.(*T); dst != nil {
			*dst = v
		}
	default:
		c.push(v)
	}
}

// recv takes a value. The caller has checked canRecv.
func (c *Chan[T]) recv() (v T, ok bool) {
	if c.n > 0 {
		v = c.pop()
		if c.sendq.n > 0 {
			c.push(c.takeSender())
		}
		if c.onDrain != nil {
			c.onDrain()
		}
		return v, true
	}
	if c.sendq.n > 0 {
		return c.takeSender(), true
	}
	return v, false
}

// takeSender serves one of the waiting senders.
func (c *Chan[T]) takeSender() T {
	w := c.sim.wakeOne(&c.sendq)
	w.ok = true
	return *w.slot.(*T)
}

// sent completes a send that had to wait.
func (c *Chan[T]) sent(w *waiter) {
	w.slot = nil
	if !w.ok {
		panic("simsched: Chan.Send on a closed channel")
	}
}

// received completes a receive that had to wait.
func (w *waiter) received() bool {
	w.slot = nil
	return w.ok
}

func (c *Chan[T]) push(v T) {
	c.buf[(c.head+c.n)%len(c.buf)] = v
	c.n++
}

func (c *Chan[T]) pop() (v T) {
	var zero T
	v, c.buf[c.head] = c.buf[c.head], zero
	c.head = (c.head + 1) % len(c.buf)
	c.n--
	return v
}

// offer sends v if it can be taken at once, and does nothing on a closed channel. It is not a scheduling point,
// because timers call it.
func (c *Chan[T]) offer(v T) {
	if !c.closed && c.canSend() {
		c.send(v)
	}
}

// drop empties the buffer and reports whether it held a value.
func (c *Chan[T]) drop() bool {
	had := c.n > 0
	for c.n > 0 {
		c.pop()
	}
	return had
}

type sending[T any] Chan[T]

func (c *sending[T]) waitsFor() string { return fmt.Sprintf("to send on channel %q", c.name) }

type receiving[T any] Chan[T]

func (c *receiving[T]) waitsFor() string { return fmt.Sprintf("to receive from channel %q", c.name) }
