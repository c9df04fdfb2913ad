package sctbench_test

import (
	"math"

	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/strategy"
)

// contender is a strategy with its settings, as in a column of the published table.
type contender struct {
	name   string
	column string // of testdata/published.csv
	named  *strategy.Strategy
	config strategy.Config
}

func contend(name, column, strategyName string, c strategy.Config) contender {
	return contender{name, column, strategy.Find(strategyName), c}
}

var contenders = []contender{
	contend("mix", "", "mix", strategy.Config{}),
	contend("surw", "asplos25_SURW", "surw", strategy.Config{}),
	contend("urw", "asplos25_URW", "urw", strategy.Config{}),
	contend("pos", "asplos25_POS", "pos", strategy.Config{}),
	contend("pct-3", "asplos25_PCT3", "pct", strategy.Config{Depth: 2}),
	contend("pct-10", "asplos25_PCT10", "pct", strategy.Config{Depth: 9}),
	contend("rff", "asplos24_RFF", "rff", strategy.Config{}),
	contend("random", "asplos25_RW", "random", strategy.Config{}),
}

// maxSteps ends a run in which a task spins.
const maxSteps = 100_000

// run makes a run under a seed and reports whether it fails.
func (c contender) run(body func(*simsched.Sim) error, seed uint64, profile, record *strategy.Profile) bool {
	cfg := c.config
	cfg.Seed, cfg.Profile, cfg.Record = seed, profile, record
	if profile != nil && c.named.Name == "pct" {
		cfg.Length = profile.Points * 6 / 5 // as in the published measurements
	}
	sim := simsched.Config{
		Seed: seed, Chooser: simsched.NewChooser(c.named, cfg), MaxSteps: maxSteps, CheckpointEvery: -1,
	}
	return simsched.Run(sim, body) != nil
}

// trial returns the number of schedules to the first that fails, at most limit, and whether there is one. A profiling
// run counts.
func (c contender) trial(body func(*simsched.Sim) error, trial, limit int) (n int, found bool) {
	seeds := strategy.NewRand(uint64(trial), strategy.Label("sctbench"))
	var profile *strategy.Profile
	if c.named.Profiled || c.named.Name == "pct" {
		profile = &strategy.Profile{}
		walk := contend("", "", "random", strategy.Config{})
		walk.run(body, seeds.Uint64(), nil, profile)
		n++
	}
	for n < limit {
		n++
		if c.run(body, seeds.Uint64(), profile, nil) {
			return n, true
		}
	}
	return n, false
}

// result is what trials have shown, in the terms of the published figures.
type result struct {
	mean, deviation float64 // of the trials that found the bug
	found, trials   int
}

func (c contender) measure(body func(*simsched.Sim) error, trials, limit int) result {
	return measured(trials, func(i int) (int, bool) { return c.trial(body, i, limit) })
}

// measured makes trials.
func measured(trials int, trial func(i int) (schedules int, found bool)) result {
	r := result{trials: trials}
	sum, squares := 0.0, 0.0
	for i := range trials {
		if n, found := trial(i); found {
			r.found++
			sum += float64(n)
			squares += float64(n) * float64(n)
		}
	}
	if n := float64(r.found); n > 0 {
		r.mean = sum / n
		r.deviation = math.Sqrt(max(squares-n*r.mean*r.mean, 0) / max(n-1, 1))
	}
	return r
}
