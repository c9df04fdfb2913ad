package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/tracefile"
)

// turn is what a task did from a decision to the next one for another task.
type turn struct {
	decision int
	g        uint32
	acts     []moment // what it did to others, in order
	stop     moment   // how it ended; the zero moment if that is not known
}

// turns returns the turns of the run up to its failure.
func (s *Story) turns() (list []turn) {
	decisions := 0
	for _, m := range s.untilOver() {
		last := len(list) - 1
		switch m.kind {
		case starts:
			decisions, list = 0, nil
		case goesOn:
			decisions++
			if last >= 0 {
				list[last].acts = append(list[last].acts, m)
			}
		case runs:
			decisions++
			list = append(list, turn{decision: decisions, g: m.g})
		case blocks, yields, preempts, ends:
			if last >= 0 && list[last].g == m.g {
				list[last].stop = m
			}
		case happens, spawns, wakes:
			if last >= 0 && (m.g == list[last].g || m.by == list[last].g) {
				list[last].acts = append(list[last].acts, m)
			}
		}
	}
	return list
}

// maxMeanwhile is the maximum number of turns of other tasks in a description of what happened between two turns of a
// task.
const maxMeanwhile = 4

// Critical describes what decided the run, around the turn s.Turning: between which two lines its task stood, and what
// others did in the meantime. The text ends with a newline; it is "" if the turn is not known or was the last one.
func (s *Story) Critical() string {
	turns := s.turns()
	p, found := s.pairIn(turns)
	if !found {
		return ""
	}
	if p.last {
		if kind := s.kindOf(turns, p.at, p.next); kind != "" {
			return kind + "\n"
		}
		return ""
	}
	var b strings.Builder
	if t := turns[p.at]; t.stop.kind == ends {
		s.cameFirst(&b, turns[p.at:], p)
	} else {
		s.stood(&b, t, turns, p.next)
		s.meanwhile(&b, turns, p.between, p.next)
	}
	if kind := s.kindOf(turns, p.at, p.next); kind != "" {
		b.WriteString(kind + "\n")
	}
	return b.String()
}

// pair is what decided a run, in numbers of turns.
type pair struct {
	at      int   // in which the task comes to stand
	next    int   // in which it goes on, or the number of turns if it does not
	between []int // those in between that count: of tasks that share something with the failure
	last    bool  // the turn that decided the run is the last one
	apart   map[uint32]bool
}

// pairIn finds what decided the run, by s.Turning. found is false if that is not known.
func (s *Story) pairIn(turns []turn) (p pair, found bool) {
	at := -1
	for i, t := range turns {
		if t.decision <= s.Turning {
			at = i
		}
	}
	if s.Turning == 0 || at < 0 {
		return p, false
	}
	p = pair{at: at, next: len(turns), last: at+1 >= len(turns), apart: s.unrelated(turns)}
	if p.last {
		return p, true
	}
	p.at = preemptedBefore(turns, at, p.apart)
	for i := len(turns) - 1; i > p.at; i-- {
		if turns[i].g == turns[p.at].g {
			p.next = i
		}
	}
	for i := p.at + 1; i < p.next; i++ {
		if !p.apart[turns[i].g] {
			p.between = append(p.between, i)
		}
	}
	p.between = decisive(turns, p)
	return p, true
}

// decisive returns at most maxMeanwhile of the turns between the two of a pair: those that do something to an object of
// the task that stands there come first, and of others the last ones.
func decisive(turns []turn, p pair) []int {
	if len(p.between) <= maxMeanwhile {
		return p.between
	}
	objects := map[tracefile.Object]bool{}
	for i := p.at; i < len(turns); i++ {
		if turns[i].g != turns[p.at].g {
			continue
		}
		for _, m := range append(turns[i].acts, turns[i].stop) {
			objects[m.object] = m.object.Name != "" && !barrier(m.object)
		}
	}
	shares := func(i int) int {
		if slices.ContainsFunc(append(turns[i].acts, turns[i].stop), func(m moment) bool { return objects[m.object] }) {
			return 1
		}
		return 0
	}
	list := slices.Clone(p.between)
	slices.SortFunc(list, func(i, j int) int { return cmp.Or(cmp.Compare(shares(j), shares(i)), cmp.Compare(j, i)) })
	list = list[:maxMeanwhile]
	slices.Sort(list)
	return list
}

// preemptedBefore returns the turn at which a task stands in the middle of something while turns[at] decides the run:
// the last one up to turns[at] that ended with a preemption and whose task has not run since. If there is none, it is
// turns[at]. Tasks that share nothing with the failure do not count.
func preemptedBefore(turns []turn, at int, apart map[uint32]bool) int {
	ran := map[uint32]bool{}
	for i := at; i >= 0; i-- {
		t := turns[i]
		if t.stop.kind == preempts && !ran[t.g] && !apart[t.g] {
			return i
		}
		ran[t.g] = true
	}
	return at
}

// stood tells where the task of a turn stopped, and where it went on.
func (s *Story) stood(b *strings.Builder, t turn, turns []turn, next int) {
	name := s.who.Title(t.g)
	from, to := s.lastPlace(turns, t), ""
	if next < len(turns) {
		to = s.firstPlace(turns[next])
	}
	if !s.ordinary { // where it stopped is where it goes on
		to = s.placed(t.stop)
	}
	switch {
	case from == "":
	case to == "" || to == from:
		wrapped(b, name+" stood at ", from)
	default:
		wrapped(b, name+" stood between ", from)
		wrapped(b, strings.Repeat(" ", len([]rune(name))+len(" stood between ")-len("and "))+"and ", to)
	}
}

// cameFirst tells what the task of the first of some turns did in it before it ended, and what others did only then: it
// is the order of the two that decided.
func (s *Story) cameFirst(b *strings.Builder, turns []turn, p pair) {
	steps := s.steps()
	i := slices.IndexFunc(steps, func(u step) bool { return u.g == turns[0].g && u.decision == turns[0].decision })
	if i < 0 {
		return
	}
	wrapped(b, s.who.Title(turns[0].g)+" came first: ", s.passed(turns[0])+steps[i].text)
	for i, t := range turns {
		if i > 0 && !p.apart[t.g] && s.inTest(t.g) {
			s.meanwhile(b, turns, []int{i}, i+1)
			return
		}
	}
}

// meanwhile tells what tasks did in some of the turns before that with an index.
func (s *Story) meanwhile(b *strings.Builder, turns []turn, list []int, next int) {
	steps := s.steps()
	told := 0
	named := map[string]bool{}
	for i := range turns[:next] {
		if next < len(turns) && turns[i].g == turns[next].g {
			named[s.who.Label(turns[i].g)] = true // of the task that stands there
		}
	}
	for _, i := range list {
		t := turns[i]
		at := slices.IndexFunc(steps, func(u step) bool { return u.g == t.g && u.decision == t.decision })
		if at < 0 || steps[at].text == "" || steps[at].std || steps[at].idle {
			continue
		}
		label := "meanwhile "
		if told++; told > 1 {
			label = "     then "
		}
		name := s.who.Title(t.g)
		if named[s.who.Label(t.g)] {
			name = s.who.Path(t.g)
		}
		named[s.who.Label(t.g)] = true
		wrapped(b, label+name+" ", s.passed(t)+steps[at].text)
	}
	if len(list) == maxMeanwhile && next-list[0] > maxMeanwhile {
		fmt.Fprintf(b, "  and others, up to turn %d\n", turns[next-1].decision)
	}
}

// passed lists the lines at which the task of a simulated run came to scheduling points in a turn, if the recording
// lacks what it did there.
func (s *Story) passed(t turn) string {
	if s.detailed() {
		return ""
	}
	var lines []string
	for _, m := range t.acts {
		if line := cast.ShortSite(m.place); m.kind == goesOn && line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return "passes " + strings.Join(lines, ", ") + ", "
}

// lastPlace describes the place of the last thing that a task did up to the end of a turn, or where it stopped if that
// is not known.
func (s *Story) lastPlace(turns []turn, last turn) string {
	for _, t := range slices.Backward(turns) {
		if t.g != last.g || t.decision > last.decision {
			continue
		}
		for _, m := range slices.Backward(t.acts) {
			text := s.placed(m)
			switch {
			case text == "":
			case m.kind == happens:
				return text + ", where it " + m.reason + ","
			case m.kind == goesOn && text != s.placed(last.stop):
				return text
			}
		}
	}
	return s.placed(last.stop)
}

// firstPlace describes the first place in a turn.
func (s *Story) firstPlace(t turn) string {
	for _, m := range t.acts {
		if text := s.placed(m); m.kind == happens && text != "" {
			return text + ", where it " + m.reason
		}
	}
	return s.placed(t.stop)
}

// placed describes the place of a moment, with its source text and its callers; "" if there is none.
func (s *Story) placed(m moment) string {
	spot := cast.Spot(m.place)
	if spot == "" {
		return ""
	}
	return spot + s.quoted(m.place) + calledFrom(m.stack)
}

// kindOf names the kind of a bug where it is certain:
//
//   - double lock: a task waits for a lock that it holds itself;
//   - order of locks: tasks wait for each other in a circle, each for a lock that the next one holds;
//   - lost wake-up: a task waits for a condition at the end, and was not yet waiting when another one signalled it;
//   - check-then-act: see checkThenAct;
//   - use after close: the task sends on a channel that another one has closed meanwhile, or closes it;
//   - wait without add: a test has passed a wait for a wait group that nothing had been added to.
func (s *Story) kindOf(turns []turn, at, next int) string {
	switch circle := cast.WaitCycle(s.left); {
	case len(circle) > 1:
		return "order of locks: " + s.who.Cycle(circle)
	case len(circle) == 1:
		return s.doubleLock(circle[0])
	}
	if text := s.lostWakeUp(turns); text != "" {
		return text
	}
	if text := s.waitWithoutAdd(turns); text != "" {
		return text
	}
	if next >= len(turns) {
		return ""
	}
	g := turns[at].g
	if text := s.usedAfterClose(turns, at, next); text != "" {
		return text
	}
	return s.checkThenAct(turns[at:], g)
}

// doubleLock describes a task that waits for a lock that it holds itself.
func (s *Story) doubleLock(g uint32) string {
	i := slices.IndexFunc(s.left, func(w cast.Waiting) bool { return w.ID == g })
	w := s.left[i]
	text := fmt.Sprintf("double lock: %s waits for a lock that it holds itself", s.who.Path(g))
	if place := s.lockedAtEnd()[lockOf{w.Object, g}]; place != "" {
		text += fmt.Sprintf(": it took %s at %s and takes it again at %s", w.Object, cast.Spot(place), cast.Spot(w.Where))
	}
	return text
}

// waitWithoutAdd describes a wait for a wait group in a failed test, before which nothing was added to any wait group,
// although the goroutine had started others.
func (s *Story) waitWithoutAdd(turns []turn) string {
	if s.ended != "failed" {
		return ""
	}
	started := map[uint32]bool{}
	for _, t := range turns {
		for _, m := range t.acts {
			switch {
			case m.kind == spawns && s.inTest(m.by):
				started[m.by] = true
			case m.kind == happens && strings.HasPrefix(m.reason, "adds to a wait group"):
				return ""
			case m.kind == happens && strings.HasPrefix(m.reason, "waits for a wait group") && started[t.g]:
				return fmt.Sprintf("wait without add: %s did not wait at %s, since nothing had been added to the wait group "+
					"before; goroutines that add to it themselves may start too late", s.who.Path(t.g), cast.Spot(m.place))
			}
		}
	}
	return ""
}

// usedAfterClose describes a send on a channel, or a second close, that panics because another task closed the channel
// while the task of turns[at] stood.
func (s *Story) usedAfterClose(turns []turn, at, next int) string {
	g := turns[at].g
	for _, verb := range []string{"sends on", "closes"} {
		object := firstObject(turns[next:], g, verb)
		if object.Name != "" && s.ended == "panicked" && s.by == g && othersDo(turns[at+1:next], g, "closes", object) {
			return fmt.Sprintf("use after close: %s %s %s, which was closed in the meantime", s.who.Path(g), verb, object)
		}
	}
	return ""
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

// checkThenAct describes what a task has checked, under a lock that it gave back or by loading an atomic, and acted
// upon in its next operation, if another task could change it in between, from some turns on. A lock that is taken
// again at the line at which it was taken before, as in a loop, is a new check and not an act.
func (s *Story) checkThenAct(turns []turn, g uint32) string {
	var check, change moment // of the last operation of the task, and of another task since
	locked := map[tracefile.Object]string{}
	for _, t := range turns {
		for _, m := range t.acts {
			a := accessOf(m)
			switch {
			case m.kind != happens || t.g != g && (!a.changes || m.object != check.object):
			case t.g != g:
				change = m
			case a.acts && check.kind != 0 && change.kind != 0 && m.object == check.object &&
				m.place != locked[m.object]:
				return s.stale(check, change, m)
			default:
				check, change = moment{}, moment{}
				if a.checks {
					check = m
				}
			}
			if t.g == g && m.does("locks") {
				locked[m.object] = m.place
			}
		}
	}
	return ""
}

// stale describes a check that no longer held when it was acted upon.
func (s *Story) stale(check, change, act moment) string {
	if check.object.Kind == "atomic" {
		return fmt.Sprintf("check-then-act: what %s loaded at %s no longer held at %s, since %s changed %s at %s meanwhile",
			s.who.Path(check.g), cast.ShortSite(check.place), cast.ShortSite(act.place), s.who.Path(change.g),
			check.object, cast.ShortSite(change.place))
	}
	return fmt.Sprintf("check-then-act: what %s saw before it unlocked %s at %s need not hold when it locked it again at "+
		"%s: %s locked it at %s meanwhile", s.who.Path(check.g), check.object, cast.ShortSite(check.place),
		cast.ShortSite(act.place), s.who.Path(change.g), cast.ShortSite(change.place))
}

// lostWakeUp describes a signal that woke no task, if a task waits for a condition at the end.
func (s *Story) lostWakeUp(turns []turn) string {
	waiting := slices.IndexFunc(s.left, func(w cast.Waiting) bool {
		return w.Reason == "sync.Cond.Wait" || strings.HasPrefix(w.Reason, "Cond.Wait ")
	})
	if waiting < 0 {
		return ""
	}
	for _, t := range turns {
		for i, m := range t.acts {
			if !s.signals(m) || i+1 < len(t.acts) && t.acts[i+1].kind == wakes {
				continue
			}
			w := s.left[waiting]
			if !s.ordinary && w.Object != m.object.Name {
				continue
			}
			return fmt.Sprintf("lost wake-up: in turn %d %s %s without a waiter; %s waits for it", t.decision,
				s.who.Path(t.g), strings.TrimSpace(m.reason+" "+bracketed(m.place)), s.who.Path(w.ID))
		}
	}
	return ""
}

// signals reports whether a moment is a signal or a broadcast of a condition. Broadcasts of simulated runs do not
// count, because an event does not say which tasks several wake-ups at once are for.
func (s *Story) signals(m moment) bool {
	if m.kind != happens {
		return false
	}
	return strings.HasPrefix(m.reason, "signals a cond") || strings.HasPrefix(m.reason, "broadcasts to a cond") ||
		!s.ordinary && m.object.Kind == "cond" && m.does("signals")
}

// does reports whether a moment is an operation with a name on an object.
func (m moment) does(operation string) bool {
	return m.kind == happens && m.object.Name != "" && strings.HasPrefix(m.reason, operation+" ")
}

func firstObject(turns []turn, g uint32, operation string) (o tracefile.Object) {
	for _, t := range turns {
		for _, m := range t.acts {
			if t.g == g && m.does(operation) {
				return m.object
			}
		}
	}
	return o
}

// othersDo reports whether a task other than g did something to an object.
func othersDo(turns []turn, g uint32, operation string, object tracefile.Object) bool {
	return slices.ContainsFunc(turns, func(t turn) bool {
		does := func(m moment) bool { return m.does(operation) && m.object == object }
		return t.g != g && slices.ContainsFunc(t.acts, does)
	})
}
