package gort

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/strategy"
	"github.com/reprise-go/reprise/tracefile"
)

// Verdict is the way in which a run ended.
type Verdict uint8

// The verdicts.
const (
	Passed     Verdict = iota
	Failed             // the test failed
	Panicked           // a goroutine panicked
	Crashed            // the runtime found a fault, such as unlock of an unlocked mutex
	Deadlocked         // every goroutine of the test is blocked and no timer is pending
	Leaked             // the test passed and left goroutines behind that are blocked for ever
	TimedOut           // virtual or real time ran out
	Limited            // the number of decisions or of goroutines reached its limit
	Diverged           // a replay reached a decision that does not fit the recorded choices
	Reached            // a replay with Control.Prefix reached the last recorded choice
)

var verdictNames = [...]string{
	"passed", "failed", "panicked", "crashed", "deadlocked", "leaked", "timed out", "reached a limit", "diverged",
	"reached the end of the recording",
}

// String returns the verdict in lower case, such as "deadlocked".
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("verdict %d", uint8(v))
}

// The values of header.end: the way in which the process ended, according to the runtime.
const (
	endNone uint32 = iota
	endExit
	endPanic
	endFatal
	endDeadlock
	endLimit
	endTime
	endDiverged
	endThrow
	endReached
)

// Outcome is the result of one run.
type Outcome struct {
	Verdict   Verdict
	Killed    bool   // the process was killed after Control.Wall
	Exit      int    // exit status of the process; -1 if a signal ended it
	Output    []byte // standard output and error together
	Recording *record.Recording
	Virtual   time.Duration    // virtual time at the end, and of the last record if the run was killed
	Task      uint32           // number of the goroutine that ended the process; 0 if none
	Left      []cast.Waiting   // goroutines that existed at the end, if the runtime listed them
	Mismatch  *record.Mismatch // first choice of a replay that did not fit; nil if all fitted
	Resync    record.Resync    // numbers of recorded choices that a replay used and skipped

	// AtEnd are further notes of the end of the run for its trace file, such as those of what decided it.
	AtEnd []tracefile.Note

	// Wrote is the first path outside the run's folder of temporary files that the run created, removed or opened for
	// writing, so that concurrent runs may disturb each other; "" if there is none.
	Wrote string

	// Unlike names the first read, write or dial at which a replay differs from what was recorded from outside, or the
	// read that the recording lacks; "" if there is none.
	Unlike  string
	offTape bool // the replay ended there
	away    bool // the run ended there, and only a server outside could go on

	Assertions []record.Assertion // of the Antithesis SDK, if the program uses it

	// Route has the branches of a run with Control.Route. Branches is their number, which is greater than len(Route) if
	// there were too many for a strategy.Route.
	Route    []strategy.Branch
	Branches int

	// Effects of the outside, on which a replay depends.
	Children int            // processes that the run has started
	Admitted int            // goroutines that the poller or the end of a system call made ready
	Forced   int            // preemptions by force, of goroutines that passed no point for a second
	Calls    map[int]uint32 // number of system calls by their number, except writes to standard output and error
}

// outcome reads the shared file after a run.
func outcome(s *shared, exit int, seed uint64, killed bool, out []byte) (*Outcome, error) {
	records, err := s.records()
	if err != nil {
		return nil, err
	}
	tape, err := s.tape()
	if err != nil {
		return nil, err
	}
	h := s.header()
	o := &Outcome{
		Exit: exit, Output: out, Virtual: time.Duration(h.time), Task: h.endTask,
		Children: int(h.forks), Admitted: int(h.admits), Forced: int(h.forced), Calls: map[int]uint32{},
		Recording: &record.Recording{
			Seed: seed, Records: records, Texts: s.texts(), Steps: h.steps, Points: h.points, Hash: h.hash,
			Tape: tape, Class: h.class, Dropped: h.dropped, Memory: s.sent.flags&flagMemory != 0,
			Clock:       time.Unix(0, s.sent.clock),
			RealNetwork: s.sent.flags&flagNet == 0,
			Faults:      wire.NetworkFaults{Kinds: s.sent.faultKinds, Rate: int(s.sent.faultRate)}.String(),
		},
	}
	if killed && len(records) > 0 { // the runtime has not said when the run ended
		o.Virtual = max(o.Virtual, time.Duration(records[len(records)-1].Time))
	}
	if s.sent.flags&flagRoute != 0 {
		o.Route, o.Branches = s.route().Branches()
		o.Route = slices.Clone(o.Route)
	}
	for n, c := range h.calls {
		if c > 0 {
			o.Calls[n] = c
		}
	}
	o.Wrote = o.Recording.Text(h.wrote)
	o.Left = o.Recording.Left()
	o.Mismatch = o.Recording.Mismatch()
	o.Resync = record.Resync{Matched: int(h.matched), Skipped: int(h.used) - int(h.matched), Extra: int(h.extra)}
	o.Verdict = o.judge(h.end, killed)
	o.Killed = killed && h.end != endExit
	return o, nil
}

// judge returns the verdict for the end of the process.
func (o *Outcome) judge(end uint32, killed bool) Verdict {
	switch {
	case killed && end != endExit:
		return TimedOut
	case end == endPanic:
		return Panicked
	case end == endDeadlock:
		return Deadlocked
	case end == endLimit:
		return Limited
	case end == endTime:
		return TimedOut
	case end == endDiverged:
		return Diverged
	case end == endReached:
		return Reached
	case end == endFatal || end == endThrow:
		return Crashed
	case o.Exit != 0:
		return Failed
	}
	for _, w := range o.Left {
		if w.Leaked() {
			return Leaked
		}
	}
	return Passed
}

// CutOff reports whether the recording ends before the run, so that a replay can only confirm the recorded part; see
// Control.Prefix.
func (o *Outcome) CutOff() bool { return o.Killed || o.Recording.Dropped > 0 }

// Outside names what the run reached outside the control of reprise, according to its system calls: files, pipes,
// processes, sockets, or "other calls that wait" if goroutines were let in for another reason. The list is sorted.
func (o *Outcome) Outside() []string {
	found := map[string]bool{}
	for n := range o.Calls { // lint: order does not matter because the names are sorted below
		if class := outsideClasses[n]; class != "" {
			found[class] = true
		}
	}
	if o.Admitted > 0 && len(found) == 0 {
		found["other calls that wait"] = true
	}
	return slices.Sorted(maps.Keys(found))
}
