package replayer

import (
	"slices"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// Driver replays one recording in steps, forwards and backwards. A [Replayer] is the driver of a simulated program, whose
// steps are its events. The steps of an ordinary test are the turns of its goroutines; package replayer does not know how
// such a test is run.
//
// A driver is in one of three phases. At the start nothing has run. Between the first step and the end the run stands at a
// step. At the end it has a result. Reset and Back lead back from the later phases to the earlier ones.
type Driver interface {
	// RunTo goes on by at least one step, to the first step at or behind an event that meets t, and returns the event at
	// which the run stands then. The zero Target asks for the next step. If the run ends before, the error is that of the
	// replay, such as a [*divergence.Error], or io.EOF if the replay matches. An index that has passed is [ErrPosition], and
	// nothing is run.
	RunTo(t Target) (event.Event, error)

	// Back goes back by n steps. Beyond the start the error is [ErrPosition], and nothing is run.
	Back(n uint64) error

	// Reset goes back to the start.
	Reset() error

	// Run goes on to the end of the run. The error is that of the replay, see [Run].
	Run() (Result, error)

	// State describes where the run stands.
	State() State

	// Close ends the run where it stands, and gives everything back.
	Close() error
}

var _ Driver = (*Replayer)(nil)

// State is the state of a replay between two of its steps. The zero State is that of a run of which no part has happened.
type State struct {
	Steps uint64      // number of steps from the start
	Pos   uint64      // number of events from the start; the index of the next event. After a divergence it is the index of that
	Event event.Event // the event at which the run stands; the zero Event at the start and at the end

	Time     time.Duration       // virtual time since the start of the run
	Tasks    []simsched.TaskInfo // the live tasks, by index, or the goroutines of an ordinary test; at the end those that could not go on
	Runnable []event.TaskID      // the tasks that wait for their turn, the one that has waited longest first
	Chosen   *simsched.TaskInfo  // the task in Tasks that was chosen last; nil if there is none or it has ended

	// Recorded is the number of recorded events that have come, and Next the recorded event that is expected next. More is
	// false, and Next the zero Event, if the run is no longer compared with the recording: it is at its end, or the run is
	// live.
	Recorded uint64
	Next     event.Event
	More     bool

	// Turn tells in one or more lines, each with a newline, what the last step did. It is empty for a simulated program,
	// where Event tells that.
	Turn string
}

// look fills in what can be seen of a run that stands.
func (s *State) look(sim *simsched.Sim) {
	s.Time, s.Tasks, s.Runnable = sim.Elapsed(), sim.Tasks(), sim.Ready()
	if id, ok := sim.Running(); ok {
		s.Choose(id)
	}
}

// clone returns a copy that shares no memory with s.
func (s *State) clone() State {
	c := *s
	c.Tasks, c.Runnable = slices.Clone(s.Tasks), slices.Clone(s.Runnable)
	if s.Chosen != nil {
		c.Choose(s.Chosen.ID)
	}
	return c
}

// Choose makes Chosen the task in Tasks with an identifier; nil if there is none.
func (s *State) Choose(id event.TaskID) {
	s.Chosen = nil
	for i := range s.Tasks {
		if s.Tasks[i].ID == id {
			s.Chosen = &s.Tasks[i]
		}
	}
}
