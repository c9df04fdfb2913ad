package strategy

import (
	"testing"
)

// TestRandomPicksEvenly counts the picks of fixed seeds. The bound is five standard deviations, so that a bias of a few
// per cent fails and no even choice does.
func TestRandomPicksEvenly(t *testing.T) {
	const rounds, n = 40_000, 4
	for _, c := range []struct {
		name    string
		gap     uint64
		reason  Reason
		running int
		among   int
	}{
		{"every point", 1, Preempted, n - 1, n}, {"a preemption", 5, Preempted, 1, n - 1},
		{"a yield", 5, Yielded, n - 1, n}, {"a block", 5, Blocked, -1, n},
	} {
		var counts [n]int
		p := Find("random").New(Config{Seed: 7, Gap: c.gap})
		for range rounds {
			counts[p.Pick(&Decision{N: n, Running: c.running, Why: c.reason})]++
		}
		chi, want := 0.0, float64(rounds)/float64(c.among)
		for i, count := range counts {
			if c.among < n && i == c.running {
				if count > 0 {
					t.Errorf("%s: the preempted task goes on at once", c.name)
				}
				continue
			}
			chi += (float64(count) - want) * (float64(count) - want) / want
		}
		if chi > 30 { // three degrees of freedom: mean 3, standard deviation 2.4
			t.Errorf("%s: picks %v, chi-square %.1f", c.name, counts, chi)
		}
	}
}

// TestRandomGapsBecomeLonger: after every Thin gaps their mean doubles.
func TestRandomGapsBecomeLonger(t *testing.T) {
	p := Find("random").New(Config{Seed: 3, Gap: 5, Thin: 4000})
	for want := 5.0; want < 50; want *= 2 {
		sum := 0.0
		for range 4000 {
			sum += float64(p.Gap())
		}
		if mean := sum / 4000; mean < 0.95*want || mean > 1.05*want {
			t.Errorf("a mean gap of %.2f, want %.0f", mean, want)
		}
	}
}

func TestRandomGaps(t *testing.T) {
	for _, mean := range []uint64{0, 1, 2, 5, 50} {
		p, sum := Find("random").New(Config{Seed: 3, Gap: mean}), uint64(0)
		const rounds = 20_000
		seen := map[uint64]bool{}
		for range rounds {
			gap := p.Gap()
			sum += gap
			seen[gap] = true
		}
		want := max(mean, 1)
		if got := float64(sum) / rounds; got < 0.98*float64(want) || got > 1.02*float64(want) || len(seen) != int(2*want-1) {
			t.Errorf("gap %d: mean %.2f, %d different gaps; want mean %d, all of 1..%d", mean, got, len(seen), want, 2*want-1)
		}
	}
}

// TestRandomSlice: a task that polls is preempted, however large the mean gap is.
func TestRandomSlice(t *testing.T) {
	p, long := Find("random").New(Config{Seed: 3, Gap: 1 << 20}), 0
	for range 100 {
		gap := p.Gap()
		if gap > slice {
			t.Fatalf("a gap of %d points, want at most %d", gap, slice)
		}
		if gap == slice {
			long++
		}
	}
	if long < 80 {
		t.Errorf("%d of 100 gaps are as long as possible, want nearly all", long)
	}
}
