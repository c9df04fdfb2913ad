// Package divergence tells where two runs part: it finds the first event that differs, classifies the difference and
// reports it as text and JSON. It compares any two sources and knows no scheduler.
package divergence

import (
	"errors"
	"fmt"
	"time"

	"github.com/reprise-go/reprise/event"
)

// ErrDiverged is the class of every [*Error], for errors.Is.
var ErrDiverged = errors.New("the runs diverged")

// Error is a divergence as an error.
type Error struct {
	Divergence *Divergence
}

// Error says where and how the runs differ, in one line.
func (e *Error) Error() string { return "divergence: " + e.Divergence.Summary() }

// Is reports whether target is [ErrDiverged].
func (e *Error) Is(target error) bool { return target == ErrDiverged }

// Category is the class of a divergence.
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

// families maps events of one kind that differ to a category.
var families = map[event.Family]Category{
	event.FamilyTask:       SchedulingOrder,
	event.FamilyTime:       TimeDivergence,
	event.FamilyTimer:      TimerMismatch,
	event.FamilyIO:         IOMismatch,
	event.FamilyRNG:        RNGMismatch,
	event.FamilyChaos:      ChaosMismatch,
	event.FamilyRegion:     RegionMismatch,
	event.FamilyWaker:      WakerMismatch,
	event.FamilyCheckpoint: CheckpointMismatch,
}

// Classify returns the category of two events at one index. It panics if they are equal or one is the zero Event.
func Classify(expected, actual event.Event) Category {
	switch {
	case !expected.Kind().Valid() || !actual.Kind().Valid():
		panic("divergence: Classify called with the zero Event")
	case expected == actual:
		panic("divergence: Classify called with equal events")
	case expected.Kind() != actual.Kind():
		return EventTypeMismatch
	case expected.Kind() == event.KindTaskCompleted && expected.Task() == actual.Task():
		return OutcomeMismatch
	}
	return families[expected.Kind().Family()]
}

// Divergence is the first difference between an expected and an actual run.
type Divergence struct {
	Index    uint64        // of the first event that differs, from 0
	Time     time.Duration // virtual, since the start of the run
	Category Category
	Before   []event.Event // the last events that both runs share, ending with Index-1
	Expected []event.Event // from Index on; empty if the expected run ended there
	Actual   []event.Event // from Index on; empty if the actual run ended there
	Fields   []FieldDiff   // what differs, if the events are of one kind
	Entities []Entity      // the running task, and what the two events name
	Notes    []string      // what else a reader should know

	ExpectedSite, ActualSite string // code lines such as "bank.go:25", "" if not known
	RunError                 string // how the actual run ended by itself, one line, "" if it did not
	Reproduce                string // the command that shows the divergence again, "" if there is none
	Runnable                 []Entity
}

// FieldDiff is a field with two values.
type FieldDiff struct {
	Name     string
	Expected event.Value
	Actual   event.Value
}

// Entity is a task, region, timer or token that takes part in a divergence.
type Entity struct {
	Role string // "running", "expected", "actual" or "both"
	Kind string // "task", "region", "timer" or "token"
	ID   uint64
	Name string // "" if not known
}

// String returns the kind, the identifier and the name.
func (e Entity) String() string {
	s := fmt.Sprintf("%s %d", e.Kind, e.ID)
	switch e.Kind {
	case "task":
		s = e.Kind + " " + event.TaskID(e.ID).String()
	case "region":
		s = e.Kind + " " + event.RegionID(e.ID).String()
	}
	if e.Name != "" {
		s += fmt.Sprintf(" %q", e.Name)
	}
	return s
}

// Describe works out the category, the fields that differ and the entities of a mismatch. It panics if both runs ended
// at the index, or if the events there are equal.
func Describe(m Mismatch) *Divergence {
	d := &Divergence{
		Index: m.Index, Time: m.Time, Before: m.Before, Expected: shown(m.Expected), Actual: shown(m.Actual),
		ExpectedSite: m.ExpectedSite, ActualSite: m.ActualSite, RunError: m.RunError, Reproduce: m.Reproduce,
	}
	d.Entities = m.entities()
	switch {
	case len(m.Expected) == 0 && len(m.Actual) == 0:
		panic("divergence: Describe called with no event on either side")
	case len(m.Expected) == 0 || len(m.Actual) == 0:
		d.Category = LengthMismatch
	default:
		d.Category = Classify(m.Expected[0], m.Actual[0])
		d.Fields = diffFields(m.Expected[0], m.Actual[0])
	}
	if m.ExpectedMetadata.Version != 0 && m.ActualMetadata.Version != 0 {
		d.Notes = CompareMetadata(m.ExpectedMetadata, m.ActualMetadata)
	}
	for _, id := range m.Runnable {
		d.Runnable = append(d.Runnable, Entity{"runnable", "task", uint64(id), m.name("task", uint64(id))})
	}
	return d
}

// shown is the part of a window that a report shows.
func shown(events []event.Event) []event.Event { return events[:min(len(events), 1+DefaultContext)] }

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

// entityKinds says which fields name an entity.
var entityKinds = map[event.FieldType]string{
	event.TypeTask: "task", event.TypeOptionalTask: "task",
	event.TypeRegion: "region", event.TypeOptionalRegion: "region",
	event.TypeTimer: "timer", event.TypeToken: "token",
}

// entities lists the running task, then what the expected and the actual event name; one that both name comes once.
func (m *Mismatch) entities() []Entity {
	var list []Entity
	add := func(role string, e event.Event) {
		for f, v := range e.Fields() {
			kind, ok := entityKinds[f.Type]
			if !ok || !v.Present() {
				continue
			}
			list = m.mention(list, role, kind, v.Uint64())
		}
	}
	add("running", m.Running)
	if len(m.Expected) > 0 {
		add("expected", m.Expected[0])
	}
	if len(m.Actual) > 0 {
		add("actual", m.Actual[0])
	}
	return list
}

func (m *Mismatch) mention(list []Entity, role, kind string, id uint64) []Entity {
	for i := range list {
		e := &list[i]
		if e.Role != "running" && e.Kind == kind && e.ID == id {
			if e.Role != role {
				e.Role = "both"
			}
			return list
		}
	}
	return append(list, Entity{role, kind, id, m.name(kind, id)})
}

func (m *Mismatch) name(kind string, id uint64) string {
	for _, names := range []Names{m.ActualNames, m.ExpectedNames} {
		name := ""
		switch {
		case names == nil:
		case kind == "task":
			name = names.TaskName(event.TaskID(id))
		case kind == "region":
			name = names.RegionName(event.RegionID(id))
		}
		if name != "" {
			return name
		}
	}
	return ""
}
