package gorun

import "github.com/reprise-go/reprise/event"

// Select is the choice of a case of a select of which several are ready. It is identified by the goroutine and the
// number of the choice among such choices of the goroutine, from 1. Cases are numbered from 0, first those that send,
// then those that receive.
type Select struct {
	G      uint32
	Number uint32
	Ready  uint32 // number of cases that are ready
	Case   uint32 // number of the case that is taken
}

// selects is the bit of the occasion of an IoResult that distinguishes a select from a fault.
const selects = 1 << 31

// Events returns the events of the choice.
func (s Select) Events() []event.Event {
	token := event.Token(event.NewTaskID(s.G-1, s.Number|selects))
	return []event.Event{event.IoResult(token, int64(s.Ready)), event.RngValue(uint64(s.Case))}
}

// SelectReader reads the choices of cases of a run back from its events. The zero value is ready for the first event
// of a run. It accepts any events in any order; events that do not fit the form are ignored.
type SelectReader struct {
	open Select // the choice whose case follows; its G is 0 if there is none
}

// Read handles the next event and reports whether it completes a choice.
func (r *SelectReader) Read(e event.Event) (s Select, ok bool) {
	open := r.open
	r.open = Select{}
	switch {
	case MeaningOf(e) == Selects:
		id := event.TaskID(e.Token())
		r.open = Select{G: id.Index() + 1, Number: id.Generation() &^ selects, Ready: uint32(max(e.Bytes(), 0))}
	case open.G != 0 && e.Kind() == event.KindRngValue:
		open.Case = uint32(e.Value())
		return open, true
	}
	return s, false
}
