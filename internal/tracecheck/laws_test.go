package tracecheck

import (
	"errors"
	"math"
	"testing"

	"github.com/reprise-go/reprise/event"
)

// Identifiers of the traces below: index, then generation where it is not 0.
var (
	t0, t1, t2       = event.NewTaskID(0, 0), event.NewTaskID(1, 0), event.NewTaskID(2, 0)
	t0g1, t0g2, t0g4 = event.NewTaskID(0, 1), event.NewTaskID(0, 2), event.NewTaskID(0, 4)
	tFar, tFarg1     = event.NewTaskID(math.MaxUint32, 0), event.NewTaskID(math.MaxUint32, 1)
	r0, r1, r2       = event.NewRegionID(0, 0), event.NewRegionID(1, 0), event.NewRegionID(2, 0)
	r0g1, r0g2, r0g4 = event.NewRegionID(0, 1), event.NewRegionID(0, 2), event.NewRegionID(0, 4)
	rFar             = event.NewRegionID(math.MaxUint32, 0)
)

const ok = event.OutcomeOK

func root(r event.RegionID) event.Event                  { return event.RootRegionCreated(r, 0) }
func child(r, parent event.RegionID) event.Event         { return event.RegionCreated(r, parent, 0) }
func spawn(t event.TaskID, r event.RegionID) event.Event { return event.TaskSpawned(t, r, 0) }
func done(t event.TaskID) event.Event                    { return event.TaskCompleted(t, ok) }
func closed(r event.RegionID) event.Event                { return event.RegionClosed(r, ok) }

// lawCase is a trace with seed 42 and what Check says of it, empty if it is lawful.
type lawCase struct {
	name   string
	events []event.Event
	want   string
}

func traceOf(md event.Metadata, events []event.Event) *event.Trace {
	trace := event.NewTrace(md)
	for _, e := range events {
		trace.Append(e)
	}
	return trace
}

func checkCases(t *testing.T, cases []lawCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := Check(traceOf(event.NewMetadata(42), c.events))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestLaw1Seed(t *testing.T) {
	checkCases(t, []lawCase{
		{"no events", nil, ""},
		{"no seed", []event.Event{event.RngValue(1)}, ""},
		{"the seed first", []event.Event{event.RngSeed(42), event.RngValue(1)}, ""},
		{"another seed", []event.Event{event.RngSeed(41)},
			"tracecheck: law 1, event 0 (RngSeed seed=41): the seed of the metadata is 42"},
		{"the seed later", []event.Event{event.RngValue(1), event.RngSeed(42)},
			"tracecheck: law 1, event 1 (RngSeed seed=42): the seed belongs at event 0"},
		{"the seed twice", []event.Event{event.RngSeed(42), event.RngSeed(42)},
			"tracecheck: law 1, event 1 (RngSeed seed=42): the seed belongs at event 0"},
	})
}

func TestLaw2TasksBegin(t *testing.T) {
	begun := func(more ...event.Event) []event.Event {
		return append([]event.Event{root(r0), spawn(t0, r0)}, more...)
	}
	checkCases(t, []lawCase{
		{"every kind that names a task", begun(event.TaskScheduled(t0, 0), event.TaskYielded(t0), event.WakerWake(t0),
			event.ChaosInjectionInto(t0, event.ChaosCancel, 0), done(t0)), ""},
		{"kinds that name no task", []event.Event{event.ChaosInjection(event.ChaosDelay, 1), event.WakerBatchWake(2)}, ""},
		{"scheduled", begun(event.TaskScheduled(t1, 0)),
			"tracecheck: law 2, event 2 (TaskScheduled task=T1 at_tick=0): task T1 was not spawned before"},
		{"yielded", begun(event.TaskYielded(t1)),
			"tracecheck: law 2, event 2 (TaskYielded task=T1): task T1 was not spawned before"},
		{"completed", begun(done(t1)),
			"tracecheck: law 2, event 2 (TaskCompleted task=T1 outcome=ok): task T1 was not spawned before"},
		{"woken", begun(event.WakerWake(t1)),
			"tracecheck: law 2, event 2 (WakerWake task=T1): task T1 was not spawned before"},
		{"chaos", begun(event.ChaosInjectionInto(t1, event.ChaosCancel, 0)),
			"tracecheck: law 2, event 2 (ChaosInjection kind=cancel task=T1 data=0): task T1 was not spawned before"},
		{"a later generation", begun(event.WakerWake(t0g1)),
			"tracecheck: law 2, event 2 (WakerWake task=T0g1): task T0g1 was not spawned before"},
		{"an earlier generation", []event.Event{root(r0), spawn(t0g1, r0), event.WakerWake(t0)},
			"tracecheck: law 2, event 2 (WakerWake task=T0): task T0 was not spawned before"},
		{"a far index", []event.Event{root(r0), spawn(tFar, r0), event.TaskYielded(tFar), event.WakerWake(tFarg1)},
			"tracecheck: law 2, event 3 (WakerWake task=T4294967295g1): task T4294967295g1 was not spawned before"},
	})
}

func TestLaw2RegionsBegin(t *testing.T) {
	begun := func(more ...event.Event) []event.Event {
		return append([]event.Event{root(r0), spawn(t0, r0)}, more...)
	}
	checkCases(t, []lawCase{
		{"every kind that names a region", begun(child(r1, r0), event.RegionCancelled(r1, event.CancelUser),
			event.RegionCancelled(r1, event.CancelParent), spawn(t1, r1), done(t1), closed(r1)), ""},
		{"spawned into", begun(spawn(t1, r1)),
			"tracecheck: law 2, event 2 (TaskSpawned task=T1 region=R1 at_tick=0): region R1 was not created before"},
		{"parent", begun(child(r1, r2)),
			"tracecheck: law 2, event 2 (RegionCreated region=R1 parent=R2 at_tick=0): region R2 was not created before"},
		{"its own parent", begun(child(r1, r1)),
			"tracecheck: law 2, event 2 (RegionCreated region=R1 parent=R1 at_tick=0): region R1 was not created before"},
		{"closed", begun(closed(r1)),
			"tracecheck: law 2, event 2 (RegionClosed region=R1 outcome=ok): region R1 was not created before"},
		{"cancelled", begun(event.RegionCancelled(r1, event.CancelUser)),
			"tracecheck: law 2, event 2 (RegionCancelled region=R1 cancel_kind=user): region R1 was not created before"},
		{"a later generation", begun(closed(r0g1)),
			"tracecheck: law 2, event 2 (RegionClosed region=R0g1 outcome=ok): region R0g1 was not created before"},
	})
}

func TestLaw2FirstTask(t *testing.T) {
	orphan := func(more ...event.Event) []event.Event { return append([]event.Event{spawn(t0, r0)}, more...) }
	checkCases(t, []lawCase{
		{"before its region", orphan(event.TaskScheduled(t0, 0), root(r0), done(t0), closed(r0)), ""},
		{"before its region and its parent", orphan(root(r1), child(r0, r1), done(t0), closed(r0), closed(r1)), ""},
		{"completed before its region", orphan(done(t0), root(r0), closed(r0)), ""},
		{"its index used again before its region", orphan(root(r1), done(t0), spawn(t0g1, r1), root(r0), closed(r0)), ""},
		{"beside an older generation of its region", []event.Event{root(r0), spawn(t0, r0g1), closed(r0), root(r0g1)}, ""},
		{"beside a newer generation of its region", []event.Event{root(r0g4), spawn(t0, r0g2), done(t0), closed(r0g4)},
			"tracecheck: law 2, event 1 (TaskSpawned task=T0 region=R0g2 at_tick=0): region R0g2 was not created before the end"},
		{"is in its region", orphan(root(r0), closed(r0)),
			"tracecheck: law 6, event 2 (RegionClosed region=R0 outcome=ok): task T0, spawned at event 0, has not completed"},
		{"never gets its region", orphan(done(t0)),
			"tracecheck: law 2, event 0 (TaskSpawned task=T0 region=R0 at_tick=0): region R0 was not created before the end"},
		{"its region is not to be named: spawn", orphan(spawn(t1, r0)),
			"tracecheck: law 2, event 1 (TaskSpawned task=T1 region=R0 at_tick=0): region R0 was not created before"},
		{"its region is not to be named: parent", orphan(child(r1, r0)),
			"tracecheck: law 2, event 1 (RegionCreated region=R1 parent=R0 at_tick=0): region R0 was not created before"},
		{"its region is not to be named: cancel", orphan(event.RegionCancelled(r0, event.CancelUser)),
			"tracecheck: law 2, event 1 (RegionCancelled region=R0 cancel_kind=user): region R0 was not created before"},
		{"its region is not to be named: close", orphan(closed(r0)),
			"tracecheck: law 2, event 1 (RegionClosed region=R0 outcome=ok): region R0 was not created before"},
		{"the second task is no exception", []event.Event{root(r0), spawn(t0, r0), spawn(t1, r1)},
			"tracecheck: law 2, event 2 (TaskSpawned task=T1 region=R1 at_tick=0): region R1 was not created before"},
		{"in a closed region", []event.Event{root(r0), closed(r0), spawn(t0, r0)},
			"tracecheck: law 6, event 2 (TaskSpawned task=T0 region=R0 at_tick=0): region R0 closed at event 1"},
		{"a generation too late for its region", []event.Event{spawn(t0, r0), root(r0g1), closed(r0g1), root(r0)},
			"tracecheck: law 2, event 3 (RegionCreated region=R0 parent=none at_tick=0): index 0 was held by region R0g1, created at event 1: its generation must rise"},
	})
}

func TestLaw2Reuse(t *testing.T) {
	checkCases(t, []lawCase{
		{"a task index", []event.Event{root(r0), spawn(t0, r0), done(t0), spawn(t0g1, r0), done(t0g1), spawn(t0g4, r0)}, ""},
		{"a region index", []event.Event{root(r0), closed(r0), root(r0g2), child(r1, r0g2), closed(r1), closed(r0g2),
			root(r0g4)}, ""},
		{"a far index", []event.Event{root(rFar), spawn(tFar, rFar), done(tFar), spawn(tFarg1, rFar), done(tFarg1),
			closed(rFar)}, ""},
		{"a live task", []event.Event{root(r0), spawn(t0, r0), spawn(t0, r0)},
			"tracecheck: law 2, event 2 (TaskSpawned task=T0 region=R0 at_tick=0): index 0 is held by task T0, spawned at event 1"},
		{"the index of a live task", []event.Event{root(r0), spawn(t0, r0), spawn(t0g1, r0)},
			"tracecheck: law 2, event 2 (TaskSpawned task=T0g1 region=R0 at_tick=0): index 0 is held by task T0, spawned at event 1"},
		{"a completed task", []event.Event{root(r0), spawn(t0, r0), done(t0), spawn(t0, r0)},
			"tracecheck: law 2, event 3 (TaskSpawned task=T0 region=R0 at_tick=0): index 0 was held by task T0, spawned at event 1: its generation must rise"},
		{"a lower generation", []event.Event{root(r0), spawn(t0g4, r0), done(t0g4), spawn(t0g1, r0)},
			"tracecheck: law 2, event 3 (TaskSpawned task=T0g1 region=R0 at_tick=0): index 0 was held by task T0g4, spawned at event 1: its generation must rise"},
		{"an open region", []event.Event{root(r0), root(r0)},
			"tracecheck: law 2, event 1 (RegionCreated region=R0 parent=none at_tick=0): index 0 is held by region R0, created at event 0"},
		{"a closed region", []event.Event{root(r0), closed(r0), root(r0)},
			"tracecheck: law 2, event 2 (RegionCreated region=R0 parent=none at_tick=0): index 0 was held by region R0, created at event 0: its generation must rise"},
		{"a far index, held", []event.Event{root(r0), spawn(t0, r0), spawn(tFar, r0), spawn(tFarg1, r0)},
			"tracecheck: law 2, event 3 (TaskSpawned task=T4294967295g1 region=R0 at_tick=0): index 4294967295 is held by task T4294967295, spawned at event 2"},
	})
}

func TestLaw3Time(t *testing.T) {
	checkCases(t, []lawCase{
		{"in steps", []event.Event{event.TimeAdvanced(0, 5), event.TimeAdvanced(5, 6), event.TimeAdvanced(6, math.MaxUint64)},
			""},
		{"not from 0", []event.Event{event.TimeAdvanced(1, 5)},
			"tracecheck: law 3, event 0 (TimeAdvanced from_nanos=1ns to_nanos=5ns): the time so far is 0ns since the start"},
		{"a gap", []event.Event{event.TimeAdvanced(0, 5), event.RngValue(1), event.TimeAdvanced(6, 7)},
			"tracecheck: law 3, event 2 (TimeAdvanced from_nanos=6ns to_nanos=7ns): the time so far is 5ns since event 0"},
		{"back", []event.Event{event.TimeAdvanced(0, 5), event.TimeAdvanced(5, 4)},
			"tracecheck: law 3, event 1 (TimeAdvanced from_nanos=5ns to_nanos=4ns): to_nanos is not after from_nanos"},
		{"not at all", []event.Event{event.TimeAdvanced(0, 0)},
			"tracecheck: law 3, event 0 (TimeAdvanced from_nanos=0s to_nanos=0s): to_nanos is not after from_nanos"},
	})
}

func TestLaw4Timers(t *testing.T) {
	created := func(more ...event.Event) []event.Event {
		return append([]event.Event{event.TimerCreated(3, 10), event.TimeAdvanced(0, 10)}, more...)
	}
	checkCases(t, []lawCase{
		{"fired at its deadline", created(event.TimerFired(3)), ""},
		{"fired late", created(event.TimeAdvanced(10, 11), event.TimerFired(3)), ""},
		{"cancelled when due", created(event.TimerCancelled(3)), ""},
		{"cancelled early", []event.Event{event.TimerCreated(3, 10), event.TimerCancelled(3)}, ""},
		{"a deadline in the past", created(event.TimerCreated(2, 1), event.TimerFired(2)), ""},
		{"identifiers in and out of order", []event.Event{event.TimerCreated(3, 0), event.TimerCreated(4, 0),
			event.TimerCreated(0, 0), event.TimerCreated(math.MaxUint64, 0), event.TimerFired(0), event.TimerFired(4),
			event.TimerFired(math.MaxUint64), event.TimerFired(3)}, ""},
		{"fired early", []event.Event{event.TimeAdvanced(0, 9), event.TimerCreated(3, 10), event.TimerFired(3)},
			"tracecheck: law 4, event 2 (TimerFired timer_id=3): the timer, created at event 1, is due at 10ns, the time is 9ns"},
		{"fired uncreated", []event.Event{event.TimerFired(3)},
			"tracecheck: law 4, event 0 (TimerFired timer_id=3): the timer was not created before"},
		{"fired uncreated beside another", created(event.TimerFired(4)),
			"tracecheck: law 4, event 2 (TimerFired timer_id=4): the timer was not created before"},
		{"fired uncreated where another stands", created(event.TimerCreated(9, 0), event.TimerFired(4)),
			"tracecheck: law 4, event 3 (TimerFired timer_id=4): the timer was not created before"},
		{"cancelled uncreated", created(event.TimerCancelled(2)),
			"tracecheck: law 4, event 2 (TimerCancelled timer_id=2): the timer was not created before"},
		{"fired twice", created(event.TimerFired(3), event.TimerFired(3)),
			"tracecheck: law 4, event 3 (TimerFired timer_id=3): the timer fired at event 2"},
		{"fired after cancellation", created(event.TimerCancelled(3), event.TimerFired(3)),
			"tracecheck: law 4, event 3 (TimerFired timer_id=3): the timer was cancelled at event 2"},
		{"cancelled after firing", created(event.TimerFired(3), event.TimerCancelled(3)),
			"tracecheck: law 4, event 3 (TimerCancelled timer_id=3): the timer fired at event 2"},
		{"cancelled twice", created(event.TimerCancelled(3), event.TimerCancelled(3)),
			"tracecheck: law 4, event 3 (TimerCancelled timer_id=3): the timer was cancelled at event 2"},
		{"created while pending", created(event.TimerCreated(3, 20)),
			"tracecheck: law 4, event 2 (TimerCreated timer_id=3 deadline_nanos=20ns): the timer was created at event 0"},
		{"created after firing", created(event.TimerFired(3), event.TimerCreated(3, 20)),
			"tracecheck: law 4, event 3 (TimerCreated timer_id=3 deadline_nanos=20ns): the timer fired at event 2"},
		{"created after cancellation, out of order",
			created(event.TimerCreated(9, 0), event.TimerCancelled(9), event.TimerCreated(9, 0)),
			"tracecheck: law 4, event 4 (TimerCreated timer_id=9 deadline_nanos=0s): the timer was cancelled at event 3"},
	})
}

func TestLaw5Completed(t *testing.T) {
	begun := func(more ...event.Event) []event.Event {
		return append([]event.Event{root(r0), spawn(t0, r0), spawn(t1, r0), done(t0)}, more...)
	}
	// Generations 0, 1 and 4 of index 0: 2 and 3 are passed over.
	reused := func(more ...event.Event) []event.Event {
		return append(begun(spawn(t0g1, r0), done(t0g1), spawn(t0g4, r0)), more...)
	}
	checkCases(t, []lawCase{
		{"woken", begun(event.WakerWake(t0)), ""},
		{"woken under an earlier generation", reused(event.WakerWake(t0), event.WakerWake(t0g1), event.WakerWake(t0g4)), ""},
		{"woken under a generation before the next jump", reused(done(t0g4), spawn(event.NewTaskID(0, 9), r0),
			event.WakerWake(t0), event.WakerWake(t0g1), event.WakerWake(t0g4)), ""},
		{"scheduled", begun(event.TaskScheduled(t0, 0)),
			"tracecheck: law 5, event 4 (TaskScheduled task=T0 at_tick=0): task T0 completed at event 3"},
		{"yielded", begun(event.TaskYielded(t0)),
			"tracecheck: law 5, event 4 (TaskYielded task=T0): task T0 completed at event 3"},
		{"completed again", begun(done(t0)),
			"tracecheck: law 5, event 4 (TaskCompleted task=T0 outcome=ok): task T0 completed at event 3"},
		{"chaos", begun(event.ChaosInjectionInto(t0, event.ChaosDelay, 7)),
			"tracecheck: law 5, event 4 (ChaosInjection kind=delay task=T0 data=7): task T0 completed at event 3"},
		{"an earlier generation", reused(event.TaskYielded(t0g1)),
			"tracecheck: law 5, event 7 (TaskYielded task=T0g1): task T0g1 completed before T0g4 was spawned at event 6"},
		{"a generation passed over", reused(event.WakerWake(t0g2)),
			"tracecheck: law 2, event 7 (WakerWake task=T0g2): task T0g2 was not spawned before"},
		{"a generation passed over, later", reused(done(t0g4), spawn(event.NewTaskID(0, 5), r0), event.TaskYielded(t0g2)),
			"tracecheck: law 2, event 9 (TaskYielded task=T0g2): task T0g2 was not spawned before"},
	})
}

func TestLaw6Regions(t *testing.T) {
	nested := func(more ...event.Event) []event.Event {
		return append([]event.Event{root(r0), child(r1, r0), child(r2, r1), spawn(t0, r2)}, more...)
	}
	checkCases(t, []lawCase{
		{"from the inside out", nested(done(t0), closed(r2), closed(r1), closed(r0)), ""},
		{"open at the end", nested(), ""},
		{"empty", []event.Event{root(r0), closed(r0)}, ""},
		{"a live task", nested(closed(r2)),
			"tracecheck: law 6, event 4 (RegionClosed region=R2 outcome=ok): task T0, spawned at event 3, has not completed"},
		{"the first of two live tasks", []event.Event{root(r0), spawn(t0, r0), done(t0), spawn(t1, r0), spawn(t0g1, r0),
			closed(r0)},
			"tracecheck: law 6, event 5 (RegionClosed region=R0 outcome=ok): task T1, spawned at event 3, has not completed"},
		{"a live task after a completed one", []event.Event{root(r0), spawn(t0, r0), spawn(t1, r0), done(t0), closed(r0)},
			"tracecheck: law 6, event 4 (RegionClosed region=R0 outcome=ok): task T1, spawned at event 2, has not completed"},
		{"an open child", nested(done(t0), closed(r1)),
			"tracecheck: law 6, event 5 (RegionClosed region=R1 outcome=ok): child region R2, created at event 2, has not closed"},
		{"a child of a child is the child's", nested(done(t0), closed(r0)),
			"tracecheck: law 6, event 5 (RegionClosed region=R0 outcome=ok): child region R1, created at event 1, has not closed"},
		{"closed twice", nested(done(t0), closed(r2), closed(r2)),
			"tracecheck: law 6, event 6 (RegionClosed region=R2 outcome=ok): region R2 closed at event 5"},
		{"spawned into a closed one", nested(done(t0), closed(r2), spawn(t1, r2)),
			"tracecheck: law 6, event 6 (TaskSpawned task=T1 region=R2 at_tick=0): region R2 closed at event 5"},
		{"a closed parent", nested(done(t0), closed(r2), child(event.NewRegionID(3, 0), r2)),
			"tracecheck: law 6, event 6 (RegionCreated region=R3 parent=R2 at_tick=0): region R2 closed at event 5"},
		{"cancelled when closed", nested(done(t0), closed(r2), event.RegionCancelled(r2, event.CancelShutdown)),
			"tracecheck: law 6, event 6 (RegionCancelled region=R2 cancel_kind=shutdown): region R2 closed at event 5"},
		{"an earlier generation", []event.Event{root(r0), closed(r0), root(r0g1), closed(r0)},
			"tracecheck: law 6, event 3 (RegionClosed region=R0 outcome=ok): region R0 closed before R0g1 was created at event 2"},
		{"a generation passed over", []event.Event{root(r0), closed(r0), root(r0g2), closed(r0g1)},
			"tracecheck: law 2, event 3 (RegionClosed region=R0g1 outcome=ok): region R0g1 was not created before"},
	})
}

func TestLaw7Ticks(t *testing.T) {
	at5 := func(more ...event.Event) []event.Event {
		return append([]event.Event{event.RootRegionCreated(r0, 1), event.TaskSpawned(t0, r0, 3), event.TaskScheduled(t0, 5),
			event.TaskYielded(t0)}, more...)
	}
	checkCases(t, []lawCase{
		{"equal and rising", at5(event.TaskSpawned(t1, r0, 5), event.RegionCreated(r1, r0, 5), event.TaskScheduled(t1, 6)),
			""},
		{"scheduled", at5(event.TaskScheduled(t0, 4)),
			"tracecheck: law 7, event 4 (TaskScheduled task=T0 at_tick=4): at_tick was 5 at event 2"},
		{"spawned", at5(event.TaskSpawned(t1, r0, 4)),
			"tracecheck: law 7, event 4 (TaskSpawned task=T1 region=R0 at_tick=4): at_tick was 5 at event 2"},
		{"created", at5(event.RootRegionCreated(r1, 0)),
			"tracecheck: law 7, event 4 (RegionCreated region=R1 parent=none at_tick=0): at_tick was 5 at event 2"},
		{"after the last of equals", at5(event.TaskSpawned(t1, r0, 5), event.TaskScheduled(t1, 2)),
			"tracecheck: law 7, event 5 (TaskScheduled task=T1 at_tick=2): at_tick was 5 at event 4"},
	})
}

func TestLaw8Checkpoints(t *testing.T) {
	begun := func(more ...event.Event) []event.Event {
		return append([]event.Event{root(r0), child(r1, r0), spawn(t0, r0), spawn(t1, r1), spawn(t2, r1),
			event.TimeAdvanced(0, 7)}, more...)
	}
	checkCases(t, []lawCase{
		{"at the start", []event.Event{event.Checkpoint(0, 0, 0, 0), event.Checkpoint(1, 0, 0, 0)}, ""},
		{"any first number", begun(event.Checkpoint(math.MaxUint64-1, 7, 3, 2), event.Checkpoint(math.MaxUint64, 7, 3, 2)),
			""},
		{"after ends", begun(done(t1), done(t2), closed(r1), event.Checkpoint(9, 7, 1, 1)), ""},
		{"without the region of the first task",
			[]event.Event{spawn(t0, r0), event.Checkpoint(0, 0, 1, 0), root(r0), event.Checkpoint(1, 0, 1, 1)}, ""},
		{"the number again", begun(event.Checkpoint(4, 7, 3, 2), event.Checkpoint(4, 7, 3, 2)),
			"tracecheck: law 8, event 7 (Checkpoint sequence=4 time_nanos=7ns active_tasks=3 active_regions=2): the sequence was 4 at event 6"},
		{"a number left out", begun(event.Checkpoint(4, 7, 3, 2), event.Checkpoint(6, 7, 3, 2)),
			"tracecheck: law 8, event 7 (Checkpoint sequence=6 time_nanos=7ns active_tasks=3 active_regions=2): the sequence was 4 at event 6"},
		{"a number before", begun(event.Checkpoint(4, 7, 3, 2), event.Checkpoint(3, 7, 3, 2)),
			"tracecheck: law 8, event 7 (Checkpoint sequence=3 time_nanos=7ns active_tasks=3 active_regions=2): the sequence was 4 at event 6"},
		{"past the last number", []event.Event{event.Checkpoint(math.MaxUint64, 0, 0, 0), event.Checkpoint(0, 0, 0, 0)},
			"tracecheck: law 8, event 1 (Checkpoint sequence=0 time_nanos=0s active_tasks=0 active_regions=0): the sequence was 18446744073709551615 at event 0"},
		{"time at the start", []event.Event{event.Checkpoint(0, 1, 0, 0)},
			"tracecheck: law 8, event 0 (Checkpoint sequence=0 time_nanos=1ns active_tasks=0 active_regions=0): the time is 0ns since the start"},
		{"time", begun(event.Checkpoint(0, 8, 3, 2)),
			"tracecheck: law 8, event 6 (Checkpoint sequence=0 time_nanos=8ns active_tasks=3 active_regions=2): the time is 7ns since event 5"},
		{"time too early", begun(event.Checkpoint(0, 6, 3, 2)),
			"tracecheck: law 8, event 6 (Checkpoint sequence=0 time_nanos=6ns active_tasks=3 active_regions=2): the time is 7ns since event 5"},
		{"too few tasks", begun(event.Checkpoint(0, 7, 2, 2)),
			"tracecheck: law 8, event 6 (Checkpoint sequence=0 time_nanos=7ns active_tasks=2 active_regions=2): the number of live tasks is 3"},
		{"too many tasks", begun(done(t1), event.Checkpoint(0, 7, 3, 2)),
			"tracecheck: law 8, event 7 (Checkpoint sequence=0 time_nanos=7ns active_tasks=3 active_regions=2): the number of live tasks is 2"},
		{"regions", begun(event.Checkpoint(0, 7, 3, 3)),
			"tracecheck: law 8, event 6 (Checkpoint sequence=0 time_nanos=7ns active_tasks=3 active_regions=3): the number of open regions is 2"},
	})
}

func TestLowestLawIsReported(t *testing.T) {
	begun := func(more ...event.Event) []event.Event {
		return append([]event.Event{event.RootRegionCreated(r0, 5), event.TaskSpawned(t0, r0, 5), done(t0)}, more...)
	}
	checkCases(t, []lawCase{
		{"2 before 7", begun(event.TaskScheduled(t1, 0)),
			"tracecheck: law 2, event 3 (TaskScheduled task=T1 at_tick=0): task T1 was not spawned before"},
		{"5 before 7", begun(event.TaskScheduled(t0, 0)),
			"tracecheck: law 5, event 3 (TaskScheduled task=T0 at_tick=0): task T0 completed at event 2"},
		{"2 before 6 and 7", begun(closed(r0), event.TaskSpawned(t0, r0, 0)),
			"tracecheck: law 2, event 4 (TaskSpawned task=T0 region=R0 at_tick=0): index 0 was held by task T0, spawned at event 1: its generation must rise"},
		{"6 before 7", begun(closed(r0), event.TaskSpawned(t1, r0, 0)),
			"tracecheck: law 6, event 4 (TaskSpawned task=T1 region=R0 at_tick=0): region R0 closed at event 3"},
	})
}

// TestFirstErrorStays is about the fields of an Error, and about the calls after it.
func TestFirstErrorStays(t *testing.T) {
	c := New(event.NewMetadata(0))
	for _, e := range []event.Event{event.RngValue(1), event.IoReady(1, event.Readable), event.IoResult(1, 2),
		event.IoError(1, event.IOTimedOut), event.WakerBatchWake(1)} {
		if err := c.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	first := c.Event(event.TimerFired(1))
	var broken *Error
	if !errors.As(first, &broken) || broken.Law != 4 || broken.Index != 5 || broken.Event != event.TimerFired(1) ||
		broken.Msg != "the timer was not created before" {
		t.Fatalf("got %#v", first)
	}
	if err := c.Event(event.RngValue(2)); err != first {
		t.Errorf("a good event afterwards: got %v, want %v", err, first)
	}
	if err := c.End(); err != first {
		t.Errorf("End afterwards: got %v, want %v", err, first)
	}
}

// TestEveryKindHasALaw feeds an absurd event of each kind, twice, to a checker. A kind whose events no law constrains
// must be listed here as well as in the checker, so that a new kind cannot go unchecked by accident.
func TestEveryKindHasALaw(t *testing.T) {
	lawless := event.NewKindSet(event.KindIoReady, event.KindIoResult, event.KindIoError, event.KindRngValue,
		event.KindWakerBatchWake)
	for k := range event.Kinds() {
		c := New(event.NewMetadata(0))
		e := absurd(t, k)
		err := c.Event(event.RngValue(1))
		for range 2 {
			if err == nil {
				err = c.Event(e)
			}
		}
		if (err == nil) != lawless.Has(k) {
			t.Errorf("%v twice after the start of a run: error %v, a kind without a law: %v", e, err, lawless.Has(k))
		}
	}
}

// absurd returns an event of a kind with 9 in every field.
func absurd(t *testing.T, k event.Kind) (e event.Event) {
	t.Helper()
	text := `{"type":"` + k.String() + `"`
	for f := range k.Fields() {
		text += `,"` + f.Name + `":9`
	}
	if err := e.UnmarshalJSON([]byte(text + "}")); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestZeroEventPanics(t *testing.T) {
	defer func() {
		if got, want := recover(), "tracecheck: Checker.Event of the zero Event"; got != want {
			t.Errorf("got the panic %v, want %v", got, want)
		}
	}()
	New(event.NewMetadata(0)).Event(event.Event{})
}

// TestMemory is about the promise that memory follows the arena, not the length of the run.
func TestMemory(t *testing.T) {
	c := New(event.NewMetadata(0))
	take := func(e event.Event) {
		if err := c.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	take(root(r0))
	for g := range uint32(1000) {
		for index := range uint32(3) {
			take(spawn(event.NewTaskID(index, g), r0))
		}
		for index := range uint32(3) {
			take(done(event.NewTaskID(index, g)))
		}
		take(event.RootRegionCreated(event.NewRegionID(1, g), 0))
		take(closed(event.NewRegionID(1, g)))
		take(event.TimerCreated(event.TimerID(g+100), 0))
		take(event.TimerCancelled(event.TimerID(g + 100)))
	}
	if len(c.tasks.slots) != 3 || len(c.regions.slots) != 2 || len(c.tasks.at)+len(c.tasks.runs)+len(c.regions.runs) != 0 {
		t.Errorf("%d task slots, %d region slots, task maps of %d and %d, a region map of %d",
			len(c.tasks.slots), len(c.regions.slots), len(c.tasks.at), len(c.tasks.runs), len(c.regions.runs))
	}
	if len(c.timers.runs) != 1 || len(c.timers.older)+len(c.timers.scattered) != 0 || len(c.timers.recent) > mostTimers {
		t.Errorf("%d runs of timers, maps of %d and %d, %d timers in memory",
			len(c.timers.runs), len(c.timers.older), len(c.timers.scattered), len(c.timers.recent))
	}
}
