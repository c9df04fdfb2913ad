package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/event/gorun"
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

// turns returns the turns of the run up to its failure. A run can have millions, so they are found once.
func (s *Story) turns() []turn {
	if s.inTurns == nil {
		s.inTurns = s.findTurns()
	}
	return s.inTurns
}

func (s *Story) findTurns() (list []turn) {
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

// Critical is what decided a run.
type Critical struct {
	// Text says between which two lines the task of the turn that decided the run stood, what others did in the meantime,
	// and the kind of the bug if that is certain. It ends with a newline unless it is "".
	Text string
	// Kind is the kind of the bug, such as "lost wake-up"; "" if none is certain.
	Kind string
	// Lines are the places that are the cause: those that Kind names, or else the two between which the task stood. They
	// are sorted, without places in tests if there are others; nil if the cause is not known.
	Lines []string
}

// Critical returns what decided the run, around the turn s.Turning. If that turn is not known, it only names the
// kind of a bug that what tasks wait for at the end shows.
func (s *Story) Critical() (c Critical) {
	turns := s.turns()
	p, found := s.pairIn(turns)
	var b strings.Builder
	d := s.atEnd()
	if found {
		c.Lines = s.around(&b, turns, p)
		if d.kind == "" {
			d = s.diagnose(turns, p)
		}
	}
	if d.kind != "" {
		wrapped(&b, "", d.kind+": "+d.text)
		c.Kind, c.Lines = d.kind, d.lines
	}
	c.Text, c.Lines = b.String(), distinct(c.Lines)
	return c
}

// around tells what happened around the turn that decided the run, and returns the places that are the cause.
func (s *Story) around(b *strings.Builder, turns []turn, p pair) (lines []string) {
	chosen := slices.IndexFunc(turns[p.decided].acts, couldDo)
	choice := chosen >= 0 && (p.last || p.first)
	if !choice {
		s.elsewhere(b, turns, p)
	}
	switch t := turns[p.at]; {
	case choice:
		s.took(b, turns[p.decided])
		lines = []string{turns[p.decided].acts[chosen].place}
	case p.last:
	case p.first:
		lines = s.cameFirst(b, turns[p.at:], p)
	default:
		lines = s.stood(b, t, turns, p.next)
		s.meanwhile(b, "meanwhile", turns, p.between, p.next)
	}
	return lines
}

// couldDo reports whether a moment is one of several ready cases of a select.
func couldDo(m moment) bool { return strings.HasPrefix(m.reason, gorun.Could) }

// took tells what a task did in a turn in which it had a choice of cases: which case it took decided.
func (s *Story) took(b *strings.Builder, t turn) {
	steps := s.steps()
	i := slices.IndexFunc(steps, func(u step) bool { return u.g == t.g && u.decision == t.decision })
	if i >= 0 {
		wrapped(b, s.who.Title(t.g)+" ", steps[i].text)
	}
}

// elsewhere says that the turn that decided the run is one of a task that shares nothing with the failure, and what did
// decide it then: the choice after that turn, or that a task still stood in the middle of something.
func (s *Story) elsewhere(b *strings.Builder, turns []turn, p pair) {
	if !p.noise {
		return
	}
	decided := "what decided it is that " + s.who.Title(turns[p.at].g) + " has not gone on by its end"
	if p.first {
		decided = "what decided it is the choice that follows"
	}
	unit := "decision"
	if s.ordinary {
		unit = "turn"
	}
	wrapped(b, "", fmt.Sprintf("%s %d is one of %s, which shares no object with the failure: %s", unit, s.Turning,
		s.who.Path(turns[p.decided].g), decided))
}

// distinct sorts places and leaves out those in tests if there are others.
func distinct(places []string) []string {
	inTest := func(place string) bool { return place == "" || strings.Contains(place, "_test.go:") }
	if slices.ContainsFunc(places, func(place string) bool { return !inTest(place) }) {
		places = slices.DeleteFunc(places, inTest)
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// pair is what decided a run, in numbers of turns.
type pair struct {
	decided int   // the turn that decided the run
	noise   bool  // its task shares nothing with the failure
	at      int   // in which the task comes to stand
	next    int   // in which it goes on, or the number of turns if it does not
	between []int // those in between that count: of tasks that share something with the failure
	last    bool  // the turn that decided the run is the last one
	first   bool  // the task does not stand anywhere: what decided is that its turn came before that of another task
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
	p = pair{decided: at, at: at, next: len(turns), last: at+1 >= len(turns), apart: s.unrelated(turns)}
	if p.last {
		return p, true
	}
	p.noise = p.apart[turns[at].g]
	p.at = preemptedBefore(turns, at, p.apart)
	p.first = turns[p.at].stop.kind == ends || p.at == at && turns[at].stop.kind != preempts && s.decidedWithin(turns, at)
	for t := turns[p.at]; p.at+1 < len(turns) && (p.apart[t.g] || !p.first && t.stop.kind == blocks); t = turns[p.at] {
		p.at, p.first = p.at+1, true // the turn only ended there, and this is what came next
	}
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

// decidedWithin reports whether the decision behind s.Turning was to let the task of a turn, the last one up to there,
// go on.
func (s *Story) decidedWithin(turns []turn, at int) bool {
	return at+1 < len(turns) && s.Turning+1 < turns[at+1].decision
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

// stood tells where the task of a turn stopped, and where it went on. It returns both places.
func (s *Story) stood(b *strings.Builder, t turn, turns []turn, next int) (places []string) {
	name := s.who.Title(t.g)
	before, after := s.lastMoment(turns, t), moment{}
	if next < len(turns) {
		after = s.firstMoment(turns[next])
	}
	if !s.ordinary { // where it stopped is where it goes on
		after = t.stop
	}
	from, to := s.doing(before, ","), s.doing(after, "")
	if before.place == after.place {
		from, to = s.placed(t.stop), ""
	}
	switch {
	case from == "":
	case to == "" || to == from:
		wrapped(b, name+" stood at ", strings.TrimSuffix(from, ","))
	default:
		wrapped(b, name+" stood between ", from)
		wrapped(b, strings.Repeat(" ", len([]rune(name))+len(" stood between ")-len("and "))+"and ", to)
	}
	return slices.DeleteFunc([]string{before.place, after.place}, func(place string) bool { return place == "" })
}

// cameFirst tells what the task of the first of some turns did in it, and what another one did only then: the order of
// the two decided. The other one is the first that did something to one of the same objects, if there is one. It
// returns the places at which both did. If no other task came later that counts, it tells nothing.
func (s *Story) cameFirst(b *strings.Builder, turns []turn, p pair) (places []string) {
	steps := s.steps()
	i := slices.IndexFunc(steps, func(u step) bool { return u.g == turns[0].g && u.decision == turns[0].decision })
	if i < 0 {
		return nil
	}
	then, places := s.overtaken(turns, p)
	if then < 0 {
		return nil
	}
	wrapped(b, s.who.Title(turns[0].g)+" came first: ", s.passed(turns[0])+steps[i].text)
	s.meanwhile(b, "then", turns, []int{then}, then+1)
	return places
}

// overtaken returns the turn of another task that came only after the first of some turns: the first that does
// something to one of the same objects, with the places at which both do, or else the first that counts. It returns -1
// if there is none.
func (s *Story) overtaken(turns []turn, p pair) (then int, places []string) {
	others := func(t turn) bool { return t.g != turns[0].g && !p.apart[t.g] && s.inTest(t.g) }
	then = slices.IndexFunc(turns, func(t turn) bool {
		places = common(turns[0], t)
		return others(t) && len(places) > 0
	})
	if then < 0 {
		return slices.IndexFunc(turns, others), nil
	}
	return then, places
}

// common returns the places at which two turns do something to an object for the first time that both use.
func common(x, y turn) []string {
	for _, m := range x.acts {
		if m.object.Name == "" || barrier(m.object) {
			continue
		}
		for _, n := range append(slices.Clone(y.acts), y.stop) {
			if n.object == m.object {
				return []string{m.place, n.place}
			}
		}
	}
	return nil
}

// meanwhile tells what tasks did in some of the turns before that with an index. The word is in front of the first.
func (s *Story) meanwhile(b *strings.Builder, word string, turns []turn, list []int, next int) {
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
		label := word + " "
		if told++; told > 1 {
			label = strings.Repeat(" ", max(len(word)-len("then"), 0)) + "then "
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

// lastMoment returns the last thing with a place that a task did up to the end of a turn, or how it stopped if that is
// not known.
func (s *Story) lastMoment(turns []turn, last turn) moment {
	for _, t := range slices.Backward(turns) {
		if t.g != last.g || t.decision > last.decision {
			continue
		}
		for _, m := range slices.Backward(t.acts) {
			text := s.placed(m)
			if text != "" && (m.kind == happens || m.kind == goesOn && text != s.placed(last.stop)) {
				return m
			}
		}
	}
	return last.stop
}

// firstMoment returns the first thing with a place that a task did in a turn, or how it stopped if that is not known.
func (s *Story) firstMoment(t turn) moment {
	for _, m := range t.acts {
		if m.kind == happens && s.placed(m) != "" {
			return m
		}
	}
	return t.stop
}

// doing describes the place of a moment and what the task did there, with a mark behind that.
func (s *Story) doing(m moment, mark string) string {
	text := s.placed(m)
	if text != "" && m.kind == happens {
		text += ", where it " + m.reason + mark
	}
	return text
}

// placed describes the place of a moment, with its source text and its callers; "" if there is none.
func (s *Story) placed(m moment) string {
	spot := cast.Spot(m.place)
	if spot == "" {
		return ""
	}
	return spot + s.quoted(m.place) + calledFrom(m.stack)
}
