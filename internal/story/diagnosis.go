package story

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/tracefile"
)

// diagnosis is the kind of a bug, in words, and the places in the program that are its cause.
type diagnosis struct {
	kind, text string // "" if no kind is certain
	lines      []string
}

// The kinds of bugs, which are named where they are certain:
//
//   - double lock: a task waits for a lock that it holds itself, perhaps behind another that waits for it;
//   - order of locks: tasks wait for each other in a circle, each for a lock that the next one holds;
//   - missing unlock: a task waits for a lock of one that has ended;
//   - lost wake-up: see lostWakeUp;
//   - wait without add: a test has passed a wait for a wait group that nothing had been added to;
//   - use after close: the task sends on a channel that another one has closed meanwhile, or closes it;
//   - check-then-act: see checkThenAct.

// diagnose names the kind of a bug by what happened around the turn that decided the run.
func (s *Story) diagnose(turns []turn, p pair) diagnosis {
	if d := s.lostWakeUp(turns); d.kind != "" {
		return d
	}
	if d := s.waitWithoutAdd(turns); d.kind != "" {
		return d
	}
	if p.next >= len(turns) {
		return diagnosis{}
	}
	if d := s.usedAfterClose(turns, p.at, p.next); d.kind != "" {
		return d
	}
	return s.checkThenAct(turns[p.at:], turns[p.at].g)
}

// atEnd names the kind of a bug by what tasks wait for at the end.
func (s *Story) atEnd() diagnosis {
	locked, circle := s.lockedAtEnd(), cast.WaitCycle(s.left)
	for _, g := range circle {
		w := s.waitOf(g)
		if place := locked[lockOf{w.Object, g}]; place != "" || len(circle) == 1 {
			return s.doubleLock(w, place)
		}
	}
	if len(circle) > 0 {
		return diagnosis{"order of locks", s.who.Cycle(circle), s.waitPlaces(circle)}
	}
	for _, w := range s.left {
		place := locked[lockOf{w.Object, w.Holder}]
		if place != "" && !slices.ContainsFunc(s.left, func(v cast.Waiting) bool { return v.ID == w.Holder }) {
			return diagnosis{"missing unlock", fmt.Sprintf("%s took %s at %s and has ended without unlocking it; %s waits for it",
				s.who.Title(w.Holder), w.Object, cast.Spot(place), s.who.Path(w.ID)), []string{place}}
		}
	}
	return diagnosis{}
}

// waitOf returns what a task waits for at the end.
func (s *Story) waitOf(g uint32) cast.Waiting {
	return s.left[slices.IndexFunc(s.left, func(w cast.Waiting) bool { return w.ID == g })]
}

// waitPlaces returns the places at which tasks wait at the end.
func (s *Story) waitPlaces(ids []uint32) (places []string) {
	for _, w := range s.left {
		if slices.Contains(ids, w.ID) {
			places = append(places, w.Where)
		}
	}
	return places
}

// doubleLock describes a task that waits for a lock that it holds itself, since a place that is "" if it is not known.
func (s *Story) doubleLock(w cast.Waiting, place string) diagnosis {
	d := diagnosis{"double lock", s.who.Path(w.ID) + " waits for a lock that it holds itself", []string{w.Where}}
	if place != "" {
		d.text += fmt.Sprintf(": it took %s at %s and takes it again at %s", w.Object, cast.Spot(place), cast.Spot(w.Where))
		d.lines = append(d.lines, place)
	}
	if w.Holder != w.ID {
		d.text += fmt.Sprintf(", behind %s, which waits to take it at %s", s.who.Path(w.Holder),
			cast.Spot(s.waitOf(w.Holder).Where))
	}
	return d
}

// waitWithoutAdd describes a wait for a wait group in a failed test, before which nothing was added to any wait group,
// although the goroutine had started others.
func (s *Story) waitWithoutAdd(turns []turn) (d diagnosis) {
	if s.ended != "failed" {
		return d
	}
	started := map[uint32]bool{}
	for _, t := range turns {
		for _, m := range t.acts {
			switch {
			case m.kind == spawns && s.inTest(m.by):
				started[m.by] = true
			case m.operates("adds to", "wait group"):
				return d
			case m.operates("waits for", "wait group") && started[t.g]:
				return diagnosis{"wait without add", fmt.Sprintf("%s did not wait at %s, since nothing had been added to the "+
					"wait group before; goroutines that add to it themselves may start too late", s.who.Path(t.g),
					cast.Spot(m.place)), []string{m.place}}
			}
		}
	}
	return d
}

// usedAfterClose describes a send on a channel, or a second close, that panics because another task closed the channel
// while the task of turns[at] stood.
func (s *Story) usedAfterClose(turns []turn, at, next int) (d diagnosis) {
	g := turns[at].g
	for _, verb := range []string{"sends on", "closes"} {
		use, found := firstDeed(turns[next:], verb, func(m moment) bool { return m.g == g })
		if !found || s.ended != "panicked" || s.by != g {
			continue
		}
		closes := func(m moment) bool { return m.g != g && m.object == use.object }
		if closed, found := firstDeed(turns[at+1:next], "closes", closes); found {
			return diagnosis{"use after close", fmt.Sprintf("%s %s %s, which %s closed at %s in the meantime",
				s.who.Path(g), verb, use.object, s.who.Path(closed.g), cast.ShortSite(closed.place)),
				[]string{use.place, closed.place}}
		}
	}
	return d
}

// access is what a task does to a lock or to an atomic.
type access struct {
	moment
	checks, acts bool // it is the end of the first part of a check-then-act, or the start of the second
	changes      bool // it could change what was checked
}

// accessOf returns what a moment means for a check-then-act. A task checks under a lock and acts under it, too, when it
// has taken the lock again; or it loads an atomic and stores to it later.
func accessOf(m moment) access {
	stores := m.does("stores") || m.does("adds to") || m.does("swaps")
	return access{
		moment: m,
		checks: m.does("unlocks") || m.does("loads"),
		acts:   m.does("locks") || m.object.Kind == "atomic" && stores,
		changes: m.does("locks") && !m.does("locks for reading") ||
			m.object.Kind == "atomic" && (stores || m.does("compares and swaps")),
	}
}

// stale is a check-then-act: what a task checked, what another one changed since, and what the first one did then.
type stale struct{ check, change, act moment }

// places returns the three places.
func (f stale) places() [3]string { return [3]string{f.check.place, f.change.place, f.act.place} }

// checkThenAct describes what a task has checked, under a lock that it gave back or by loading an atomic, and acted
// upon in its next operation, if another task could change it in between. Such rows of operations are frequent, and
// most of them are harmless. One is named if both hold:
//
//   - the check and the act are parts of one call in the code that is tested, see oneCall;
//   - no such row, by its places, occurs in any of the runs that pass because a deviation is left out, see Passing, and
//     there is such a run.
func (s *Story) checkThenAct(turns []turn, g uint32) (d diagnosis) {
	if len(s.Passing) == 0 {
		return d
	}
	harmless := map[[3]string]bool{}
	for _, p := range s.Passing {
		all := p.turns()
		for g := range p.list {
			for _, f := range p.staleActs(all, uint32(g)) {
				harmless[f.places()] = true
			}
		}
	}
	for _, f := range s.staleActs(turns, g) {
		if harmless[f.places()] || !oneCall(f.check, f.act) {
			continue
		}
		return diagnosis{"check-then-act", s.staleText(f), []string{f.check.place, f.change.place, f.act.place}}
	}
	return d
}

// staleActs returns the rows of a check by a task, a change by another one, and an act of the first that follows its
// check. A lock that is taken again at the line at which it was taken before, as in a loop, is a new check and no act.
func (s *Story) staleActs(turns []turn, g uint32) (list []stale) {
	var f stale
	var changes []moment // since the check
	locked := map[tracefile.Object]string{}
	for _, t := range turns {
		for _, m := range t.acts {
			a := accessOf(m)
			switch {
			case m.kind != happens || t.g != g && (!a.changes || m.object != f.check.object):
			case t.g != g:
				changes = append(changes, m)
			default:
				if f.act = m; a.acts && f.check.kind != 0 && len(changes) > 0 && m.object == f.check.object &&
					m.place != locked[m.object] {
					f.change = likest(changes, m)
					list = append(list, f)
				}
				if f, changes = (stale{}), nil; a.checks {
					f.check = m
				}
			}
			if t.g == g && m.does("locks") {
				locked[m.object] = m.place
			}
		}
	}
	return list
}

// likest returns the change that an act repeats, the first at the same place, because another one may be a mere look
// under the lock. If there is none it returns the last change.
func likest(changes []moment, act moment) moment {
	for _, m := range changes {
		if m.place == act.place {
			return m
		}
	}
	return changes[len(changes)-1]
}

// oneCall reports whether two operations of a task happened in one call of a function: both have a frame of that
// function, and the same callers. A function in a test counts only if the operations are in tests themselves, because a
// test that calls two functions one after the other does not expect that nothing happens between them.
func oneCall(x, y moment) bool {
	a, b := append([]string{x.place}, x.stack...), append([]string{y.place}, y.stack...)
	for i, frame := range a {
		line, fn := cast.SplitPlace(frame)
		if strings.Contains(line, "_test.go:") && !strings.Contains(x.place, "_test.go:") {
			return false
		}
		for j, other := range b {
			if _, fn2 := cast.SplitPlace(other); fn2 == fn && slices.Equal(a[i+1:], b[j+1:]) {
				return true
			}
		}
	}
	return false
}

// staleText describes a check that no longer held when it was acted upon.
func (s *Story) staleText(f stale) string {
	check, change, act := cast.ShortSite(f.check.place), cast.ShortSite(f.change.place), cast.ShortSite(f.act.place)
	if f.check.object.Kind == "atomic" {
		return fmt.Sprintf("what %s loaded at %s no longer held at %s, since %s changed %s at %s meanwhile",
			s.who.Path(f.check.g), check, act, s.who.Path(f.change.g), f.check.object, change)
	}
	return fmt.Sprintf("what %s saw before it unlocked %s at %s need not hold when it locked it again at %s, since %s "+
		"locked it at %s meanwhile", s.who.Path(f.check.g), f.check.object, check, act, s.who.Path(f.change.g), change)
}

// lostWakeUp describes a signal that woke no task, if a task waits for the condition at the end: the last such signal.
// If there are runs that pass because a deviation is left out, see Passing, it must not be as frequent in any of them.
func (s *Story) lostWakeUp(turns []turn) (d diagnosis) {
	waiting := slices.IndexFunc(s.left, func(w cast.Waiting) bool {
		return w.Reason == "sync.Cond.Wait" || strings.HasPrefix(w.Reason, "Cond.Wait ")
	})
	if waiting < 0 {
		return d
	}
	w := s.left[waiting]
	lost := s.lostSignals(turns)
	for at, m := range slices.Backward(lost) {
		if (m.object.Name != "" || !s.ordinary) && w.Object != "" && w.Object != m.object.Name {
			continue
		}
		n := countPlace(lost, m.place)
		if slices.ContainsFunc(s.Passing, func(p *Story) bool { return countPlace(p.lostSignals(p.turns()), m.place) >= n }) {
			continue
		}
		return diagnosis{"lost wake-up", fmt.Sprintf("in turn %d %s %s without a waiter; %s waits for it",
			lost[at].ready, s.who.Path(m.g), strings.TrimSpace(m.reason+" "+bracketed(m.place)), s.who.Path(w.ID)),
			[]string{m.place, w.Where}}
	}
	return d
}

// lostSignals returns the signals that woke no task, each with the number of its turn in place of its ready tasks.
func (s *Story) lostSignals(turns []turn) (list []moment) {
	for _, t := range turns {
		for i, m := range t.acts {
			if s.signals(m) && !(i+1 < len(t.acts) && t.acts[i+1].kind == wakes) {
				m.ready = t.decision
				list = append(list, m)
			}
		}
	}
	return list
}

// countPlace counts the moments at a place.
func countPlace(list []moment, place string) (n int) {
	for _, m := range list {
		if m.place == place {
			n++
		}
	}
	return n
}

// signals reports whether a moment is a signal or a broadcast of a condition. Broadcasts of simulated runs do not
// count, because an event does not say which tasks several wake-ups at once are for.
func (s *Story) signals(m moment) bool {
	return m.operates("signals", "cond") || s.ordinary && m.operates("broadcasts to", "cond")
}

// operates reports whether a moment is an operation on an object of a kind. Recordings of ordinary runs did not always
// tell one wait group or condition from another, and said "signals a cond".
func (m moment) operates(operation, kind string) bool {
	return m.kind == happens && (m.object.Kind == kind && strings.HasPrefix(m.reason, operation+" ") ||
		strings.HasPrefix(m.reason, operation+" a "+kind))
}

// does reports whether a moment is an operation with a name on an object.
func (m moment) does(operation string) bool {
	return m.kind == happens && m.object.Name != "" && strings.HasPrefix(m.reason, operation+" ")
}

// firstDeed returns the first operation of a name in some turns that fits.
func firstDeed(turns []turn, operation string, fits func(moment) bool) (deed moment, found bool) {
	for _, t := range turns {
		for _, m := range t.acts {
			if m.does(operation) && fits(m) {
				return m, true
			}
		}
	}
	return deed, false
}
