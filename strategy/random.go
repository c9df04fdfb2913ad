package strategy

// random is a random walk: it preempts at random points and picks any ready task.
type random struct {
	picks, gaps Rand
	mean        uint64 // of the gaps
}

var _ = Register(&Strategy{
	Name:       "random",
	About:      "any ready task, and preemptions at random points",
	Parameters: []Parameter{{"gap", "mean number of points between two preemptions"}},
	New: func(c Config) Picker {
		return &random{newPicks(c.Seed), newGaps(c.Seed), c.Gap}
	},
})

// Gap implements [Picker]. The gaps are uniform in 1..2*mean-1.
func (r *random) Gap() uint64 {
	if r.mean <= 1 {
		return 1
	}
	return 1 + r.gaps.Below(2*r.mean-1)
}

// Pick implements [Picker]. A task that a gap has preempted does not go on at once; if every point is a decision, it is one of
// the alternatives.
func (r *random) Pick(d *Decision) int {
	if d.Reason != Preempted || r.mean <= 1 {
		return int(r.picks.Below(uint64(d.N)))
	}
	i := int(r.picks.Below(uint64(d.N - 1)))
	if i >= d.Running {
		i++
	}
	return i
}
