package story

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
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
	at := -1
	for i, t := range turns {
		if t.decision <= s.Turning {
			at = i
		}
	}
	if s.Turning == 0 || at < 0 || at+1 >= len(turns) {
		return ""
	}
	apart := s.unrelated(s.steps())
	at = preemptedBefore(turns, at, apart)
	t := turns[at]
	next := len(turns)
	for i := len(turns) - 1; i > at; i-- {
		if turns[i].g == t.g {
			next = i
		}
	}
	var b strings.Builder
	s.stood(&b, t, turns, next)
	s.meanwhile(&b, turns[at+1:next], apart)
	if kind := s.kindOf(turns, at, next); kind != "" {
		b.WriteString(kind + "\n")
	}
	return b.String()
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
	case t.stop.kind == ends:
		fmt.Fprintf(b, "%s ended\n", name)
	case from == "":
	case to == "" || to == from:
		wrapped(b, name+" stood at ", from)
	default:
		wrapped(b, name+" stood between ", from)
		wrapped(b, strings.Repeat(" ", len([]rune(name))+len(" stood between ")-len("and "))+"and ", to)
	}
}

// meanwhile tells what tasks did in some turns.
func (s *Story) meanwhile(b *strings.Builder, turns []turn, apart map[uint32]bool) {
	if len(turns) == 0 {
		return
	}
	steps := s.steps()
	told := 0
	for _, t := range turns {
		i := slices.IndexFunc(steps, func(u step) bool { return u.g == t.g && u.decision == t.decision })
		if i < 0 || steps[i].text == "" || steps[i].std || steps[i].idle || apart[t.g] {
			continue
		}
		if told++; told > maxMeanwhile {
			fmt.Fprintf(b, "  and so on, up to turn %d\n", turns[len(turns)-1].decision)
			return
		}
		label := "meanwhile "
		if told > 1 {
			label = "     then "
		}
		wrapped(b, label+s.who.Title(t.g)+" ", passed(t)+steps[i].text)
	}
}

// passed lists the lines at which the task of a simulated run came to scheduling points in a turn.
func passed(t turn) string {
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
			case m.kind == happens && s.ordinary:
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
	if !s.ordinary {
		return cast.ShortSite(m.place)
	}
	spot := cast.Spot(m.place)
	if spot == "" {
		return ""
	}
	return spot + s.quoted(m.place) + calledFrom(m.stack)
}

// kindOf names the kind of a bug where it is certain:
//
//   - order of locks: tasks wait for each other in a circle, each for a lock that the next one holds;
//   - lost wake-up: a task waits for a condition at the end, and was not yet waiting when another one signalled it;
//   - check-then-act: the task of turns[at] gave back a lock and took it again later, and another held it meanwhile;
//   - use after close: the task sends on a channel that another one has closed meanwhile.
func (s *Story) kindOf(turns []turn, at, next int) string {
	if circle := cast.WaitCycle(s.left); len(circle) > 1 {
		return "order of locks: " + s.who.Cycle(circle)
	}
	if text := s.lostWakeUp(turns); text != "" {
		return text
	}
	if next >= len(turns) {
		return ""
	}
	g := turns[at].g
	released := lastObject(turns[:at+1], g, "unlocks")
	taken := takenFirst(turns[next])
	if released != "" && released == taken && othersDo(turns[at+1:next], g, "locks", released) {
		return fmt.Sprintf("check-then-act: what %s saw before it unlocked %s need not hold when it locked it again",
			s.who.Path(g), released)
	}
	sent := firstObject(turns[next:], g, "sends on")
	if sent != "" && s.ended == "panicked" && othersDo(turns[at+1:next], g, "closes", sent) {
		return fmt.Sprintf("use after close: %s sends on %s, which was closed in the meantime", s.who.Path(g), sent)
	}
	return ""
}

// lostWakeUp describes a signal that woke no task, if a task waits for a condition at the end.
func (s *Story) lostWakeUp(turns []turn) string {
	waiting := slices.IndexFunc(s.left, func(w cast.Waiting) bool { return w.Reason == "sync.Cond.Wait" })
	if waiting < 0 {
		return ""
	}
	for _, t := range turns {
		for i, m := range t.acts {
			signals := strings.HasPrefix(m.reason, "signals a cond") || strings.HasPrefix(m.reason, "broadcasts to a cond")
			if m.kind != happens || !signals || i+1 < len(t.acts) && t.acts[i+1].kind == wakes {
				continue
			}
			return fmt.Sprintf("lost wake-up: in turn %d %s %s and woke no goroutine; %s waits for it", t.decision,
				s.who.Path(t.g), strings.TrimSpace(m.reason+" "+bracketed(m.place)), s.who.Path(s.left[waiting].ID))
		}
	}
	return ""
}

// takenFirst returns the lock that a task takes first in a turn, "" if it does something else before.
func takenFirst(t turn) string {
	for _, m := range t.acts {
		switch {
		case m.does("locks"):
			return m.object.Name
		case m.kind == happens:
			return ""
		}
	}
	return ""
}

// does reports whether a moment is an operation with a name on an object.
func (m moment) does(operation string) bool {
	return m.kind == happens && m.object.Name != "" && strings.HasPrefix(m.reason, operation+" ")
}

func lastObject(turns []turn, g uint32, operation string) string {
	for _, t := range slices.Backward(turns) {
		for _, m := range slices.Backward(t.acts) {
			if t.g == g && m.does(operation) {
				return m.object.Name
			}
		}
	}
	return ""
}

func firstObject(turns []turn, g uint32, operation string) string {
	for _, t := range turns {
		for _, m := range t.acts {
			if t.g == g && m.does(operation) {
				return m.object.Name
			}
		}
	}
	return ""
}

// othersDo reports whether a task other than g did something to an object.
func othersDo(turns []turn, g uint32, operation, object string) bool {
	return slices.ContainsFunc(turns, func(t turn) bool {
		does := func(m moment) bool { return m.does(operation) && m.object.Name == object }
		return t.g != g && slices.ContainsFunc(t.acts, does)
	})
}
