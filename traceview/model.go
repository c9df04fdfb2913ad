// Package traceview makes pictures of a recorded run. [Read] computes the model of a run once, from any source: lanes,
// turns, waits, arrows and marks. [Model.WriteHTML], [Model.WritePerfetto], [Model.WriteText] and [Model.Line] render
// it. The same recording gives the same bytes. The package must not know how a run is made.
package traceview

import (
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/cause"
)

// Options say which part of a run a [Model] keeps.
type Options struct {
	// Turns is the number of turns kept at most, those around Focus; 0 means 2,000.
	Turns int

	// Focus is the index of the event that matters, such as that of a divergence. If it is negative, what matters is
	// the failure of the test, or the end of the run.
	Focus int64

	// Difference is the text of a mark before event Focus, such as how another run differs there; "" for none.
	Difference string
}

// Model is what a picture shows of a run. The x axis counts turns: a turn begins when a task is chosen to run and ends
// when another task is. Turn i of the run is Turns[i-First].
type Model struct {
	Ordinary bool   // the run of an ordinary Go test
	Title    string // package and test, or the description of the recording
	Seed     uint64

	Lanes  []Lane
	Turns  []Turn
	Waits  []Wait
	Arrows []Arrow
	Marks  []Mark

	First   int    // number of turns before the first that is kept
	Total   int    // number of turns in the run
	Hidden  int    // tasks without a turn, an arrow or a mark among the turns kept
	Dropped int    // waits, arrows and marks left out because there are too many
	End     string // how the run ended; "" if unknown
	Report  string // the text of the finding, above the picture; "" if there is none
	Cause   cause.Cause
	Damage  string // why the recording could not be read to its end; "" if it could
}

// Lane is a task or goroutine.
type Lane struct {
	Task  event.TaskID
	Short string // "0.0.1" for a goroutine, "T1" for a task
	Name  string // what the goroutine runs, or the name of the task; may be ""
	Group string // the region of a task; the goroutine that started a goroutine
	Begin int    // the turn in which it started
	End   int    // the turn in which it ended; -1 if it did not
}

// Stop is the reason for which a turn ended.
type Stop byte

// The reasons.
const (
	StopNone    Stop = 0   // the run or the recording ended
	StopSwitch  Stop = 'S' // another task was chosen at a scheduling point of a simulated run
	StopPreempt Stop = 'P' // it was preempted
	StopWait    Stop = 'W' // it waits
	StopSleep   Stop = 'Z' // it sleeps
	StopYield   Stop = 'Y' // it yielded
	StopEnd     Stop = 'E' // it ended
)

// Turn is a stretch in which one task runs.
type Turn struct {
	Lane     int
	Event    uint64   // index of the event that began it
	Decision int      // number of the decision that began it; in an ordinary run from 1 at main.main
	Points   int      // decisions after the first in which the same task was chosen again
	Ready    int      // tasks that were ready when it began, with its own; 0 if unknown
	Time     int64    // virtual time at which it began, in nanoseconds
	Acts     []string // what the task did, such as "wakes 0.1" and "locks mutex 1 (bank.go:9)"; at most 8
	Objects  []string // what it did something to, or waits for at the end; at most 8
	Stop     Stop
	How      string // how it ended, such as "waits: sync.Mutex.Lock"
	Object   string // what it waits for, such as "mutex 2"; "" if unknown
	Place    string // the code line at which it ended, such as "queue.go:25 example.com/queue.Open"

	last  string // the last of the acts
	times int    // how often the task did that
}

// Wait is a stretch in which a task is ready, waits or sleeps: from the start of turn From to the start of turn To.
type Wait struct {
	Lane     int
	From, To int
	State    State
	How      string // as in Turn
	Object   string
	Holders  []int // lanes that hold the object
}

// State is what a task does.
type State uint8

// The states.
const (
	Gone State = iota // it has not started or has ended
	Running
	Ready
	Waiting
	Sleeping
)

// String returns the state in words.
func (s State) String() string {
	return [...]string{"gone", "running", "ready", "waiting", "sleeping"}[min(s, Sleeping)]
}

// Arrow is what one lane does to another in a turn.
type Arrow struct {
	From, To int // lanes; From is -1 if a timer or the outside did it
	Turn     int
	At       int // the turn in which it arrives; Turn, unless something is sent
	Kind     ArrowKind
}

// ArrowKind is the kind of an [Arrow].
type ArrowKind uint8

// The kinds of arrows.
const (
	Starts ArrowKind = iota
	Wakes
	Sends // a value or data, to the task that receives it
)

// String returns the verb.
func (k ArrowKind) String() string { return [...]string{"starts", "wakes", "sends to"}[min(k, Sends)] }

// MarkKind is the kind of a [Mark].
type MarkKind uint8

// The kinds of marks.
const (
	MarkTimer      MarkKind = iota // a timer fired
	MarkFault                      // a fault was injected
	MarkCheckpoint                 // a checkpoint
	MarkPreemption                 // a task was preempted
	MarkLeap                       // virtual time leapt although tasks were ready
	MarkOutside                    // something outside made a task ready
	MarkFailure                    // the test was marked as failed, a task panicked, or the run ended with an error
	MarkDifference                 // another run differs here
	MarkRace                       // a task accesses memory in conflict with an earlier access
	MarkCause                      // the turn decided the run, or belongs to the critical pair
	MarkOther                      // what a note tells besides
)

var markNames = [...]string{
	"timer", "fault", "checkpoint", "preemption", "leap of time", "outside", "failure", "difference", "race", "cause",
	"note",
}

// String returns the kind in words.
func (k MarkKind) String() string { return markNames[min(int(k), len(markNames)-1)] }

// Mark is something that happened at a moment.
type Mark struct {
	Lane int // -1 if it concerns no lane
	Turn int // the turn in which it happened, or after which, if no task was running
	Kind MarkKind
	Text string
}

// At returns the turn with a number, counted from the start of the run, or nil if it is not kept.
func (m *Model) At(turn int) *Turn {
	if turn < m.First || turn >= m.First+len(m.Turns) {
		return nil
	}
	return &m.Turns[turn-m.First]
}

// letter returns the value of a reason as a text, "" for StopNone.
func (s Stop) letter() string {
	if s == StopNone {
		return ""
	}
	return string(rune(s))
}
