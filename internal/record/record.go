// Package record holds the records of ordinary runs: what the patched runtime notes of a run, in the form in which
// package gort shares it with the process of the test. [Record] has the layout of the runtime's own records, a
// [Recording] is all records of one run, and [Choices] are those that a replay needs.
//
// The package must not know how a run is made or stored. Trace files have another form, that of package gorun.
package record

import (
	"fmt"

	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/internal/fault"
)

// MainGoroutine is the number of the main goroutine, which does the work of package testing.
const MainGoroutine = 1

// Kind is the kind of a [Record].
type Kind uint8

// The kinds of records, which are numbered as in the runtime. G is the goroutine that the comment names.
const (
	// G started. Val: parent<<32 | number among the children of the parent; Site: the go statement; Points: text of the
	// start function.
	Spawn Kind = 1 + iota
	// Decision: G runs next. N: number of ready goroutines; Reason: why it was due; Points: number of points since the
	// last decision; Val: leap<<32 | the goroutine that stopped.
	Sched
	// G blocked. Reason: the runtime's wait reason; Points: its text; Site; Val: holder of the lock<<32 | number of the
	// object for which G waits.
	Block
	Wake      // G became ready; Val: the goroutine that woke it, 0 for a timer
	Yield     // G called Gosched; Site
	Preempt   // G was preempted at a point; Site; Val: leap
	End       // G ended
	TimerSet  // timer Points is due at Val
	TimerFire // timer Val fires
	TimerStop // timer Val will not fire
	Rand      // G drew Val; Reason: 0 math/rand, 1 crypto/rand with Points bytes
	Admit     // outside made G ready; Reason: 1 the poller or a signal, 2 the end of a system call, 3 a thread of C
	// G existed at the end. Site; Points: text of what it waits for; Val: holder of the lock<<32 | text of the stack;
	// Reason: leftKept if code that may still run reaches what it waits for.
	Left
	Expected // the choice that did not fit in a replay, as in Sched; Site: its kind
	Actual   // the decision that the replay made there, as in Sched
	Ready    // G was ready there
	Begin    // G starts main.main or the first test: from here on choices are made and depend on the seed
	Fail     // G marks a test as failed, for the first time in the run
	// G accesses memory in conflict with an earlier access. Site: its line; Points: text of the line of the earlier
	// access; Val: the goroutine of that; Reason: the kinds of both accesses.
	Race
	// G does something besides stopping, if Control.Detail is set. Reason: one of the Does values; Site; Points: text of
	// the name of the operation; Val: number of the object.
	Does
	Read // G read from a pipe, a socket or the like outside. Val: number of bytes, 0 at the end of the stream
	// An operation of G on the simulated network meets a fault. Reason: its fault.Kind; Points: the occasion; Val:
	// kind<<56 | amount. A Does with DoesFault follows.
	Fault
	// Several cases of a select of G are ready. Points: the number of such a choice among those of G, from 1; N: number of
	// ready cases; Val: number of the case that is taken; Reason: its index among those that are ready. Cases are numbered
	// from 0, first those that send, then those that receive.
	Case
	Step // G goes on, if Control.Steps is set; see Recording.Walk
	// The step of G uses memory: Points bytes from Val, or something unknown if there are none. Reason: a strategy.OpKind.
	Uses
)

// What a goroutine does, in Record.Reason of a [Does].
const (
	DoesOther       uint8 = iota // the operation that Points names
	DoesLock                     // has locked a mutex
	DoesUnlock                   // has unlocked it
	DoesRLock                    // has locked it for reading
	DoesRUnlock                  // has unlocked that
	DoesOfferSend                // its select can send on a channel
	DoesOfferRecv                // its select can receive from a channel
	DoesTookSend                 // its select has sent on a channel
	DoesTookRecv                 // its select has received from a channel
	DoesTookDefault              // its select has taken the default case
	DoesFault                    // it meets the Fault in Val. Points: text "HERE THERE BYTES DOES"
	DoesReadySend                // its select could send on a channel at once, and take other cases as well
	DoesReadyRecv                // its select could receive from a channel at once, and take other cases as well
	DoesTimer                    // sets a timer, the one of the next TimerSet of G
	DoesStop                     // stops a timer
	DoesStopLate                 // tries to stop a timer that does not run
)

// leftKept is a Record.Reason of a [Left].
const leftKept = 1

// The reasons for a decision, in Record.Reason of a [Sched].
const (
	WhyBlock   = uint8(gorun.Blocked)   // the previous goroutine blocked
	WhyYield   = uint8(gorun.Yielded)   // it called Gosched
	WhyPreempt = uint8(gorun.Preempted) // it was preempted at a point
	WhyEnd     = uint8(gorun.Ended)     // it ended
	WhySyscall = WhyEnd + 1             // it is in a system call that waits
	WhyForced  = WhyEnd + 2             // it passed no point for a second
	WhyStuck   = WhyEnd + 3             // it is in a system call that did not return for a while
)

var whyNames = [...]string{
	"start", "blocked", "yielded", "preempted", "ended", "in a system call", "preempted by force",
	"stuck in a system call",
}

// Why returns the reason for a decision in words, such as "preempted".
func Why(reason uint8) string {
	if int(reason) < len(whyNames) {
		return whyNames[reason]
	}
	return fmt.Sprintf("stopped for reason %d", reason)
}

// Record is one entry of the runtime's record of a run. Entries are in the order in which things happened.
type Record struct {
	Kind   Kind
	Reason uint8
	N      uint16
	G      uint32 // number of the goroutine in the order of starts, from 1; 0 for none
	Site   uint32 // number of the text of a code line, 0 for none
	Points uint32
	Time   int64 // virtual time in nanoseconds since the start
	Val    uint64
}

// Prev returns the goroutine that stopped before a decision.
func (r Record) Prev() uint32 { return uint32(r.Val) }

// final reports whether a record is about the end of a run. For those there is room in a recording that is full.
func (k Kind) final() bool { return Left <= k && k <= Ready }

// IsChoice reports whether a replay needs r.
func (r Record) IsChoice() bool { return r.Kind == Sched || r.Kind == Admit }

// faultBits is the number of bits of the amount of a fault in Record.Val, below the kind.
const faultBits = 56

// FaultOf returns the fault of a Fault, or of the [Does] that follows one, which has no occasion.
func (r Record) FaultOf() fault.Fault {
	f := fault.Fault{G: r.G, Kind: fault.Kind(r.Val >> faultBits), Amount: r.Val & (1<<faultBits - 1)}
	if r.Kind == Fault {
		f.Occasion = r.Points
	}
	return f
}

// OfFault returns the record of a fault that follows a number of choices.
func OfFault(f fault.Fault, choices int) Record {
	return Record{Kind: Fault, Reason: uint8(f.Kind), G: f.G, Points: f.Occasion, Site: uint32(choices),
		Val: uint64(f.Kind)<<faultBits | f.Amount&(1<<faultBits-1)}
}

// SelectOf returns the choice of a Case.
func (r Record) SelectOf() gorun.Select {
	return gorun.Select{G: r.G, Number: r.Points, Ready: uint32(r.N), Case: uint32(r.Val)}
}

// OfSelect returns the record of the choice of a case that follows a number of other choices.
func OfSelect(s gorun.Select, choices int) Record {
	return Record{Kind: Case, G: s.G, Points: s.Number, N: uint16(s.Ready), Val: uint64(s.Case), Site: uint32(choices)}
}

// Choices is what a replay needs. The schedule comes from the records alone; the seed only determines the random
// numbers that the program draws.
type Choices struct {
	Seed    uint64
	Records []Record // of the kinds Sched and Admit
	Reads   []Record // of the kind Read; Points is the number of Records before it
	Faults  []Record // of the kind Fault; Site is the number of Records before it
	Cases   []Record // of the kind Case; Site is the number of Records before it
	Memory  bool     // accesses to memory were preemption points

	// Tape is what the run took from outside. A strict replay takes it from there, and not from outside. Nil means that
	// it is not known.
	Tape *Tape

	// Loose means that the records were read from a trace file: N is unknown, and Reason is WhyBlock if the file does not
	// contain the reason.
	Loose bool
}
