package event

import (
	"fmt"
	"strings"
)

// Outcome is the severity of how a task or region ended. Traces written by other programs may contain values above
// 3; they are kept as numbers.
type Outcome uint8

// The outcomes, from mild to severe.
const (
	OutcomeOK        Outcome = 0
	OutcomeErr       Outcome = 1
	OutcomeCancelled Outcome = 2
	OutcomePanicked  Outcome = 3
)

var outcomeNames = []string{"ok", "err", "cancelled", "panicked"}

// String returns the name of o, or its number if it has none.
func (o Outcome) String() string { return enumName("outcome", outcomeNames, uint8(o)) }

// CancelKind is the severity of a cancellation, 0 to 5, after the cancellation protocol of the asupersync runtime.
type CancelKind uint8

// The cancel kinds, from mild to severe.
const (
	CancelUser     CancelKind = 0 // asked for by the program
	CancelTimeout  CancelKind = 1 // a deadline passed
	CancelFailFast CancelKind = 2 // a sibling failed
	CancelRaceLost CancelKind = 3 // another branch of a race won
	CancelParent   CancelKind = 4 // the parent region was cancelled or closed
	CancelShutdown CancelKind = 5 // the whole run is shutting down
)

var cancelKindNames = []string{"user", "timeout", "fail-fast", "race-lost", "parent", "shutdown"}

// Valid reports whether c is one of the six cancel kinds.
func (c CancelKind) Valid() bool { return c <= CancelShutdown }

// String returns the name of c, or its number if it has none.
func (c CancelKind) String() string { return enumName("cancel", cancelKindNames, uint8(c)) }

// ChaosKind is the kind of an injected fault; it gives the meaning of the event's data.
type ChaosKind uint8

// The chaos kinds.
const (
	ChaosCancel      ChaosKind = 0 // the task was cancelled
	ChaosDelay       ChaosKind = 1 // data: nanoseconds
	ChaosIOError     ChaosKind = 2 // data: an IOErrorKind
	ChaosWakeupStorm ChaosKind = 3 // data: number of spurious wakes
	ChaosBudget      ChaosKind = 4 // the task's budget was used up
)

var chaosKindNames = []string{"cancel", "delay", "io-error", "wakeup-storm", "budget"}

// String returns the name of c, or its number if it has none.
func (c ChaosKind) String() string { return enumName("chaos", chaosKindNames, uint8(c)) }

func enumName(what string, names []string, n uint8) string {
	if int(n) < len(names) {
		return names[n]
	}
	return fmt.Sprintf("%s(%d)", what, n)
}

// Readiness is a set of flags: what an I/O token is ready for.
type Readiness uint8

// The readiness flags.
const (
	Readable Readiness = 1
	Writable Readiness = 2
	Error    Readiness = 4
	Hangup   Readiness = 8
)

var readinessNames = []string{"readable", "writable", "error", "hangup"}

// Has reports whether r has all flags of f.
func (r Readiness) Has(f Readiness) bool { return r&f == f }

// String returns the names of the flags joined by "|", "none" for the empty set; unknown flags as one hex number.
func (r Readiness) String() string {
	if r == 0 {
		return "none"
	}
	var parts []string
	for i, name := range readinessNames {
		if r.Has(1 << i) {
			parts = append(parts, name)
		}
	}
	if rest := r &^ (Readable | Writable | Error | Hangup); rest != 0 {
		parts = append(parts, fmt.Sprintf("%#x", uint8(rest)))
	}
	return strings.Join(parts, "|")
}
