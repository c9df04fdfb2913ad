package gotest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reprise-go/reprise/internal/record"
)

// TestFirstOf: what is read from outside and what goes wrong after the last decision that is kept is cut off too, so
// that fresh choices do not meet the faults of the recording.
func TestFirstOf(t *testing.T) {
	sched := func(g uint32) record.Record { return record.Record{Kind: record.Sched, G: g} }
	all := &record.Choices{
		Seed:    7,
		Records: []record.Record{sched(1), {Kind: record.Admit, G: 1}, sched(2), sched(3)},
		Reads:   []record.Record{{Kind: record.Read, Points: 1}, {Kind: record.Read, Points: 3}},
		Faults:  []record.Record{{Kind: record.Fault, Site: 2}, {Kind: record.Fault, Site: 3}, {Kind: record.Fault, Site: 4}},
	}
	for _, c := range []struct{ decisions, records, reads, faults int }{
		{0, 0, 0, 0}, {1, 2, 1, 0}, {2, 3, 2, 1}, {3, 4, 2, 3}, {9, 4, 2, 3},
	} {
		want := &record.Choices{Seed: 7, Records: all.Records[:c.records], Reads: all.Reads[:c.reads],
			Faults: all.Faults[:c.faults]}
		if got := firstOf(all, c.decisions); !cmp.Equal(want, got) {
			t.Errorf("%d decisions: %s", c.decisions, cmp.Diff(want, got))
		}
	}
}
