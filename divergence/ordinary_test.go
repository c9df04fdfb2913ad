package divergence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// ordinaryRun is a source that says that its run is an ordinary one. Every event comes from a line with its index.
type ordinaryRun struct {
	*source.Cursor
	trace *event.Trace
}

func (ordinaryRun) Identity() tracefile.Identity {
	return tracefile.Identity{tracefile.KeyRun: tracefile.RunOrdinary}
}
func (ordinaryRun) RegionName(event.RegionID) string { return "" }
func (r ordinaryRun) Site() string                   { return fmt.Sprintf("a.go:%d", r.Pos()-1) }

// TaskName knows only names of tasks that have been spawned before the position, as those of some forms of traces do.
func (r ordinaryRun) TaskName(id event.TaskID) string {
	for i, e := range r.trace.All() {
		if e.Kind() == event.KindTaskSpawned && e.Task() == id && uint64(i) < r.Pos() {
			return fmt.Sprintf("spawned by event %d", i)
		}
	}
	return ""
}

// TestOrdinaryRuns checks what Compare learns of two ordinary runs: who is ready where they part, in the order in which the
// tasks became so, and where the running task stood.
func TestOrdinaryRuns(t *testing.T) {
	t3 := event.NewTaskID(3, 0)
	start := events{
		event.RngSeed(5), event.RootRegionCreated(r0, 0), event.TaskSpawned(t0, r0, 0), event.TaskScheduled(t0, 1),
		event.Checkpoint(1, 0, 1, 1), event.TaskSpawned(t1, r0, 1), event.TaskSpawned(t2, r0, 1), event.TaskSpawned(t3, r0, 1),
		event.ChaosInjectionInto(t0, event.ChaosDelay, 0), event.TaskScheduled(t2, 5), event.ChaosInjection(event.ChaosDelay, 7),
		event.TaskScheduled(t3, 9), event.TaskYielded(t3), event.TaskScheduled(t1, 12), event.WakerWake(t2), event.WakerWake(t2),
	}
	run := func(next event.Event) source.Source {
		trace := traceOf(event.NewMetadata(5), slices.Concat(start, events{next, event.RngValue(1)})...)
		return ordinaryRun{source.FromTrace(trace), trace}
	}
	d := compare(t, run(event.TaskScheduled(t3, 15)), run(event.TaskScheduled(t3, 18)))
	var tasks []string
	for _, e := range d.Runnable {
		tasks = append(tasks, event.TaskID(e.ID).String())
	}
	if got, want := strings.Join(tasks, ", "), "T0, T3, T2"; got != want {
		t.Errorf("ready are %s, want %s", got, want)
	}
	if want := "Up to here task T1 \"spawned by event 5\" has passed 5 preemption points since a.go:13 in the actual run, and 2 in the expected run"; d.Cause.Rule != "more-points" ||
		!strings.HasPrefix(d.Cause.Text, want) {
		t.Errorf("the cause is %s, want more-points, %s", d.Cause.Text, want)
	}
	t4 := event.NewTaskID(4, 0)
	if d := compare(t, run(event.TaskScheduled(t3, 15)), run(event.TaskSpawned(t4, r0, 12))); d.Entities[2].Name != "spawned by event 16" {
		t.Errorf("the task that the actual run spawns has no name: %v", d.Entities)
	}
	simulated := source.FromTrace(traceOf(event.NewMetadata(5), append(slices.Clone(start), event.TaskScheduled(t3, 15))...))
	if d := compare(t, simulated, run(event.TaskScheduled(t3, 18))); d.Runnable != nil || d.Cause.Rule == "more-points" {
		t.Errorf("a simulated and an ordinary run: ready %v, cause %s", d.Runnable, d.Cause.Rule)
	}
	back := divergence.Mismatch{Index: 1, Ordinary: true, Running: event.TaskScheduled(t1, 9),
		Expected: events{event.TaskScheduled(t1, 3)}, Actual: events{event.TaskScheduled(t1, 4)}}
	if d := divergence.Describe(back); d.Cause.Rule == "more-points" {
		t.Errorf("ticks that go back: %s", d.Cause.Text)
	}
}
