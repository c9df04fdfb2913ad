package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/prose"
)

// minSchedule is the minimum number of lines of a schedule.
const minSchedule = 8

// Every is a number of lines that is enough for every schedule: nothing is left out.
const Every = 1 << 30

// Schedule tells the schedule up to the end of the run, or of a failed test, in at most that many lines (at least 8),
// each of which ends with a newline; "" if nothing was recorded. A line that would be too long is continued in the next
// one, which does not count.
//
// A line describes the turn of a task: the number of the decision that began it, the virtual time, the number of ready
// tasks, the name of the task, what it did, such as the tasks that it started and woke, and why and at which line it
// stopped. Names are indented in the order in which tasks appear, so that the turns of one task form a column. Lines
// between turns describe timers that fired, leaps of time, and tasks made ready from outside. Choices that ordinary
// runs seldom make, and faults, are marked with a star. If there are too many turns, those that repeat a recent turn
// are replaced by their number, and then the first turns are left out.
func (s *Story) Schedule(most int) string {
	steps := s.window(s.steps())
	if len(steps) == 0 {
		return ""
	}
	s.keep(steps)
	end := s.ending()
	room := max(most, minSchedule) - 1 // for the heading
	if end != "" {
		room--
	}
	var b strings.Builder
	newTable(s, s.fit(steps, room), s.turnHeading()).write(&b)
	if end != "" {
		b.WriteString("  " + end + "\n")
	}
	return b.String()
}

// keep marks the steps that must not be left out, and the one that decided the run. If the task of that one shares
// nothing with the failure, the mark is at the turn of the one that does.
func (s *Story) keep(steps []step) {
	essential, turning := s.essential(), s.Turning
	if turns := s.turns(); turning > 0 {
		if p, found := s.pairIn(turns); found && p.noise {
			turning = turns[p.at].decision
		}
	}
	decided := -1
	for i := range steps {
		if steps[i].g == 0 {
			continue
		}
		steps[i].kept = 1 + slices.Index(essential, steps[i].decision)
		if steps[i].decision <= turning {
			decided = i
		}
	}
	if decided >= 0 && turning > 0 {
		steps[decided].decided = true
	}
}

// inTest reports whether a task belongs to the test, as all tasks of a simulated run do.
func (s *Story) inTest(g uint32) bool { return s.who.InTest(g) || !s.ordinary && g != 0 }

// window removes the steps before the first one of the test, and those after the last one if the test ended.
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

// ending describes how the run ended. It returns "" if the last line of the schedule does.
func (s *Story) ending() string {
	_, behind := s.start(s.untilOver())
	later := "it goes on, and " + prose.Count(behind, "decision") + " later "
	switch {
	case s.dropped != "":
		if behind == 0 {
			later = "here "
		}
		return later + "the recording is full: " + s.dropped + " of the rest of the run left out"
	case behind > 0 && s.ended == "timed out":
		return later + "virtual time runs out"
	case behind > 0:
		return later + "the limit is reached"
	}
	switch s.ended {
	case "failed":
		return s.failed()
	case "deadlocked":
		if !s.ordinary {
			return "no task can continue"
		}
		if s.beside() {
			return "the test can never end, although other goroutines go on"
		}
		return "no goroutine can continue"
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

// fit makes steps few enough, and puts a note about what came before in front of them:
//
//  1. Turns in package testing and the standard library are counted and left out, except for the last ones.
//  2. If there are still too many, turns of tasks that share nothing with the failure are.
//  3. If there are still too many, what repeats is, but not in the last half of the room if that can be.
//  4. At last all are, except for those that [Story.essential] names, the last ones, those around the turn that decided
//     the run, and those at the end, in this order, as far as there is room.
func (s *Story) fit(steps []step, most int) []step {
	most-- // for the note
	unrelated := s.unrelated(s.turns())
	inLibrary := func(t step) bool { return t.std && !t.marked && s.ordinary && most < Every/2 }
	steps = fold(steps, inLibrary, func(list []step) string {
		return "… " + prose.Count(len(turnsIn(list)), "turn") + " in package testing and the standard library …"
	})
	if len(steps) > most && len(unrelated) > 0 {
		steps = fold(steps, func(t step) bool { return unrelated[t.g] && !t.marked }, func(list []step) string {
			return "… " + turnsOf(list, s.who, "turn") + ", which share nothing with the failure …"
		})
	}
	all := steps
	for last := max(most/2, lastSteps); len(steps) > most && last >= lastSteps; last-- {
		steps = condense(all, last, s.who)
	}
	steps = s.cut(steps, most)
	var parts []string
	if n := earlier(steps); n > 0 {
		parts = append(parts, "… "+prose.Count(n, "decision")+" before …")
	}
	if text := s.legend(steps); text != "" {
		parts = append(parts, "("+text+")")
	}
	if len(parts) == 0 {
		return steps
	}
	return append([]step{{text: strings.Join(parts, " "), note: true}}, steps...)
}

// cut keeps the steps that count most, and replaces the others by notes; what is before the first one has no note.
func (s *Story) cut(steps []step, most int) (told []step) {
	if len(steps) <= most {
		return steps
	}
	chosen := choose(steps, most)
	for i := slices.Index(chosen, true); i < len(steps); i++ {
		if chosen[i] {
			told = append(told, steps[i])
			continue
		}
		end := i
		for end < len(steps) && !chosen[end] {
			end++
		}
		left := steps[i:end]
		told = append(told, noteOf(left, "… "+turnsOf(left, s.who, "turn")+" …"))
		i = end - 1
	}
	return told
}

// choose chooses steps so that they fill most lines, with a line for each gap between them.
func choose(steps []step, most int) []bool {
	chosen, n := make([]bool, len(steps)), len(steps)
	add := func(i, room int) {
		if i < 0 || i >= n || chosen[i] {
			return
		}
		chosen[i] = true
		chosen[i] = linesOf(chosen) <= room
	}
	kept := make([]int, 0, maxEssential)
	decided := -1
	for i, t := range steps {
		if t.kept > 0 {
			kept = append(kept, i)
		}
		if t.decided {
			decided = i
		}
	}
	slices.SortFunc(kept, func(i, j int) int { return steps[i].kept - steps[j].kept })
	for _, i := range kept {
		add(i, most)
	}
	for i := range lastSteps {
		add(n-1-i, most)
	}
	if decided >= 0 {
		for d := 1; d < most; d++ {
			add(decided+d, most*2/3)
			add(decided-d, most*2/3)
		}
	}
	for i := range min(n, 2*most) {
		add(n-1-i, most)
	}
	return chosen
}

// linesOf counts the lines for chosen steps and the gaps between them.
func linesOf(chosen []bool) (lines int) {
	gap := false
	for _, c := range chosen {
		switch {
		case c && gap && lines > 0:
			lines += 2
		case c:
			lines++
		}
		gap = !c
	}
	return lines
}

// fold replaces rows of steps, except for the last ones, by a note.
func fold(steps []step, match func(step) bool, text func([]step) string) (told []step) {
	var held []step
	release := func() {
		if len(held) > 1 {
			held = []step{noteOf(held, text(held))}
		}
		told, held = append(told, held...), nil
	}
	split := max(len(steps)-lastSteps, 0)
	for _, t := range steps[:split] {
		if t.g != 0 && t.kept == 0 && match(t) {
			held = append(held, t)
			continue
		}
		release()
		told = append(told, t)
	}
	release()
	return append(told, steps[split:]...)
}

// noteOf returns the note that stands for some steps.
func noteOf(steps []step, text string) step {
	return step{decision: earlier(steps), text: text, note: true, of: steps}
}

// turnsIn returns the turns among some steps, and those that notes among them stand for.
func turnsIn(steps []step) (turns []step) {
	for _, t := range steps {
		if t.g != 0 {
			turns = append(turns, t)
		}
		turns = append(turns, turnsIn(t.of)...)
	}
	return turns
}

// turnsOf counts turns and names their tasks.
func turnsOf(steps []step, who *cast.Cast, noun string) string {
	turns := turnsIn(steps)
	ids := make([]uint32, len(turns))
	for i, t := range turns {
		ids[i] = t.g
	}
	slices.Sort(ids)
	return prose.Count(len(turns), noun) + " of " + who.Paths(slices.Compact(ids))
}

// legend says which goroutines of a schedule are tests, and what those do whose start is not shown.
func (s *Story) legend(steps []step) string {
	text := tests(steps, s.who)
	if !s.ordinary {
		return text
	}
	byLabel := map[string][]uint32{}
	var labels []string
	seen := map[uint32]bool{}
	for _, t := range steps {
		if t.g == 0 || seen[t.g] || int(t.g) >= len(s.who.List) || cast.StartsTest(s.who.List[t.g].Start) {
			continue
		}
		seen[t.g] = true
		label := s.who.Label(t.g)
		if label == "" || slices.ContainsFunc(steps, func(u step) bool { return strings.Contains(u.text, label) }) {
			continue
		}
		if byLabel[label] == nil {
			labels = append(labels, label)
		}
		byLabel[label] = append(byLabel[label], t.g)
	}
	for _, label := range labels {
		text = strings.TrimPrefix(text+"; "+s.who.Paths(byLabel[label])+" "+label, "; ")
	}
	return text
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
	lookBack  = 16 // number of earlier, distinct steps in which a repetition is looked for
	leastFold = 3  // minimum number of repetitions that are replaced by a line
	lastSteps = 3  // number of steps at the end that are always kept
)

// condense replaces steps that repeat a recent one by their number. It keeps the last steps.
func condense(steps []step, last int, who *cast.Cast) (told []step) {
	var held, recent []step
	release := func() {
		if len(held) >= leastFold {
			held = []step{noteOf(held, folded(held, who))}
		}
		told, held = append(told, held...), nil
	}
	split := len(steps) - last
	for _, s := range steps[:split] {
		if s.kept == 0 && slices.ContainsFunc(recent, func(r step) bool { return r.g == s.g && r.text == s.text }) {
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

// folded returns the line that stands for steps that were left out.
func folded(steps []step, who *cast.Cast) string {
	if len(turnsIn(steps)) == 0 {
		return fmt.Sprintf("… %d more of these …", len(steps))
	}
	return "… " + turnsOf(steps, who, "more turn") + " …"
}

// table arranges the lines of a schedule in columns.
type table struct {
	story *Story
	turn  string // heading of the last column
	steps []step
	lanes map[string]int // the column of each goroutine, by name, in the order in which they appear
	width [4]int         // of the columns decision, time, ready, goroutine
}

// maxLanes is the number of columns for goroutines; further goroutines start again at the left.
const maxLanes = 8

// headings returns the headings of the columns.
func (t *table) headings() [4]string {
	if t.story.ordinary {
		return [4]string{"decision", "time", "ready", "goroutine"}
	}
	return [4]string{"decision", "time", "ready", "task"}
}

// turnHeading returns the heading of the last column.
func (s *Story) turnHeading() string {
	if s.ordinary {
		return "turn (* ends with a preemption, or time leaps)"
	}
	return "turn (* a fault was injected)"
}

func newTable(story *Story, steps []step, turn string) *table {
	t := &table{story: story, steps: steps, turn: turn, lanes: map[string]int{}}
	for i, h := range t.headings() {
		t.width[i] = len(h)
	}
	for _, s := range steps {
		if _, found := t.lanes[s.path]; !found && s.g != 0 {
			t.lanes[s.path] = len(t.lanes) % maxLanes
		}
		for i, cell := range t.cells(s) {
			t.width[i] = max(t.width[i], utf8.RuneCountInString(cell))
		}
	}
	return t
}

// cells returns the columns of a step that precede its text.
func (t *table) cells(s step) (c [4]string) {
	if !s.note {
		c[1] = time.Duration(s.time).Round(time.Microsecond).String()
	}
	if s.g != 0 {
		c[0] = fmt.Sprint(s.decision)
		if s.ready > 0 {
			c[2] = fmt.Sprint(s.ready)
		}
		c[3] = strings.Repeat("  ", t.lanes[s.path]) + s.path
	}
	return c
}

func (t *table) write(b *strings.Builder) {
	t.line(b, " ", t.headings(), t.turn)
	for _, s := range t.steps {
		if s.note {
			b.WriteString(cmp.Or(s.mark, " ") + " " + s.text + "\n")
			continue
		}
		mark := " "
		if s.marked {
			mark = "*"
		}
		if s.decided {
			mark = ">"
		}
		mark = cmp.Or(s.mark, mark)
		t.line(b, mark, t.cells(s), s.text)
	}
}

// maxColumns is the length of a line above which what a turn did is broken into several lines.
const maxColumns = 130

func (t *table) line(b *strings.Builder, mark string, c [4]string, text string) {
	w := t.width
	line := fmt.Sprintf("%s %*s  %*s  %*s  %-*s  ", mark, w[0], c[0], w[1], c[1], w[2], c[2], w[3], c[3])
	again := " "
	if mark == "-" || mark == "+" {
		again = mark
	}
	wrappedWith(b, again, line, text)
}

// wrapped writes a text behind the start of a line, broken into lines of at most maxColumns, at commas, if possible.
func wrapped(b *strings.Builder, line, text string) { wrappedWith(b, " ", line, text) }

// phrases splits a text after commas, but not within the text of a source line.
func phrases(text string) (list []string) {
	quoted := false
	for _, part := range strings.SplitAfter(text, ", ") {
		if quoted {
			list[len(list)-1] += part
		} else {
			list = append(list, part)
		}
		quoted = quoted != (strings.Count(part, "`")%2 == 1)
	}
	return list
}

// wrappedWith is like wrapped, with the first character of further lines.
func wrappedWith(b *strings.Builder, again, line, text string) {
	indent := again + strings.Repeat(" ", max(utf8.RuneCountInString(line)-1, 0))
	column := len(indent)
	for _, part := range phrases(text) {
		n := utf8.RuneCountInString(part)
		if column+n > maxColumns && column > len(indent) {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line, column = indent, len(indent)
		}
		line += part
		column += n
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}
