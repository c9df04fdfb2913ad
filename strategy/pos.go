package strategy

// pos is partial order sampling (Yuan, Yang and Gu, "Partial Order Aware Concurrency Sampling", CAV 2018).
//
//  1. Each ready task has a random priority, and the task with the highest one goes on.
//  2. It then gets a new priority, and so does every task whose next operation conflicts with the operation that the
//     task makes: the order of those two operations says nothing about the order of the next two.
//  3. A task that was picked [fairStreak] times in a row loses its luck: all priorities are drawn again, so that a task
//     that polls does not keep the others waiting.
type pos struct{ priorities }

var _ = Register(&Strategy{
	Name:  "pos",
	About: "by random priorities that change with every conflict (partial order sampling)",
	Dense: true,
	New: func(c Config) Picker {
		p := strategyState[pos]()
		p.rand = newPicks(c.Seed)
		return p
	},
})

// Gap implements [Picker].
func (p *pos) Gap() uint64 { return 1 }

// Pick implements [Picker].
func (p *pos) Pick(d *Decision) int {
	best := p.highest(d)
	p.renew(d, best)
	return best
}

// renew has new priorities drawn for the picked task, and for those whose next operations conflict with its own.
func (p *pos) renew(d *Decision, best int) {
	picked := d.Ready.At(best)
	for i := range d.N {
		if t := d.Ready.At(i); picked.Next.conflicts(t.Next) {
			t.priority = 0
		}
	}
	picked.priority = 0
}

// fairStreak is how often in a row a task may be picked. It is the number that the authors of SURW use for all
// strategies in their measurements.
const fairStreak = 1000

// priorities are random priorities of tasks. A task whose priority is 0 gets a new one when it is looked at.
type priorities struct {
	rand   Rand
	last   uint32 // Number of the task that was picked last
	streak int    // how often in a row
}

// highest returns the index of the ready task with the highest priority.
func (p *priorities) highest(d *Decision) int {
	best := p.first(d)
	if p.tired(d.Ready.At(best)) {
		p.redraw(d)
		best = p.first(d)
	}
	return best
}

// first is highest without fairness.
func (p *priorities) first(d *Decision) int {
	best, highest := 0, uint64(0)
	for i := range d.N {
		if x := p.of(d.Ready.At(i)); x > highest {
			best, highest = i, x
		}
	}
	return best
}

// tired counts that a task is picked, and reports whether that is once too often in a row.
func (p *priorities) tired(t *Task) bool {
	if t.Number != p.last {
		p.last, p.streak = t.Number, 0
	}
	p.streak++
	return p.streak >= fairStreak
}

// redraw gives new priorities to all ready tasks.
func (p *priorities) redraw(d *Decision) {
	p.streak = 0
	for i := range d.N {
		d.Ready.At(i).priority = 0
	}
}

// of returns the priority of a task.
func (p *priorities) of(t *Task) uint64 {
	if t.priority == 0 {
		t.priority = p.rand.Uint64() | 1
	}
	return t.priority
}
