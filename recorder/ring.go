package recorder

import (
	"github.com/reprise-go/reprise/event"
)

// ring keeps the last events. It grows up to its limit and then replaces the oldest.
type ring struct {
	events []event.Event // the oldest is at head
	head   int
	n      int
	limit  uint64
	first  uint64 // index of the oldest event
	start  uint64 // virtual time before the oldest event, in ns
}

func newRing(limit uint64) *ring { return &ring{limit: limit} }

func (g *ring) full() bool { return uint64(g.n) >= g.limit }

// push adds an event. There must be room for it.
func (g *ring) push(e event.Event) {
	if g.n == len(g.events) {
		g.grow()
	}
	at := g.head + g.n
	if at >= len(g.events) {
		at -= len(g.events)
	}
	g.events[at] = e
	g.n++
}

// grow doubles the memory, up to the limit.
func (g *ring) grow() {
	size := max(1024, 2*len(g.events))
	if uint64(size) > g.limit {
		size = int(g.limit)
	}
	events := make([]event.Event, size)
	for i := range g.n {
		events[i] = g.at(i)
	}
	g.events, g.head = events, 0
}

// at returns the event with index i, counted from the oldest.
func (g *ring) at(i int) event.Event {
	if i += g.head; i >= len(g.events) {
		i -= len(g.events)
	}
	return g.events[i]
}

// pop removes the oldest event and returns it.
func (g *ring) pop() event.Event {
	e := g.events[g.head]
	if g.head++; g.head == len(g.events) {
		g.head = 0
	}
	g.n--
	g.first++
	if e.Kind() == event.KindTimeAdvanced {
		g.start = e.ToNanos()
	}
	return e
}

// toRing moves the events of a trace into a ring.
func (s *state) toRing(t *event.Trace, limit uint64) {
	s.ring = &ring{limit: limit, first: s.first, start: s.start}
	for _, e := range t.All() {
		s.ring.push(e)
	}
	t.Reset(t.Metadata)
}

// drop drops the oldest event, and the names that only this event still needed.
func (r *Recorder) drop() {
	g := r.state.ring
	delete(r.state.notes.sites, g.first)
	delete(r.state.notes.more.at, g.first)
	r.state.notes.ended(g.pop())
}

// dropBefore drops the events before a virtual time, in ns.
func (r *Recorder) dropBefore(nanos uint64) {
	for g := r.state.ring; g.n > 0 && g.start < nanos; {
		e := g.at(0)
		if e.Kind() == event.KindTimeAdvanced && e.ToNanos() >= nanos {
			return
		}
		r.drop()
	}
}
