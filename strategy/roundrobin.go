package strategy

// roundRobin lets the tasks take turns of equal length, in the order in which they became ready.
type roundRobin struct{ quantum uint64 }

var _ = Register(&Strategy{
	Name:       "round-robin",
	About:      "all ready tasks in turn, and nothing at random",
	Parameters: []Parameter{{"gap", "number of points in a turn"}},
	Tame:       true,
	New: func(c Config) Picker {
		r := strategyState[roundRobin]()
		r.quantum = max(c.Gap, 1)
		return r
	},
})

// Gap implements [Picker].
func (r *roundRobin) Gap() uint64 { return r.quantum }

// Pick implements [Picker].
func (r *roundRobin) Pick(*Decision) int { return 0 }
