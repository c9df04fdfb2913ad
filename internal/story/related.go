package story

import (
	"slices"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
)

// unrelated returns the tasks that share nothing with the failure: neither a lock, a condition nor a channel, directly
// or through other tasks, with a task that failed, is stuck, or was preempted. Wait groups do not count, because a test
// waits for all of its goroutines with one. Shared memory is not seen. Therefore, if none of the tasks that ran while
// one was preempted shares something with the failure in that sense, all of them are taken to do so.
//
// That is known only if the run has a record of all that the tasks did; otherwise unrelated returns nil.
func (s *Story) unrelated(turns []turn) map[uint32]bool {
	if !s.detailed() {
		return nil
	}
	groups := s.sharing()
	roots := map[uint32]bool{}
	for g := range s.involved(turns) { // lint: order does not matter because a set is built
		if int(g) < len(s.list) && g != 0 {
			roots[groups.root(g)] = true
		}
	}
	if g := s.next(turns, func(g uint32) bool { return roots[groups.root(g)] }); g != 0 {
		roots[groups.root(g)] = true
	}
	for _, list := range s.meantime(turns) {
		if !slices.ContainsFunc(list, func(g uint32) bool { return roots[groups.root(g)] }) {
			for _, g := range list {
				roots[groups.root(g)] = true
			}
		}
	}
	apart := map[uint32]bool{}
	for g := 1; g < len(s.list); g++ {
		if !roots[groups.root(uint32(g))] {
			apart[uint32(g)] = true
		}
	}
	if !slices.ContainsFunc(turns, func(t turn) bool { return !apart[t.g] }) {
		return nil
	}
	return apart
}

// sharing returns the sets of tasks that share an object.
func (s *Story) sharing() groups {
	groups := newGroups(len(s.list))
	users := map[tracefile.Object]uint32{}
	for _, m := range s.moments {
		if m.g == 0 || barrier(m.object) {
			continue
		}
		if m.object.Name != "" {
			if first := users[m.object]; first != 0 {
				groups.join(first, m.g)
			}
			users[m.object] = m.g
		}
		if m.by != 0 && m.kind == blocks {
			groups.join(m.by, m.g)
		}
	}
	return groups
}

// barrier reports whether tasks that have nothing else to do with each other meet at an object, such as a wait group.
func barrier(o tracefile.Object) bool {
	return o.Kind == "wait group" || o.Kind == "task" || o.Kind == "region"
}

// meantime returns, for each preemption, the tasks that ran before the preempted one ran again.
func (s *Story) meantime(turns []turn) (all [][]uint32) {
	for i, t := range turns {
		if t.stop.kind != preempts {
			continue
		}
		var list []uint32
		for _, u := range turns[i+1:] {
			if u.g == t.g {
				break
			}
			if int(u.g) < len(s.list) && !slices.Contains(list, u.g) {
				list = append(list, u.g)
			}
		}
		all = append(all, list)
	}
	return all
}

// next returns the task that was chosen behind the turn that decided the run if that choice decided: the turn ended
// there, because its task waits or although its task does not count, and no preempted task stands anywhere. Otherwise
// it returns 0.
func (s *Story) next(turns []turn, counts func(g uint32) bool) uint32 {
	for i, t := range turns {
		if t.decision > s.Turning || i+1 == len(turns) || turns[i+1].decision <= s.Turning ||
			s.decidedWithin(turns, i) {
			continue
		}
		g := turns[i+1].g
		stands := turns[preemptedBefore(turns, i, nil)].stop.kind == preempts
		if int(g) < len(s.list) && !stands && (t.stop.kind == blocks || !counts(t.g)) {
			return g
		}
	}
	return 0
}

// involved returns the tasks that failed, are stuck, or were preempted, and those in whose turns a fault was injected.
// A task that sleeps at the end counts as well: what it would have done next is not known.
func (s *Story) involved(turns []turn) map[uint32]bool {
	involved := map[uint32]bool{s.by: true}
	for _, w := range s.left {
		involved[w.ID] = involved[w.ID] || w.Leaked()
	}
	for _, m := range s.moments {
		if m.kind == fails || m.kind == ends && !s.ordinary && broken(m) {
			involved[m.g] = true
		}
	}
	last := map[uint32]moment{}
	for _, t := range turns {
		last[t.g] = t.stop
		if t.stop.kind == preempts {
			involved[t.g] = true
		}
		if slices.ContainsFunc(t.acts, func(m moment) bool { return m.fault }) {
			involved[t.g] = true
		}
	}
	for g, stop := range last { // lint: order does not matter because a set is built
		if stop.kind == blocks && strings.EqualFold(stop.reason, "sleep") {
			involved[g] = true
		}
	}
	return involved
}

// broken reports whether a task ended with an error or a panic.
func broken(m moment) bool {
	return m.reason == outcomes[event.OutcomeErr] || m.reason == outcomes[event.OutcomePanicked]
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
