package simsched

import (
	"context"
	"fmt"
)

// Semaphore is a weighted semaphore with the rules of golang.org/x/sync/semaphore: waiters are served in order of
// arrival, so that a large request cannot be overtaken forever.
type Semaphore struct {
	sim     *Sim
	name    string
	id      uint64
	size    int64
	held    int64
	waiting queue // the slot of a waiter is its *grant
}

type grant struct {
	sem *Semaphore
	n   int64
}

// NewSemaphore returns a semaphore with the given size. The name is for reports. It panics if size is negative.
func (s *Sim) NewSemaphore(name string, size int64) *Semaphore {
	if size < 0 {
		panic("simsched: NewSemaphore called with a negative size")
	}
	return &Semaphore{sim: s, name: name, id: s.objectID(), size: size}
}

// Acquire acquires a weight of n. It waits until n is free or ctx is cancelled; in the latter case it acquires
// nothing and returns ctx.Err. A request larger than the semaphore waits for ctx only. See [OnDone] for the
// contexts that it accepts.
func (m *Semaphore) Acquire(ctx context.Context, n int64) error {
	checkWeight("Semaphore.Acquire", n)
	g := &grant{m, n}
	if n > m.size {
		m.sim.Select(OnDone(ctx))
		return ctx.Err()
	}
	if m.sim.Select(OnDone(ctx), g) == 0 {
		m.serve() // requests behind a large one that is gone
		return ctx.Err()
	}
	return nil
}

// TryAcquire acquires n if that much is free and no task waits, and reports whether it did.
func (m *Semaphore) TryAcquire(n int64) bool {
	checkWeight("Semaphore.TryAcquire", n)
	t := m.sim.enter("Semaphore.TryAcquire")
	m.sim.pointAt(t, syncOn(m.id))
	g := &grant{m, n}
	if !g.ready() {
		return false
	}
	m.sim.did("acquires", m.object())
	g.take()
	return true
}

// Release releases a weight of n. It panics if less is held.
func (m *Semaphore) Release(n int64) {
	checkWeight("Semaphore.Release", n)
	t, ok := m.sim.release("Semaphore.Release")
	if !ok {
		return
	}
	m.sim.pointAt(t, syncOn(m.id))
	if n > m.held {
		panic("simsched: Semaphore.Release of more than is held")
	}
	m.sim.did("releases", m.object())
	m.held -= n
	m.serve()
}

func checkWeight(op string, n int64) {
	if n < 0 {
		panic("simsched: " + op + " called with a negative weight")
	}
}

// serve grants waiting requests while they fit, first come first served.
func (m *Semaphore) serve() {
	for m.waiting.n > 0 {
		w := m.waiting.at(0)
		g := w.slot.(*grant)
		if m.size-m.held < g.n {
			return
		}
		m.held += g.n
		m.waiting.remove(w)
		m.sim.emitWake(w)
		m.sim.makeReady(w)
	}
}

// grant is the case of a Select in which a request is granted.

func (g *grant) queue() *queue     { return &g.sem.waiting }
func (g *grant) ready() bool       { return g.sem.waiting.n == 0 && g.sem.size-g.sem.held >= g.n }
func (g *grant) take()             { g.sem.held += g.n }
func (g *grant) prepare(w *waiter) { w.slot = g }
func (g *grant) finish(w *waiter)  { w.slot = nil }
func (g *grant) waitsFor() string {
	return fmt.Sprintf("for %d of semaphore %q, of which %d of %d are held", g.n, g.sem.name, g.sem.held, g.sem.size)
}
