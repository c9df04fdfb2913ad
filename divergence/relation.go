package divergence

import (
	"bytes"

	"github.com/reprise-go/reprise/event"
)

// Relation describes how the events of the actual run relate to those of the expected run, from a divergence on.
type Relation string

// The relations. Swapping the runs swaps RelationMissing with RelationExtra and leaves the others as they are.
const (
	RelationChanged Relation = "changed-value" // the events are of one kind, with different values
	RelationMissing Relation = "missing"       // the actual run lacks events and then continues like the expected run
	// the actual run has more events and then continues like the expected run
	RelationExtra      Relation = "extra"
	RelationReordered  Relation = "reordered"   // both runs have the event, at different places
	RelationReplaced   Relation = "replaced"    // the events are of different kinds, and no other relation fits
	RelationEndedEarly Relation = "ended-early" // one run ends there
)

// Side is one of two runs.
type Side string

// The sides. The zero Side is neither.
const (
	SideExpected Side = "expected"
	SideActual   Side = "actual"
)

// convincing is the number of events after a difference that must match before the difference counts as explained,
// unless all known events match.
const convincing = 3

// all is larger than any number of events that can match.
const all = Lookahead + 1

// relate finds the relation that explains most of the known events of two runs from their first difference on.
// Among relations that explain equally much it prefers a changed value, then the smallest count. Whether an event
// is missing or extra is then decided by the events themselves, so that swapping the runs swaps the result.
func relate(expected, actual []event.Event) (r Relation, count int, ended Side) {
	switch {
	case len(expected) == 0:
		return RelationEndedEarly, 0, SideExpected
	case len(actual) == 0:
		return RelationEndedEarly, 0, SideActual
	}
	sameKind := expected[0].Kind() == actual[0].Kind()
	e, a := sequence(expected), sequence(actual)
	best, reached := RelationReplaced, convincing-1
	try := func(r Relation, k, matches int) {
		if matches > reached {
			best, count, reached = r, k, matches
		}
	}
	if sameKind {
		best = RelationChanged
		try(RelationChanged, 0, common(e, a, 1, 1, -1, -1))
	}
	first, second := RelationMissing, RelationExtra
	if before(actual[0], expected[0]) {
		first, second = second, first
	}
	for k := 1; k < max(len(e), len(a)); k++ {
		try(first, k, shifted(e, a, first, k))
		try(second, k, shifted(e, a, second, k))
		if k < len(a) && a[k] == e[0] {
			try(RelationReordered, k, common(e, a, 1, 0, -1, k))
		}
		if k < len(e) && e[k] == a[0] {
			try(RelationReordered, k, common(e, a, 0, 1, k, -1))
		}
	}
	if i, j := position(a, e[0]), position(e, a[0]); reached < convincing && i > 0 && j > 0 {
		return RelationReordered, min(i, j), ""
	}
	return best, count, ""
}

// shifted returns the number of events that match if k events are missing or extra.
func shifted(e, a []event.Event, r Relation, k int) int {
	if r == RelationExtra {
		e, a = a, e
	}
	if k >= len(e) {
		return 0
	}
	return common(e, a, k, 0, -1, -1)
}

// sequence returns a window in the form that is compared: its events as [Comparable], and the zero Event for the
// end of the run if the window reaches it.
func sequence(events []event.Event) []event.Event {
	s := make([]event.Event, 0, Lookahead+1)
	for _, e := range events[:min(len(events), Lookahead)] {
		s = append(s, Comparable(e))
	}
	if len(events) < Lookahead {
		s = append(s, event.Event{})
	}
	return s
}

// common counts the equal events of e from i on and a from j on, skipping e[skipE] and a[skipA]. It returns all if
// no known event differs, and 0 if no event is known.
func common(e, a []event.Event, i, j, skipE, skipA int) int {
	n := 0
	for {
		if i == skipE {
			i++
		}
		if j == skipA {
			j++
		}
		if i >= len(e) || j >= len(a) {
			if n == 0 {
				return 0
			}
			return all
		}
		if e[i] != a[j] {
			return n
		}
		i, j, n = i+1, j+1, n+1
	}
}

// position returns the first index of e, or -1 if it does not occur.
func position(events []event.Event, e event.Event) int {
	for i, x := range events {
		if x == e {
			return i
		}
	}
	return -1
}

// before defines a total order of events.
func before(a, b event.Event) bool {
	return bytes.Compare(a.AppendJSON(nil), b.AppendJSON(nil)) < 0
}
