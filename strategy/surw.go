package strategy

// surw is the selectively uniform random walk (Zhao, Wolff, Mathur and Roychoudhury, "Selectively Uniform Concurrency
// Testing", ASPLOS 2025). It needs the counts of an earlier run, without which it works by priorities alone.
//
//  1. An object is chosen for the run, among those that at least half of the tasks use, not all only read, and some use
//     while another task is ready, with a probability proportional to the number of operations on it and to the number
//     of tasks that are rivals for it, see [Profile.step]. Only those operations count.
//  2. Steps are ordered by random priorities. A task that makes a step that does not count gets a new one.
//  3. When a task is about to make an operation that counts, the task that makes the next one is drawn, in proportion
//     to the operations that each ready task has to come, as in a uniform random walk: [walk]. When that task creates
//     another one before, the draw is made again between the two.
//  4. A task that is about to make an operation that counts out of turn is held back. If only such tasks are ready, the
//     turn is drawn again, among them. So it is when the others have made [fairStreak] steps, since they may poll for
//     something that a task does that is held back.
//
// The program of the authors decides what the paper leaves open: the moment of the draw, that an operation that counts
// leaves the priority as it is, and that an operation beyond those of the counted run has a chance. That the number of
// tasks matters in step 1 is ours: see RATIONALE.md.
type surw struct {
	walk
	priorities
	object uint64
	turn   int32 // slot of the task whose operation comes next; 0 if it has to be drawn
	since  int   // picks since the last operation that counts
}

var _ = Register(&Strategy{
	Name:     "surw",
	About:    "all orders of the operations on one object evenly, another object in each run (SURW)",
	Profiled: true,
	Dense:    true,
	New: func(c Config) Picker {
		s := strategyState[surw]()
		s.priorities.rand = NewRand(c.Seed, Label("surw"))
		if c.Profile != nil && c.Profile.valid() {
			s.object = c.Profile.draw(&s.priorities.rand)
		}
		s.walk = newWalk(c, s.object)
		return s
	},
})

// draw chooses an object whose operations can be in different orders, 0 if there is none.
func (p *Profile) draw(r *Rand) uint64 {
	sum := uint64(0)
	for i := range p.used {
		sum += p.interest(&p.rows[i])
	}
	if sum == 0 {
		return 0
	}
	x := r.Below(sum)
	for i := range p.used {
		if n := p.interest(&p.rows[i]); x >= n {
			x -= n
			continue
		}
		return p.rows[i].object
	}
	return 0
}

// interest returns the weight of a row in the choice of an object. A channel by which one task waits for another has
// less than an object that all tasks use.
func (p *Profile) interest(r *count) uint64 {
	if r.task != 0 || r.others == 0 || !r.contested || uint64(r.tasks) < max(2, p.Tasks/2) {
		return 0
	}
	return r.total() * uint64(max(r.rivals, 1))
}

// Gap implements [Picker].
func (s *surw) Gap() uint64 { return 1 }

// Pick implements [Picker].
func (s *surw) Pick(d *Decision) int {
	s.look(d)
	s.since++
	best := s.next(d)
	if best < 0 || s.since > fairStreak {
		s.since = 0
		s.drawTurn(d, true)
		best = max(s.free(d), 0)
	}
	if s.tired(d.Ready.At(best)) {
		s.redraw(d)
		best = max(s.free(d), 0)
	}
	return best
}

// next returns the index of the task with the highest priority of those that are not held back, -1 if all are. It draws
// the turn if that task is about to make an operation that counts and the turn has not been drawn.
func (s *surw) next(d *Decision) int {
	if s.turn == 0 {
		if best := s.first(d); !s.counts(d.Ready.At(best)) {
			return best
		}
		s.drawTurn(d, false)
	}
	return s.free(d)
}

// look meets the tasks that are new.
func (s *surw) look(d *Decision) {
	for i := range d.N {
		t := d.Ready.At(i)
		if parent := s.meet(t); parent != 0 && parent == s.turn {
			if child := s.weight(t); s.walk.rand.Below(max(child+s.rest[parent], 1)) < child {
				s.turn = t.slot
			}
		}
	}
}

// counts reports whether the next operation of a task counts.
func (s *surw) counts(t *Task) bool { return s.object != 0 && t.Next.Object == s.object }

// drawTurn draws the turn among the ready tasks: among those that are about to make an operation that counts, or all.
func (s *surw) drawTurn(d *Decision, held bool) {
	sum := uint64(0)
	for i := range d.N {
		sum += s.chance(d.Ready.At(i), held)
	}
	if s.turn = 0; sum == 0 {
		return
	}
	x := s.walk.rand.Below(sum)
	for i := range d.N {
		t := d.Ready.At(i)
		if n := s.chance(t, held); x >= n {
			x -= n
			continue
		}
		s.turn = t.slot
		return
	}
}

// chance returns the weight of a task in drawTurn. A task that is about to make an operation that counts has a chance
// even if it made fewer of them in the counted run.
func (s *surw) chance(t *Task, held bool) uint64 {
	switch {
	case s.counts(t):
		return max(s.weight(t), 1)
	case held:
		return 0
	}
	return s.weight(t)
}

// free returns the index of the task with the highest priority of those that are not held back, -1 if all are.
func (s *surw) free(d *Decision) int {
	best, highest := -1, uint64(0)
	for i := range d.N {
		t := d.Ready.At(i)
		if s.counts(t) && t.slot != s.turn {
			continue
		}
		if x := s.of(t); x > highest {
			best, highest = i, x
		}
	}
	return best
}

// Step implements [Stepper].
func (s *surw) Step(t *Task) {
	s.meet(t)
	if !s.counts(t) {
		t.priority = 0
		return
	}
	s.took(t)
	s.turn, s.since = 0, 0
}
