package replayer

import (
	"slices"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// Driver replays one recording in steps, forwards and backwards. A [Replayer] is the driver of a simulated program,
// whose steps are its events. The steps of an ordinary test are the turns of its goroutines; package replayer does not
// know how such a test is run.
//
// A driver is in one of three phases. At the start the program has not run. Between the first step and the end, the
// run is stopped at a step. At the end the driver has a result. Reset and Back return from later phases to earlier
// ones.
type Driver interface {
	// RunTo continues by at least one step, to the first step at or after an event that meets t, and returns the
	// event at which the run is stopped then. The zero Target asks for the next step. If the run ends first, the
	// error is that of the replay, such as a [*divergence.Error], or io.EOF if the replay matches. If t is an index
	// that has passed, the error is [ErrPosition] and the run does not move.
	RunTo(t Target) (event.Event, error)

	// Back goes back by n steps. If that is before the start, the error is [ErrPosition] and the run does not move.
	Back(n uint64) error

	// Reset goes back to the start.
	Reset() error

	// Run continues to the end of the run. The error is that of the replay; see the function [Run].
	Run() (Result, error)

	// State describes the run at the current step.
	State() State

	// Close ends the run at the current step and releases all resources.
	Close() error
}

var _ Driver = (*Replayer)(nil)

// State is the state of a replay between two of its steps. The zero State is that of a run that has not begun.
type State struct {
	Steps uint64      // number of steps since the start
	Pos   uint64      // number of events since the start: the index of the next event; after a divergence, its index
	Event event.Event // the event at which the run is stopped; the zero Event at the start and at the end

	Time     time.Duration       // virtual time since the start of the run
	Tasks    []simsched.TaskInfo // live tasks by index, or goroutines of an ordinary test; at the end those that are stuck
	Runnable []event.TaskID      // ready tasks, the one that has waited longest first
	Chosen   *simsched.TaskInfo  // the task in Tasks that was chosen last; nil if there is none or it has ended

	// Recorded is the number of recorded events that have occurred, and Next is the next recorded event. If the run
	// is no longer compared with the recording, because it is at its end or live, More is false and Next is the
	// zero Event.
	Recorded uint64
	Next     event.Event
	More     bool

	// Turn describes what the last step did, in one or more lines that each end in a newline. It is empty for a
	// simulated program, for which Event describes it.
	Turn string
}

// look fills in the state of a run that has stopped at a virtual time.
func (s *State) look(sim *simsched.Sim, at time.Duration) {
	s.Time, s.Tasks, s.Runnable = at, sim.Tasks(), sim.Ready()
	if id, ok := sim.Running(); ok {
		s.choose(id)
	}
}

// clone returns a copy that shares no memory with s.
func (s *State) clone() State {
	c := *s
	c.Tasks, c.Runnable = slices.Clone(s.Tasks), slices.Clone(s.Runnable)
	if s.Chosen != nil {
		c.choose(s.Chosen.ID)
	}
	return c
}

// Choose sets Chosen to the task in Tasks with an identifier, or to nil if there is none.
func (s *State) choose(id event.TaskID) {
	s.Chosen = nil
	for i := range s.Tasks {
		if s.Tasks[i].ID == id {
			s.Chosen = &s.Tasks[i]
		}
	}
}
