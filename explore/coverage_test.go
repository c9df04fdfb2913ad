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
		var c Census
		want, times := Coverage{}, map[uint64]int{}
		for _, class := range classes {
			c.Add(class)
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
		if c.Coverage != want {
			t.Fatalf("%v: %+v, want %+v", classes, c.Coverage, want)
		}
	})
}

func TestUnseen(t *testing.T) {
	for _, x := range []struct {
		c      Coverage
		unseen float64
		covers bool // for 1 %
	}{
		{Coverage{}, 1, false},
		{Coverage{Runs: 1, Classes: 1, Once: 1}, 1, false},
		{Coverage{Runs: 100, Classes: 1}, 0, false}, // too few for such a bound
		{Coverage{Runs: 300, Classes: 1}, 0, true},
		{Coverage{Runs: 200, Classes: 30, Once: 10}, 0.05, false},
		{Coverage{Runs: 1000, Classes: 30, Once: 9}, 0.009, true},
	} {
		if got := x.c.Unseen(); got != x.unseen || x.c.Covers(0.01) != x.covers {
			t.Errorf("%+v: %v, covers 1 %%: %v", x.c, got, x.c.Covers(0.01))
		}
	}
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

// TestUntilCovered: a campaign ends at the run after which the estimate is below the bound, for any number of workers.
func TestUntilCovered(t *testing.T) {
	var classes []uint64
	for i := range uint64(1000) {
		classes = append(classes, 10+min(i, 40+i%7))
	}
	want := 0
	var c Census
	for want < len(classes) && !c.Covers(0.05) {
		c.Add(classes[want])
		want++
	}
	for workers := 1; workers <= 3; workers++ {
		s := classified{classes}
		campaign := New(Config{Seed: func(int) uint64 { return 0 }, All: 1000, Unseen: 0.05}, s)
		campaign.Run(t.Context(), []Subject{s, s, s}[:workers])
		if campaign.Ran != want || campaign.End != EndCovered || campaign.Coverage() != c.Coverage {
			t.Errorf("%d workers: ran %d, end %d, %+v; want %d, %+v", workers, campaign.Ran, campaign.End,
				campaign.Coverage(), want, c.Coverage)
		}
	}
}
