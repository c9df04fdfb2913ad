package strategy

import (
	"fmt"
	"math"
	"testing"
)

// kinds returns the types of the Pickers that the mix makes for many seeds, with their numbers.
func kinds(c Config) map[string]int {
	counts := map[string]int{}
	for seed := range uint64(2000) {
		c.Seed = seed
		counts[fmt.Sprintf("%T", newMix(c))]++
	}
	return counts
}

// TestMixShares: each strategy has its part of the mix, within five standard deviations, and a run that the profile
// expects to be long gets none that makes a decision at every point.
func TestMixShares(t *testing.T) {
	short := kinds(Config{Profile: &Profile{Contested: longRun}})
	sum := 0
	for name, parts := range map[string]int{"surw": 5, "rff": 6, "pos": 1, "urw": 1, "pct": 1, "random": 2} {
		share := float64(parts) / 16
		got := short[fmt.Sprintf("%T", Find(name).New(Config{}))]
		if math.Abs(float64(got)-2000*share) > 5*math.Sqrt(2000*share*(1-share)) {
			t.Errorf("%d of 2000 seeds are of %s, want a share of %.3f", got, name, share)
		}
		sum += got
	}
	if sum != 2000 {
		t.Errorf("other strategies, too: %v", short)
	}
	for kind := range kinds(Config{Profile: &Profile{Contested: longRun + 1}}) {
		if kind != "*strategy.pct" && kind != "*strategy.random" {
			t.Errorf("a long run gets %s", kind)
		}
	}
	for kind := range kinds(Config{Profile: &Profile{Contested: longRun + 1, Tasks: manyTasks + 1}}) {
		if kind != "*strategy.random" {
			t.Errorf("a long run of many tasks gets %s", kind)
		}
	}
}

// TestMixInLongRuns: the number of preemptions in a long run is small for some seeds, and never out of proportion.
func TestMixInLongRuns(t *testing.T) {
	const points = 200_000
	few, many := 0, 0
	for seed := range uint64(200) {
		p, passed, preemptions := newMix(Config{Seed: seed, Profile: &Profile{Contested: points}}), uint64(0), 0
		for passed += p.Gap(); passed < points; passed += p.Gap() {
			preemptions++
			p.Pick(&Decision{Ready: tasks{{Number: 1}, {Number: 2}}, N: 2, Why: Preempted})
		}
		switch {
		case preemptions <= 8:
			few++
		case preemptions >= 100:
			many++
		}
		if preemptions > 3000 {
			t.Errorf("seed %d: %d preemptions", seed, preemptions)
		}
	}
	if few < 40 || many < 20 {
		t.Errorf("%d of 200 seeds with few preemptions, %d with many", few, many)
	}
}

// TestMixIsAFunctionOfTheSeed: it makes the same picks as the strategy that a seed selects.
func TestMixIsAFunctionOfTheSeed(t *testing.T) {
	f := fixed{{{}, {}, {}}, {{}, {}, {}}, {{}, {}}}
	orders := map[string]bool{}
	for seed := range uint64(50) {
		c := Config{Seed: seed}
		order := f.run(newMix(c), 0)
		if again := f.run(newMix(c), 0); again != order {
			t.Fatalf("seed %d: %s, then %s", seed, order, again)
		}
		orders[order] = true
	}
	if len(orders) < 10 {
		t.Errorf("50 seeds give %d orders", len(orders))
	}
}
