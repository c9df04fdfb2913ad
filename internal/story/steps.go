package story

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/tracefile"
)

// step is one line of a schedule: a turn of a goroutine, or what happened between two turns.
type step struct {
	g        uint32 // the task that had the turn; 0 between two turns
	decision int    // number of the decision that began the turn, or of the last one before; 1 is the start of main.main
	ready    int    // number of ready goroutines at that decision
	time     int64  // virtual time of the start, in nanoseconds
	marked   bool   // it ends with a preemption or a leap of time: a choice that ordinary runs seldom make
	idle     bool   // the turn was spent in package testing
	std      bool   // the turn was spent in the standard library
	note     bool   // it is about steps that are left out
	of       []step // of such a note: those steps; nil if it has no number of turns
	kept     int    // rank among the steps that must not be left out, from 1; 0 for others
	decided  bool   // the turn decided the run
	times    int    // how often it happened again, of a step between two turns
	text     string
	path     string // name of g in the schedule
	mark     string // mark in the first column, "" for the one that follows from the other fields
}

// stepper turns moments into steps.
type stepper struct {
	story *Story
	who   *cast.Cast
	told  []step

	opened bool // there is an open step
	open   step
	acts   []act // acts of the open step

	inside  bool // the result of endOfTurn
	settled int  // inside holds for records followed by at least this many others

	failed    bool // the test is marked as failed: what its goroutine does afterwards is left out
	decisions int
	left      int                      // number of further decisions
	state     []uint8                  // of each goroutine
	locked    map[lockOf]string        // the line at which each lock was taken
	timers    map[event.TimerID]moment // the moment that set each timer
	could     map[uint32][]moment      // the cases that the select of each goroutine could take
	asleep    map[uint32]string        // the place at which each goroutine slept last
	group     string                   // the wait group that was used last
	leap      int64                    // length of the leap of time before the next decision, in nanoseconds
	time      int64                    // virtual time of the previous record, in nanoseconds
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
	times  int // number of repetitions
}

// text describes the act.
func (a act) text(who *cast.Cast) string {
	return repeated(strings.TrimSpace(fmt.Sprintf(a.format, who.Paths(a.ids))+" "+a.label), a.times)
}

// repeated returns text with the number of its repetitions, if there are any.
func repeated(text string, times int) string {
	if times == 0 || text == "" {
		return text
	}
	return fmt.Sprintf("%s (%d times)", text, times+1)
}

// horizon is the maximum number of decisions before the end, and around the turn that decided the run, that a schedule
// covers.
const horizon = 5_000

// steps returns the end of the run as steps, or its start if a limit ended it.
func (s *Story) steps() []step {
	first, _ := s.start(s.untilOver())
	list, _ := s.stepsOf(first, -1)
	return list
}

// stepsOf returns moments as steps, and the number of steps before moment n, which begins a step of its own.
func (s *Story) stepsOf(moments []moment, n int) (list []step, at int) {
	t := &stepper{story: s, who: s.who, state: make([]uint8, len(s.list)), settled: math.MaxInt,
		timers: map[event.TimerID]moment{}, asleep: map[uint32]string{}, could: map[uint32][]moment{},
		locked: map[lockOf]string{}}
	for _, m := range moments {
		if m.kind == runs {
			t.left++
		}
	}
	for i, m := range moments {
		if i == n {
			at = t.split()
		}
		if int(m.g) < len(t.state) {
			t.moment(m, moments[i+1:])
		}
		t.time = m.time
	}
	if n >= len(moments) {
		at = t.split()
	}
	if t.opened && t.open.g != 0 {
		t.finish(s.lastWords(t.open.g))
	}
	t.flush()
	return t.told, at
}

// split ends the open step, returns the number of steps so far, and continues the turn, if there is one, in a new step.
func (s *stepper) split() int {
	rest := s.open
	if s.opened && (rest.g == 0 || len(s.acts) > 0) {
		s.flush()
	}
	if rest.g != 0 {
		s.opened, s.open = true, rest
	}
	return len(s.told)
}

// recent reports whether the step is within the horizon, or near the turn that decided the run.
func (s *stepper) recent() bool {
	far := s.decisions - s.story.Turning
	return s.left < horizon || s.story.Turning > 0 && -horizon < far && far < horizon
}

// moment handles a moment of a known task; rest are the later moments.
func (s *stepper) moment(r moment, rest []moment) {
	if s.leap > 0 && (r.time-s.time >= s.leap || r.kind == runs) {
		s.leapt(s.leap)
	}
	switch r.kind {
	case spawns:
		s.unsay("adds to a wait group", s.who.List[r.g].Site)
		s.unsay("adds to "+s.group, s.who.List[r.g].Site)
		s.act("starts %s", strings.TrimSpace(s.who.Label(r.g)+" "+s.startedAt(r.g)), r.g)
	case runs:
		s.turn(r)
	case goesOn:
		s.decisions++
	case blocks:
		s.blocked(r)
		s.stopped(r, rest)
	case yields:
		s.finish("yields" + s.at(r))
		s.stopped(r, rest)
	case preempts:
		s.preempted(r)
		s.stopped(r, rest)
	case ends:
		s.state[r.g] = stateGone
		if s.open.g == r.g {
			s.finish(r.reason)
			s.stopped(r, rest)
		}
	case wakes:
		s.woken(r)
	case sets:
		s.timers[r.id] = r
	case fires:
		if text := s.fired(r, rest); s.inTurn(rest) {
			s.note(text)
		} else {
			s.between(r.time, text)
		}
	case letsIn:
		s.admitted(r)
	case fails:
		s.note(strings.TrimSpace("marks the test as failed " + bracketed(r.place)))
		s.failed = true
	case starts:
		s.decisions, s.open.decision = 0, 0
	case happens:
		s.happened(r, rest)
	case races:
		s.raced(r)
	case parts:
		s.parted(r)
	}
}

// accesses are the words for the later access of a data race.
var accesses = map[string]string{
	"read": "reads memory", "write": "writes memory", "atomic read": "reads memory atomically",
	"atomic write": "writes memory atomically",
}

// raced tells an access in conflict with an earlier one.
func (s *stepper) raced(r moment) {
	later, earlier, _ := strings.Cut(r.reason, ", ")
	text := accesses[later] + at(cast.Spot(r.place)) + s.story.quoted(r.place) + ", a data race"
	if earlier != "" && r.by != 0 {
		text += " with the " + earlier + " of " + s.who.Path(r.by)
		if len(r.stack) > 0 {
			text += at(cast.Spot(r.stack[0])) + s.story.quoted(r.stack[0])
		}
	}
	s.note(text)
}

// turn begins the turn of a goroutine.
func (s *stepper) turn(r moment) {
	if prev := s.open.g; s.opened && prev != 0 {
		s.state[prev] = stateWaits
		if r.held {
			s.finish(heldUp)
		}
	}
	s.flush()
	s.decisions++
	s.left--
	s.state[r.g] = stateRuns
	s.opened, s.open = true, step{
		g: r.g, path: s.who.Path(r.g), decision: s.decisions, ready: r.ready, time: r.time,
	}
}

// The numbers of operations at the start and at the end of a turn that are described, if it has many.
const (
	firstActs = 6
	lastActs  = 6
)

// startedAt returns the line of the go statement of a goroutine of an ordinary test in brackets, "" if it is not known.
func (s *stepper) startedAt(g uint32) string {
	if !s.story.ordinary || !s.story.inTest(g) || cast.StartsTest(s.who.List[g].Start) {
		return ""
	}
	return bracketed(s.who.List[g].Site)
}

// heldUp is how a turn ends for which nothing was recorded.
const heldUp = "is held up in a system call"

// between begins a step that is not a turn. A step that repeats the previous one is only counted.
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

// finish sets the text for the end of a turn.
func (s *stepper) finish(how string) { s.open.text = how }

// flush completes the open step. In the text of a turn its acts precede its end; otherwise they follow the rest.
func (s *stepper) flush() {
	if s.opened && s.recent() {
		var parts []string
		for _, a := range s.acts {
			parts = append(parts, a.text(s.who))
		}
		if n := len(parts) - firstActs - lastActs; n > 1 {
			parts = slices.Concat(parts[:firstActs], []string{fmt.Sprintf("… %d more …", n)}, parts[firstActs+n:])
		}
		if s.open.g == 0 {
			parts = append([]string{repeated(s.open.text, s.open.times)}, parts...)
		} else {
			parts = append(parts, s.open.text)
		}
		s.open.text = strings.Trim(strings.Join(parts, ", "), ", ")
		s.told = append(s.told, s.open)
	}
	s.open, s.acts, s.opened = step{}, nil, false
}

// note adds an act without a goroutine to the current step.
func (s *stepper) note(text string) {
	switch n := len(s.acts) - 1; {
	case !s.recent():
	case n >= 0 && s.acts[n].ids == nil && s.acts[n].label == text:
		s.acts[n].times++
	default:
		s.acts = append(s.acts, act{format: "%s", label: text})
	}
}

// act adds an act that affects a goroutine to the current step.
func (s *stepper) act(format, label string, g uint32) {
	s.state[g] = stateReady
	if n := len(s.acts) - 1; n >= 0 && s.acts[n].format == format && s.acts[n].label == label {
		s.acts[n].ids = append(s.acts[n].ids, g)
	} else if s.recent() {
		s.acts = append(s.acts, act{format: format, label: label, ids: []uint32{g}})
	}
}

// unsay removes the last act of the open step if it is an operation at a place, of which what follows says more: a
// select at which the goroutine waits, or a wait group whose method Go starts a goroutine.
func (s *stepper) unsay(operation, place string) {
	n := len(s.acts) - 1
	if n < 0 || s.acts[n].ids != nil || s.acts[n].label != strings.TrimSpace(operation+" "+bracketed(place)) {
		return
	}
	if s.acts[n].times--; s.acts[n].times < 0 {
		s.acts = s.acts[:n]
	}
}

// blocked ends a turn with what the task waits for.
func (s *stepper) blocked(r moment) {
	s.state[r.g] = stateWaits
	for _, operation := range []string{"sleeps", "selects", "waits for a wait group", "waits for " + r.object.Name} {
		s.unsay(operation, r.place)
	}
	if strings.EqualFold(r.reason, "sleep") {
		s.state[r.g] = stateSleeps
		s.asleep[r.g] = r.place
		if line, _ := cast.SplitPlace(r.place); strings.HasPrefix(line, "_testmain.go:") { // of the runtime, for leaks
			s.finish("gives the others time to end, because the tests are over")
			return
		}
		s.finish("sleeps" + s.at(r))
		return
	}
	text := "waits: " + r.reason
	if !s.story.ordinary {
		s.finish(text + s.heldBy(r) + s.at(r))
		return
	}
	if r.object.Name != "" {
		text += " on " + r.object.Name
	}
	s.finish(text + s.at(r) + s.heldSince(r))
}

// preempted ends a turn with a preemption.
func (s *stepper) preempted(r moment) {
	if !s.story.ordinary {
		s.finish("stops" + s.at(r))
		return
	}
	s.open.marked = true
	if r.forced {
		s.finish("preempted by force" + s.at(r) + ", having passed no point for a second")
		return
	}
	s.finish("preempted" + s.at(r))
}

// at returns the place where a task stopped, with a space in front, and marks a turn in package testing as idle.
func (s *stepper) at(r moment) string {
	if !s.recent() {
		return ""
	}
	if !s.story.ordinary {
		return at(cast.ShortSite(r.place)) + s.story.quoted(r.place)
	}
	_, fn := cast.SplitPlace(r.place)
	s.open.idle = cast.Root(fn) == "testing" && len(s.acts) == 0
	s.open.std = cast.Library(fn) && len(s.acts) == 0 && len(r.stack) == 0
	if spot := cast.Spot(r.place); spot != "" {
		return at(spot) + s.story.quoted(r.place) + calledFrom(r.stack)
	}
	if label := s.who.Label(r.g); label != "" {
		return " in " + label
	}
	return ""
}

// stopped ends a step after which another task may run. Only the next decision states whether time leaps there.
func (s *stepper) stopped(r moment, rest []moment) {
	if r.kind == yields || r.kind == preempts {
		s.state[r.g] = stateReady
	}
	s.flush()
	for _, next := range rest {
		if next.kind == runs {
			s.leap = int64(next.leap)
			break
		}
	}
	if r.kind == preempts && s.leap > 0 { // the leap was before this record
		s.leapt(s.leap)
	}
}

// leapt adds that time leaps to the next timer although goroutines are ready.
func (s *stepper) leapt(by int64) {
	s.leap = 0
	var ready []uint32
	for g, state := range s.state {
		if state == stateReady {
			ready = append(ready, uint32(g))
		}
	}
	text := fmt.Sprintf("time leaps %v to the next timer", cast.Round(time.Duration(by)))
	if len(ready) > 0 {
		text += ", as if " + s.who.Paths(ready) + " were slow"
	}
	s.between(s.time, text)
	s.open.marked = true
	s.flush()
}

// woken adds that a goroutine became ready, woken by the running one or otherwise.
func (s *stepper) woken(r moment) {
	switch {
	case s.open.g != 0:
		if s.story.inTest(r.g) || !s.story.inTest(s.open.g) { // a test that ends wakes the main goroutine
			s.act("wakes %s", r.reason, r.g)
		}
		return
	case !s.opened:
		s.between(r.time, "")
	}
	s.act("%s is ready", "", r.g)
}

// inTurn reports whether something happens during the open turn: a goroutine that uses the channel of a timer makes the
// timer fire by itself. Otherwise the goroutine is blocked in a system call, which the next decision states.
func (s *stepper) inTurn(rest []moment) bool {
	if s.open.g == 0 {
		return false
	}
	if len(rest) < s.settled {
		s.inside, s.settled = endOfTurn(rest)
	}
	return s.inside
}

// endOfTurn reports whether the goroutine stops by itself, according to the first record about its end. The answer
// holds for every earlier record: those followed by at least the returned number of records.
func endOfTurn(rest []moment) (inside bool, least int) {
	for i, r := range rest {
		switch r.kind {
		case runs:
			return !r.held, len(rest) - i
		case letsIn:
			return false, len(rest) - i
		case blocks, yields, preempts, ends:
			return true, len(rest) - i
		}
	}
	return true, 0
}

// fired describes the timer that fires.
func (s *stepper) fired(r moment, rest []moment) string {
	if !s.recent() {
		return ""
	}
	set, found := s.timers[r.id]
	if !found {
		return "timer fires"
	}
	length := cast.Round(time.Duration(max(0, int64(set.due)-set.time))).String() // it may have been due when it was set
	if len(rest) > 0 && rest[0].kind == wakes && int(rest[0].g) < len(s.state) && s.state[rest[0].g] == stateSleeps {
		return strings.TrimSpace("sleep of "+length+" "+bracketed(s.asleep[rest[0].g])) + " ends"
	}
	return strings.TrimSpace("timer of "+length+" "+bracketed(set.place)) + " fires"
}

// happened tells what happens in the turn of a task, or between two turns.
func (s *stepper) happened(r moment, rest []moment) {
	locks(s.locked, r)
	if r.object.Kind == "wait group" {
		s.group = r.object.Name
	}
	if strings.HasPrefix(r.reason, gorun.Could) {
		s.could[r.g] = append(s.could[r.g], r)
		return
	}
	if s.failed && s.story.ordinary || r.does(tracefile.OfferSend) || r.does(tracefile.OfferReceive) {
		return
	}
	if s.open.g != 0 {
		if r.operates("waits on", "cond") { // how it waits says more
			return
		}
		if strings.HasPrefix(r.reason, "takes the ") {
			s.unsay("selects", r.place)
		}
		text := strings.TrimSpace(r.reason+" "+bracketed(r.place)) + s.others(r)
		if s.story.signals(r) && (len(rest) == 0 || rest[0].kind != wakes) {
			text += " without a waiter"
		}
		s.note(text)
		s.open.marked = s.open.marked || r.fault
		return
	}
	s.between(r.time, r.reason)
}

// others names the other cases that a select could take.
func (s *stepper) others(taken moment) string {
	if !strings.HasPrefix(taken.reason, "takes the case ") {
		return ""
	}
	var list []string
	for _, m := range s.could[taken.g] {
		same := m.object == taken.object && m.does(gorun.Could+"send on") == strings.Contains(taken.reason, " sends on ")
		if text := strings.TrimPrefix(m.reason, gorun.Could); !same && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	delete(s.could, taken.g)
	switch n := len(list); {
	case n == 0:
		return ""
	case n > maxOthers:
		list = append(list[:maxOthers:maxOthers], fmt.Sprintf("%d more", n-maxOthers))
	}
	return ", although it could also " + strings.Join(list, " or ")
}

// maxOthers is the maximum number of other cases of a select that are named.
const maxOthers = 3

// admitted adds that something outside made a goroutine ready.
func (s *stepper) admitted(r moment) {
	how := "%s ready from outside, by the network poller or a signal"
	switch r.reason {
	case gorun.ReasonReturn:
		how = "%s back from a system call"
	case gorun.ReasonThread:
		how = "%s ready from outside, by a thread of C code"
	}
	if !s.opened || s.open.g != 0 || s.open.text != "" {
		s.between(r.time, "")
	}
	s.act(how, "", r.g)
}

// parted adds the point at which a replay differs from its recording.
func (s *stepper) parted(r moment) {
	text := "here the recording ends"
	if r.reason != "" {
		text = "the recording has instead: " + r.reason
	}
	s.between(r.time, text)
	s.open.marked = true
	s.flush()
}

// lastWords describes the end of the turn during which the run ended.
func (s *Story) lastWords(g uint32) string {
	switch {
	case s.dropped != "": // it is not the last turn
	case s.ended == "reached the end of the recording":
		return "would run next"
	case s.ended == "panicked" && g == s.by:
		return "panics" + at(s.place)
	case s.ended == "crashed" && g == s.by:
		return "ends the process by a fatal error" + at(s.place)
	case s.ended == "failed" && g == s.by && s.who.InTest(g):
		return "ends the process"
	case s.ended == "reached a limit":
		return "would run next"
	case s.ended == "killed":
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
