package story

import (
	"slices"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/cast"
)

// untilOver returns the relevant moments of the run. Those of a failed test end with the turn in which it was marked as
// failed, since what package testing does afterwards is unrelated.
func (s *Story) untilOver() []moment {
	switch {
	case !s.ordinary:
		return s.untilBroken()
	case s.ended == "leaked", s.ended == "deadlocked" && s.beside():
		return s.untilLeaked()
	}
	fail := slices.IndexFunc(s.moments, func(m moment) bool { return m.kind == fails })
	if s.ended != "failed" || fail < 0 {
		return s.moments
	}
	next := slices.IndexFunc(s.moments[fail:], func(m moment) bool { return m.kind == runs })
	if next < 0 {
		return s.moments
	}
	return s.moments[:fail+next]
}

// untilLeaked returns the moments up to the last one of a test or of a goroutine that can never go on. What follows is
// of other goroutines, which go on beside it or get time from the runtime so that they end or settle.
func (s *Story) untilLeaked() []moment {
	matters := make([]bool, len(s.list))
	for _, w := range s.left {
		matters[w.ID] = w.Leaked()
	}
	last := len(s.moments) - 1
	for ; last >= 0; last-- {
		if g := s.moments[last].g; int(g) < len(s.list) && (matters[g] || cast.StartsTest(s.list[g].Start)) {
			break
		}
	}
	return s.moments[:last+1]
}

// untilBroken returns the moments of a simulated run up to the first panic, or to the error with which the main task
// ends.
func (s *Story) untilBroken() []moment {
	i := slices.IndexFunc(s.moments, func(m moment) bool {
		return m.kind == ends && (m.reason == outcomes[event.OutcomePanicked] ||
			m.g == 1 && m.reason == outcomes[event.OutcomeErr])
	})
	if i < 0 {
		return s.moments
	}
	return s.moments[:i+1]
}

// start returns the moments within the horizon from the start of a run that a limit ended, and the number of decisions
// behind them: such a run goes round in circles, and how it came to that says more than another round. Of other runs it
// returns all moments.
func (s *Story) start(moments []moment) (first []moment, behind int) {
	first = moments
	if s.Turning > 0 || s.ended != "reached a limit" && s.ended != "timed out" {
		return first, 0
	}
	decisions := 0
	for i, m := range moments {
		switch m.kind {
		case starts:
			decisions, first = 0, moments
		case runs, goesOn:
			if decisions++; decisions == horizon+1 {
				first = moments[:i]
			}
		}
	}
	return first, max(decisions-horizon, 0)
}
