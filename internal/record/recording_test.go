package record

import (
	"slices"
	"testing"
)

// TestShorten: a recording that lacks records anyway is cut off before a decision, and what is said of its end stays,
// of the goroutines whose start is left.
func TestShorten(t *testing.T) {
	records := []Record{
		{Kind: Spawn, G: 1}, {Kind: Begin, G: 1}, {Kind: Spawn, G: 2}, {Kind: Block, G: 1}, {Kind: Sched, G: 2},
		{Kind: Wake, G: 1}, {Kind: Sched, G: 1}, {Kind: Spawn, G: 3}, {Kind: Yield, G: 1}, {Kind: Sched, G: 3},
		{Kind: Left, G: 1}, {Kind: Left, G: 2}, {Kind: Left, G: 3},
	}
	for n := range len(records) + 3 {
		r := Recording{Records: slices.Clone(records)}
		if r.Shorten(n); len(r.Records) != len(records) {
			t.Fatalf("to %d: a whole recording has lost %d records", n, len(records)-len(r.Records))
		}
		r.Dropped = 5
		r.Shorten(n)
		// The dumb way: the longest start that ends before a decision and has at most n records.
		want, left := slices.Clone(records), 3
		for i, rec := range records {
			if rec.Kind == Sched && i <= n {
				want, left = slices.Clone(records[:i]), 2
				if i > 7 {
					left = 3
				}
				want = append(want, records[10:10+left]...)
			}
		}
		if !slices.Equal(r.Records, want) || int(r.Dropped) != 5+len(records)-len(want) {
			t.Errorf("to %d: %v, %d dropped, want %v", n, r.Records, r.Dropped, want)
		}
	}
}
