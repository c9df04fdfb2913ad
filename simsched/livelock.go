package simsched

import "github.com/reprise-go/reprise/event"

// tailSteps is the number of steps before the limit in which a cycle is searched.
const tailSteps = 256

// minRepeats is the number of repetitions from which a sequence counts as a cycle.
const minRepeats = 3

// stepLimit returns the error for the limit of steps, with the cycle in which the program is, if any.
func (s *Sim) stepLimit() *StepLimitError {
	e := &StepLimitError{Steps: s.tick, Task: s.current.ID(), Name: s.current.Name()}
	e.Cycle, e.Repeats = fold(s.tail)
	return e
}

// fold returns the shortest sequence that repeats up to the end of events, and the number of repetitions. It
// returns nil if no sequence repeats often enough.
func fold(events []event.Event) (cycle []event.Event, repeats int) {
	n := len(events)
	for period := 1; period*minRepeats <= n; period++ {
		run := 0 // number of events at the end that equal the event one period earlier
		for i := n - 1; i >= period && alike(events[i], events[i-period]); i-- {
			run++
		}
		if repeats := run/period + 1; repeats >= minRepeats {
			return events[n-period:], repeats
		}
	}
	return nil, 0
}

// alike reports whether two events differ only in times and values: they have the same kind, and the same task,
// region or token.
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
