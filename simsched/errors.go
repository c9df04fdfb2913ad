package simsched

import (
	"errors"
	"fmt"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// The ways a run ends before all its tasks have, for [errors.Is].
var (
	ErrDeadlock  = errors.New("deadlock")
	ErrLeak      = errors.New("leaked tasks")
	ErrStepLimit = errors.New("step limit reached")
)

// Blocked is a task that waits for something that cannot happen any more.
type Blocked struct {
	Task     event.TaskID
	Name     string
	WaitsFor string // such as `for mutex "a" held by T2 worker`
}

// DeadlockError says that no task of the run can go on. It is [ErrDeadlock].
type DeadlockError struct {
	Blocked []Blocked // every live task, by index
}

// Error lists the tasks, one a line.
func (e *DeadlockError) Error() string {
	return fmt.Sprintf("simsched: deadlock: %d tasks wait and none can go on%s", len(e.Blocked), list(e.Blocked))
}

// Is reports whether target is [ErrDeadlock].
func (e *DeadlockError) Is(target error) bool { return target == ErrDeadlock }

// LeakError says that the main task has returned and the tasks that are left cannot go on. It is [ErrLeak].
type LeakError struct {
	Blocked []Blocked // every live task, by index
}

// Error lists the tasks, one a line.
func (e *LeakError) Error() string {
	return fmt.Sprintf("simsched: leaked tasks: the main task has returned, %d tasks wait for ever%s",
		len(e.Blocked), list(e.Blocked))
}

// Is reports whether target is [ErrLeak].
func (e *LeakError) Is(target error) bool { return target == ErrLeak }

func list(blocked []Blocked) string {
	var b strings.Builder
	for _, t := range blocked {
		fmt.Fprintf(&b, "\n\t%v %s waits %s", t.Task, t.Name, t.WaitsFor)
	}
	return b.String()
}

// StepLimitError says that the run took as many steps as it may: a livelock, or a limit that is too low. It is
// [ErrStepLimit].
type StepLimitError struct {
	Steps uint64
	Task  event.TaskID // that ran last
	Name  string
}

// Error names the limit and the task that ran last.
func (e *StepLimitError) Error() string {
	return fmt.Sprintf("simsched: step limit reached: %d steps, %v %s ran last; the program does not come to an end, or Config.MaxSteps is too low",
		e.Steps, e.Task, e.Name)
}

// Is reports whether target is [ErrStepLimit].
func (e *StepLimitError) Is(target error) bool { return target == ErrStepLimit }

// PanicError says that a task panicked.
type PanicError struct {
	Task  event.TaskID
	Name  string
	Value any    // what was passed to panic
	Stack []byte // as from runtime/debug.Stack; differs from run to run in its addresses
}

// Error names the task and the value, without the stack.
func (e *PanicError) Error() string {
	return fmt.Sprintf("simsched: panic in task %v %s: %v", e.Task, e.Name, e.Value)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// ChooserError says that a Chooser broke its contract.
type ChooserError struct {
	Point  Point
	Answer uint64
	N      int
}

// Error names the choice and the answer.
func (e *ChooserError) Error() string {
	return fmt.Sprintf("simsched: the Chooser answered %d to a choice of a %v with %d alternatives", e.Answer, e.Point, e.N)
}

// stuck says why no task can go on.
func (s *Sim) stuck() error {
	var blocked []Blocked
	for i := range s.tasks.slots {
		if t := s.tasks.slots[i].value; !t.done {
			blocked = append(blocked, Blocked{t.id, t.name, t.blockedOn.waitsFor()})
		}
	}
	if s.main.done {
		return &LeakError{blocked}
	}
	return &DeadlockError{blocked}
}

// result joins all that went wrong in a run.
func (s *Sim) result() error {
	errs := []error{s.err}
	if s.main.outcome != event.OutcomePanicked {
		errs = append(errs, s.main.err)
	}
	for i := range s.regions.slots {
		if r := s.regions.slots[i].value; r == s.root || !r.closed {
			errs = append(errs, r.errors()...)
		}
	}
	for _, p := range s.panics {
		if !errors.Is(errors.Join(errs...), p) {
			errs = append(errs, p)
		}
	}
	return join(errs)
}

// join is errors.Join that leaves a single error as it is.
func join(errs []error) error {
	var last error
	n := 0
	for _, err := range errs {
		if err != nil {
			last, n = err, n+1
		}
	}
	if n == 1 {
		return last
	}
	return errors.Join(errs...)
}
