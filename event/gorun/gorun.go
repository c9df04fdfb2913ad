// Package gorun defines how the run of an ordinary Go program is represented in events: which event stands for a
// decision of the scheduler, a preemption, a leap of time, a wake-up from outside and the start of main.main, and
// how goroutines are numbered as tasks. [Writer] writes the form, [Reader] reads the choices of the run back, and
// [MeaningOf] names the meaning of a single event.
//
// # Form
//
// A run has one region, [Region], since goroutines have no owner; it is closed only if every goroutine has ended.
// Goroutines are numbered from 1 in the order in which they start. Goroutine n is the task with index n-1 and
// generation 0; numbers are not reused. The events after RngSeed and RegionCreated have these meanings:
//
//	event                        meaning
//	TaskScheduled                decision: the task runs next; at_tick counts decisions and preemption points together
//	ChaosInjection with a task   preemption: the running task was preempted at a point; data is the leap of time before
//	                             the next decision, in nanoseconds, unless a leap of time follows; usually 0
//	ChaosInjection without task  leap of time: before the next decision the clock leapt by data nanoseconds, from timer
//	                             to timer, although tasks were ready, which were late
//	TaskYielded                  the running task called runtime.Gosched
//	TaskCompleted                the task ended
//	WakerWake                    the task became ready
//	IoReady                      let in from outside: the poller or the end of a system call made a task ready, whose
//	                             number is the token; WakerWake follows
//	IoResult                     read from outside: the task whose number is the token read so many bytes, 0 at the end,
//	                             from a pipe, a socket or the like
//	IoResult with an occasion    fault of the network: an operation of the running task moved so many bytes, fewer than
//	                             it could; 0 if a datagram was lost. The token is the task with the occasion as its
//	                             generation
//	IoResult with an occasion    ready cases of a select: so many cases of a select of the running task are ready. The
//	from 2^31                    token is the task with 2^31 and the number of the choice among those of the task as its
//	                             generation. An RngValue with the number of the case that is taken follows
//	IoError                      fault of the network, with a token of the same form: connection refused or reset; would
//	                             block (latency), timed out (stall), interrupted (bandwidth), not connected (partition),
//	                             which an RngValue with the amount follows
//	Checkpoint                   start of main.main or, without a TestMain, of the first test, once; a replay begins here
//	TimeAdvanced                 the virtual time, written when it is a millisecond ahead of the last TimeAdvanced, and
//	                             before events that depend on it
//
// A task stops once between two decisions. The events between them show why: a preemption, TaskYielded or
// TaskCompleted of the running task; if there is none of them, it has blocked. The code line of TaskScheduled is
// the place where the task had stopped before.
//
// A decision takes a tick, and so does each preemption point passed since the previous decision. The start of
// main.main moves the count to the next multiple of 1,000, so that a few points more or less during the
// initialisation of packages do not change later events.
//
// The package must not know how a program is run or where events are stored.
package gorun

import "github.com/reprise-go/reprise/event"

// Region is the only region of an ordinary run.
var Region = event.NewRegionID(0, 0)

// Task returns the task of a goroutine. Goroutine 0 does not exist.
func Task(g uint32) event.TaskID { return event.NewTaskID(g-1, 0) }

// Goroutine returns the number of the goroutine of a task; it is the inverse of [Task].
func Goroutine(id event.TaskID) uint32 { return id.Index() + 1 }

// Meaning is the meaning of an event in an ordinary run.
type Meaning uint8

// The meanings. Except for Other, the kind of an event alone does not show them.
const (
	Other      Meaning = iota // the meaning of the kind
	Start                     // main.main starts
	Decision                  // the scheduler chose the task that runs next
	Preemption                // a task was preempted at a point
	Leap                      // time leapt to a timer although tasks were ready
	LetIn                     // something outside, not controlled, made a task ready
	Read                      // a task read from outside
	Selects                   // several cases of a select of a task are ready; see Select
)

var meanings = [...]string{"", "start of main.main", "decision", "preemption", "leap of time", "let in from outside",
	"read from outside", "ready cases of a select"}

// String returns the meaning in words, or "" for Other.
func (m Meaning) String() string {
	if int(m) < len(meanings) {
		return meanings[m]
	}
	return "unknown meaning"
}

// MeaningOf returns the meaning of an event in an ordinary run.
func MeaningOf(e event.Event) Meaning {
	switch e.Kind() {
	case event.KindCheckpoint:
		return Start
	case event.KindTaskScheduled:
		return Decision
	case event.KindIoReady:
		return LetIn
	case event.KindIoResult:
		switch occasion := event.TaskID(e.Token()).Generation(); {
		case occasion == 0:
			return Read
		case occasion >= selects:
			return Selects
		}
	case event.KindChaosInjection:
		if _, ok := e.ChaosTask(); ok {
			return Preemption
		}
		return Leap
	}
	return Other
}

// Admitted returns the task of a [LetIn]. It panics if the event is not an IoReady.
func Admitted(e event.Event) event.TaskID { return event.TaskID(e.Token()) }

// Reading returns the task of a [Read]. It panics if the event is not an IoResult.
func Reading(e event.Event) event.TaskID { return event.TaskID(e.Token()) }

// Points returns the number of preemption points passed between two decisions, given their ticks, or between the
// start of main.main and the next decision. If the ticks decrease, it returns 0.
func Points(before, tick uint64) uint64 {
	if tick <= before {
		return 0
	}
	return tick - before - 1
}

// startTick returns the tick of the start of main.main after a tick.
func startTick(tick uint64) uint64 { return (tick/1000 + 1) * 1000 }

// The reasons in the notes of a trace file that are not operations of the program.
const (
	Could         = "could "               // and "send on" or "receive from": a select can take several cases
	ReasonYield   = "runtime.Gosched"      // a task yields
	ReasonPreempt = "preempted"            // a task is preempted
	ReasonForced  = "preempted by force"   // a task is preempted that passed no point for a second of processor time
	ReasonSyscall = "system call"          // a task is in a system call that waits
	ReasonPoller  = "poller or a signal"   // a task is let in by the network poller or a signal
	ReasonReturn  = "end of a system call" // a task is let in after a system call
	ReasonThread  = "thread of C code"     // a task is let in that a thread of C code made ready by a call of Go
)

// Why is the reason for which a task stops.
type Why uint8

// The reasons.
const (
	Blocked   Why = 1 + iota // it waits for something, or is in a system call
	Yielded                  // it called runtime.Gosched
	Preempted                // it was preempted
	Ended                    // it ended
)
