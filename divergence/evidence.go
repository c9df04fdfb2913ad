package divergence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/prose"
)

// oneSided reports whether one run has additional events and then continues like the other.
func (f *facts) oneSided() bool {
	return f.d.Relation == RelationExtra || f.d.Relation == RelationMissing
}

// panics reports whether e is the end of a task that panicked.
func panics(e event.Event) bool {
	return e.Kind() == event.KindTaskCompleted && e.Outcome() == event.OutcomePanicked
}

// panicText describes a panic of the actual run, with its value if the run ended with it.
func (f *facts) panicText() string {
	id, value := f.a.Task(), ""
	if _, text, ok := strings.Cut(prose.Line(f.RunError),
		"panic in task "+id.String()+" "+nameIn(f.ActualNames, "task", uint64(id))+": "); ok {
		value = ": " + text
	}
	return fmt.Sprintf("Task %s panicked here in the actual run%s%s; in the expected run it does not: %v comes next%s.",
		f.task(id), prose.AtSite(f.ActualSite), value, f.e, prose.AtSite(f.ExpectedSite))
}

// ends reports whether e is the end of a task and other is something else.
func ends(e, other event.Event) bool {
	return e.Kind() == event.KindTaskCompleted && other.Kind() != 0 && other.Kind() != event.KindTaskCompleted
}

// endText describes a task that ends in one run, with e, where the other run has next.
func (f *facts) endText(does, other string, e, next event.Event, site, otherSite string) string {
	return fmt.Sprintf("Task %s ends here in the %s run (%v)%s, and goes on in the %s run: %v comes next%s.",
		f.task(e.Task()), does, e.Outcome(), prose.AtSite(site), other, next, prose.AtSite(otherSite))
}

// lostWake returns the first event that wakes a task in what only one run does here: its first event, its second
// event if the first is a step of the running task, and all events that the other run lacks. The woken task must
// run afterwards. In the other run it must not occur again up to the end, or the error must say that it waits.
func (f *facts) lostWake(list, other []event.Event, lacks Relation, stopped, runError string) (wake event.Event,
	ok bool) {
	n := 1
	if f.Running.Kind() != 0 && len(list) > 0 && Comparable(list[0]) == Comparable(f.Running) {
		n = 2
	}
	if f.d.Relation == lacks {
		n = max(n, f.d.Count)
	}
	for i, e := range list[:min(n, len(list))] {
		if e.Kind() == event.KindWakerWake && runs(e.Task(), list[i:]) && leftWaiting(e.Task(), other, stopped, runError) {
			return e, true
		}
	}
	return event.Event{}, false
}

// runs reports whether a task runs in events.
func runs(id event.TaskID, events []event.Event) bool {
	return slices.ContainsFunc(events, func(e event.Event) bool {
		return e.Kind() == event.KindTaskScheduled &&
			e.Task() == id
	})
}

func leftWaiting(id event.TaskID, run []event.Event, stopped, runError string) bool {
	if mentions(run, event.TypeTask, uint64(id)) {
		return false
	}
	if runError != "" {
		return waitsIn(runError, id)
	}
	return len(run) > 0 && over(run, stopped)
}

// unsent returns the wake that the actual run lacks; spurious returns the one that the expected run lacks.
func (f *facts) unsent() (event.Event, bool) {
	return f.lostWake(f.Expected, f.Actual, RelationMissing, f.ActualEnd, f.RunError)
}

func (f *facts) spurious() (event.Event, bool) {
	return f.lostWake(f.Actual, f.Expected, RelationExtra, f.ExpectedEnd, "")
}

// waitsIn reports whether a line of an error says that a task waits.
func waitsIn(runError string, id event.TaskID) bool {
	for line := range strings.Lines(runError) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, id.String()+" ") && strings.Contains(line, " waits ") {
			return true
		}
	}
	return false
}

// wakeText describes a task that only one run wakes.
func (f *facts) wakeText(does, other string, wake event.Event, site string) string {
	return fmt.Sprintf("In the %s run %s wakes task %s here%s; the %s run never does, and ends while it waits: the signal is lost.",
		does, f.who(), f.task(wake.Task()), prose.AtSite(site), other)
}

const (
	microsecond = 1_000
	millisecond = 1_000_000
)

// byClock reports whether two different instants look like those of a real clock: one is not a whole number of
// microseconds, or both are not whole milliseconds and differ by less than a hundredth of the time from now on.
func (f *facts) byClock(x, y uint64) bool {
	if x%microsecond != 0 || y%microsecond != 0 {
		return true
	}
	longer := max(x, y) - min(uint64(f.Time), x, y)
	return x%millisecond != 0 && y%millisecond != 0 && (max(x, y)-min(x, y))*100 < longer
}

// durationText describes timers or instants that differ.
func (f *facts) durationText() string {
	if f.both(event.KindTimeAdvanced) {
		return fmt.Sprintf("Virtual time moves on to %v in one run and to %v in the other: a timer is missing, or has another duration.",
			f.value(f.e, "to_nanos"), f.value(f.a, "to_nanos"))
	}
	return fmt.Sprintf("%s sets a timer to %v in one run and to %v in the other, although all before is equal: the duration was changed, or is computed from something that is not recorded.",
		prose.Capital(f.who()), f.value(f.e, "deadline_nanos"), f.value(f.a, "deadline_nanos"))
}

// drawsAmong returns the number of random values in events.
func drawsAmong(events []event.Event) int { return len(draws(events)) }

// leadingDraws returns the number of random values at the start of the events that only one run has.
func (f *facts) leadingDraws(list []event.Event) int {
	list = list[:min(f.d.Count, len(list))]
	if n := slices.IndexFunc(list, func(e event.Event) bool { return e.Kind() != event.KindRngValue }); n >= 0 {
		return n
	}
	return len(list)
}

// drawText describes draws that only one run has.
func (f *facts) drawText(does, other string, list []event.Event, site string) string {
	since := "there was no draw before"
	if f.draws > 0 {
		since = fmt.Sprintf("the %d draws up to event %d agree", f.draws, f.drawnAt)
	}
	if f.draws == 1 {
		since = fmt.Sprintf("the one draw before, event %d, agrees", f.drawnAt)
	}
	n, stream := f.leadingDraws(list), ""
	if does == "actual" {
		stream = f.stream()
	}
	more := ""
	if rest := f.d.Count - n; rest > 0 {
		more = fmt.Sprintf(" With it come %s more.", prose.Count(rest, "event"))
	}
	return fmt.Sprintf("In the %s run %s draws %s%s here%s, where the %s run does not: draw %d; %s.%s %s",
		does, f.who(), values(n), stream, prose.AtSite(site), other, f.draws+1, since, more, f.thenAlike())
}

// stream returns " of stream %q" if the stream of the actual draw is known, otherwise "".
func (f *facts) stream() string {
	if f.Stream == "" || f.a.Kind() != event.KindRngValue {
		return ""
	}
	return fmt.Sprintf(" of stream %q", prose.Cut(prose.Line(f.Stream), longestName))
}

func values(n int) string {
	if n == 1 {
		return "a random value"
	}
	return fmt.Sprintf("%d random values", n)
}

// doer returns the task that does e and what follows, as the subject of a sentence. Where both runs choose a task,
// it is the chosen one.
func (f *facts) doer(e event.Event) string {
	if f.both(event.KindTaskScheduled) {
		return "task " + f.task(e.Task())
	}
	return f.who()
}

// extraEvents describes the events that only one run has.
func (f *facts) extraEvents(list []event.Event) string {
	list = list[:min(f.d.Count, len(list))]
	text := fmt.Sprintf("1 event, %v,", list[0].Kind())
	if f.d.Count > 1 {
		text = fmt.Sprintf("%d events, from %v on,", f.d.Count, list[0].Kind())
	}
	if n := drawsAmong(list); n > 0 {
		text += fmt.Sprintf(" with %s among them,", values(n))
	}
	return text
}

// thenAlike describes how long the runs agree after the events that only one of them has.
func (f *facts) thenAlike() string {
	e, a := sequence(f.Expected), sequence(f.Actual)
	if f.d.Relation == RelationMissing {
		e = e[f.d.Count:]
	} else {
		a = a[f.d.Count:]
	}
	n := 0
	for n < min(len(e), len(a)) && e[n] == a[n] {
		if e[n].Kind() == 0 {
			return "Then the runs go on alike, to the end."
		}
		n++
	}
	if n == len(e) || n == len(a) {
		return fmt.Sprintf("Then the runs go on alike as far as was looked, %s.", prose.Count(n, "event"))
	}
	return fmt.Sprintf("Then the runs go on alike for %s.", prose.Count(n, "event"))
}

// orderText describes an event that is at another place.
func (f *facts) orderText() string {
	e, a, k := sequence(f.Expected), sequence(f.Actual), f.d.Count
	late := func(x event.Event, where string) string {
		return fmt.Sprintf("The runs do the same things in another order: %v comes %s later in the %s run.",
			x, prose.Count(k, "event"), where)
	}
	if k < len(a) && a[k] == e[0] {
		return late(f.e, "actual")
	}
	return late(f.a, "expected")
}
