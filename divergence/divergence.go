// Package divergence finds where two runs part, and why. [Compare] finds the first event that differs, and
// [Describe] classifies the difference, relates the two sides to each other and looks for the probable cause.
// [Align] measures how far two runs still match after that event, and [CompareCanonical] decides whether they are
// equal up to the order of independent events. Package divergence/report renders the results. This package compares
// any two sources and must not know a scheduler or a format of reports.
package divergence

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/codes"
	"github.com/reprise-go/reprise/internal/prose"
)

// ErrDiverged is the class of every [*Error], for errors.Is.
var ErrDiverged = errors.New("the runs diverged")

// Error is a divergence as an error.
type Error struct {
	Divergence *Divergence
}

// Error returns one line with the place and the difference.
func (e *Error) Error() string { return "divergence: " + e.Divergence.Summary() }

// Is reports whether target is [ErrDiverged].
func (e *Error) Is(target error) bool { return target == ErrDiverged }

// Category is the class of a divergence, such as a different task or a different random value.
type Category string

// The categories, after those of the asupersync runtime.
const (
	SchedulingOrder    Category = "scheduling-order"
	OutcomeMismatch    Category = "outcome-mismatch"
	TimeDivergence     Category = "time-divergence"
	TimerMismatch      Category = "timer-mismatch"
	IOMismatch         Category = "io-mismatch"
	RNGMismatch        Category = "rng-mismatch"
	RegionMismatch     Category = "region-mismatch"
	WakerMismatch      Category = "waker-mismatch"
	ChaosMismatch      Category = "chaos-mismatch"
	CheckpointMismatch Category = "checkpoint-mismatch"
	EventTypeMismatch  Category = "event-type-mismatch"
	LengthMismatch     Category = "length-mismatch"
)

// categories maps each kind to the category of two events of that kind that differ.
var categories = map[event.Kind]Category{
	event.KindTaskScheduled:   SchedulingOrder,
	event.KindTaskYielded:     SchedulingOrder,
	event.KindTaskCompleted:   SchedulingOrder,
	event.KindTaskSpawned:     SchedulingOrder,
	event.KindTimeAdvanced:    TimeDivergence,
	event.KindTimerCreated:    TimerMismatch,
	event.KindTimerFired:      TimerMismatch,
	event.KindTimerCancelled:  TimerMismatch,
	event.KindIoReady:         IOMismatch,
	event.KindIoResult:        IOMismatch,
	event.KindIoError:         IOMismatch,
	event.KindRngSeed:         RNGMismatch,
	event.KindRngValue:        RNGMismatch,
	event.KindChaosInjection:  ChaosMismatch,
	event.KindRegionCreated:   RegionMismatch,
	event.KindRegionClosed:    RegionMismatch,
	event.KindRegionCancelled: RegionMismatch,
	event.KindWakerWake:       WakerMismatch,
	event.KindWakerBatchWake:  WakerMismatch,
	event.KindCheckpoint:      CheckpointMismatch,
}

// classify returns the category of two events at one index. It panics if they are equal or one is the zero Event.
func classify(expected, actual event.Event) Category {
	switch {
	case !expected.Kind().Valid() || !actual.Kind().Valid():
		panic("divergence: Describe called with the zero Event")
	case expected == actual:
		panic("divergence: Describe called with equal events")
	case expected.Kind() != actual.Kind():
		return EventTypeMismatch
	case expected.Kind() == event.KindTaskCompleted && expected.Task() == actual.Task():
		return OutcomeMismatch
	}
	return categories[expected.Kind()]
}

// Divergence is the first difference between an expected and an actual run.
type Divergence struct {
	Index    uint64        // index of the first event that differs, from 0
	Time     time.Duration // virtual time since the start of the run
	Category Category
	Relation Relation      // how the actual events relate to the expected ones
	Count    int           // number of events missing or extra, or of places by which they are reordered; otherwise 0
	Side     Side          // EndedEarly: the run that ended
	Before   []event.Event // the last events that both runs share, up to Index-1
	Expected []event.Event // from Index on; empty if the expected run ended there
	Actual   []event.Event // from Index on; empty if the actual run ended there
	Fields   []FieldDiff   // the fields that differ, if the events are of one kind
	Entities []Entity      // the running task, and everything that the two events name
	Runnable []Entity      // the tasks that could have been chosen, in the order of the scheduler; nil if unknown
	Cause    Cause         // the probable cause
	Rest     *Stats        // how far the rest of the runs still matches, as from [Align]; nil if not computed
	Turns    *Turns        // the divergence in turns of tasks; nil if the recordings do not tell them
	Drift    *Drift        // difference of the random values around the divergence; nil if there is none

	Decision   event.Event // the last TaskScheduled before Index; the zero Event if there is none
	DecisionAt uint64      // its index

	// DecisionSite is the code line at which the task of Decision had stopped when it was chosen; "" if unknown, as
	// in simulated runs.
	DecisionSite string

	ExpectedSite, ActualSite string   // code lines such as "internal/bank.go:25"; "" if unknown
	RunError                 string   // the error with which the actual run ended by itself, up to six lines; "" if none
	Reproduce                string   // the command that shows the divergence again; "" if there is none
	Notes                    []string // further lines that a reader should know

	// Unlike says that the recordings are of different tests, so that a comparison means little; "" if they are not.
	Unlike string
}

// Turns describes a divergence by what tasks did in their turns, in the words of a schedule.
type Turns struct {
	Number   int    // the turn in which the runs part: the number of the decision that began it, from 1
	Expected string // what the task does from there on in the expected run; "" if that run ends
	Actual   string // what the task does in the actual run; "" if that run ends
	Table    string // the turns around the parting: lines that begin with "-" or "+" are those of one run
	// Operation is true if a task does something else although both runs have made the same choices up to there.
	Operation bool
}

// Code returns the code of the category, such as "RPR1001", or "" for the zero Divergence. Codes are stable;
// docs/codes.md lists them.
func (d *Divergence) Code() string {
	if d.Category == "" {
		return ""
	}
	return codes.Named(string(d.Category)).Code
}

// Prefix returns the number of events that a replay must process to show the divergence: up to and including the
// event at Index.
func (d *Divergence) Prefix() uint64 { return d.Index + 1 }

// Summary returns the divergence in one line.
func (d *Divergence) Summary() string {
	at := fmt.Sprintf("event %d, virtual time %v: %s: ", d.Index, d.Time, d.Category)
	switch {
	case d.Turns != nil && d.Turns.Expected != "" && d.Turns.Actual != "":
		return at + fmt.Sprintf("in turn %d, expected: %s; got: %s", d.Turns.Number, prose.Line(d.Turns.Expected),
			prose.Line(d.Turns.Actual))
	case len(d.Expected) == 0:
		return at + fmt.Sprintf("the expected run ended, the actual run went on with %v", d.Actual[0])
	case len(d.Actual) == 0:
		return at + fmt.Sprintf("the actual run ended, the expected run went on with %v", d.Expected[0])
	}
	return at + fmt.Sprintf("expected %v, got %v", d.Expected[0], d.Actual[0])
}

// FieldDiff is a field with two values.
type FieldDiff struct {
	Name     string
	Expected event.Value
	Actual   event.Value
}

// Describe turns a mismatch into a Divergence. It looks up names of tasks and regions, so call it while they are
// known. It panics if both runs ended at the index, or if the events there are equal.
func Describe(m Mismatch) *Divergence {
	d := &Divergence{
		Index: m.Index, Time: m.Time, Before: m.Before, Expected: shown(m.Expected), Actual: shown(m.Actual),
		ExpectedSite: m.ExpectedSite, ActualSite: m.ActualSite, RunError: fewLines(m.RunError), Reproduce: m.Reproduce,
	}
	d.Decision, d.DecisionAt = m.decision()
	d.DecisionSite = m.RunningSite
	switch {
	case len(m.Expected) == 0 && len(m.Actual) == 0:
		panic("divergence: Describe called with no event on either side")
	case len(m.Expected) == 0 || len(m.Actual) == 0:
		d.Category = LengthMismatch
	default:
		d.Category = classify(m.Expected[0], m.Actual[0])
		d.Fields = diffFields(m.Expected[0], m.Actual[0])
	}
	d.Relation, d.Count, d.Side = relate(m.Expected, m.Actual)
	d.Entities = m.entities()
	d.Runnable = m.runnable()
	d.Drift = m.drift()
	d.Cause = m.cause(d)
	if m.ExpectedMetadata.Version != 0 && m.ActualMetadata.Version != 0 {
		d.Notes = compareMetadata(m.ExpectedMetadata, m.ActualMetadata)
	}
	return d
}

// shown returns the part of a window that a report shows.
func shown(events []event.Event) []event.Event { return events[:min(len(events), 1+DefaultContext)] }

// mostLines is the maximum number of lines of an error in a report.
const mostLines = 6

// fewLines returns the first lines of s, each as by [prose.Line], without blank lines.
func fewLines(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		if line = prose.Line(strings.TrimSpace(line)); line == "" {
			continue
		}
		if lines = append(lines, line); len(lines) > mostLines {
			lines[mostLines-1], lines = "…", lines[:mostLines]
			break
		}
	}
	return strings.Join(lines, "\n")
}

// diffFields lists the fields that differ between two events of one kind.
func diffFields(expected, actual event.Event) []FieldDiff {
	if expected.Kind() != actual.Kind() {
		return nil
	}
	values := map[string]event.Value{}
	for f, v := range actual.Fields() {
		values[f.Name] = v
	}
	var diffs []FieldDiff
	for f, v := range expected.Fields() {
		if other := values[f.Name]; other != v {
			diffs = append(diffs, FieldDiff{f.Name, v, other})
		}
	}
	return diffs
}
