package gort

import (
	"fmt"

	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/internal/cast"
)

// RecordKind says what a [Record] tells.
type RecordKind uint8

// The kinds of records. G is the goroutine of each kind unless the line says otherwise.
const (
	// G started. Val: parent<<32 | number; Site: the go statement; Points: text of the start function.
	Spawn RecordKind = 1 + iota
	// Decision: G runs next. N: number of ready goroutines; Reason: why it was due; Points: number of points since the
	// last decision; Val: leap<<32 | the goroutine that stopped.
	Sched
	Block     // G blocked; Reason: the runtime's wait reason; Site
	Wake      // G became ready; Val: the goroutine that woke it, 0 for a timer
	Yield     // G called Gosched
	Preempt   // G was preempted at a point
	End       // G ended
	TimerSet  // timer Points is due at Val
	TimerFire // timer Val fires
	TimerStop // timer Val will not fire
	Rand      // G drew Val; Reason: 0 math/rand, 1 crypto/rand with Points bytes
	Admit     // something outside made G ready; Reason: 1 the poller, 2 the end of a system call
	// G existed at the end. Site; Points: text of what it waits for; Val: holder of the lock<<32 | text of the stack.
	Left
	Expected // the choice that did not fit in a replay, as in Sched; Site: its kind
	Actual   // the decision that the replay made there, as in Sched
	Ready    // G was ready there
	Begin    // G starts main.main: from here on choices are made and depend on the seed
	Fail     // G marks a test as failed, for the first time in the run
	Race     // G accesses memory that another goroutine accessed without any order; see [Outcome.Races]
)

// Why a decision was due, in Record.Reason of a [Sched].
const (
	WhyBlock   = uint8(gorun.Blocked)   // the goroutine before blocked
	WhyYield   = uint8(gorun.Yielded)   // it called Gosched
	WhyPreempt = uint8(gorun.Preempted) // it was preempted at a point
	WhyEnd     = uint8(gorun.Ended)     // it ended
	WhySyscall = WhyEnd + 1             // it is stuck in a system call
	WhyForced  = WhyEnd + 2             // it passed no point for a second
)

var whyNames = [...]string{"start", "blocked", "yielded", "preempted", "ended", "in a system call",
	"preempted by force"}

// why says in words why a decision was due.
func why(reason uint8) string {
	if int(reason) < len(whyNames) {
		return whyNames[reason]
	}
	return fmt.Sprintf("stopped for reason %d", reason)
}

// Record is one thing that the runtime noted, in the order in which it happened.
type Record struct {
	Kind   RecordKind
	Reason uint8
	N      uint16
	G      uint32 // number of the goroutine in the order of starts, from 1; 0 for none
	Site   uint32 // number of a text, 0 for none
	Points uint32
	Time   int64 // virtual, in nanoseconds since the start
	Val    uint64
}

// prev returns the goroutine that stopped before a decision.
func (r Record) prev() uint32 { return uint32(r.Val) }

// choice reports whether a replay needs r.
func (r Record) choice() bool { return r.Kind == Sched || r.Kind == Admit }

// Choices is what a replay needs. The schedule comes from the records alone; the seed gives only the random numbers
// that the program draws.
type Choices struct {
	Seed    uint64
	Records []Record // of the kinds Sched and Admit
	Memory  bool     // accesses to memory were preemption points
	// N is not known, and Reason is WhyBlock for what is not told; the records were read from a trace file
	Loose bool
}

// Recording is all that is known of a run.
type Recording struct {
	Seed    uint64
	Memory  bool // accesses to memory were preemption points
	Records []Record
	Texts   []string // by number; 0 is empty
	Steps   uint64   // decisions, from the start of the process
	Points  uint64   // preemption points passed
	Hash    uint64   // of the decisions; equal runs have equal hashes

	// Dropped is how many records found no room, see Control.Records: if it is not 0, Records tell only the start of the
	// run, and its end. Steps, Points and Hash are those of the whole run.
	Dropped uint64
}

// Choices returns what a replay of r needs.
func (r *Recording) Choices() *Choices {
	c := &Choices{Seed: r.Seed, Memory: r.Memory}
	for i, rec := range r.Records {
		switch {
		case rec.Kind == Begin:
			c.Records = make([]Record, 0, len(r.Records)-i)
		case rec.choice():
			c.Records = append(c.Records, rec)
		}
	}
	return c
}

// Decisions is how many decisions were made since main.main started.
func (r *Recording) Decisions() (n int) {
	for _, rec := range r.Records {
		switch rec.Kind {
		case Begin:
			n = 0
		case Sched:
			n++
		}
	}
	return n
}

// Text returns the text with a number, "" if there is none.
func (r *Recording) Text(n uint32) string {
	if int(n) < len(r.Texts) {
		return r.Texts[n]
	}
	return ""
}

// Goroutine is what a recording says of a goroutine.
type Goroutine = cast.Goroutine

// Goroutines returns the goroutines of the run by number; 0 is empty.
func (r *Recording) Goroutines() []Goroutine {
	list := []Goroutine{{}}
	for _, rec := range r.Records {
		if rec.Kind != Spawn || int(rec.G) != len(list) {
			continue
		}
		g := Goroutine{ID: rec.G, Parent: uint32(rec.Val >> 32), Start: r.Text(rec.Points), Site: r.Text(rec.Site)}
		g.Path = "0"
		if int(g.Parent) < len(list) && g.Parent > 0 {
			g.Path = fmt.Sprintf("%s.%d", list[g.Parent].Path, uint32(rec.Val))
		}
		list = append(list, g)
	}
	return list
}
