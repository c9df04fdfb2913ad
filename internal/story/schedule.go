package story

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reprise-go/reprise/internal/cast"
)

// minSchedule is the minimum number of lines of a schedule.
const minSchedule = 8

// Schedule tells the schedule up to the end of the run, or of a failed test, in at most that many lines (at least 8),
// each of which ends with a newline; "" if nothing was recorded.
//
// A line is the turn of a task: the number of the decision that began it, the virtual time, of how many ready tasks it
// was chosen, its name, which stands the more to the right the later the task appeared, so that the turns of one task
// make a column; which tasks it started and woke and what else it did; and why and at which line it stopped. Between
// turns are timers that fired, leaps of time, and wake-ups from outside. Choices that ordinary runs seldom make, and
// faults, are marked with a star. If there are too many turns, those that repeat a recent turn are counted and left
// out, and then those at the start.
func (s *Story) Schedule(most int) string {
	steps := s.window(s.steps())
	if len(steps) == 0 {
		return ""
	}
	end := s.ending()
	room := max(most, minSchedule) - 1 // for the heading
	if end != "" {
		room--
	}
	var b strings.Builder
	newTable(s, fit(steps, room, s.who)).write(&b)
	if end != "" {
		b.WriteString("  " + end + "\n")
	}
	return b.String()
}

// inTest reports whether a task belongs to the test, as all tasks of a simulated run do.
func (s *Story) inTest(g uint32) bool { return s.who.InTest(g) || !s.ordinary && g != 0 }

// window removes the steps before the first one of the test, and those after the end of the test.
func (s *Story) window(steps []step) []step {
	first := slices.IndexFunc(steps, func(t step) bool { return s.inTest(t.g) && !t.idle })
	if first < 0 || !s.ordinary {
		return steps
	}
	steps = steps[first:]
	over := s.ended == "failed" || s.ended == "leaked" || s.ended == "passed"
	for last := steps[len(steps)-1]; !s.inTest(last.g) && (over || last.text == ""); last = steps[len(steps)-1] {
		steps = steps[:len(steps)-1]
	}
	return steps
}

// ending says what came of the schedule, "" if its last line does.
func (s *Story) ending() string {
	if s.dropped != "" {
		return "here the recording is full: " + s.dropped + " of the rest of the run left out"
	}
	switch s.ended {
	case "failed":
		return s.failed()
	case "deadlocked":
		if !s.ordinary {
			return "no task can go on"
		}
		if s.beside() {
			return "the test can never end, although other goroutines go on"
		}
		return "nobody can go on"
	case "leaked":
		return s.leftBehind()
	case "timed out":
		return "virtual time runs out"
	}
	return ""
}

// beside reports whether there are goroutines that can go on beside those that cannot.
func (s *Story) beside() bool {
	return slices.ContainsFunc(s.left, func(w cast.Waiting) bool { return w.Kept })
}

// failed says that a test has failed, unless the last turn does.
func (s *Story) failed() string {
	switch {
	case !s.ordinary, s.inTest(s.by):
		return ""
	case s.who.Tests() == 1:
		return "the test has failed; it was alone, so that seeds differ only in random values and in time"
	}
	return "the test has failed"
}

// leftBehind names the tasks that are left behind.
func (s *Story) leftBehind() string {
	var left []uint32
	for _, w := range s.left {
		if w.Leaked() {
			left = append(left, w.ID)
		}
	}
	if !s.ordinary {
		return "the main task has returned, and still there: " + s.who.Paths(left)
	}
	return "the test is over, and still there: " + s.who.Paths(left)
}

// fit makes steps few enough, and puts a note about what came before in front of them. What repeats is left out, but
// not in the last half of the room if that can be.
func fit(steps []step, most int, who *cast.Cast) []step {
	most-- // for the note
	all := steps
	for last := max(most/2, lastSteps); len(steps) > most && last >= lastSteps; last-- {
		steps = condense(all, last, who)
	}
	steps = steps[max(len(steps)-most, 0):]
	var parts []string
	if n := earlier(steps); n > 0 {
		parts = append(parts, "… "+cast.Plural(n, "decision")+" before …")
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
func tests(steps []step, who *cast.Cast) string {
	var ids []uint32
	for _, s := range steps {
		if int(s.g) < len(who.List) && cast.StartsTest(who.List[s.g].Start) {
			ids = append(ids, s.g)
		}
	}
	slices.Sort(ids)
	switch ids = slices.Compact(ids); len(ids) {
	case 0:
		return ""
	case 1:
		return who.Path(ids[0]) + " is the test"
	}
	return who.Paths(ids) + " are tests"
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

// condense counts and leaves out steps that repeat a recent one, except the last steps.
func condense(steps []step, last int, who *cast.Cast) (told []step) {
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
func folded(steps []step, who *cast.Cast) string {
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
	return "… " + cast.Plural(turns, "more turn") + " of " + who.Paths(slices.Compact(ids)) + " …"
}

// table lays the lines of a schedule out in columns.
type table struct {
	story *Story
	steps []step
	lanes map[uint32]int // the column of each goroutine in the order in which they appear
	width [4]int         // of the columns decision, time, ready, goroutine
}

// maxLanes is how many columns goroutines have; beyond it they start again at the left.
const maxLanes = 8

// headings are those of the columns.
func (t *table) headings() [4]string {
	if t.story.ordinary {
		return [4]string{"decision", "time", "ready", "goroutine"}
	}
	return [4]string{"decision", "time", "ready", "task"}
}

// turnHeading is that of the last column.
func (s *Story) turnHeading() string {
	if s.ordinary {
		return "turn (* ends with a preemption, or time leaps)"
	}
	return "turn (* a fault was injected)"
}

func newTable(story *Story, steps []step) *table {
	t := &table{story: story, steps: steps, lanes: map[uint32]int{}}
	for i, h := range t.headings() {
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
		if s.ready > 0 {
			c[2] = fmt.Sprint(s.ready)
		}
		c[3] = strings.Repeat("  ", t.lanes[s.g]) + t.story.who.Path(s.g)
	}
	return c
}

func (t *table) write(b *strings.Builder) {
	t.line(b, false, t.headings(), t.story.turnHeading())
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
