package tracecheck

import "github.com/reprise-go/reprise/event"

// timers keeps every timer of a run, since no identifier may come back. A timer stands at the position equal to its
// identifier less that of the first one, or at holds its position.
type timers struct {
	list []timer // in the order of creation
	at   map[event.TimerID]int
}

type timer struct {
	id       event.TimerID
	deadline uint64
	last     int // the event that brought its fate
	fate     fate
}

// fate is what has become of a timer.
type fate uint8

const (
	pending fate = iota
	fired
	cancelled
)

var fateText = [...]string{pending: "was created", fired: "fired", cancelled: "was cancelled"}

// position returns the position of a timer, -1 if it was never created.
func (t *timers) position(id event.TimerID) int {
	if len(t.list) == 0 {
		return -1
	}
	if p := uint64(id - t.list[0].id); p < uint64(len(t.list)) && t.list[p].id == id {
		return int(p)
	}
	if p, ok := t.at[id]; ok {
		return p
	}
	return -1
}

func (t *timers) create(e *event.Event, index int) *Error {
	id := e.Timer()
	if p := t.position(id); p >= 0 {
		return t.list[p].conflict()
	}
	p := len(t.list)
	t.list = append(t.list, timer{id: id, deadline: e.DeadlineNanos(), last: index})
	if uint64(id-t.list[0].id) != uint64(p) {
		if t.at == nil {
			t.at = map[event.TimerID]int{}
		}
		t.at[id] = p
	}
	return nil
}

func (t *timers) fire(e *event.Event, index int, now uint64) *Error {
	timer, err := t.pending(e.Timer())
	if err != nil {
		return err
	}
	if now < timer.deadline {
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

// pending returns the timer that is to fire or to be cancelled.
func (t *timers) pending(id event.TimerID) (*timer, *Error) {
	p := t.position(id)
	if p < 0 {
		return nil, broken(4, "the timer was not created before")
	}
	if t.list[p].fate != pending {
		return nil, t.list[p].conflict()
	}
	return &t.list[p], nil
}

// conflict returns the law that an event breaks because of what has become of the timer.
func (t *timer) conflict() *Error {
	return broken(4, "the timer %s at event %d", fateText[t.fate], t.last)
}
