package gort

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/record"
)

// maxFailureLines is the maximum number of lines of a failure.
const maxFailureLines = 12

// cause describes a failure: its class, the text for people, with the most important line first, and the parts of
// the signature.
type cause struct {
	class string
	lines []string
	parts []string
}

// Failure describes the failure for people in at most a dozen lines, the most important one first, without a
// newline at the end. It returns "" for a run that passed.
//
// A failed test is described by its log; a panic or a fatal error by its message and the innermost calls of the
// program; a deadlock or a leak by a line for each waiting goroutine. The text omits what package testing and the
// runtime print around that, addresses, folders of source files, and the runtime's goroutine numbers.
func (o *Outcome) Failure() string {
	return strings.Join(cast.Clip(o.cause().lines, maxFailureLines), "\n")
}

// Class returns the kind of failure in a word or two, for reports: "test failure", "data race", "assertion", "exit"
// and "killed" for a test that failed, "panic", "fatal error", "deadlock", "leak", "timeout", "limit" and
// "divergence". It returns "" for a run that passed.
func (o *Outcome) Class() string { return o.cause().class }

// casting is a [cast.Cast] that describes choices too.
type casting struct{ *cast.Cast }

// newCast returns the cast of a run.
func newCast(o *Outcome) casting { return casting{cast.New(o.Recording.Goroutines(), o.Left)} }

// direct returns the cause of a failure, whether goroutines were late or not.
func (o *Outcome) direct() cause {
	switch o.Verdict {
	case Failed:
		return o.failed()
	case Panicked:
		return o.died("panic", "panic: ")
	case Crashed:
		return o.died("fatal error", "fatal error: ")
	case Deadlocked:
		return o.deadlocked()
	case Leaked:
		return o.leaked()
	case TimedOut:
		return o.timedOut()
	case Limited:
		return o.limited()
	case Diverged:
		return o.diverged()
	}
	return cause{}
}

// failed returns the cause of a test that failed, or of a process that ended early.
func (o *Outcome) failed() cause {
	list, failing := logs(o.Output)
	accesses := race(o.Output)
	switch {
	case len(accesses) > 0:
		return raced(accesses, list)
	case o.Exit == 0 && len(o.violated()) > 0:
		return o.assertedFalse()
	case o.Exit < 0:
		return cause{"killed", o.withOutput("the process was ended by a signal"), []string{"killed"}}
	case len(failing) == 0:
		lines := o.withOutput(fmt.Sprintf("the program has ended the process with status %d", o.Exit))
		return cause{"exit", lines, printed(o.Output, 1)}
	case len(list) == 0:
		if lines := exampleFailure(outputLines(o.Output)); lines != nil {
			return cause{"test failure", lines, failing}
		}
		return cause{"test failure", o.withOutput("the test has failed and logged nothing"), failing}
	}
	c := cause{class: "test failure"}
	asserted := o.asserted(list)
	if asserted >= 0 { // what the test logged besides is output
		list = list[asserted : asserted+1]
	}
	for _, l := range list {
		c.parts = append(c.parts, l.lines...)
		c.lines = append(c.lines, l.text()...)
	}
	if found := property(list); len(found) > 0 {
		c.parts = found
	}
	c.parts = finding.Set(c.parts)
	return c
}

// asserted returns the index of what the test logged where it was marked as failed for the first time, such as by
// t.Errorf; -1 if that is not known.
func (o *Outcome) asserted(list []logged) int {
	for _, r := range o.Recording.Records {
		if r.Kind != record.Fail {
			continue
		}
		for _, place := range append([]string{o.Recording.Place(r.Site)}, o.Recording.Callers(r.Site)...) {
			site := cast.ShortSite(place) + ": "
			if i := slices.IndexFunc(list, func(l logged) bool { return strings.HasPrefix(l.lines[0], site) }); i >= 0 {
				return i
			}
		}
	}
	return -1
}

// text returns the logged lines, the first as telling does, with the name of the subtest if a subtest logged them.
func (l logged) text() []string {
	lines := slices.Clone(l.lines)
	lines[0] = l.telling()
	if _, sub, found := strings.Cut(l.test, "/"); found {
		lines[0] += " (in " + sub + ")"
	}
	return lines
}

// withOutput adds the last lines of the program's output.
func (o *Outcome) withOutput(line string) []string {
	lines := []string{line}
	for i, p := range printed(o.Output, 8) {
		if i == 0 {
			lines = append(lines, "the last lines that it has printed:")
		}
		lines = append(lines, "  "+p)
	}
	return lines
}

// raced returns the cause of a test in which the race detector found a race.
func raced(accesses []access, list []logged) cause {
	c := cause{class: "data race"}
	var all []string
	for _, a := range accesses {
		at := " at " + a.at.String()
		if a.at.fn == "" {
			at = " at a place that is not known any more"
		}
		all = append(all, a.how+at)
		c.parts = append(c.parts, strings.TrimPrefix(a.how, "previous ")+" "+a.at.place+" "+a.at.fn)
	}
	c.lines = []string{"data race: " + strings.Join(all, ", ")}
	for _, a := range accesses {
		for i, f := range a.calls {
			what := "  called"
			if i == 0 {
				what = "  " + a.how + ": called"
			}
			c.lines = append(c.lines, what+" at "+f.String())
		}
	}
	c.parts = finding.Set(c.parts)
	for _, l := range list {
		if !strings.HasSuffix(l.lines[0], ": race detected during execution of test") {
			c.lines = append(c.lines, l.text()...)
		}
	}
	return c
}

// maxFrames is the maximum number of calls of a stack in a report.
const maxFrames = 6

// died returns the cause of a process that the runtime ended with a traceback.
func (o *Outcome) died(class, start string) cause {
	t := parseTraceback(string(o.Output), start)
	if len(t.message) == 0 {
		return cause{class, o.withOutput(o.Verdict.String()), []string{"no message"}}
	}
	if strings.HasPrefix(t.message[0], "panic: test timed out after ") {
		return outOfTime(t)
	}
	c := cause{class: class, lines: cast.Clip(t.message, maxFailureLines-maxFrames)}
	c.parts = []string{t.message[0]}
	who := newCast(o)
	if len(t.stacks) > 0 {
		s := t.stacks[0]
		frames := s.telling()
		for _, f := range frames[:min(len(frames), maxFrames-1)] {
			c.lines = append(c.lines, "  at "+f.String())
		}
		at := s.innermost()
		c.parts = append(c.parts, at.place+" "+at.fn)
		for _, f := range slices.Backward(frames) { // the schedule names the goroutine by the outermost function, too
			if !cast.Library(f.fn) && !strings.Contains(f.fn, ".gowrap") {
				who.Rename(o.Task, f.fn)
				break
			}
		}
	}
	if int(o.Task) < len(who.List) && o.Task > 0 {
		c.lines = append(c.lines, "  in "+who.Title(o.Task)+who.Origin(o.Task))
	}
	return c
}

// outOfTime returns the cause of a test that reached the time-out of package testing, which is in virtual time.
func outOfTime(t traceback) cause {
	c := cause{class: "timeout", lines: []string{strings.TrimPrefix(t.message[0], "panic: ")}}
	for _, s := range t.stacks {
		waits := !slices.ContainsFunc(s.frames, func(f frame) bool { return f.fn == "testing.(*M).Run" })
		if list := s.telling(); waits && len(list) > 0 && !cast.Library(s.inner()) {
			c.lines = append(c.lines, fmt.Sprintf("  %s at %s", s.state, list[0]))
			c.parts = append(c.parts, s.inner()+" "+s.state)
		}
	}
	c.parts = append(finding.Set(c.parts), "test timed out")
	return c
}

// deadlocked returns the cause of a deadlock. If the lock holders are known and form a cycle, only the goroutines
// of the cycle belong to the cause.
func (o *Outcome) deadlocked() cause {
	c := cause{class: "deadlock"}
	who := newCast(o)
	list := o.waiting()
	if len(list) == 0 { // of the test
		list = slices.DeleteFunc(slices.Clone(o.Left), func(w cast.Waiting) bool { return w.Reason == "" })
	}
	title := "all goroutines are asleep: "
	if slices.ContainsFunc(o.Left, func(w cast.Waiting) bool { return w.Kept }) {
		title = "the test can never end, although other goroutines go on: "
		list = slices.DeleteFunc(list, func(w cast.Waiting) bool { return w.Kept })
	}
	c.lines = append([]string{title + reasons(list)}, who.Lines(list)...)
	circle := cast.WaitCycle(list)
	if len(circle) > 0 {
		c.lines = slices.Insert(c.lines, 1, "  "+who.Cycle(circle))
	}
	for _, w := range list {
		if len(circle) == 0 || slices.Contains(circle, w.ID) {
			c.parts = append(c.parts, place(w.Where)+" "+w.Reason)
		}
	}
	c.parts = finding.Set(c.parts)
	return c
}

// leaked returns the cause of a leak.
func (o *Outcome) leaked() cause {
	c := cause{class: "leak"}
	who := newCast(o)
	var list []cast.Waiting
	for _, w := range o.Left {
		if w.Leaked() {
			list = append(list, w)
			c.parts = append(c.parts, who.Start(w.ID)+" "+w.Reason+" "+place(w.Where))
		}
	}
	c.lines = []string{prose.Count(len(list), "goroutine") + " left behind: " + reasons(list)}
	if circle := cast.WaitCycle(list); len(circle) > 0 {
		c.lines = append(c.lines, "  "+who.Cycle(circle))
	}
	c.lines = append(c.lines, who.Lines(list)...)
	c.parts = finding.Set(c.parts)
	return c
}

// waiting returns the goroutines of the test that wait at the end.
func (o *Outcome) waiting() []cast.Waiting {
	return slices.DeleteFunc(slices.Clone(o.Left), func(w cast.Waiting) bool { return w.Reason == "" || !w.Test })
}

// waits returns, for each goroutine of a list, what it waits for and in which function.
func waits(list []cast.Waiting) (parts []string) {
	for _, w := range list {
		parts = append(parts, place(w.Where)+" "+w.Reason)
	}
	return finding.Set(parts)
}

// place returns a place in the code in the form used in signatures: the line without folders, and the function.
func place(where string) string {
	line, fn := cast.SplitPlace(where)
	return line + " " + fn
}

// reasons counts the goroutines by what they wait for: "2 in sync.Mutex.Lock, 1 in select".
func reasons(list []cast.Waiting) string {
	count := map[string]int{}
	var names []string
	for _, w := range list {
		if count[w.Reason]++; count[w.Reason] == 1 {
			names = append(names, w.Reason)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return count[b] - count[a] })
	for i, n := range names {
		names[i] = fmt.Sprintf("%d in %s", count[n], n)
	}
	return strings.Join(names, ", ")
}

// timedOut returns the cause of a run that took too long, in virtual or in real time.
func (o *Outcome) timedOut() cause {
	who := newCast(o)
	list := o.waiting()
	c := cause{class: "timeout"}
	if o.said() != "" {
		c.lines = append([]string{fmt.Sprintf("virtual time has run out at %v: %s", cast.Round(o.Virtual), reasons(list))},
			who.Lines(list)...)
		c.parts = append(waits(list), "virtual time")
		return c
	}
	c.lines = []string{"the run took too long in real time and was killed"}
	last := o.lastRunners(1)
	if len(last) > 0 {
		c.lines[0] += "; " + who.Title(last[0]) + " was the last to run"
	}
	switch lines, parts := stuck(parseTraceback(string(o.Output), "SIGQUIT: quit")); {
	case len(lines) > 0:
		c.lines, c.parts = append(c.lines, lines...), parts
	case len(last) > 0:
		c.parts = append(c.parts, who.Start(last[0]))
		fallthrough
	default:
		c.lines = o.withOutput(c.lines[0])
	}
	c.parts = append(c.parts, "real time")
	return c
}

// stuck describes where the goroutines of the program were when the process was killed, and returns the parts of
// the signature. The place of a goroutine that was ready is random, so only the function of the program in which it
// started counts; in that case what others wait for does not count.
func stuck(t traceback) (lines, parts []string) {
	var busy []string
	for _, s := range t.stacks {
		own := slices.DeleteFunc(s.telling(), func(f frame) bool { return cast.Library(f.fn) })
		main := slices.ContainsFunc(s.frames, func(f frame) bool { return f.fn == "testing.(*M).Run" })
		if main || len(own) == 0 {
			continue
		}
		if line := fmt.Sprintf("  %s at %s", s.state, own[0]); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
		parts = append(parts, own[0].fn+" "+s.state)
		if s.state == "running" || s.state == "runnable" {
			busy = append(busy, own[len(own)-1].fn)
		}
	}
	if len(busy) > 0 {
		return lines, finding.Set(busy)
	}
	return lines, finding.Set(parts)
}

// limited returns the cause of a run that reached a limit.
func (o *Outcome) limited() cause {
	who := newCast(o)
	text := or(o.said(), "a limit was reached")
	c := cause{class: "limit",
		lines: []string{fmt.Sprintf("%s: %d decisions within %v", text, o.Recording.Steps, cast.Round(o.Virtual))}}
	c.parts = []string{text}
	for i, g := range o.lastRunners(100) {
		if i == 0 {
			c.lines = append(c.lines, "in the last hundred of those recorded ran:")
		}
		c.lines = append(c.lines, "  "+who.Title(g)+who.Origin(g))
		c.parts = append(c.parts, who.Start(g))
	}
	c.parts = finding.Set(c.parts)
	return c
}

// said returns the last message of the code inside the runtime, or "" if there is none.
func (o *Outcome) said() (text string) {
	for _, line := range outputLines(o.Output) {
		if t, ok := strings.CutPrefix(line, "reprise: "); ok {
			text = t
		}
	}
	return text
}

// lastRunners returns the goroutines that ran in the last n decisions, in order of their numbers.
func (o *Outcome) lastRunners(n int) (list []uint32) {
	started := len(o.Recording.Goroutines())
	for _, r := range slices.Backward(o.Recording.Records) {
		if n == 0 {
			break
		}
		if r.Kind == record.Sched && int(r.G) < started {
			list = append(list, r.G)
			n--
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// diverged returns the cause of a replay that does not fit its recording.
func (o *Outcome) diverged() cause {
	c := cause{class: "divergence"}
	if o.Mismatch == nil {
		c.lines = []string{"the program does not fit its recording"}
		return c
	}
	if o.Unlike != "" {
		c.lines = []string{o.Unlike}
	}
	if o.offTape {
		return c
	}
	who := newCast(o)
	m := o.Mismatch
	recorded, now := o.Choices()
	c.lines = append(c.lines, fmt.Sprintf("choice %d of the recording does not fit the program", m.Index),
		"  recorded: "+recorded, "  now: "+now)
	c.parts = []string{
		record.Why(m.Expected.Reason), record.Why(m.Actual.Reason),
		who.Label(m.Expected.G), who.Label(m.Expected.Prev()), who.Label(m.Actual.Prev()),
	}
	return c
}

// Choices describes, for a replay that diverged, the first recorded choice that did not fit, and the state of the run
// there. It returns empty texts if they are not known.
func (o *Outcome) Choices() (recorded, now string) {
	if o.Mismatch == nil {
		return "", ""
	}
	who := newCast(o)
	return who.choice(o.Mismatch.Expected), who.standing(o.Mismatch)
}

// choice describes a recorded choice.
func (c casting) choice(r record.Record) string {
	switch r.Kind {
	case record.Admit:
		return c.Title(r.G) + " is made ready from outside"
	case record.Sched:
		text := c.stopped(r) + ", then " + c.Title(r.G) + " ran"
		if r.N > 0 { // it is not known of a recording that was read from a file
			text += fmt.Sprintf(", of %d ready", r.N)
		}
		return text
	}
	return "the end of the recording"
}

// standing describes the state of a replay at the first choice that does not fit.
func (c casting) standing(m *record.Mismatch) string {
	if len(m.Ready) == 0 {
		return c.stopped(m.Actual) + ", and no goroutine is ready"
	}
	return c.stopped(m.Actual) + ", and ready: " + c.Paths(m.Ready)
}

// stopped describes which goroutine stopped before a decision, why, and after how many points.
func (c casting) stopped(r record.Record) string {
	if r.Prev() == 0 {
		return "at the start"
	}
	how := record.Why(r.Reason)
	if r.Reason == record.WhyPreempt || r.Reason == record.WhyForced || r.Reason == record.WhySyscall {
		how = "was " + how
	}
	return fmt.Sprintf("%s %s after %s", c.Title(r.Prev()), how, prose.Count(int(r.Points), "point"))
}
