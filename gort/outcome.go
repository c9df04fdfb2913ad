package gort

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/record"
)

// Verdict says how a run ended.
type Verdict uint8

// The verdicts.
const (
	Passed     Verdict = iota
	Failed             // the test failed
	Panicked           // a goroutine panicked
	Crashed            // the runtime found a fault, such as unlock of an unlocked mutex
	Deadlocked         // everybody waits for somebody
	Leaked             // the test passed and left goroutines behind that wait for ever
	TimedOut           // virtual or real time ran out
	Limited            // the number of decisions or of goroutines reached its limit
	Diverged           // the program does not fit the choices of a replay
	Reached            // the program fits all choices of a replay that ends behind the last; see Control.Prefix
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

// The ends that the runtime notes, in header.end.
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
	Killed    bool   // it had not ended when Control.Wall was over
	Exit      int    // exit status of the process; -1 if a signal ended it
	Output    []byte // standard output and error together
	Recording *record.Recording
	Virtual   time.Duration    // virtual time at the end
	Task      uint32           // the goroutine that ended the process, 0 for none
	Left      []cast.Waiting   // who was there at the end, where the runtime noted it
	Mismatch  *record.Mismatch // of a replay that left its recording, the first
	Resync    record.Resync    // of a replay

	// What came from outside, on which a replay depends.
	Admitted int            // goroutines that the poller or the end of a system call made ready
	Forced   int            // preemptions by the clock, of goroutines that pass no point
	Calls    map[int]uint32 // system calls by number, without writes to standard output and error
}

// outcome reads the shared file after a run.
func outcome(s *shared, exit int, seed uint64, killed bool, out []byte) (*Outcome, error) {
	records, err := s.records()
	if err != nil {
		return nil, err
	}
	h := s.header()
	o := &Outcome{
		Exit: exit, Output: out, Virtual: time.Duration(h.time), Task: h.endTask,
		Admitted: int(h.admits), Forced: int(h.forced), Calls: map[int]uint32{},
		Recording: &record.Recording{
			Seed: seed, Records: records, Texts: s.texts(), Steps: h.steps, Points: h.points, Hash: h.hash,
			Dropped: h.dropped, Memory: s.sent.flags&flagMemory != 0,
		},
	}
	for n, c := range h.calls {
		if c > 0 {
			o.Calls[n] = c
		}
	}
	o.Left = o.Recording.Left()
	o.Mismatch = o.Recording.Mismatch()
	o.Resync = record.Resync{Matched: int(h.matched), Skipped: int(h.used) - int(h.matched), Extra: int(h.extra)}
	o.Verdict = o.judge(h.end, killed)
	o.Killed = killed && h.end != endExit
	return o, nil
}

// judge tells the verdict from how the process ended.
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

// CutOff reports whether the recording ends before the run did, so that a replay can only show whether its start comes
// out the same; see Control.Prefix.
func (o *Outcome) CutOff() bool { return o.Killed || o.Recording.Dropped > 0 }

// Outside names what the run reached outside of the control, as far as system calls tell: files, pipes, processes,
// sockets, and "other calls that wait" if the processor was taken from a goroutine for another reason. It is sorted.
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
