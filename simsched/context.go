package simsched

import (
	"context"
	"time"
)

// cancelNews is who, besides the tasks in Select, must learn of the cancellation of a region.
type cancelNews struct {
	done  chan struct{}  // for those who ask for a context's Done, else nil
	after []*afterCancel // contexts derived from that of the region
}

// regionContext is the context of a region.
type regionContext struct{ r *Region }

var _ context.Context = regionContext{}

// Context returns a context that is cancelled when r is. Its Err is context.Canceled then. Inside the simulation wait
// for it with [OnDone] or [Sim.SleepContext]; receiving from its Done channel would block the whole run.
func (r *Region) Context() context.Context { return regionContext{r} }

// Context returns the context of the current region.
func (s *Sim) Context() context.Context { return s.enter("Context").scope.Context() }

// Deadline implements context.Context; a region has none.
func (regionContext) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context.
func (c regionContext) Done() <-chan struct{} {
	if c.r.news.done == nil {
		c.r.news.done = make(chan struct{})
		if c.r.cancelled {
			close(c.r.news.done)
		}
	}
	return c.r.news.done
}

// Err implements context.Context.
func (c regionContext) Err() error {
	if c.r.cancelled {
		return context.Canceled
	}
	return nil
}

type regionKey struct{}

// Value implements context.Context.
func (c regionContext) Value(key any) any {
	if key == (regionKey{}) {
		return c.r
	}
	return nil
}

// AfterFunc lets the context package derive contexts without a goroutine: they are cancelled by the task that cancels
// the region.
func (c regionContext) AfterFunc(f func()) (stop func() bool) {
	if c.r.cancelled {
		f()
		return func() bool { return false }
	}
	a := &afterCancel{f}
	c.r.news.after = append(c.r.news.after, a)
	return func() bool {
		stopped := a.f != nil
		a.f = nil
		return stopped
	}
}

type afterCancel struct{ f func() }

// announceCancel tells the derived contexts and who polls Done.
func (r *Region) announceCancel() {
	if r.news.done != nil {
		close(r.news.done)
	}
	for _, a := range r.news.after {
		if f := a.f; f != nil {
			a.f = nil
			f()
		}
	}
	r.news.after = nil
}

// SleepContext waits like [Sim.Sleep], or until ctx is cancelled, and then returns its error. The context must be of a
// region; see [OnDone].
func (s *Sim) SleepContext(ctx context.Context, d time.Duration) error {
	timer := s.NewTimer(d)
	defer timer.Stop()
	s.Select(OnDone(ctx), timer.C.OnRecv(nil, nil))
	return ctx.Err()
}

// OnDone is the case of a [Sim.Select] that ctx was cancelled. It panics unless ctx is, or is derived with
// context.WithValue from, the context of a region.
func OnDone(ctx context.Context) Case {
	r, ok := ctx.Value(regionKey{}).(*Region)
	if !ok {
		panic("simsched: OnDone called with a context that does not come from a Region")
	}
	return (*doneCase)(r)
}

type doneCase Region

func (c *doneCase) queue() *queue   { return &c.onCancel }
func (c *doneCase) ready() bool     { return c.cancelled }
func (c *doneCase) take()           {}
func (c *doneCase) prepare(*waiter) {}
func (c *doneCase) finish(*waiter)  {}
func (c *doneCase) waitsFor() string {
	return "for the cancellation of region " + c.id.String() + " " + c.name
}
