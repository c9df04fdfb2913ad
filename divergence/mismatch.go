package divergence

import (
	"fmt"
	"slices"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/prose"
)

const (
	// DefaultContext is the number of events shown before a divergence, and after it on each side.
	DefaultContext = 5

	// Lookahead is the number of events of each side, from a divergence on, that should be known in order to relate
	// the sides and to find the cause.
	Lookahead = 32
)

// Names returns the names of the tasks and regions of a run. Both methods return "" if the name is unknown.
type Names interface {
	TaskName(event.TaskID) string
	RegionName(event.RegionID) string
}

// Mismatch is the data from which a divergence is described. [Progress.Mismatch] starts one.
type Mismatch struct {
	Index    uint64
	Time     time.Duration // virtual time since the start of the run
	Running  event.Event   // the last TaskScheduled before Index; the zero Event if there is none
	Before   []event.Event // shared events, up to Index-1
	Expected []event.Event // from Index on, up to Lookahead events; fewer if the run ended, none if it ended at Index
	Actual   []event.Event // the same for the actual run

	ExpectedNames, ActualNames Names // nil if unknown

	// Runnable is the list of tasks that the scheduler of the actual run could choose at its last choice before the
	// actual event, in its order. In an ordinary run it is the list of tasks that were ready at Index. Nil if
	// unknown.
	Runnable []event.TaskID

	// Ordinary is true if both are runs of an ordinary program and not of the simulated scheduler. There an
	// injected delay of a task is a preemption, and ticks count preemption points as well as decisions.
	Ordinary bool

	// Stream is the label of the random stream of the actual draw; "" if unknown.
	Stream string

	ExpectedSite, ActualSite string // code lines such as "internal/bank.go:25"; "" if unknown
	RunningSite              string // code line at which the task of Running had stopped in the actual run; "" if unknown
	RunError                 string // the error with which the actual run ended by itself, in lines; "" if none
	Reproduce                string // the command that shows this divergence again; "" if there is none

	// ExpectedMetadata and ActualMetadata become notes where they differ, and hint at causes. They are ignored
	// unless both have a Version.
	ExpectedMetadata, ActualMetadata event.Metadata

	ExpectedEnd, ActualEnd string // see [source.Recording], Stopped

	runningAt uint64 // index of Running plus 1; 0 if unknown
	draws     uint64 // number of RngValues before Index
	drawnAt   uint64 // index of the last of them
	tasks     population
	regions   population
}

// Entity is a task, region, timer or token that takes part in a divergence.
type Entity struct {
	Role       string // "running", "expected", "actual", "both" or "runnable"
	Kind       string // "task", "region", "timer" or "token"
	ID         uint64
	Name       string // "" if unknown
	ActualName string // its name in the actual run, if that is known and different; otherwise ""
}

// longestName is the maximum number of characters of a name in a report.
const longestName = 60

// String returns the kind, the identifier and the names.
func (e Entity) String() string {
	s := e.Kind + " " + e.id()
	if e.Name != "" {
		s += fmt.Sprintf(" %q", prose.Cut(e.Name, longestName))
	}
	if e.ActualName != "" {
		s += fmt.Sprintf(", in the actual run %q", prose.Cut(e.ActualName, longestName))
	}
	return s
}

func (e Entity) id() string {
	switch e.Kind {
	case "task":
		return event.TaskID(e.ID).String()
	case "region":
		return event.RegionID(e.ID).String()
	}
	return fmt.Sprint(e.ID)
}

// decision returns Running and its index, from Progress or found in Before. It returns the zero Event if the index
// is unknown.
func (m *Mismatch) decision() (event.Event, uint64) {
	if m.runningAt > 0 {
		return m.Running, m.runningAt - 1
	}
	for i, e := range slices.Backward(m.Before) {
		if e == m.Running {
			return e, m.Index - uint64(len(m.Before)-i)
		}
	}
	return event.Event{}, 0
}

// entityKinds maps the fields that name an entity to its kind.
var entityKinds = map[event.FieldType]string{
	event.TypeTask: "task", event.TypeOptionalTask: "task",
	event.TypeRegion: "region", event.TypeOptionalRegion: "region",
	event.TypeTimer: "timer", event.TypeToken: "token",
}

// entities lists the running task and then everything that the expected and the actual event name, without duplicates.
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
	return append(list, m.entity(role, kind, id))
}

// entity looks up the names. A name that one run does not know is taken from the other.
func (m *Mismatch) entity(role, kind string, id uint64) Entity {
	expected, actual := nameIn(m.ExpectedNames, kind, id), nameIn(m.ActualNames, kind, id)
	switch {
	case expected == "":
		expected, actual = actual, ""
	case expected == actual:
		actual = ""
	}
	return Entity{role, kind, id, expected, actual}
}

func nameIn(names Names, kind string, id uint64) string {
	switch {
	case names == nil:
		return ""
	case kind == "task":
		return names.TaskName(event.TaskID(id))
	case kind == "region":
		return names.RegionName(event.RegionID(id))
	}
	return ""
}

// runnable returns the runnable tasks with their names.
func (m *Mismatch) runnable() []Entity {
	var list []Entity
	for _, id := range m.Runnable {
		list = append(list, m.entity("runnable", "task", uint64(id)))
	}
	return list
}

// task returns a task with its name, for the text of a cause.
func (m *Mismatch) task(id event.TaskID) string {
	e := m.entity("", "task", uint64(id))
	if e.Name == "" || e.ActualName != "" {
		return e.id()
	}
	return fmt.Sprintf("%s %q", e.id(), prose.Cut(prose.Line(e.Name), longestName))
}

// population is the set of all tasks, or of all regions, that a run has had so far, stored as the last generation
// of each arena index.
type population []uint32

// maxPopulation bounds the memory that a trace can demand. Indices beyond it count as known.
const maxPopulation = 1 << 20

// add adds an identifier. In a recorded run, indices come in order, or nearly so.
func (p *population) add(index, generation uint32) {
	if int(index) >= len(*p) {
		if index >= maxPopulation || int(index) > 2*len(*p)+1024 {
			return
		}
		*p = append(*p, make([]uint32, int(index)+1-len(*p))...)
	}
	(*p)[index] = generation + 1
}

// lacks reports whether an identifier never occurred. An index that add did not take counts as known.
func (p population) lacks(index, generation uint32) bool {
	if int(index) >= len(p) {
		return int(index) <= 2*len(p)+1024 && index < maxPopulation
	}
	return p[index] <= generation
}
