package simsched

import (
	"context"
	"time"
)

// simContext is a context whose cancellation tasks can wait for. Every region has one; others are derived by
// [Sim.WithCancel], [Sim.WithDeadline] and [Sim.WithTimeout].
type simContext struct {
	context.Context // the parent, for values and the deadline
	sim             *Sim
	region          *Region   // the region it belongs to; nil if derived
	deadline        time.Time // zero if it has no deadline of its own
	err             error     // nil until it is cancelled
	waiting         queue     // tasks that wait for the cancellation
	after           []*afterCancel
	timer           timer

	// inner is cancelled with c; nil until Done is called. It is a context of package context, so that contexts
	// derived from it, also by context.WithValue, are cancelled by the task that cancels c, without a goroutine.
	inner       context.Context
	cancelInner context.CancelCauseFunc
}

var _ context.Context = (*simContext)(nil)

// afterCancel is a function to be called at the cancellation; nil once it was called or stopped.
type afterCancel struct {
	f     func()
	place int // in simContext.after
}

type simContextKey struct{}

// Value implements context.Context.
func (c *simContext) Value(key any) any {
	if key == (simContextKey{}) {
		return c
	}
	if c.inner != nil {
		if v := c.inner.Value(key); v != nil {
			return v
		}
	}
	return c.Context.Value(key)
}

// Deadline implements context.Context, in virtual time.
func (c *simContext) Deadline() (time.Time, bool) {
	parent, ok := c.Context.Deadline()
	if c.deadline.IsZero() || ok && parent.Before(c.deadline) {
		return parent, ok
	}
	return c.deadline, true
}

// Done implements context.Context.
func (c *simContext) Done() <-chan struct{} {
	if c.inner == nil {
		c.inner, c.cancelInner = context.WithCancelCause(context.Background())
		if c.err != nil {
			c.cancelInner(c.err)
		}
	}
	return c.inner.Done()
}

// Err implements context.Context.
func (c *simContext) Err() error {
	c.sim.look()
	return c.err
}

// afterFunc calls f when c is cancelled, or at once if it already is. The returned function prevents the call and
// reports whether it did.
func (c *simContext) afterFunc(f func()) (stop func() bool) {
	if c.err != nil {
		f()
		return func() bool { return false }
	}
	a := &afterCancel{f, len(c.after)}
	c.after = append(c.after, a)
	return func() bool {
		if a.f == nil {
			return false
		}
		a.f = nil
		if c.err != nil {
			return true // the call was still to come
		}
		last := len(c.after) - 1
		c.after[a.place], c.after[last].place = c.after[last], a.place
		c.after[last] = nil
		c.after = c.after[:last]
		return true
	}
}

// cancel cancels c and the contexts derived from it. It is not a scheduling point.
func (c *simContext) cancel(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	if c.inner != nil {
		c.cancelInner(err)
	}
	c.sim.cancel(&c.timer)
	c.sim.wakeAll(&c.waiting, nil)
	after := c.after
	c.after = nil
	for _, a := range after {
		if f := a.f; f != nil {
			a.f = nil
			f()
		}
	}
}

// Context returns a context that is cancelled when r is. Its Err is context.DeadlineExceeded if r was cancelled
// with [event.CancelTimeout], and context.Canceled otherwise. Inside the simulation wait for it with [OnDone] or
// [Sim.SleepContext]; receiving from its Done channel would block the whole run. A context that package context
// derives from it is cancelled with it; its error is context.Canceled, and the cause is the error of its parent.
func (r *Region) Context() context.Context { return &r.context }

// Context returns the context of the current region.
func (s *Sim) Context() context.Context { return s.enter("Context").scope.Context() }

// waitable returns the simContext whose cancellation is that of ctx. It panics if there is none.
func waitable(op string, ctx context.Context) *simContext {
	c, ok := ctx.Value(simContextKey{}).(*simContext)
	if !ok || ctx.Done() != c.Done() {
		panic("simsched: " + op + " called with a context that tasks cannot wait for: it must come from Sim.Context, " +
			"Region.Context, Sim.WithCancel, Sim.WithDeadline or Sim.WithTimeout, with values at the most" + libraries)
	}
	return c
}

// WithCancel returns a context that is cancelled by the returned function, or with parent. The parent must be a
// context that tasks can wait for; see [OnDone].
func (s *Sim) WithCancel(parent context.Context) (context.Context, context.CancelFunc) {
	s.enter("WithCancel")
	return s.derive("WithCancel", parent)
}

// WithDeadline returns a context that is cancelled at a virtual time, by the returned function, or with parent. In
// the first case its Err is context.DeadlineExceeded. The parent must be a context that tasks can wait for; see
// [OnDone].
func (s *Sim) WithDeadline(parent context.Context, at time.Time) (context.Context, context.CancelFunc) {
	t := s.enter("WithDeadline")
	s.point(t)
	c, cancel := s.derive("WithDeadline", parent)
	c.deadline = at
	if c.err == nil {
		c.timer.fire = func() { c.cancel(context.DeadlineExceeded) }
		s.start(&c.timer, at.Sub(s.Now()))
	}
	return c, cancel
}

// WithTimeout is WithDeadline with a deadline d from now.
func (s *Sim) WithTimeout(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return s.WithDeadline(parent, s.Now().Add(d))
}

// derive makes a context below parent.
func (s *Sim) derive(op string, parent context.Context) (*simContext, context.CancelFunc) {
	p := waitable(op, parent)
	c := &simContext{Context: parent, sim: s}
	stop := p.afterFunc(func() { c.cancel(p.err) })
	return c, func() {
		if t, ok := s.release("the CancelFunc of " + op); ok {
			s.point(t)
			stop()
			c.cancel(context.Canceled)
		}
	}
}

// SleepContext waits like [Sim.Sleep], but ends when ctx is cancelled, and returns the error of ctx. See [OnDone]
// for the contexts that it accepts.
func (s *Sim) SleepContext(ctx context.Context, d time.Duration) error {
	timer := s.NewTimer(d)
	defer timer.Stop()
	s.Select(OnDone(ctx), timer.C.OnRecv(nil, nil))
	return ctx.Err()
}

// OnDone is the case of a [Sim.Select] that is ready when ctx is cancelled. It panics unless ctx comes from
// [Sim.Context], [Region.Context], [Sim.WithCancel], [Sim.WithDeadline] or [Sim.WithTimeout], or was derived from
// one of them by context.WithValue.
func OnDone(ctx context.Context) Case { return (*doneCase)(waitable("OnDone", ctx)) }

type doneCase simContext

func (c *doneCase) queue() *queue   { return &c.waiting }
func (c *doneCase) ready() bool     { return c.err != nil }
func (c *doneCase) take()           {}
func (c *doneCase) prepare(*waiter) {}
func (c *doneCase) finish(*waiter)  {}

func (c *doneCase) waitsFor() string {
	if c.region != nil {
		return "for the cancellation of region " + c.region.id.String() + " " + c.region.name
	}
	return "for a context to be done"
}
