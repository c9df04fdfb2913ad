package simsched

import (
	"fmt"
	"slices"
	"time"

	"github.com/reprise-go/reprise/event"
)

// Attacher is an [Observer] that wants to look at the run it observes: with [Sim.Tasks], [Sim.Ready], [Sim.LastChoice],
// [Sim.LastStream], [Sim.Running], the names and the time. It may do so only during Observe, or while it holds Observe up, and after the
// run.
type Attacher interface {
	Observer

	// Attach is called by Run before the first event.
	Attach(s *Sim)
}

// TaskState is what a task is doing.
type TaskState uint8

// The states. A task that has ended has none.
const (
	TaskReady   TaskState = iota // it could be chosen to run, or is about to become so
	TaskRunning                  // it has been chosen and has not given up its turn
	TaskWaiting                  // it waits for something
)

var stateNames = [...]string{"ready", "running", "waiting"}

// String returns "ready", "running" or "waiting".
func (s TaskState) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// TaskInfo describes a live task at one moment of a run.
type TaskInfo struct {
	ID         event.TaskID
	Name       string
	Path       string // as [Task.Path] gives it
	Region     event.RegionID
	RegionName string
	State      TaskState

	// Of a task that waits: what for, such as `for mutex "a" held by T2 worker`; the live tasks that could end the wait,
	// as far as they are known; when a Sleep ends, in virtual time since the start of the run, else 0; and whether it
	// waits for a signal that was given when nobody waited.
	WaitsFor   string
	HeldBy     []event.TaskID
	Until      time.Duration
	LostWakeup bool

	Line string // where it last came to a scheduling point, such as "internal/cli/bank.go:25"; "" unless Config.CallSites is set
}

// Tasks describes every live task, by index. During Observe it gives the state right at the event, before what the event
// tells of has had its effect: at a WakerWake the task still waits, at a TaskSpawned the new task is ready, and at a
// TaskScheduled the chosen task runs. See [Attacher] for when it may be called.
func (s *Sim) Tasks() []TaskInfo {
	var list []TaskInfo
	for _, t := range s.tasks.slots {
		if !t.done {
			list = append(list, t.info())
		}
	}
	return list
}

func (t *Task) info() TaskInfo {
	i := TaskInfo{ID: t.id, Name: t.name, Path: t.Path(), Region: t.region.id, RegionName: t.region.name, Line: t.line()}
	switch ready := t.self.queue == &t.sim.ready; {
	case !ready && t.blockedOn != nil:
		b := t.blocked()
		i.State, i.WaitsFor, i.HeldBy, i.LostWakeup = TaskWaiting, b.WaitsFor, b.HeldBy, b.LostWakeup
		if t.sleep.place > 0 || t.sleep.due {
			i.Until = time.Duration(t.sleep.deadline)
		}
	case !ready && t == t.sim.current:
		i.State = TaskRunning
	}
	return i
}

// Ready returns the tasks that wait for their turn, the one that has waited longest first. The running task is not among
// them. See [Attacher] for when it may be called.
func (s *Sim) Ready() []event.TaskID {
	var list []event.TaskID
	for w := s.ready.oldest; w != nil; w = w.newer {
		list = append(list, w.task.id)
	}
	return list
}

// Running returns the task that was chosen last, and whether there is one and it has not ended. See [Attacher] for when
// it may be called.
func (s *Sim) Running() (event.TaskID, bool) {
	if s.current == nil {
		return 0, false
	}
	return s.current.id, !s.current.done
}

// LastStream returns the label that [Sim.Rand] was given for the stream of the last RngValue, "network" for what the network
// draws; "" if there is none yet, or if it is the case that a Select took. See [Attacher] for when it may be called.
func (s *Sim) LastStream() string { return s.drawn }

// LastChoice returns the tasks that could have been chosen when a task was last chosen to run, the one that had waited
// longest first; nil before the first choice. It is worked out from the order in which tasks became ready, which is
// always known, so that a run pays nothing for it. See [Attacher] for when it may be called.
func (s *Sim) LastChoice() []event.TaskID {
	t := s.current
	if t == nil {
		return nil
	}
	var list []event.TaskID
	chosen := false
	for w := s.ready.oldest; w != nil && w.turn <= s.lastTurn; w = w.newer {
		if !chosen && w.turn > s.chosenTurn {
			list, chosen = append(list, t.id), true
		}
		list = append(list, w.task.id)
	}
	if !chosen {
		list = append(list, t.id)
	}
	return slices.Clip(list)
}
