package explore

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/internal/finding"
)

// TestCensus compares the running counts with those of a list.
func TestCensus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		classes := rapid.SliceOf(rapid.Uint64Range(0, 9)).Draw(t, "classes")
		var c census
		want, times := coverage{}, map[uint64]int{}
		for _, class := range classes {
			c.add(class)
			if class != 0 {
				want.Runs++
				times[class]++
			}
		}
		for _, n := range times {
			want.Classes++
			if n == 1 {
				want.Once++
			}
		}
		if c.coverage != want {
			t.Fatalf("%v: %+v, want %+v", classes, c.coverage, want)
		}
	})
}

// classified is a Subject whose runs pass and have classes in turn.
type classified struct{ classes []uint64 }

func (s classified) Run(_ context.Context, p Plan) (*Run, error) {
	r := &Run{Plan: p, Class: s.classes[p.Number%len(s.classes)]}
	if r.Class == 9 {
		r.Outcome, r.Finding = Failed, &finding.Finding{Signature: "9"}
	}
	return r, nil
}
func (classified) Keep(context.Context, *Run) error     { return nil }
func (classified) Difference(_, _ *Run) (string, error) { return "", nil }
func (classified) Close() error                         { return nil }

// TestAlike: runs that are all alike end a campaign that has no number of seeds, for any number of workers, and other
// runs do not.
func TestAlike(t *testing.T) {
	for _, c := range []struct {
		classes []uint64
		least   int
		ran     int
		end     End
	}{
		{[]uint64{7}, 20, 20, EndBudget},
		{[]uint64{7}, 0, 50, EndAll},
		{[]uint64{7, 8}, 20, 50, EndAll},
		{[]uint64{7, 0}, 20, 50, EndAll}, // not all are known
	} {
		for workers := 1; workers <= 3; workers++ {
			s := classified{c.classes}
			campaign := New(Config{Seed: func(int) uint64 { return 0 }, All: 50, Least: c.least, Strategy: "x"}, s)
			list := []Subject{s, s, s}[:workers]
			if campaign.Run(t.Context(), list); campaign.Ran != c.ran || campaign.End != c.end ||
				campaign.First.Strategy != "x" {
				t.Errorf("%v, %d workers: ran %d, end %d; want %d, %d", c.classes, workers, campaign.Ran, campaign.End,
					c.ran, c.end)
			}
		}
	}
}
