package strategy

// pct runs the ready task with the highest priority (Burckhardt, Kothari, Musuvathi and Nagarakatte, "A Randomized
// Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010).
//
//  1. A task gets its first priority at random when it is first seen.
//  2. Depth times in a run, at points that are uniform over the expected length, the running task is lowered: it gets
//     one of Depth ranks below all first priorities, each rank once, in random order.
//  3. The paper stops here. Because a task that polls would starve the others for ever, a task that yields sinks
//     below all others, and so does, after the last change, the running task at every fairGap-th point.
type pct struct {
	seed        uint64 // of the first priorities
	picks, gaps Rand
	left        uint64 // changes to come
	ranks       uint64 // bit i is set while rank i is free; as many as left
	length      uint64 // points over which the changes to come are spread
	gap         uint64 // the last that was drawn
	sunk        uint64 // the next priority of a task that sinks
}

const (
	firstPriority   = 1 << 63 // and above: first priorities
	loweredPriority = 1 << 62 // and above: ranks
	fairGap         = 1 << 14
)

var _ = Register(&Strategy{
	Name:  "pct",
	About: "by random priorities, with a few changes (PCT)",
	Parameters: []Parameter{
		{"depth", "number of changes of priorities"},
		{"length", "expected number of points at which more than one task is ready"},
	},
	New: newPCT,
})

func newPCT(c Config) Picker {
	c.fill()
	p := strategyState[pct]()
	*p = pct{
		seed: c.Seed, picks: newPicks(c.Seed), gaps: newGaps(c.Seed),
		left: c.Depth, ranks: 1<<c.Depth - 1, length: c.Length, sunk: loweredPriority - 1,
	}
	return p
}

// Gap implements [Picker]. The next change is the first of those to come, each of which may be at any point that is
// left.
func (p *pct) Gap() uint64 {
	if p.left == 0 {
		return fairGap
	}
	p.gap = p.length
	for range p.left {
		p.gap = min(p.gap, 1+p.gaps.Below(p.length))
	}
	return p.gap
}

// Pick implements [Picker].
func (p *pct) Pick(d *Decision) int {
	switch d.Why {
	case Preempted:
		p.lower(d.Ready.At(d.Running))
	case Yielded:
		p.sink(d.Ready.At(d.Running))
	}
	best, highest := 0, uint64(0)
	for i := range d.N {
		if x := p.priority(d.Ready.At(i)); x > highest {
			best, highest = i, x
		}
	}
	return best
}

// priority returns the priority of t.
func (p *pct) priority(t *Task) uint64 {
	if t.priority == 0 {
		x := p.seed ^ uint64(t.Number)*0x9e3779b97f4a7c15
		t.priority = firstPriority | splitMix(&x)
	}
	return t.priority
}

// lower makes a change: the running task t gets one of the free ranks.
func (p *pct) lower(t *Task) {
	if p.left == 0 {
		p.sink(t)
		return
	}
	p.length = max(p.length, p.gap+1) - p.gap
	rank := p.free(p.picks.Below(p.left))
	p.ranks &^= 1 << rank
	p.left--
	t.priority = loweredPriority + rank
}

// free returns the i-th free rank.
func (p *pct) free(i uint64) uint64 {
	ranks := p.ranks
	for range i {
		ranks &= ranks - 1
	}
	rank := uint64(0)
	for ranks>>rank&1 == 0 {
		rank++
	}
	return rank
}

// sink puts t below all other tasks.
func (p *pct) sink(t *Task) {
	t.priority = p.sunk
	p.sunk--
}
