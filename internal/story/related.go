package story

import "slices"

// unrelated returns the tasks that share nothing with the failure: neither a lock, a condition nor a channel, directly
// or through other tasks, with a task that failed, is stuck, or was preempted, or whose turn followed a preemption.
// Wait groups do not count, because a test waits for all of its goroutines with one. Shared memory is not seen; this
// is why tasks around preemptions count.
//
// That is known only of an ordinary run with a record of all that the goroutines did; otherwise unrelated returns nil.
func (s *Story) unrelated(steps []step) map[uint32]bool {
	detailed := func(m moment) bool { return m.kind == happens && m.object.Name != "" }
	if !s.ordinary || !slices.ContainsFunc(s.moments, detailed) {
		return nil
	}
	groups := newGroups(len(s.list))
	users := map[string]uint32{}
	for _, m := range s.moments {
		if m.object.Name != "" && m.object.Kind != "wait group" && m.g != 0 {
			if first := users[m.object.Name]; first != 0 {
				groups.join(first, m.g)
			}
			users[m.object.Name] = m.g
		}
		if m.by != 0 && m.kind == blocks {
			groups.join(m.by, m.g)
		}
	}
	involved := map[uint32]bool{s.by: true}
	for _, w := range s.left {
		involved[w.ID] = involved[w.ID] || w.Leaked()
	}
	for _, m := range s.moments {
		if m.kind == fails {
			involved[m.g] = true
		}
	}
	for i, t := range steps {
		if t.marked && t.g != 0 {
			involved[t.g] = true
			if i+1 < len(steps) {
				involved[steps[i+1].g] = true
			}
		}
	}
	roots := map[uint32]bool{}
	for g := range involved { // lint: order does not matter because a set is built
		if int(g) < len(s.list) && g != 0 {
			roots[groups.root(g)] = true
		}
	}
	apart := map[uint32]bool{}
	for g := 1; g < len(s.list); g++ {
		if !roots[groups.root(uint32(g))] {
			apart[uint32(g)] = true
		}
	}
	if !slices.ContainsFunc(steps, func(t step) bool { return t.g != 0 && !apart[t.g] }) {
		return nil
	}
	return apart
}

// groups are sets of tasks that share something.
type groups []uint32

func newGroups(n int) groups {
	list := make(groups, n)
	for i := range list {
		list[i] = uint32(i)
	}
	return list
}

func (l groups) root(g uint32) uint32 {
	for l[g] != g {
		l[g] = l[l[g]]
		g = l[g]
	}
	return g
}

func (l groups) join(a, b uint32) {
	if int(a) < len(l) && int(b) < len(l) {
		l[l.root(a)] = l.root(b)
	}
}
