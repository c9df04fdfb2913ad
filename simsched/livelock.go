package simsched

import "github.com/reprise-go/reprise/event"

// tailSteps is how many steps before the limit are looked at for a cycle.
const tailSteps = 256

// minRepeats is how often a sequence must repeat to be called a cycle.
const minRepeats = 3

// stepLimit says that the limit is reached, and what the program does again and again.
func (s *Sim) stepLimit() *StepLimitError {
	e := &StepLimitError{Steps: s.tick, Task: s.current.ID(), Name: s.current.Name()}
	e.Cycle, e.Repeats = fold(s.tail)
	return e
}

// fold returns the shortest sequence that repeats up to the end of events, and how often; nil if none does often enough.
func fold(events []event.Event) (cycle []event.Event, repeats int) {
	n := len(events)
	for period := 1; period*minRepeats <= n; period++ {
		run := 0 // how far events equals itself moved by period, from the end
		for i := n - 1; i >= period && alike(events[i], events[i-period]); i-- {
			run++
		}
		if repeats := run/period + 1; repeats >= minRepeats {
			return events[n-period:], repeats
		}
	}
	return nil, 0
}

// alike reports whether two events tell of the same thing at different times: the same kind, and the same task, region
// or token.
func alike(a, b event.Event) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	other := map[event.FieldType]event.Value{}
	for f, v := range b.Fields() {
		other[f.Type] = v
	}
	for f, v := range a.Fields() {
		switch f.Type {
		case event.TypeTask, event.TypeRegion, event.TypeToken, event.TypeOutcome:
			if other[f.Type] != v {
				return false
			}
		}
	}
	return true
}
