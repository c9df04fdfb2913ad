package minimize

import (
	"fmt"

	"github.com/reprise-go/reprise/internal/prose"
)

// Describe returns a line for a report: how long the smallest run is, in the given unit of its length, which of its
// choices are not the default, and what it was before.
func (r *Result) Describe(unit string) string {
	what := "minimal run"
	switch {
	case r.Complete:
	case r.After == r.Before:
		what = "not made smaller (the time for it is over)"
	default:
		what = "smaller run (the time for it is over)"
	}
	text := fmt.Sprintf("%s: %s, %s", what, prose.Count(r.After.Length, unit), r.After)
	if r.After != r.Before {
		text += fmt.Sprintf("; was %s, %s", prose.Count(r.Before.Length, unit), r.Before)
	}
	return text
}
