// Package gorun is the form in which the run of an ordinary Go program is told in events: which event stands for a
// decision of the scheduler, a preemption, a leap of time, a wake-up from outside and the start of main.main, and how a
// goroutine is numbered as a task. [Writer] writes the form, [Reader] reads the choices of the run back, and
// [MeaningOf] names what a single event stands for.
//
// # Form
//
// A run has one region, [Region], since a goroutine has no owner; it is closed only if every goroutine has ended.
// Goroutines are numbered from 1 in the order in which they start; goroutine n is the task with index n-1 and
// generation 0, and numbers are not used again. In the events, after RngSeed and RegionCreated:
//
//	event                        meaning
//	TaskScheduled                decision: the task runs next; at_tick counts decisions and preemption points together
//	ChaosInjection with a task   preemption: the task that ran was preempted at a point; data is the leap of time, in
//	                             nanoseconds, before the next decision, mostly 0
//	ChaosInjection without task  leap of time: the clock leaps by data nanoseconds to a timer although tasks are ready
//	TaskYielded                  the task that ran called runtime.Gosched
//	TaskCompleted                the task ended
//	WakerWake                    the task became ready
//	IoReady                      let in from outside: the poller or the end of a system call made the task ready whose
//	                             number is the token; WakerWake follows
//	Checkpoint                   start of main.main, once; a replay begins here
//	TimeAdvanced                 the virtual time, told when it is a millisecond ahead of what was told last, and before
//	                             events that depend on it
//
// A task stops once between two decisions, and why can be told from what stands between them: a preemption, TaskYielded
// or TaskCompleted of the task that ran; if there is none of them, it has blocked. The code line of TaskScheduled is
// where the task had stopped before.
//
// A decision takes a tick, and so does each preemption point that was passed since the decision before. The start of
// main.main moves the count to the next multiple of 1,000, so that a few points more or less in the initialisation of
// packages change no event behind it.
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

// Meaning is what an event of an ordinary run stands for.
type Meaning uint8

// The meanings that the kind of an event does not tell by itself.
const (
	Other      Meaning = iota // what the kind says
	Start                     // main.main starts
	Decision                  // the scheduler chose the task that runs next
	Preemption                // a task was preempted at a point
	Leap                      // time leapt to a timer although tasks were ready
	LetIn                     // something outside of the control made a task ready
)

var meanings = [...]string{"", "start of main.main", "decision", "preemption", "leap of time", "let in from outside"}

// String returns the meaning in words, "" for Other.
func (m Meaning) String() string {
	if int(m) < len(meanings) {
		return meanings[m]
	}
	return "unknown meaning"
}

// MeaningOf returns what an event of an ordinary run stands for.
func MeaningOf(e event.Event) Meaning {
	switch e.Kind() {
	case event.KindCheckpoint:
		return Start
	case event.KindTaskScheduled:
		return Decision
	case event.KindIoReady:
		return LetIn
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

// Points returns how many preemption points were passed between two decisions, given as their ticks, or between the
// start of main.main and the decision after it. Ticks that go back give 0.
func Points(before, tick uint64) uint64 {
	if tick <= before {
		return 0
	}
	return tick - before - 1
}

// startTick returns the tick of the start of main.main, given the one before.
func startTick(tick uint64) uint64 { return (tick/1000 + 1) * 1000 }

// The reasons that notes of a trace file give for what is no operation of the program.
const (
	ReasonYield   = "runtime.Gosched"      // a task yields
	ReasonPreempt = "preempted"            // a task is preempted
	ReasonForced  = "preempted by force"   // a task is preempted that has passed no point for a second of real time
	ReasonSyscall = "system call"          // a task is held up in a system call
	ReasonPoller  = "poller or a signal"   // a task is let in because of the network poller or of a signal
	ReasonReturn  = "end of a system call" // a task is let in behind a system call
)

// Why says why a task stopped.
type Why uint8

// The reasons for which a task stops.
const (
	Blocked   Why = 1 + iota // it waits for something, or is in a system call
	Yielded                  // it called runtime.Gosched
	Preempted                // it was preempted
	Ended                    // it ended
)
