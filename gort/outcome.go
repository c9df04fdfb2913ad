package gort

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/reprise-go/reprise/internal/cast"
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

// Waiting is a goroutine that was there at the end of a run.
type Waiting = cast.Waiting

// Outcome is the result of one run.
type Outcome struct {
	Verdict   Verdict
	Killed    bool   // it had not ended when Control.Wall was over
	Exit      int    // exit status of the process; -1 if a signal ended it
	Output    []byte // standard output and error together
	Recording *Recording
	Virtual   time.Duration // virtual time at the end
	Task      uint32        // the goroutine that ended the process, 0 for none
	Left      []Waiting     // who was there at the end, where the runtime noted it
	Mismatch  *Mismatch     // of a replay that left its recording, the first
	Resync    Resync        // of a replay

	// What came from outside, on which a replay depends.
	Admitted int            // goroutines that the poller or the end of a system call made ready
	Forced   int            // preemptions by the clock, of goroutines that pass no point
	Calls    map[int]uint32 // system calls by number, without writes to standard output and error
}

// Resync says how much of a recording a replay has used.
type Resync struct {
	Matched int // choices that fitted a decision
	Skipped int // choices that were passed over
	Extra   int // decisions that fitted no choice
}

// Mismatch says where a replay left its recording.
type Mismatch struct {
	Index    int    // of the choice
	Expected Record // the choice, a Sched or an Admit; zero if the recording is at its end
	Actual   Record // the decision that came instead: Reason, N, Points and who stopped
	Ready    []uint32
}

// String says the mismatch in one line.
func (m *Mismatch) String() string {
	want := "the end of the recording"
	switch m.Expected.Kind {
	case Admit:
		want = fmt.Sprintf("g%d made ready from outside", m.Expected.G)
	case Sched:
		want = fmt.Sprintf("g%d of %d after g%d %s and %d points", m.Expected.G, m.Expected.N, m.Expected.prev(),
			why(m.Expected.Reason), m.Expected.Points)
	}
	return fmt.Sprintf("choice %d: the recording has %s, the replay %d ready after g%d %s and %d points", m.Index, want,
		m.Actual.N, m.Actual.prev(), why(m.Actual.Reason), m.Actual.Points)
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
		Recording: &Recording{
			Seed: seed, Records: records, Texts: s.texts(), Steps: h.steps, Points: h.points, Hash: h.hash,
			Dropped: h.dropped, Memory: s.sent.flags&flagMemory != 0,
		},
	}
	for n, c := range h.calls {
		if c > 0 {
			o.Calls[n] = c
		}
	}
	o.Left = o.Recording.left()
	o.Mismatch = o.Recording.mismatch()
	o.Resync = Resync{Matched: int(h.matched), Skipped: int(h.used) - int(h.matched), Extra: int(h.extra)}
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

// left returns the goroutines of the Left records.
func (r *Recording) left() (list []Waiting) {
	var all []Goroutine
	for _, rec := range r.Records {
		if rec.Kind != Left {
			continue
		}
		if all == nil {
			all = r.Goroutines()
		}
		if int(rec.G) >= len(all) {
			continue
		}
		w := Waiting{
			Goroutine: all[rec.G], Reason: r.Text(rec.Points), Where: r.Text(rec.Site), Stack: r.Text(uint32(rec.Val)),
			Holder: uint32(rec.Val >> 32),
		}
		for g := rec.G; g != 0 && !w.Test; g = all[g].Parent {
			w.Test = strings.HasPrefix(all[g].Start, "testing.tRunner") || strings.HasPrefix(all[g].Start, "testing.(*T).Run")
		}
		list = append(list, w)
	}
	return list
}

// mismatch returns what the records say of the first choice that did not fit, nil if all did.
func (r *Recording) mismatch() *Mismatch {
	first := slices.IndexFunc(r.Records, func(rec Record) bool { return rec.Kind == Expected })
	if first < 0 {
		return nil
	}
	m := &Mismatch{}
	for i, rec := range r.Records {
		switch {
		case rec.Kind == Begin:
			m.Index = 0
		case rec.choice() && i < first:
			m.Index++
		}
		switch rec.Kind {
		case Expected:
			m.Expected = rec
			m.Expected.Kind = RecordKind(rec.Site)
			m.Expected.Site = 0
		case Actual:
			m.Actual = rec
		case Ready:
			m.Ready = append(m.Ready, rec.G)
		}
	}
	return m
}

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
