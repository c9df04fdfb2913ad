package minimize

import (
	"strings"
	"testing"
)

// TestDescribe: a run is called smaller or minimal only if it is.
func TestDescribe(t *testing.T) {
	was, is := Size{Preemptions: 3, Length: 40}, Size{Preemptions: 1, Length: 6}
	const small, large = "6 decisions, 1 preemption", "40 decisions, 3 preemptions"
	for want, r := range map[string]Result{ // lint: order does not matter because each is checked by itself
		"minimal run: " + small + "; was " + large:                           {Before: was, After: is, Complete: true},
		"smaller run (the time for it is over): " + small + "; was " + large: {Before: was, After: is},
		"not made smaller (the time for it is over): " + large:               {Before: was, After: was},
		"minimal run: " + large:                                              {Before: was, After: was, Complete: true},
	} {
		if got := r.Describe("decision"); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
