package recorder

import (
	"math"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
)

// state is the state of a Recorder with settings.
type state struct {
	seen    uint64 // number of events recorded, including dropped ones: the index of the next event
	now     uint64 // virtual time in ns
	first   uint64 // index of the first event since the last rotation; a ring may have dropped it
	start   uint64 // virtual time before that event, in ns
	room    uint64 // number of events before the limits must be checked again
	events  uint64 // the current limits
	memory  uint64
	file    uint64
	stopped string // why the recording ended; "" while it continues
	ring    *ring  // nil if all events are kept
	own     bool   // whether RotateFile opened the Sink
	notes   notes
}

// checkSize is the number of events between two checks of the file size: one chunk of the default size.
const checkSize = tracefile.DefaultChunkEvents

func newState(c *Config) state {
	s := state{events: c.MaxEvents, memory: c.MaxMemory, file: uint64(c.MaxFileSize)}
	if c.AtLimit == DropOldest {
		s.ring = newRing(min(orNone(s.events), orNone(s.memory)/eventBytes))
	}
	s.setRoom()
	return s
}

func orNone(limit uint64) uint64 {
	if limit == 0 {
		return math.MaxUint64
	}
	return limit
}

// setRoom computes the number of events before a limit must be checked again. A ring enforces its own limit.
func (s *state) setRoom() {
	s.room = math.MaxUint64
	if s.ring != nil {
		return
	}
	s.room = min(orNone(s.events), orNone(s.memory)/eventBytes) - (s.seen - s.first)
	if s.file > 0 {
		s.room = min(s.room, checkSize)
	}
}

// observe is Observe for a Recorder with settings.
func (r *Recorder) observe(e event.Event) error {
	s := &r.state
	if s.stopped != "" || r.settings.Omit.Has(e.Kind()) {
		return nil
	}
	if s.room == 0 {
		if err := r.atLimit(); err != nil || s.stopped != "" {
			return err
		}
	}
	r.note(e)
	if err := r.keep(e); err != nil {
		return err
	}
	s.seen++
	s.room--
	if e.Kind() == event.KindTimeAdvanced {
		s.now = e.ToNanos()
		if s.ring != nil && r.settings.KeepTime > 0 {
			r.dropBefore(s.now - min(s.now, uint64(r.settings.KeepTime)))
		}
	}
	return nil
}

// keep stores e as the settings demand.
func (r *Recorder) keep(e event.Event) error {
	switch s := &r.state; {
	case r.settings.Sink != nil:
		s.notes.ended(e)
		return r.settings.Sink.Append(e)
	case s.ring != nil:
		if s.ring.full() {
			r.drop()
		}
		s.ring.push(e)
	default:
		r.trace.Append(e)
	}
	return nil
}

// atLimit carries out the actions for all limits that have been reached.
func (r *Recorder) atLimit() error {
	s := &r.state
	for _, l := range []struct {
		name  string
		limit *uint64
		value func() (uint64, error)
	}{
		{"events", &s.events, func() (uint64, error) { return s.seen - s.first, nil }},
		{"memory", &s.memory, func() (uint64, error) { return (s.seen - s.first + 1) * eventBytes, nil }},
		{"file size", &s.file, r.fileSize},
	} {
		for *l.limit > 0 && s.stopped == "" && s.ring == nil {
			value, err := l.value()
			if err != nil {
				return err
			}
			if over := value >= *l.limit && l.name != "memory" || value > *l.limit; !over {
				break
			}
			if err := r.act(Limit{l.name, *l.limit, s.seen, s.now}, l.limit); err != nil {
				return err
			}
		}
	}
	s.setRoom()
	return nil
}

// fileSize returns the size in bytes that the file would have with everything recorded so far.
func (r *Recorder) fileSize() (uint64, error) {
	w := r.settings.Sink.(*tracefile.Writer)
	err := w.Flush()
	return uint64(w.Size()), err
}

// act carries out the action for a limit.
func (r *Recorder) act(l Limit, limit *uint64) error {
	action := r.settings.AtLimit
	if action == Ask {
		action = r.settings.OnLimit(l)
	}
	switch s := &r.state; {
	case action == Stop:
		s.stopped = "the limit on " + l.Name
		r.setEnd(r.atStop())
	case action == Extend && r.settings.AtLimit == Ask && *limit <= math.MaxUint64/2:
		*limit *= 2
	case action == DropOldest && r.settings.Sink == nil:
		s.toRing(&r.trace, min(orNone(s.events), orNone(s.memory)/eventBytes))
	default: // Fail, and answers that are not allowed here
		return &LimitError{l}
	}
	return nil
}

// atStop returns the end of a recording that a limit has stopped.
func (r *Recorder) atStop() tracefile.End {
	return tracefile.End{Reason: tracefile.EndLimit, Message: r.state.stopped}
}

// Stopped returns the reason why the recording ended before the run did, or "" if it did not.
func (r *Recorder) Stopped() string { return r.state.stopped }
