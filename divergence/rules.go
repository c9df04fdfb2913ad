package divergence

import (
	"fmt"
	"slices"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/prose"
)

// Advice about causes that several rules can find.
const (
	sameSettings   = "Run both under the same settings, or record again."
	ownRandomness  = "Draw random values from Sim.Rand only, under a label for each purpose, and look for a global source."
	whatDraws      = "If the program was changed, record again; else see what decides whether it draws: a map, a clock, a global."
	stableOrder    = "Look for a range over a map, and sort its keys first."
	virtualClock   = "Look for time.Now and time.Since, and take the time from the Sim."
	whatReturns    = "If the program was changed, record again; else see what decides whether it returns here."
	readTheProgram = "If the program was changed, record again; else look for a condition on something that is not recorded."
)

// rules are tried in this order. A new rule needs a row in one of the lists, a pair of traces in testdata/corpus,
// and a line in the mirror law.
var rules = slices.Concat(earlyRules, ordinaryRules, laterRules)

// earlyRules concern settings that make two runs differ from the start, and recordings that were stopped.
var earlyRules = []rule{
	{Rule{"another-seed", "another-seed", "the runs have different seeds",
		"Replay the recording, or run both with one seed."},
		func(f *facts) bool { return f.otherSeed() || f.both(event.KindRngSeed) },
		func(f *facts) string {
			return "The runs have different seeds, so that choices and random values differ from the start."
		}},
	{Rule{"recording-stopped", "actual-stopped",
		"the expected run ends and its source says that the recording was stopped",
		"Record again without the limit, or replay with a policy that goes on live past the end."},
		func(f *facts) bool { return f.d.Side == SideExpected && f.ExpectedEnd != "" },
		func(f *facts) string {
			return fmt.Sprintf("The recording was %s; the run itself went on.", prose.Line(f.ExpectedEnd))
		}},
	{Rule{"actual-stopped", "recording-stopped", "the actual run ends and its source says that the recording was stopped",
		"Record again without the limit."},
		func(f *facts) bool { return f.d.Side == SideActual && f.ActualEnd != "" },
		func(f *facts) string {
			return fmt.Sprintf("The recording of the actual run was %s; the run itself went on.", prose.Line(f.ActualEnd))
		}},
}

// laterRules are all other rules. Rules that do not fit ordinary runs come after an ordinary rule that does, or
// exclude them explicitly.
var laterRules = []rule{
	{Rule{"checkpoint-interval", "checkpoint-interval", "one of the events is a checkpoint",
		"Set Config.CheckpointEvery as it was in the recorded run."},
		func(f *facts) bool { return f.either(event.KindCheckpoint) && !f.both(event.KindCheckpoint) },
		func(f *facts) string {
			return "One run has a checkpoint here and the other has not: their checkpoint intervals differ."
		}},
	{Rule{"checkpoint-figures", "checkpoint-figures", "both events are checkpoints",
		"Record both runs with one version, and edit no trace."},
		func(f *facts) bool { return f.both(event.KindCheckpoint) },
		func(f *facts) string {
			return "The checkpoints differ although all events before are equal: a trace was edited, or recorded by another version."
		}},
	{Rule{"fault-injection", "fault-injection", "one of the events is an injected fault",
		"Run both with the same Config.Chaos."},
		func(f *facts) bool { return f.either(event.KindChaosInjection) },
		func(f *facts) string {
			return "The runs do not inject the same faults: the settings of the chaos differ, or its place in the program."
		}},
	{Rule{"random-value", "random-value", "both draw a random value, and it differs", ownRandomness},
		func(f *facts) bool {
			return f.both(event.KindRngValue) && f.permuted() == 0 && !f.oneSided()
		},
		func(f *facts) string {
			before := "and it is the first"
			if f.draws > 0 {
				before = fmt.Sprintf("although the draws before agree, the last of them event %d", f.drawnAt)
			}
			return fmt.Sprintf("Draw %d%s gives another value, %s: it comes from another stream or another seed.", f.draws+1,
				f.stream(), before)
		}},
	{Rule{"spawn-order", "spawn-order",
		"one task or region has, in the actual run, the name of another in the expected run", stableOrder},
		func(f *facts) bool { _, _, ok := f.swapped(); return ok },
		func(f *facts) string {
			x, y, _ := f.swapped()
			return fmt.Sprintf("The runs made %s %q and %s %q in another order: that is how iteration over a map looks.",
				x.Kind, prose.Line(x.Name), y.Kind, prose.Line(y.Name))
		}},
	{Rule{"map-order", "map-order",
		"the next events are the same on both sides, of the same kinds one by one, but name things in another order",
		stableOrder},
		func(f *facts) bool { return !f.Ordinary && !f.either(event.KindTaskScheduled) && f.permuted() > 1 },
		func(f *facts) string {
			return fmt.Sprintf("The next %d events are the same in both runs but in another order (%v): that is how iteration over a map looks.",
				f.permuted(), f.e.Kind())
		}},
	{Rule{"panicked", "panicked-in-recording", "a task panics in the actual run and not in the expected run",
		"See the value of the panic and its stack; the task did the same in both runs up to here."},
		func(f *facts) bool { return panics(f.a) && f.e.Kind() != 0 && !panics(f.e) },
		func(f *facts) string { return f.panicText() }},
	{Rule{"panicked-in-recording", "panicked", "a task panics in the expected run and not in the actual run",
		readTheProgram},
		func(f *facts) bool { return panics(f.e) && f.a.Kind() != 0 && !panics(f.a) },
		func(f *facts) string {
			return fmt.Sprintf("Task %s panicked here in the expected run; in the actual run it does not: %v comes next%s.",
				f.task(f.e.Task()), f.a, prose.AtSite(f.ActualSite))
		}},
	{Rule{"lost-wake", "woken-here-only",
		"the expected run wakes a task that the actual run does not wake, and leaves waiting at its end",
		"See what no longer happens: a signal, a send, an unlock or a close."},
		func(f *facts) bool { _, ok := f.unsent(); return ok },
		func(f *facts) string {
			wake, _ := f.unsent()
			return f.wakeText("expected", "actual", wake, f.ExpectedSite)
		}},
	{Rule{"woken-here-only", "lost-wake",
		"the actual run wakes a task that the expected run does not wake, and leaves waiting at its end", readTheProgram},
		func(f *facts) bool { _, ok := f.spurious(); return ok },
		func(f *facts) string {
			wake, _ := f.spurious()
			return f.wakeText("actual", "expected", wake, f.ActualSite)
		}},
	{Rule{"returned-early", "returned-later", "a task ends in the actual run and goes on in the expected run",
		whatReturns},
		func(f *facts) bool { return ends(f.a, f.e) && f.d.Relation != RelationMissing },
		func(f *facts) string { return f.endText("actual", "expected", f.a, f.e, f.ActualSite, f.ExpectedSite) }},
	{Rule{"returned-later", "returned-early", "a task ends in the expected run and goes on in the actual run",
		whatReturns},
		func(f *facts) bool { return ends(f.e, f.a) && f.d.Relation != RelationExtra },
		func(f *facts) string { return f.endText("expected", "actual", f.e, f.a, f.ExpectedSite, f.ActualSite) }},
	{Rule{"another-outcome", "another-outcome", "a task or region ends with another outcome", readTheProgram},
		func(f *facts) bool { return f.d.Relation != RelationEndedEarly && f.differs("outcome") },
		func(f *facts) string {
			return fmt.Sprintf("The same steps ended as %v in one run and as %v in the other: the program computes something else.",
				f.value(f.e, "outcome"), f.value(f.a, "outcome"))
		}},
	{Rule{"unknown-in-recording", "unknown-in-actual",
		"the actual event names a task or region that the expected run never made",
		"See where the program creates it; if that is new, record again."},
		func(f *facts) bool {
			return f.e.Kind() != 0 && f.stranger(f.a, f.Expected) != "" && f.stranger(f.e, f.Actual) == ""
		},
		func(f *facts) string {
			return fmt.Sprintf("The actual run has %s%s, which the expected run never made up to here nor right after.",
				prose.Line(f.stranger(f.a, f.Expected)), prose.AtSite(f.ActualSite))
		}},
	{Rule{"unknown-in-actual", "unknown-in-recording",
		"the expected event names a task or region that the actual run never made",
		"See why the program no longer creates it; if that is right, record again."},
		func(f *facts) bool {
			return f.a.Kind() != 0 && f.stranger(f.e, f.Actual) != "" && f.stranger(f.a, f.Expected) == ""
		},
		func(f *facts) string {
			return fmt.Sprintf("The expected run has %s%s, which the actual run never made up to here nor right after.",
				prose.Line(f.stranger(f.e, f.Actual)), prose.AtSite(f.ExpectedSite))
		}},
	{Rule{"drawn-once-more", "drawn-once-less",
		"the actual run draws a random value more and then goes on like the expected run", whatDraws},
		func(f *facts) bool { return f.d.Relation == RelationExtra && f.a.Kind() == event.KindRngValue },
		func(f *facts) string { return f.drawText("actual", "expected", f.Actual, f.ActualSite) }},
	{Rule{"drawn-once-less", "drawn-once-more",
		"the actual run draws a random value less and then goes on like the expected run", whatDraws},
		func(f *facts) bool { return f.d.Relation == RelationMissing && f.e.Kind() == event.KindRngValue },
		func(f *facts) string { return f.drawText("expected", "actual", f.Expected, f.ExpectedSite) }},
	{Rule{"real-clock-deadline", "real-clock-deadline",
		"both create a timer, with different deadlines that are close or odd", virtualClock},
		func(f *facts) bool {
			return !f.Ordinary && f.both(event.KindTimerCreated) && f.differs("deadline_nanos") &&
				f.byClock(f.e.DeadlineNanos(), f.a.DeadlineNanos())
		},
		func(f *facts) string {
			return fmt.Sprintf("%s sets a timer to %v in one run and to %v in the other, although all before is equal: a deadline of the real clock looks so.",
				prose.Capital(f.who()), f.value(f.e, "deadline_nanos"), f.value(f.a, "deadline_nanos"))
		}},
	{Rule{"real-clock-advance", "real-clock-advance", "virtual time moves to different instants that are close or odd",
		virtualClock},
		func(f *facts) bool {
			return !f.Ordinary && f.both(event.KindTimeAdvanced) && f.byClock(f.e.ToNanos(), f.a.ToNanos())
		},
		func(f *facts) string {
			return fmt.Sprintf("Virtual time moves on to %v in one run and to %v in the other: a timer is missing, or was set by the real clock.",
				f.value(f.e, "to_nanos"), f.value(f.a, "to_nanos"))
		}},
	{Rule{"changed-duration", "changed-duration",
		"both create a timer or let time pass, to instants that do not look like those of a real clock",
		"If the program was changed, record again; else see what the duration is computed from: a setting, a global random source, a clock."},
		func(f *facts) bool {
			return f.both(event.KindTimerCreated) && f.differs("deadline_nanos") || f.both(event.KindTimeAdvanced) &&
				f.differs("to_nanos")
		},
		func(f *facts) string { return f.durationText() }},
	{Rule{"external-io", "external-io", "an I/O operation has another result, readiness or error",
		"Let all I/O go through the Sim, and look for files, sockets or the environment of the machine."},
		func(f *facts) bool {
			return categories[f.e.Kind()] == IOMismatch && categories[f.a.Kind()] == IOMismatch
		},
		func(f *facts) string {
			return fmt.Sprintf("I/O gave %v in one run and %v in the other: its result comes from outside the simulation, or the operation changed.",
				f.e, f.a)
		}},
	{Rule{"not-runnable", "not-runnable",
		"a task that was chosen in the expected run could not be chosen in the actual run",
		"See in the report what the task waits for, and who should have woken it."},
		func(f *facts) bool { return f.e.Kind() == event.KindTaskScheduled && f.notRunnable(f.e.Task()) },
		func(f *facts) string {
			return fmt.Sprintf("Task %s ran next in the expected run; in the actual run it was not ready: it waits for something, or was never woken.",
				f.task(f.e.Task()))
		}},
	{Rule{"another-choice", "another-choice", "the scheduler chose another task, timer or waiter",
		"Compare runs of one strategy and seed, or replay the recording."},
		func(f *facts) bool {
			return f.both(event.KindTaskScheduled) && f.differs("task") && !f.oneSided() ||
				!f.Ordinary && (f.both(event.KindTimerFired) || f.both(event.KindWakerWake))
		},
		func(f *facts) string {
			return fmt.Sprintf("A choice of the scheduler was answered differently: %v in one run, %v in the other.",
				f.chosen(f.e), f.chosen(f.a))
		}},
	{Rule{"another-configuration", "another-configuration",
		"the runs were made under different settings, and nothing above fits", sameSettings},
		func(f *facts) bool { return f.otherConfig() },
		func(f *facts) string {
			return "The runs were configured differently: limits, checkpoint interval or chaos are not the same."
		}},
	{Rule{"failed-early", "recording-ends", "the actual run ends by itself with an error",
		"See the error; it is the difference."},
		func(f *facts) bool { return f.d.Side == SideActual && f.RunError != "" },
		func(f *facts) string { return "The actual run ended here with: " + prose.Line(f.d.RunError) + "." }},
	{Rule{"run-ends", "recording-ends", "the actual run ends before the expected one", readTheProgram},
		func(f *facts) bool { return f.d.Side == SideActual },
		func(f *facts) string {
			return fmt.Sprintf("The actual run is over here; in the expected run %v comes next.", f.e)
		}},
	{Rule{"recording-ends", "run-ends", "the expected run ends before the actual one", readTheProgram},
		func(f *facts) bool { return f.d.Side == SideExpected },
		func(f *facts) string {
			return fmt.Sprintf("The expected run is over here; in the actual run %v comes next.", f.a)
		}},
	{Rule{"operation-added", "operation-removed", "the actual run has more events and then goes on like the expected run",
		readTheProgram},
		func(f *facts) bool { return f.d.Relation == RelationExtra },
		func(f *facts) string {
			return fmt.Sprintf("In the actual run %s does something more%s: %s that the expected run has not. %s",
				f.doer(f.a), prose.AtSite(f.ActualSite), f.extraEvents(f.Actual), f.thenAlike())
		}},
	{Rule{"operation-removed", "operation-added", "the actual run lacks events and then goes on like the expected run",
		readTheProgram},
		func(f *facts) bool { return f.d.Relation == RelationMissing },
		func(f *facts) string {
			return fmt.Sprintf("In the expected run %s does something more%s: %s that the actual run has not. %s",
				f.doer(f.e), prose.AtSite(f.ExpectedSite), f.extraEvents(f.Expected), f.thenAlike())
		}},
	{Rule{"another-order", "another-order", "both runs have the event, at different places", readTheProgram},
		func(f *facts) bool { return f.d.Relation == RelationReordered },
		func(f *facts) string { return f.orderText() }},
	{Rule{"another-program", "another-program", "nothing else fits", readTheProgram},
		func(*facts) bool { return true },
		func(f *facts) string {
			if f.e.Kind() == f.a.Kind() {
				return fmt.Sprintf("From here on %s does something else: %v with other values.", f.who(), f.e.Kind())
			}
			return fmt.Sprintf("From here on %s does something else: %v in one run, %v in the other.", f.who(), f.e.Kind(),
				f.a.Kind())
		}},
}

// value returns the value of a field of e.
func (f *facts) value(e event.Event, field string) event.Value {
	for x, v := range e.Fields() {
		if x.Name == field {
			return v
		}
	}
	return event.Value{}
}

// chosen is what e chose.
func (f *facts) chosen(e event.Event) string {
	if e.Kind() == event.KindTimerFired {
		return fmt.Sprintf("timer %d", e.Timer())
	}
	return "task " + f.task(e.Task())
}

// capital returns s with its first letter in upper case; s begins with a letter of ASCII.
