package strategy

const (
	maxMean = 1 << 30 // bounds the mean of gaps that become longer

	// slice bounds a gap, so that a task that polls the clock does not starve the others until its time is over. It is a
	// few milliseconds of the virtual time of an ordinary run, as the time slice of an operating system is.
	slice = 1 << 17
)

// random is a random walk: it preempts at random points and picks any ready task.
type random struct {
	picks, gaps Rand
	mean        uint64 // of the gaps
	thin        uint64 // gaps after which the mean doubles, 0 for never
	drawn       uint64 // gaps since it has doubled
}

var _ = Register(&Strategy{
	Name:  "random",
	About: "any ready task, and preemptions at random points",
	Parameters: []Parameter{
		{"gap", "mean number of points between two preemptions"}, {"thin", "number of gaps after which their mean doubles"},
	},
	New: func(c Config) Picker {
		r := strategyState[random]()
		*r = random{picks: newPicks(c.Seed), gaps: newGaps(c.Seed), mean: c.Gap, thin: c.Thin}
		return r
	},
})

// Gap implements [Picker]. The gaps are uniform in 1..2*mean-1, and at most slice.
func (r *random) Gap() uint64 {
	if r.mean <= 1 {
		return 1
	}
	if r.drawn++; r.drawn > r.thin && r.thin > 0 {
		r.drawn = 1
		r.mean = min(2*r.mean, maxMean)
	}
	return min(1+r.gaps.Below(2*r.mean-1), slice)
}

// Pick implements [Picker]. A task that a gap has preempted does not go on at once; if every point is a decision, it
// is one of the alternatives.
func (r *random) Pick(d *Decision) int {
	if d.Why != Preempted || r.mean <= 1 {
		return int(r.picks.Below(uint64(d.N)))
	}
	i := int(r.picks.Below(uint64(d.N - 1)))
	if i >= d.Running {
		i++
	}
	return i
}
