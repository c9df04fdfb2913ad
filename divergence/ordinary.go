package divergence

import (
	"fmt"
	"slices"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/source"
)

// lookBack reads the actual run of an ordinary program once more, up to the mismatch, to determine which tasks are
// ready there and where the running task stopped before it was chosen.
func (m *Mismatch) lookBack(actual source.Source) error {
	s, ok := actual.(source.Seeker)
	if !ok || source.First(s) != 0 {
		return nil
	}
	pos := s.Pos()
	if err := s.Seek(0); err != nil {
		return err
	}
	m.Runnable = []event.TaskID{}
	for i := range m.Index {
		e, err := s.Next()
		if err != nil {
			return err
		}
		m.Runnable = gorun.Ready(m.Runnable, e)
		if n, ok := s.(source.Recording); ok && i+1 == m.runningAt {
			m.RunningSite = n.Site()
		}
	}
	return s.Seek(pos)
}

// preempts reports whether e is a preemption in an ordinary run.
func preempts(e event.Event) bool { return gorun.MeaningOf(e) == gorun.Preemption }

// begins reports whether one of the events is the start of main.main in an ordinary run.
func begins(e event.Event) bool { return gorun.MeaningOf(e) == gorun.Start }

// points returns the number of preemption points that an ordinary run passed between the last decision and a decision.
func (f *facts) points(decision event.Event) uint64 {
	return gorun.Points(f.Running.Tick(), decision.Tick())
}

// morePoints reports whether run has passed more points than other up to the decision that both make here.
func (f *facts) morePoints(run, other event.Event) bool {
	return f.Ordinary && f.both(event.KindTaskScheduled) && f.Running.Kind() != 0 && run.Tick() > other.Tick() &&
		other.Tick() > f.Running.Tick()
}

// pointsText describes that one run passed more points.
func (f *facts) pointsText(does, other string, run, than event.Event) string {
	return fmt.Sprintf("Up to here %s has passed %s%s in the %s run, and %d in the %s run: it does more there with locks, channels, timers or atomics.",
		f.who(), prose.Count(int(f.points(run)), "preemption point"), since(f.RunningSite), does, f.points(than), other)
}

// since returns " since bank.go:25" for a place in the code, or "" if it is unknown.
func since(site string) string {
	if site == "" {
		return ""
	}
	return " since" + prose.AtSite(site)[len(" at"):]
}

// preemptText describes a preemption by e that the other run lacks; next is the event of the other run.
func (f *facts) preemptText(does, other string, e, next event.Event, site, otherSite string) string {
	id, _ := e.ChaosTask()
	return fmt.Sprintf("In the %s run task %s is preempted here%s; in the %s run it is not: %v comes next%s.",
		does, f.task(id), prose.AtSite(site), other, next, prose.AtSite(otherSite))
}

// selects reports whether the runs differ in the choice of a case of a select.
func (f *facts) selects() bool {
	chooses := func(e event.Event) bool { return gorun.MeaningOf(e) == gorun.Selects }
	n := len(f.Before)
	return chooses(f.e) || chooses(f.a) || f.both(event.KindRngValue) && n > 0 && chooses(f.Before[n-1])
}

// selectText describes a difference in the choice of a case.
func (f *facts) selectText() string {
	if f.both(event.KindRngValue) {
		return fmt.Sprintf("A select of %s takes case %d in the expected run, and case %d in the actual run, of the same "+
			"number of cases that are ready; those that send count first.", f.who(), f.e.Value(), f.a.Value())
	}
	return fmt.Sprintf("%s comes to a select of which several cases are ready, and in one run others are ready, or it does "+
		"not come there.", prose.Capital(f.who()))
}

// outsideText describes a task that something outside made ready in one run.
func (f *facts) outsideText() string {
	e, a, does, other := f.e, f.a, "expected", "actual"
	if !f.either(event.KindIoReady) {
		return fmt.Sprintf("The runs differ in a read of a pipe, a socket or the like outside of the control: %v was expected, "+
			"and %v came.", next(e), next(a))
	}
	if gorun.MeaningOf(e) != gorun.LetIn {
		e, a, does, other = a, e, other, does
	}
	text := fmt.Sprintf("Something outside of the control made task %s ready here in the %s run: a file, a socket, another process or the end of a system call.",
		f.task(gorun.Admitted(e)), does)
	if gorun.MeaningOf(a) == gorun.LetIn {
		return text + fmt.Sprintf(" In the %s run it was task %s.", other, f.task(gorun.Admitted(a)))
	}
	return text + fmt.Sprintf(" In the %s run it did not come: %v is next.", other, next(a))
}

// next describes an event, or the end of a run.
func next(e event.Event) string {
	if e.Kind() == 0 {
		return "the end"
	}
	return e.String()
}

// apart returns the distance between the instants in two events of one kind, and whether they have different instants.
func (f *facts) apart() (d time.Duration, ok bool) {
	var x, y uint64
	switch {
	case f.both(event.KindTimerCreated):
		x, y = f.e.DeadlineNanos(), f.a.DeadlineNanos()
	case f.both(event.KindTimeAdvanced):
		x, y = f.e.ToNanos(), f.a.ToNanos()
	}
	return time.Duration(max(x, y) - min(x, y)), x != y
}

// whatRuns is what to do about a difference inside of what a goroutine does.
const whatRuns = "If the program was changed, record again; else look for a data race, or for something from outside."

// ordinaryRules are those for runs of ordinary programs. The rules behind them fit such runs too unless they say
// otherwise.
var ordinaryRules = []rule{
	{Rule{"initialisation", "initialisation", "ordinary runs differ before main.main starts",
		"See what packages do when they are initialised, and whether both runs were built by one version of Go."},
		func(f *facts) bool {
			return f.Ordinary && (slices.ContainsFunc(f.Expected, begins) || slices.ContainsFunc(f.Actual, begins))
		},
		func(f *facts) string {
			return "The runs differ before main.main starts, while packages are initialised, where no choice is made."
		}},
	{Rule{"select-case", "select-case", "a select of an ordinary run takes another case, or has other cases to choose from",
		whatRuns},
		func(f *facts) bool { return f.Ordinary && f.selects() },
		func(f *facts) string { return f.selectText() }},
	{Rule{"outside", "outside", "something outside made a task of an ordinary run ready, in one of the runs",
		"Run it where the outside answers as in the recorded run, or keep files, sockets and processes out of the test."},
		func(f *facts) bool {
			return f.Ordinary && (f.either(event.KindIoReady) || f.either(event.KindIoResult))
		},
		func(f *facts) string { return f.outsideText() }},
	{Rule{"not-preempted", "preempted-here-only",
		"a task of an ordinary run is preempted in the expected run, and not in the actual run", whatRuns},
		func(f *facts) bool { return f.Ordinary && preempts(f.e) && f.a.Kind() != 0 && !preempts(f.a) },
		func(f *facts) string {
			return f.preemptText("expected", "actual", f.e, f.a, f.ExpectedSite, f.ActualSite)
		}},
	{Rule{"preempted-here-only", "not-preempted",
		"a task of an ordinary run is preempted in the actual run, and not in the expected run", whatRuns},
		func(f *facts) bool { return f.Ordinary && preempts(f.a) && f.e.Kind() != 0 && !preempts(f.e) },
		func(f *facts) string {
			return f.preemptText("actual", "expected", f.a, f.e, f.ActualSite, f.ExpectedSite)
		}},
	{Rule{"leap", "leap", "time leaps to a timer in an ordinary run, and not, or not as far, in the other",
		"See which timers are set: one is missing, or has another duration."},
		func(f *facts) bool { return f.Ordinary && f.either(event.KindChaosInjection) },
		func(f *facts) string {
			return fmt.Sprintf("Time leaps ahead to a timer here in one run and not, or not as far, in the other: %v in the expected run, %v in the actual run.",
				next(f.e), next(f.a))
		}},
	{Rule{"more-points", "fewer-points",
		"a task of an ordinary run passes more preemption points in the actual run before it stops", whatRuns},
		func(f *facts) bool { return f.morePoints(f.a, f.e) },
		func(f *facts) string { return f.pointsText("actual", "expected", f.a, f.e) }},
	{Rule{"fewer-points", "more-points",
		"a task of an ordinary run passes more preemption points in the expected run before it stops", whatRuns},
		func(f *facts) bool { return f.morePoints(f.e, f.a) },
		func(f *facts) string { return f.pointsText("expected", "actual", f.e, f.a) }},
	{Rule{"clock", "clock", "instants of ordinary runs differ by less than a millisecond", whatRuns},
		func(f *facts) bool {
			d, ok := f.apart()
			return f.Ordinary && ok && d < time.Millisecond
		},
		func(f *facts) string {
			d, _ := f.apart()
			return fmt.Sprintf("The clocks of the runs are %v apart. Every preemption point and every look at the clock takes a little virtual time: %s has passed more of them%s in one run.",
				d, f.who(), since(f.RunningSite))
		}},
	{Rule{"own-stream", "own-stream", "both ordinary runs draw a random value, and it differs", whatRuns},
		func(f *facts) bool {
			return f.Ordinary && f.both(event.KindRngValue) && f.permuted() == 0 && !f.oneSided()
		},
		func(f *facts) string {
			return fmt.Sprintf("%s draws another value. Every goroutine has a stream of its own, of which the order of maps takes as well, without an event: it has drawn more or less before.",
				prose.Capital(f.who()))
		}},
}
