package divergence

import (
	"fmt"
	"slices"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/prose"
)

const (
	// DefaultContext is the number of events shown before a divergence and after it on each side.
	DefaultContext = 5

	// Lookahead is the number of events of each side that should be known from a divergence on, to tell how the sides
	// relate to each other and why they part.
	Lookahead = 32
)

// Names gives names to the tasks and regions of a run. Both methods return "" for what is not known.
type Names interface {
	TaskName(event.TaskID) string
	RegionName(event.RegionID) string
}

// Stopper is a source that knows whether its recording was stopped before the run ended.
type Stopper interface {
	// Stopped returns "" if the recording goes to the end of the run or that is not known, else, in one line, what
	// happened to it, such as "stopped at the limit of 1000 events".
	Stopped() string
}

// Mismatch is what is known of a divergence before it is described. [Progress.Mismatch] starts one.
type Mismatch struct {
	Index    uint64
	Time     time.Duration // virtual, since the start of the run
	Running  event.Event   // the last TaskScheduled before Index; the zero Event if there is none
	Before   []event.Event // shared, ending with Index-1
	Expected []event.Event // from Index on, up to Lookahead events; fewer if the run ended, none if it ended at Index
	Actual   []event.Event // likewise

	ExpectedNames, ActualNames Names // nil if not known

	// Runnable are the tasks among which the scheduler of the actual run could choose, at its last choice of a task before
	// the actual event, in its order; of an ordinary run those that were ready at Index. Nil if not known.
	Runnable []event.TaskID

	// Ordinary says that both are runs of an ordinary program and not of the simulated scheduler: there an injected delay of
	// a task is a preemption, and ticks count preemption points besides decisions.
	Ordinary bool

	// Stream is the label of the random stream of the actual draw, "" if not known.
	Stream string

	ExpectedSite, ActualSite string // code lines such as "internal/bank.go:25", "" if not known
	RunningSite              string // where in the actual run the task of Running stood before; likewise
	RunError                 string // how the actual run ended by itself, in lines; "" if it did not
	Reproduce                string // the command that shows this divergence again, "" if there is none

	// ExpectedMetadata and ActualMetadata become notes where they differ, and point to causes. They are not looked at
	// unless both have a Version.
	ExpectedMetadata, ActualMetadata event.Metadata

	ExpectedEnd, ActualEnd string // as from Stopper.Stopped

	runningAt uint64 // the index of Running, plus 1; 0 if not known
	draws     uint64 // the number of RngValues before Index
	drawnAt   uint64 // the index of the last of them
	tasks     population
	regions   population
}

// Entity is a task, region, timer or token that takes part in a divergence.
type Entity struct {
	Role       string // "running", "expected", "actual", "both" or "runnable"
	Kind       string // "task", "region", "timer" or "token"
	ID         uint64
	Name       string // "" if not known
	ActualName string // what it is called in the actual run, if that is known and something else; "" if not
}

// longestName is how many characters of a name a report shows.
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

// decision returns Running with its index, as Progress noted it or where Before has it; the zero Event if the index is
// not known.
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
	return append(list, m.entity(role, kind, id))
}

// entity looks up the names. What one run does not know is taken from the other.
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

// runnable names the runnable tasks.
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

// population is the set of all tasks, or of all regions, that a run has had so far: the last generation of each arena
// index.
type population []uint32

// maxPopulation bounds the memory that a trace can ask for. Of what lies beyond nothing is known.
const maxPopulation = 1 << 20

// add notes an identifier. Indices come in order, or nearly so, in what a run records.
func (p *population) add(index, generation uint32) {
	if int(index) >= len(*p) {
		if index >= maxPopulation || int(index) > 2*len(*p)+1024 {
			return
		}
		*p = append(*p, make([]uint32, int(index)+1-len(*p))...)
	}
	(*p)[index] = generation + 1
}

// lacks reports whether there has never been such an identifier. An index that add did not take counts as known.
func (p population) lacks(index, generation uint32) bool {
	if int(index) >= len(p) {
		return int(index) <= 2*len(p)+1024 && index < maxPopulation
	}
	return p[index] <= generation
}
