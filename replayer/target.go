package replayer

import (
	"fmt"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// Target describes an event to run to; see [Replayer.RunTo]. The next event meets the zero Target.
type Target struct {
	text  string
	index uint64
	exact bool // only the event with this index meets the target
	meets func(Moment, event.Event) bool
}

// Moment is the view that a [Target] has of a run at an event. A [simsched.Sim] is one.
type Moment interface {
	Steps() uint64                   // number of scheduling steps since the start
	Elapsed() time.Duration          // virtual time since the start
	TaskName(id event.TaskID) string // name of a task; "" if it has none
	TaskPath(id event.TaskID) string // path of a task, such as "0.2.1"
}

var _ Moment = (*simsched.Sim)(nil)

// String describes t, as in "event 7".
func (t Target) String() string {
	if t.text == "" {
		return "the next event"
	}
	return t.text
}

// Met reports whether event e with the given index, at moment m of a run, meets t.
func (t Target) Met(m Moment, index uint64, e event.Event) bool {
	switch {
	case t.exact:
		return index == t.index
	case t.meets == nil:
		return true
	}
	return t.meets(m, e)
}

// Index returns the only index that meets t, and whether there is only one.
func (t Target) Index() (index uint64, exact bool) { return t.index, t.exact }

// AtIndex is met by the event with an index. The event must not have been emitted yet.
func AtIndex(index uint64) Target {
	return Target{text: fmt.Sprintf("event %d", index), index: index, exact: true}
}

// AtTick is met by the first event in scheduling step tick or a later step.
func AtTick(tick uint64) Target {
	return Target{text: fmt.Sprintf("step %d", tick),
		meets: func(m Moment, _ event.Event) bool { return m.Steps() >= tick }}
}

// AtTime is met by the first event at or after a virtual time, counted from the start of the run.
func AtTime(d time.Duration) Target {
	return Target{text: fmt.Sprintf("virtual time %v", d),
		meets: func(m Moment, _ event.Event) bool { return m.Elapsed() >= d }}
}

// AtTask is met when a task is next chosen to run.
func AtTask(id event.TaskID) Target {
	return scheduled(fmt.Sprintf("task %v", id), func(_ Moment, t event.TaskID) bool { return t == id })
}

// AtTaskName is met when a task with a name is next chosen to run.
func AtTaskName(name string) Target {
	return scheduled(fmt.Sprintf("task %q", name), func(m Moment, t event.TaskID) bool { return m.TaskName(t) == name })
}

// AtTaskPath is met when the task with a path, such as "0.2.1", is next chosen to run; see [simsched.Task.Path].
func AtTaskPath(path string) Target {
	return scheduled("task at path "+path, func(m Moment, t event.TaskID) bool { return m.TaskPath(t) == path })
}

func scheduled(text string, is func(Moment, event.TaskID) bool) Target {
	return Target{text: text, meets: func(m Moment, e event.Event) bool {
		return e.Kind() == event.KindTaskScheduled && is(m, e.Task())
	}}
}

// AtKind is met by the next event of a kind.
func AtKind(k event.Kind) Target {
	return Target{text: k.String(), meets: func(_ Moment, e event.Event) bool { return e.Kind() == k }}
}

// When is met by the next event that f accepts. f is called during the run, by another goroutine, and must not use
// the Replayer. When panics if f is nil.
func When(f func(event.Event) bool) Target {
	if f == nil {
		panic("replayer: When called with nil")
	}
	return Target{text: "an event that a function accepts", meets: func(_ Moment, e event.Event) bool { return f(e) }}
}
