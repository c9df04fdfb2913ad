package traceview

import (
	"cmp"
	"slices"
)

// finish ends what is open, cuts the model to the turns to be kept, and leaves out the lanes without a part in them.
func (r *reader) finish() {
	m := r.m
	for _, t := range r.list {
		r.enter(t, t.state, m.Total)
	}
	from := len(m.Turns) + m.First - r.o.Turns
	if r.focused >= 0 {
		from = min(from, max(r.focused-r.o.Turns/2, 0))
	}
	r.drop(from)
	m.Turns = m.Turns[:min(len(m.Turns), r.o.Turns)]
	r.cut(m.First + len(m.Turns))
	m.markCause()
	r.lanes()
}

// cut forgets what is behind the last turn that is kept.
func (r *reader) cut(end int) {
	m := r.m
	m.Waits = slices.DeleteFunc(m.Waits, func(w Wait) bool { return w.From >= end })
	m.Arrows = slices.DeleteFunc(m.Arrows, func(a Arrow) bool { return a.At >= end })
	m.Marks = slices.DeleteFunc(m.Marks, func(a Mark) bool { return a.Turn >= end })
}

// lanes keeps the tasks that have a part in the turns kept, by region and in the order in which they started, and
// numbers them again.
func (r *reader) lanes() {
	m := r.m
	used := map[int]bool{}
	for _, t := range m.Turns {
		used[t.Lane] = true
	}
	for _, a := range m.Arrows {
		used[a.From], used[a.To] = true, true
	}
	for _, a := range m.Marks {
		used[a.Lane] = true
	}
	rank := map[string]int{}
	var kept []*task
	for _, t := range r.list {
		if !used[t.number] {
			m.Hidden++
			continue
		}
		if _, ok := rank[t.Group]; !ok {
			rank[t.Group] = len(rank)
		}
		kept = append(kept, t)
	}
	slices.SortStableFunc(kept, func(a, b *task) int {
		if m.Ordinary { // below the goroutine that started it
			return slices.Compare(a.path, b.path)
		}
		return cmp.Compare(rank[a.Group], rank[b.Group])
	})
	number := map[int]int{}
	for i, t := range kept {
		m.Lanes = append(m.Lanes, t.Lane)
		number[t.number] = i
	}
	m.renumber(func(old int) int {
		if n, ok := number[old]; ok {
			return n
		}
		return -1
	})
}

// renumber replaces the numbers of lanes; the new number is -1 for a lane that is left out.
func (m *Model) renumber(number func(int) int) {
	for i := range m.Turns {
		m.Turns[i].Lane = number(m.Turns[i].Lane)
	}
	for i := range m.Arrows {
		a := &m.Arrows[i]
		a.From, a.To = number(a.From), number(a.To)
	}
	for i := range m.Marks {
		m.Marks[i].Lane = number(m.Marks[i].Lane)
	}
	m.Waits = slices.DeleteFunc(m.Waits, func(w Wait) bool { return number(w.Lane) < 0 })
	for i := range m.Waits {
		w := &m.Waits[i]
		w.Lane = number(w.Lane)
		for j, h := range w.Holders {
			w.Holders[j] = number(h)
		}
		w.Holders = slices.DeleteFunc(w.Holders, func(h int) bool { return h < 0 })
	}
}
