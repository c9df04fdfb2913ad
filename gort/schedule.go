package gort

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// minSchedule is the least number of lines that a schedule can be told in.
const minSchedule = 8

// Schedule tells the schedule up to the end of the run, or of a failed test, for people, in at most that many lines
// (at least 8) of which each ends with a newline; "" if nothing was recorded.
//
// A line is the turn of a goroutine: the number of the decision that began it, the virtual time, of how many ready
// goroutines it was chosen, its path, which stands the more to the right the later it appeared, so that the turns of one
// goroutine make a column; whom it started and woke; and why and at which line it stopped. Between turns stand timers
// that fired, leaps of time, and what came from outside. Preemptions and leaps are marked with a star: they are the
// choices that an ordinary run makes seldom. If there are too many turns, those that repeat what was told shortly before
// are counted and left out, and then those at the start.
func (o *Outcome) Schedule(most int) string {
	who := newCast(o)
	steps := o.window(o.steps(who), who)
	if len(steps) == 0 {
		return ""
	}
	end := o.ending(who)
	room := max(most, minSchedule) - 1 // for the heading
	if end != "" {
		room--
	}
	var b strings.Builder
	newTable(who, fit(steps, room, who)).write(&b)
	if end != "" {
		b.WriteString("  " + end + "\n")
	}
	return b.String()
}

// window cuts off what comes before the test does anything, and what comes after it if it came to its end.
func (o *Outcome) window(steps []step, who *cast) []step {
	first := slices.IndexFunc(steps, func(s step) bool { return who.inTest(s.g) && !s.idle })
	if first < 0 {
		return steps
	}
	steps = steps[first:]
	over := o.Verdict == Failed || o.Verdict == Leaked || o.Verdict == Passed
	for last := steps[len(steps)-1]; !who.inTest(last.g) && (over || last.text == ""); last = steps[len(steps)-1] {
		steps = steps[:len(steps)-1]
	}
	return steps
}

// ending says what came of the schedule, "" if its last line does.
func (o *Outcome) ending(who *cast) string {
	if n := o.Recording.Dropped; n > 0 {
		return "here the recording is full: " + plural(int(n), "record") + " of the rest of the run left out"
	}
	switch o.Verdict {
	case Failed:
		if who.inTest(o.Task) {
			return ""
		}
		if who.tests() == 1 {
			return "the test has failed; it was alone, so that seeds differ only in random values and in time"
		}
		return "the test has failed"
	case Deadlocked:
		return "nobody can go on"
	case Leaked:
		var left []uint32
		for _, w := range o.Left {
			if w.Leaked() {
				left = append(left, w.ID)
			}
		}
		return "the test is over, and still there: " + who.paths(left)
	case TimedOut:
		if o.said() != "" {
			return "virtual time runs out"
		}
	}
	return ""
}

// fit makes steps few enough, and puts a note about what came before in front of them. What repeats is left out, but not
// in the last half of the room if that can be.
func fit(steps []step, most int, who *cast) []step {
	most-- // for the note
	all := steps
	for last := max(most/2, lastSteps); len(steps) > most && last >= lastSteps; last-- {
		steps = condense(all, last, who)
	}
	steps = steps[max(len(steps)-most, 0):]
	var parts []string
	if n := earlier(steps); n > 0 {
		parts = append(parts, "… "+plural(n, "decision")+" before …")
	}
	if text := tests(steps, who); text != "" {
		parts = append(parts, "("+text+")")
	}
	if len(parts) == 0 {
		return steps
	}
	return append([]step{{text: strings.Join(parts, " "), note: true}}, steps...)
}

// tests says which goroutines of a schedule are tests, "" if none is.
func tests(steps []step, who *cast) string {
	var ids []uint32
	for _, s := range steps {
		if int(s.g) < len(who.list) && startsTest(who.list[s.g].Start) {
			ids = append(ids, s.g)
		}
	}
	slices.Sort(ids)
	switch ids = slices.Compact(ids); len(ids) {
	case 0:
		return ""
	case 1:
		return who.path(ids[0]) + " is the test"
	}
	return who.paths(ids) + " are tests"
}

// earlier counts the decisions before the first of some steps.
func earlier(steps []step) int {
	if steps[0].g != 0 {
		return steps[0].decision - 1
	}
	return steps[0].decision
}

const (
	lookBack  = 16 // different steps in which a repetition is looked for
	leastFold = 3  // steps that are worth a line of their own
	lastSteps = 3  // that are always told
)

// condense counts and leaves out the steps, but for the last ones, that repeat one that was told shortly before.
func condense(steps []step, last int, who *cast) (told []step) {
	var held, recent []step
	release := func() {
		if len(held) >= leastFold {
			held = []step{{decision: earlier(held), text: folded(held, who), note: true}}
		}
		told, held = append(told, held...), nil
	}
	split := len(steps) - last
	for _, s := range steps[:split] {
		if slices.ContainsFunc(recent, func(r step) bool { return r.g == s.g && r.text == s.text }) {
			held = append(held, s)
			continue
		}
		release()
		told = append(told, s)
		recent = append(recent[max(len(recent)-lookBack+1, 0):], s)
	}
	release()
	return append(told, steps[split:]...)
}

// folded says what was left out.
func folded(steps []step, who *cast) string {
	turns := 0
	var ids []uint32
	for _, s := range steps {
		if s.g != 0 {
			turns++
			ids = append(ids, s.g)
		}
	}
	if turns == 0 {
		return fmt.Sprintf("… %d more of these …", len(steps))
	}
	slices.Sort(ids)
	return "… " + plural(turns, "more turn") + " of " + who.paths(slices.Compact(ids)) + " …"
}

// table lays the lines of a schedule out in columns.
type table struct {
	who   *cast
	steps []step
	lanes map[uint32]int // the column of each goroutine in the order in which they appear
	width [4]int         // of the columns decision, time, ready, goroutine
}

// maxLanes is how many columns goroutines have; beyond it they start again at the left.
const maxLanes = 8

// headings are those of the columns.
var headings = [4]string{"decision", "time", "ready", "goroutine"}

func newTable(who *cast, steps []step) *table {
	t := &table{who: who, steps: steps, lanes: map[uint32]int{}}
	for i, h := range headings {
		t.width[i] = len(h)
	}
	for _, s := range steps {
		if _, found := t.lanes[s.g]; !found && s.g != 0 {
			t.lanes[s.g] = len(t.lanes) % maxLanes
		}
		for i, cell := range t.cells(s) {
			t.width[i] = max(t.width[i], utf8.RuneCountInString(cell))
		}
	}
	return t
}

// cells are the columns of a step before the text.
func (t *table) cells(s step) (c [4]string) {
	if !s.note {
		c[1] = time.Duration(s.time).Round(time.Microsecond).String()
	}
	if s.g != 0 {
		c[0] = fmt.Sprint(s.decision)
		c[2] = fmt.Sprint(s.ready)
		c[3] = strings.Repeat("  ", t.lanes[s.g]) + t.who.path(s.g)
	}
	return c
}

func (t *table) write(b *strings.Builder) {
	t.line(b, false, headings, "turn (* ends with a preemption, or time leaps)")
	for _, s := range t.steps {
		if s.note {
			b.WriteString("  " + s.text + "\n")
			continue
		}
		t.line(b, s.marked, t.cells(s), s.text)
	}
}

func (t *table) line(b *strings.Builder, marked bool, c [4]string, text string) {
	mark := " "
	if marked {
		mark = "*"
	}
	w := t.width
	line := fmt.Sprintf("%s %*s  %*s  %*s  %-*s  %s", mark, w[0], c[0], w[1], c[1], w[2], c[2], w[3], c[3], text)
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}
