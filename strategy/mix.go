package strategy

// The mix is a portfolio: each run has another strategy, chosen by its seed, because no strategy is the best for all
// programs. The shares follow the measurements in package sctbench: SURW needs the fewest schedules for most programs
// there, and no other strategy comes close where it does; the rest find what is rare for it.
var _ = Register(&Strategy{
	Name:  "mix",
	About: "another strategy for each seed, with no, few or many preemptions",
	Parameters: []Parameter{
		{"gap", "mean number of points between two preemptions, for the seeds of a random walk"},
		{"depth", "number of changes of priorities, for the seeds of pct"},
		{"length", "expected number of points at which more than one task is ready, for the seeds of pct"},
	},
	Profiled: true,
	Dense:    true,
	New:      newMix,
})

// shares are the strategies of the mix, each as often as it is chosen.
var shares = [...]string{"surw", "surw", "surw", "surw", "pos", "pos", "urw", "urw", "pct", "pct", "random", "random"}

// mixGaps are the mean gaps of random walks. In the last one a task is hardly ever preempted.
var mixGaps = [...]uint64{1, 1, 3, 10, 100, 1 << 20}

func newMix(c Config) Picker {
	r := NewRand(c.Seed, Label("mix"))
	s := Find(shares[r.Below(uint64(len(shares)))])
	if c.Gap <= 1 {
		c.Gap = mixGaps[r.Below(uint64(len(mixGaps)))]
	}
	return s.New(c)
}
