package tracecheck

import (
	"cmp"
	"slices"

	"github.com/reprise-go/reprise/event"
)

// timers keeps the pending timers of a run, the fates of the last ones that ended, and every identifier that was
// used, since none may be used again. The invariants, maintained by put and note:
//
//  1. A pending timer is in recent at its place, or in older.
//  2. An identifier that was used is in one of runs, which ascend, or in scattered.
type timers struct {
	recent    []timer // each at its identifier modulo the length, which is a power of two
	older     map[event.TimerID]timer
	runs      []idRun
	scattered map[event.TimerID]bool
	partial   bool // whether timers may have been created before the first event
}

// timer is a timer that is or was in use; the zero timer is an empty place.
type timer struct {
	id       event.TimerID
	deadline uint64
	last     int // index of the event that decided its fate
	fate     fate
}

// idRun is a range of identifiers that have all been used.
type idRun struct{ first, last event.TimerID }

// fate is the state of a timer.
type fate uint8

const (
	pending fate = iota + 1
	fired
	cancelled
)

var fateText = [...]string{pending: "was created", fired: "fired", cancelled: "was cancelled"}

// The sizes of timers.recent.
const (
	fewTimers  = 1 << 6
	mostTimers = 1 << 15
)

// find returns the timer with an identifier, or nil if it was never created or ended long ago.
func (t *timers) find(id event.TimerID) *timer {
	if len(t.recent) == 0 {
		return nil
	}
	if p := &t.recent[t.place(id)]; p.fate != 0 && p.id == id {
		return p
	}
	if len(t.older) == 0 {
		return nil
	}
	if old, ok := t.older[id]; ok {
		delete(t.older, id)
		return t.put(old)
	}
	return nil
}

func (t *timers) place(id event.TimerID) uint64 { return uint64(id) & uint64(len(t.recent)-1) }

// put stores a timer in recent. If the timer that it replaces is pending, that one moves to older.
func (t *timers) put(added timer) *timer {
	if len(t.recent) == 0 {
		t.recent = make([]timer, fewTimers)
	}
	for t.recent[t.place(added.id)].fate != 0 && len(t.recent) < mostTimers {
		t.grow()
	}
	p := &t.recent[t.place(added.id)]
	if p.fate == pending {
		if t.older == nil {
			t.older = map[event.TimerID]timer{}
		}
		t.older[p.id] = *p
	}
	*p = added
	return p
}

// grow doubles recent. Timers at different places stay at different places.
func (t *timers) grow() {
	small := t.recent
	t.recent = make([]timer, 2*len(small))
	for _, p := range small {
		if p.fate != 0 {
			t.recent[t.place(p.id)] = p
		}
	}
}

// used reports whether a timer with this identifier has been created.
func (t *timers) used(id event.TimerID) bool {
	n := len(t.runs)
	if n == 0 || id > t.runs[n-1].last {
		return false
	}
	at, _ := slices.BinarySearchFunc(t.runs, id, func(r idRun, id event.TimerID) int { return cmp.Compare(r.last, id) })
	return t.runs[at].first <= id || t.scattered[id]
}

// note records an identifier as used.
func (t *timers) note(id event.TimerID) {
	n := len(t.runs)
	switch {
	case n > 0 && id <= t.runs[n-1].last:
		if t.scattered == nil {
			t.scattered = map[event.TimerID]bool{}
		}
		t.scattered[id] = true
	case n > 0 && id-1 == t.runs[n-1].last:
		t.runs[n-1].last = id
	default:
		t.runs = append(t.runs, idRun{id, id})
	}
}

func (t *timers) create(e *event.Event, index int) *Error {
	id := e.Timer()
	if p := t.find(id); p != nil {
		return p.conflict()
	}
	if t.used(id) {
		return usedLongAgo()
	}
	t.note(id)
	t.put(timer{id: id, deadline: e.DeadlineNanos(), last: index, fate: pending})
	return nil
}

// fire ends a timer. Before the time is known, now is 0 and known is false.
func (t *timers) fire(e *event.Event, index int, now uint64, known bool) *Error {
	timer, err := t.pending(e.Timer())
	if err != nil {
		return err
	}
	if known && now < timer.deadline {
		return broken(4, "the timer, created at event %d, is due at %dns, the time is %dns", timer.last, timer.deadline, now)
	}
	timer.last, timer.fate = index, fired
	return nil
}

func (t *timers) cancel(e *event.Event, index int) *Error {
	timer, err := t.pending(e.Timer())
	if err != nil {
		return err
	}
	timer.last, timer.fate = index, cancelled
	return nil
}

// pending returns the timer that is to fire or to be cancelled. A partial check adds a timer that was created
// before the first event; its deadline is taken to be past.
func (t *timers) pending(id event.TimerID) (*timer, *Error) {
	switch p := t.find(id); {
	case p != nil && p.fate == pending:
		return p, nil
	case p != nil:
		return nil, p.conflict()
	case t.used(id):
		return nil, usedLongAgo()
	case !t.partial:
		return nil, broken(4, "the timer was not created before")
	}
	t.note(id)
	return t.put(timer{id: id, fate: pending}), nil
}

// conflict returns the law that an event breaks because the timer has ended.
func (t *timer) conflict() *Error {
	return broken(4, "the timer %s at event %d", fateText[t.fate], t.last)
}

// usedLongAgo is like conflict, for a timer whose fate is no longer stored.
func usedLongAgo() *Error { return broken(4, "the timer fired or was cancelled long before") }
