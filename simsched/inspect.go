package simsched

import (
	"fmt"
	"slices"
	"time"

	"github.com/reprise-go/reprise/event"
)

// Attacher is an [Observer] that inspects the run it observes, by [Sim.Tasks], [Sim.Ready], [Sim.LastChoice],
// [Sim.LastStream], [Sim.Running], the names and the time. It may do so only during Observe, while it blocks in
// Observe, and after the run.
type Attacher interface {
	Observer

	// Attach is called once, before the first event.
	Attach(s *Sim)
}

// TaskState is the state of a live task.
type TaskState uint8

// The states of live tasks.
const (
	TaskReady   TaskState = iota // can be chosen to run, or is about to become ready
	TaskRunning                  // was chosen and has not given up its turn
	TaskWaiting                  // waits for something
)

var stateNames = [...]string{"ready", "running", "waiting"}

// String returns "ready", "running" or "waiting".
func (s TaskState) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// TaskInfo describes a live task at a moment of a run.
type TaskInfo struct {
	ID         event.TaskID
	Name       string
	Path       string // see [Task.Path]
	Region     event.RegionID
	RegionName string
	State      TaskState

	// The fields of a waiting task. WaitsFor describes what it waits for, such as `for mutex "a" held by T2 worker`.
	// HeldBy lists the live tasks that could end the wait, as far as known. Until is the virtual time since the start
	// of the run at which a Sleep ends, or 0. LostWakeup is true if it waits for a signal that was given when no task
	// was waiting.
	WaitsFor   string
	HeldBy     []event.TaskID
	Until      time.Duration
	LostWakeup bool

	// Line is its last scheduling point, such as "internal/cli/bank.go:25"; "" unless Config.CallSites is set.
	Line string
}

// Tasks describes every live task, in order of index. During Observe it returns the state at the event, before the
// event takes effect: at a WakerWake the task still waits, at a TaskSpawned the new task is ready, and at a
// TaskScheduled the chosen task is running. See [Attacher] for when it may be called.
func (s *Sim) Tasks() []TaskInfo {
	var list []TaskInfo
	for i := range s.tasks.slots {
		if t := s.tasks.slots[i].value; !t.done {
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

// Ready returns the tasks that are ready but not running, the one that has waited longest first. See [Attacher] for
// when it may be called.
func (s *Sim) Ready() []event.TaskID {
	var list []event.TaskID
	for w := range s.ready.byAge {
		list = append(list, w.task.id)
	}
	return list
}

// Running returns the task that was chosen last, and whether such a task exists and has not ended. See [Attacher]
// for when it may be called.
func (s *Sim) Running() (event.TaskID, bool) {
	if s.current == nil {
		return 0, false
	}
	return s.current.id, !s.current.done
}

// LastStream returns the stream of the last RngValue: the label that was passed to [Sim.Rand], or "network" for
// values drawn by the network. It is "" if there was no RngValue yet, or if the last one is the chosen case of a
// Select. See [Attacher] for when it may be called.
func (s *Sim) LastStream() string { return s.drawn }

// LastChoice returns the tasks that were ready when a task was last chosen to run, the one that had waited longest
// first; nil before the first choice. It is computed from the order in which tasks became ready, which is always
// known, so that it costs nothing if it is not called. See [Attacher] for when it may be called.
func (s *Sim) LastChoice() []event.TaskID {
	t := s.current
	if t == nil {
		return nil
	}
	var list []event.TaskID
	chosen := false
	for w := range s.ready.byAge {
		if w.turn > s.lastTurn {
			break
		}
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
