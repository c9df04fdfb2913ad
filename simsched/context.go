package simsched

import (
	"context"
	"time"
)

// regionContext is the context of a region. The context inside is one of package context, so that every context derived
// from it, also by way of context.WithValue, is cancelled by the task that cancels the region, without a goroutine.
type regionContext struct {
	context.Context
	cancel context.CancelFunc
	r      *Region
}

type regionKey struct{}

// Value implements context.Context.
func (c *regionContext) Value(key any) any {
	if key == (regionKey{}) {
		return c.r
	}
	return c.Context.Value(key)
}

// Context returns a context that is cancelled when r is. Its Err is context.Canceled then. Inside the simulation wait
// for it with [OnDone] or [Sim.SleepContext]; receiving from its Done channel would block the whole run.
func (r *Region) Context() context.Context {
	if r.context == nil {
		ctx, cancel := context.WithCancel(context.Background())
		r.context = &regionContext{ctx, cancel, r}
		if r.cancelled {
			cancel()
		}
	}
	return r.context
}

// Context returns the context of the current region.
func (s *Sim) Context() context.Context { return s.enter("Context").scope.Context() }

// announceCancel tells the contexts.
func (r *Region) announceCancel() {
	if r.context != nil {
		r.context.cancel()
	}
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
	if !ok || ctx.Done() != r.Context().Done() {
		panic("simsched: OnDone called with a context whose cancellation is not that of a Region")
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
