package simtest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/watchdog"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
)

// errMarked is the failure of a run whose only fault is that the test was marked as failed during it.
var errMarked = errors.New("the test was marked as failed during the run, as by t.Error")

// class returns the kind of failure of an error, and the parts of its signature.
func class(err error) (name string, parts []string) {
	var (
		panicked *simsched.PanicError
		quit     *simsched.GoexitError
		deadlock *simsched.DeadlockError
		leak     *simsched.LeakError
		limit    *simsched.StepLimitError
		random   *replayer.NondeterminismError
		blocked  *watchdog.BlockedError
	)
	switch {
	case errors.As(err, &blocked):
		return "blocked", []string{blocked.Name, blocked.Waits}
	case errors.As(err, &random):
		if random.Divergence != nil {
			return "nondeterminism", []string{random.Divergence.Signature()}
		}
		return "nondeterminism", nil
	case errors.As(err, &panicked):
		return "panic", []string{panicked.Name, fmt.Sprint(panicked.Value), panicLine(err)}
	case errors.As(err, &quit):
		return "goexit", []string{quit.Name}
	case errors.As(err, &deadlock):
		return "deadlock", waits(deadlock.WaitGraph)
	case errors.As(err, &leak):
		return "leak", waits(leak.WaitGraph)
	case errors.As(err, &limit):
		return "step-limit", []string{limit.Name}
	}
	return "error", []string{firstLine(err)}
}

// waits describes what each task waits for. How many signals were lost before depends on the schedule, and the cause
// can be the same.
func waits(g simsched.WaitGraph) (list []string) {
	for _, b := range g.Blocked {
		waitsFor, _, _ := strings.Cut(b.WaitsFor, "; lost wake-ups")
		list = append(list, b.Name, waitsFor)
	}
	return list
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(strings.TrimLeft(err.Error(), "\n"), "\n")
	return line
}

// headline returns the most important line of a failure.
func headline(err error) string {
	var panicked *simsched.PanicError
	var quit *simsched.GoexitError
	switch {
	case errors.As(err, &panicked):
		err = panicked
	case errors.As(err, &quit):
		err = quit
	}
	return strings.ReplaceAll(firstLine(err), "\r", " ")
}

// signature returns the signature of a failure: equal for failures of one class, with the same tasks and the same text.
func signature(err error) string {
	name, parts := class(err)
	return finding.Sign(name, parts...)
}

// fails reports whether e is the end of a task that makes the run fail: by a panic or, for the main task, by an error.
func fails(e event.Event) bool {
	if e.Kind() != event.KindTaskCompleted {
		return false
	}
	return e.Outcome() == event.OutcomePanicked || e.Outcome() == event.OutcomeErr && e.Task() == event.NewTaskID(0, 0)
}

// failedAt returns the index of the event by which a failing run is identified: the first that fails, or otherwise
// the last event.
func failedAt(t *event.Trace) uint64 {
	for i, e := range t.All() {
		if fails(e) {
			return uint64(i)
		}
	}
	return uint64(max(t.Len(), 1) - 1)
}

// endTime returns the virtual time at the end of a run, in nanoseconds.
func endTime(t *event.Trace) (now uint64) {
	for _, e := range t.All() {
		if e.Kind() == event.KindTimeAdvanced {
			now = e.ToNanos()
		}
	}
	return now
}
