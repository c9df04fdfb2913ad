package replayer

import (
	"fmt"
	"time"

	"github.com/reprise-go/reprise/event"
)

// Target is an event to run to, see [Replayer.RunTo]. The zero Target is met by the next event.
type Target struct {
	text  string
	index uint64
	exact bool // index counts
	meets func(*execution, event.Event) bool
}

// String describes t, as in "event 7".
func (t Target) String() string {
	if t.text == "" {
		return "the next event"
	}
	return t.text
}

// AtIndex is the event with an index, which must not have been emitted yet.
func AtIndex(index uint64) Target {
	return Target{text: fmt.Sprintf("event %d", index), index: index, exact: true}
}

// AtTick is the first event in scheduling step tick or a later one.
func AtTick(tick uint64) Target {
	return Target{text: fmt.Sprintf("step %d", tick), meets: func(x *execution, _ event.Event) bool { return x.sim.Steps() >= tick }}
}

// AtTime is the first event at a virtual time or later, counted from the start of the run.
func AtTime(d time.Duration) Target {
	return Target{text: fmt.Sprintf("virtual time %v", d), meets: func(x *execution, _ event.Event) bool { return x.sim.Elapsed() >= d }}
}

// AtTask is the next time that a task is chosen to run.
func AtTask(id event.TaskID) Target {
	return scheduled(fmt.Sprintf("task %v", id), func(_ *execution, t event.TaskID) bool { return t == id })
}

// AtTaskName is the next time that a task with a name is chosen to run.
func AtTaskName(name string) Target {
	return scheduled(fmt.Sprintf("task %q", name), func(x *execution, t event.TaskID) bool { return x.sim.TaskName(t) == name })
}

// AtTaskPath is the next time that the task with a path, such as "0.2.1", is chosen to run; see [simsched.Task.Path].
func AtTaskPath(path string) Target {
	return scheduled("task at path "+path, func(x *execution, t event.TaskID) bool { return x.sim.TaskPath(t) == path })
}

func scheduled(text string, is func(*execution, event.TaskID) bool) Target {
	return Target{text: text, meets: func(x *execution, e event.Event) bool {
		return e.Kind() == event.KindTaskScheduled && is(x, e.Task())
	}}
}

// AtKind is the next event of a kind.
func AtKind(k event.Kind) Target {
	return Target{text: k.String(), meets: func(_ *execution, e event.Event) bool { return e.Kind() == k }}
}

// When is the next event that f accepts. It is called during the run, by another goroutine, and must not use the Replayer.
// When panics if f is nil.
func When(f func(event.Event) bool) Target {
	if f == nil {
		panic("replayer: When called with nil")
	}
	return Target{text: "an event that a function accepts", meets: func(_ *execution, e event.Event) bool { return f(e) }}
}
