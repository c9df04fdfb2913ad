package simsched

import (
	"errors"
	"fmt"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// The reasons why a run ends before all its tasks have ended, for [errors.Is].
var (
	ErrDeadlock  = errors.New("deadlock")
	ErrLeak      = errors.New("leaked tasks")
	ErrStepLimit = errors.New("step limit reached")
)

// StepLimitError reports that the run reached the limit of steps: the program is in a livelock, or the limit is too
// low. It is [ErrStepLimit].
type StepLimitError struct {
	Steps uint64
	Task  event.TaskID // the task that ran last
	Name  string

	// Cycle is the shortest sequence of events, of one or more steps, that repeats up to the end; ticks, times,
	// timers and values count as equal. It is empty if the last events do not repeat. Repeats is the number of
	// repetitions seen.
	Cycle   []event.Event
	Repeats int
}

// Error names the limit, the task that ran last, and the cycle.
func (e *StepLimitError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "simsched: step limit reached: %d steps, %v %s ran last; ", e.Steps, e.Task, e.Name)
	if e.Repeats == 0 {
		b.WriteString("the program does not come to an end, or Config.MaxSteps is too low")
		return b.String()
	}
	fmt.Fprintf(&b, "a livelock: at the end %d events repeat at least %d times", len(e.Cycle), e.Repeats)
	for _, x := range e.Cycle {
		fmt.Fprintf(&b, "\n\t%v", x)
	}
	return b.String()
}

// Is reports whether target is [ErrStepLimit].
func (e *StepLimitError) Is(target error) bool { return target == ErrStepLimit }

// PanicError reports that a task panicked.
type PanicError struct {
	Task  event.TaskID
	Name  string
	Value any    // the argument of panic; instead of an error whose methods panic, an error that says so
	Stack []byte // as from runtime/debug.Stack; its addresses differ between runs
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

// GoexitError reports that a task called runtime.Goexit, as testing.T.FailNow and SkipNow do, which ended the run.
// See [Config.ContainGoexit].
type GoexitError struct {
	Task event.TaskID
	Name string
	Path string // see [Task.Path]
}

// Error names the task.
func (e *GoexitError) Error() string {
	return fmt.Sprintf("simsched: task %v %s called runtime.Goexit, as t.FailNow does", e.Task, e.Name)
}

// chooserError reports that a Chooser broke its contract.
type chooserError struct {
	Point  Point
	Answer uint64
	N      int
}

// Error names the choice and the answer.
func (e *chooserError) Error() string {
	return fmt.Sprintf("simsched: the Chooser answered %d to a choice of a %v with %d alternatives", e.Answer, e.Point,
		e.N)
}

// result joins all errors of a run.
func (s *Sim) result() error {
	var errs []error
	if s.err != nil {
		errs = append(errs, s.err)
	}
	if s.main.err != nil && s.main.outcome != event.OutcomePanicked {
		errs = append(errs, s.main.err)
	}
	for i := range s.regions.slots {
		if r := s.regions.slots[i].value; r == s.root || !r.closed {
			errs = append(errs, r.errors()...)
		}
	}
	if errs == nil && s.panics == nil {
		return nil
	}
	told := map[*PanicError]bool{}
	for _, err := range errs {
		collectPanics(err, told)
	}
	for _, p := range s.panics {
		if !told[p] {
			errs = append(errs, p)
		}
	}
	return join(errs)
}

// errHook is the error of a run in which the Observer or the Chooser panicked.
var errHook = errors.New("simsched: the Observer or the Chooser panicked")

// collectPanics adds the panics in err to told.
func collectPanics(err error, told map[*PanicError]bool) {
	if p, ok := err.(*PanicError); ok {
		told[p] = true
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			collectPanics(part, told)
		}
	case interface{ Unwrap() error }:
		collectPanics(e.Unwrap(), told)
	}
}

// join is like errors.Join, but returns a single error unchanged.
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
