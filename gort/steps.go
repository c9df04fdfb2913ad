package gort

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// step is one line of a schedule: a turn of a goroutine, or what happened between two turns.
type step struct {
	g        uint32 // who had the turn, 0 for what happened in between
	decision int    // that began the turn, or the last one before; from 1 where main.main starts
	ready    int    // how many goroutines it chose from
	time     int64  // at which it began, virtual, in nanoseconds
	marked   bool   // it ends with a preemption, or time leaps: a choice that ordinary runs seldom make
	idle     bool   // the turn was spent in package testing
	note     bool   // it is about steps that are left out
	times    int    // how often it happened again, of a step between two turns
	text     string
}

// stepper turns records into steps.
type stepper struct {
	o     *Outcome
	who   *cast
	steps []step

	opened bool // a step is being told
	open   step
	acts   []act // what it did so far

	inside  bool // the result of endOfTurn
	settled int  // it holds for records that have at least so many behind them

	decisions int
	left      int      // how many decisions are still to come
	state     []uint8  // of each goroutine
	timers    []Record // the TimerSet of each timer by its number
	leap      int64    // by which time leaps before the next decision
	time      int64    // of the record before
}

// The states of a goroutine.
const (
	stateGone uint8 = iota // it has ended or not started
	stateReady
	stateRuns
	stateWaits
	stateSleeps
)

// act is one thing that happened to goroutines in a step, as a format for their names.
type act struct {
	format string
	label  string
	ids    []uint32
	times  int // how often it happened again
}

// text is the act for people.
func (a act) text(who *cast) string {
	return repeated(strings.TrimSpace(fmt.Sprintf(a.format, who.paths(a.ids))+" "+a.label), a.times)
}

// repeated is what happened, and again so many times.
func repeated(text string, times int) string {
	if times == 0 || text == "" {
		return text
	}
	return fmt.Sprintf("%s (%d times)", text, times+1)
}

// horizon is how many decisions before the end are told at most.
const horizon = 5_000

// steps tells the end of the run as steps.
func (o *Outcome) steps(who *cast) []step {
	s := &stepper{o: o, who: who, state: make([]uint8, len(who.list)), settled: math.MaxInt}
	records := o.untilFailed()
	for _, r := range records {
		if r.Kind == Sched {
			s.left++
		}
	}
	for i, r := range records {
		if int(r.G) < len(s.state) {
			s.record(r, records[i+1:])
		}
		s.time = r.Time
	}
	if s.opened && s.open.g != 0 {
		s.finish(s.o.lastWords(s.who, s.open.g))
	}
	s.flush()
	return s.steps
}

// untilFailed returns the records of the run, of a failed test up to the end of the turn in which it was marked as failed: what
// package testing does then has nothing to do with it.
func (o *Outcome) untilFailed() []Record {
	all := o.Recording.Records
	fail := slices.IndexFunc(all, func(r Record) bool { return r.Kind == Fail })
	if o.Verdict != Failed || fail < 0 {
		return all
	}
	next := slices.IndexFunc(all[fail:], func(r Record) bool { return r.Kind == Sched })
	if next < 0 {
		return all
	}
	return all[:fail+next]
}

// told reports whether the step is recent enough.
func (s *stepper) told() bool { return s.left < horizon }

// record takes a record of a known goroutine; rest is what comes after it.
func (s *stepper) record(r Record, rest []Record) {
	if s.leap > 0 && (r.Time-s.time >= s.leap || r.Kind == Sched) {
		s.leapt(s.leap)
	}
	switch r.Kind {
	case Spawn:
		s.act("starts %s", s.who.label(r.G), r.G)
	case Sched:
		s.turn(r)
	case Block:
		s.blocked(r)
		s.stopped(r, rest)
	case Yield:
		s.finish("yields" + s.at(r))
		s.stopped(r, rest)
	case Preempt:
		s.preempted(r)
		s.stopped(r, rest)
	case End:
		s.state[r.G] = stateGone
		if s.open.g == r.G {
			s.finish("ends")
			s.stopped(r, rest)
		}
	case Wake:
		s.woken(r)
	case TimerSet:
		for int(r.Points) >= len(s.timers) {
			s.timers = append(s.timers, Record{})
		}
		s.timers[r.Points] = r
	case TimerFire:
		if text := s.fired(r, rest); s.inTurn(rest) {
			s.note(text)
		} else {
			s.between(r.Time, text)
		}
	case Admit:
		s.admitted(r)
	case Fail:
		s.note("marks the test as failed")
	case Begin:
		s.decisions, s.open.decision = 0, 0
	case Expected:
		s.parted(r)
	}
}

// turn begins the turn of a goroutine.
func (s *stepper) turn(r Record) {
	if prev := s.open.g; s.opened && prev != 0 {
		s.state[prev] = stateWaits
		if r.Reason == WhySyscall {
			s.finish(heldUp)
		}
	}
	s.flush()
	s.decisions++
	s.left--
	s.state[r.G] = stateRuns
	s.opened, s.open = true, step{g: r.G, decision: s.decisions, ready: int(r.N), time: r.Time}
}

// heldUp is how a turn ends for which nothing was recorded.
const heldUp = "is held up in a system call"

// between begins a step that is no turn. One that repeats the step before is only counted.
func (s *stepper) between(time int64, text string) {
	if s.opened && s.open.g == 0 && s.open.text == text && text != "" && len(s.acts) == 0 {
		s.open.times++
		return
	}
	if s.open.g != 0 {
		s.finish(heldUp)
	}
	s.flush()
	s.opened, s.open = true, step{decision: s.decisions, time: time, text: text}
}

// finish says how a turn ends.
func (s *stepper) finish(how string) { s.open.text = how }

// flush ends the step that is being told: what it did comes before how a turn ended, and after what else happened.
func (s *stepper) flush() {
	if s.opened && s.told() {
		var parts []string
		for _, a := range s.acts {
			parts = append(parts, a.text(s.who))
		}
		if s.open.g == 0 {
			parts = append([]string{repeated(s.open.text, s.open.times)}, parts...)
		} else {
			parts = append(parts, s.open.text)
		}
		s.open.text = strings.Trim(strings.Join(parts, ", "), ", ")
		s.steps = append(s.steps, s.open)
	}
	s.open, s.acts, s.opened = step{}, nil, false
}

// note adds what happens in the current step and is about no goroutine.
func (s *stepper) note(text string) {
	switch n := len(s.acts) - 1; {
	case !s.told():
	case n >= 0 && s.acts[n].ids == nil && s.acts[n].label == text:
		s.acts[n].times++
	default:
		s.acts = append(s.acts, act{format: "%s", label: text})
	}
}

// act notes what happens to a goroutine in the current step.
func (s *stepper) act(format, label string, g uint32) {
	s.state[g] = stateReady
	if n := len(s.acts) - 1; n >= 0 && s.acts[n].format == format && s.acts[n].label == label {
		s.acts[n].ids = append(s.acts[n].ids, g)
	} else if s.told() {
		s.acts = append(s.acts, act{format: format, label: label, ids: []uint32{g}})
	}
}

// blocked ends a turn with what the goroutine waits for.
func (s *stepper) blocked(r Record) {
	reason := s.o.Recording.Text(r.Points)
	s.state[r.G] = stateWaits
	if reason == "sleep" {
		s.state[r.G] = stateSleeps
		s.finish("sleeps" + s.at(r))
		return
	}
	s.finish("waits: " + reason + s.at(r))
}

// preempted ends a turn with a preemption.
func (s *stepper) preempted(r Record) {
	s.open.marked = true
	if r.Reason == WhyForced {
		s.finish("preempted by force" + s.at(r) + ", having passed no point for a second")
		return
	}
	s.finish("preempted" + s.at(r))
}

// at says where a goroutine has stopped, with a space in front, and notes whether the turn was spent in package testing.
func (s *stepper) at(r Record) string {
	if !s.told() {
		return ""
	}
	text := s.o.Recording.Text(r.Site)
	_, fn := splitPlace(text)
	s.open.idle = root(fn) == "testing" && len(s.acts) == 0
	if at := spot(text); at != "" {
		return " at " + at
	}
	if label := s.who.label(r.G); label != "" {
		return " in " + label
	}
	return ""
}

// stopped ends a step after which somebody else may run. Where time leaps then is told only by the next decision.
func (s *stepper) stopped(r Record, rest []Record) {
	if r.Kind == Yield || r.Kind == Preempt {
		s.state[r.G] = stateReady
	}
	s.flush()
	for _, next := range rest {
		if next.Kind == Sched {
			s.leap = int64(next.Val >> 32)
			break
		}
	}
	if r.Kind == Preempt && s.leap > 0 { // it was before the record
		s.leapt(s.leap)
	}
}

// leapt tells that time leaps to the next timer although goroutines are ready.
func (s *stepper) leapt(by int64) {
	s.leap = 0
	var ready []uint32
	for g, state := range s.state {
		if state == stateReady {
			ready = append(ready, uint32(g))
		}
	}
	text := fmt.Sprintf("time leaps %v to the next timer", round(time.Duration(by)))
	if len(ready) > 0 {
		text += ", as if " + s.who.paths(ready) + " were slow"
	}
	s.between(s.time, text)
	s.open.marked = true
	s.flush()
}

// woken tells that a goroutine has become ready, through the one that runs or otherwise.
func (s *stepper) woken(r Record) {
	switch {
	case s.open.g != 0:
		if s.who.inTest(r.G) || !s.who.inTest(s.open.g) { // that a test ends wakes the main goroutine
			s.act("wakes %s", "", r.G)
		}
		return
	case !s.opened:
		s.between(r.Time, "")
	}
	s.act("%s is ready", "", r.G)
}

// inTurn reports whether something happens during the turn that is told: a goroutine that looks at the channel of a timer
// lets the timer fire by itself. Otherwise the goroutine is held up in a system call, which the next decision says.
func (s *stepper) inTurn(rest []Record) bool {
	if s.open.g == 0 {
		return false
	}
	if len(rest) < s.settled {
		s.inside, s.settled = endOfTurn(rest)
	}
	return s.inside
}

// endOfTurn reports whether the goroutine stops by itself, as the first record that is about that has it. So it is for
// every record before that one: for those with at least the returned number of records behind them.
func endOfTurn(rest []Record) (inside bool, least int) {
	for i, r := range rest {
		switch r.Kind {
		case Sched:
			return r.Reason != WhySyscall, len(rest) - i
		case Admit:
			return false, len(rest) - i
		case Block, Yield, Preempt, End:
			return true, len(rest) - i
		}
	}
	return true, 0
}

// fired says which timer fires.
func (s *stepper) fired(r Record, rest []Record) string {
	if !s.told() {
		return ""
	}
	text := "timer fires"
	if r.Val < uint64(len(s.timers)) && s.timers[r.Val].Kind == TimerSet {
		set := s.timers[r.Val]
		length := round(time.Duration(int64(set.Val) - set.Time)).String()
		text = "timer of " + length + " fires"
		if len(rest) > 0 && rest[0].Kind == Wake && int(rest[0].G) < len(s.state) && s.state[rest[0].G] == stateSleeps {
			text = "sleep of " + length + " ends"
		}
	}
	return text
}

// admitted tells that something outside has made a goroutine ready.
func (s *stepper) admitted(r Record) {
	how := "%s ready from outside, by the network poller or a signal"
	if r.Reason == 2 {
		how = "%s back from a system call"
	}
	if !s.opened || s.open.g != 0 || s.open.text != "" {
		s.between(r.Time, "")
	}
	s.act(how, "", r.G)
}

// parted tells where a replay leaves its recording.
func (s *stepper) parted(r Record) {
	text := "here the recording ends"
	if r.Kind = RecordKind(r.Site); r.choice() {
		text = "the recording has instead: " + s.who.choice(r)
	}
	s.between(s.time, text)
	s.open.marked = true
	s.flush()
}

// lastWords says how the turn ends during which the run ended.
func (o *Outcome) lastWords(who *cast, g uint32) string {
	switch {
	case o.Recording.Dropped > 0: // it is not the last turn
	case o.Verdict == Reached:
		return "would run next"
	case o.Verdict == Panicked && g == o.Task:
		return "panics" + at(o.diedAt())
	case o.Verdict == Crashed && g == o.Task:
		return "ends the process by a fatal error" + at(o.diedAt())
	case o.Verdict == Failed && g == o.Task && who.inTest(g):
		return "ends the process"
	case o.Verdict == Limited:
		return "would run next"
	case o.Verdict == TimedOut && o.said() == "":
		return "runs until the process is killed"
	}
	return ""
}

// at puts " at " before a place, "" if there is none.
func at(place string) string {
	if place == "" {
		return ""
	}
	return " at " + place
}

// diedAt returns the place where the process died of a panic or a fatal error, "" if it did not or if that is not known.
func (o *Outcome) diedAt() string {
	start := map[Verdict]string{Panicked: "panic: ", Crashed: "fatal error: "}[o.Verdict]
	if start == "" {
		return ""
	}
	if t := parseTraceback(string(o.Output), start); len(t.stacks) > 0 {
		if list := t.stacks[0].telling(); len(list) > 0 {
			return list[0].String()
		}
	}
	return ""
}
