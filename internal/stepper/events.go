package stepper

import (
	"slices"

	"github.com/reprise-go/reprise/internal/prose"
)

// Row is an event of a run, as it is shown.
type Row struct {
	Text     string
	Decision bool // a decision of the scheduler
}

// maxLook is the number of events in which the next decision is looked for.
const maxLook = 100_000

// eventStep moves by events: to the next one, or to the next decision, or the one before. It reports whether there is
// one. The run moves to the turn of the event.
func (s *Screen) eventStep(forward, decision bool) bool {
	s.listing = true
	at, ok := s.nextEvent(forward, decision)
	if !ok {
		s.message = "no such event"
		return false
	}
	s.event = at
	s.walk.ToEvent(at)
	s.followed()
	return true
}

// nextEvent returns the index of the next event, or the one before.
func (s *Screen) nextEvent(forward, decision bool) (index uint64, ok bool) {
	wanted := func(r Row) bool { return r.Decision || !decision }
	const step = 512
	if forward {
		for from := s.event + 1; from <= s.event+maxLook; from += step {
			rows := s.rows(from, from+step)
			if i := slices.IndexFunc(rows, wanted); i >= 0 {
				return from + uint64(i), true
			}
			if len(rows) < step {
				break
			}
		}
		return 0, false
	}
	first := s.walk.Model.Turns[0].Event
	for to := s.event; to > first; {
		from := max(first, to-min(to, step))
		rows := s.rows(from, to)
		for i := len(rows) - 1; i >= 0; i-- {
			if wanted(rows[i]) {
				return from + uint64(i), true
			}
		}
		to = from
	}
	return 0, false
}

// rows returns events of the run that is shown; none if they cannot be read.
func (s *Screen) rows(from, to uint64) []Row {
	if s.events == nil {
		return nil
	}
	return s.events(from, to)
}

// window lists the events around the one at which the run stands.
func (s *Screen) window(most int) (lines []string) {
	first := s.walk.Model.Turns[0].Event
	from := max(first, s.event-min(s.event, uint64(most/2)))
	for i, r := range s.rows(from, from+uint64(most)) {
		mark := "  "
		if from+uint64(i) == s.event {
			mark = "> "
		}
		line := prose.Cut(mark+prose.Line(r.Text), s.width)
		if mark == "> " {
			line = bold(line)
		}
		lines = append(lines, line)
	}
	if lines == nil {
		lines = []string{"the events cannot be read"}
	}
	return lines
}
