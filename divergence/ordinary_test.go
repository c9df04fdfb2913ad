package divergence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/sourcetest"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// ordinaryRun is a source that says that its run is an ordinary one. Every event comes from a line with its index.
type ordinaryRun struct {
	*source.Cursor
	sourcetest.Unknown
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

// TestOrdinaryRuns checks what Compare learns of two ordinary runs: who is ready where they part, in the order in
// which the tasks became so, and where the running task stood.
func TestOrdinaryRuns(t *testing.T) {
	t3 := event.NewTaskID(3, 0)
	start := events{
		event.RngSeed(5), event.RootRegionCreated(r0, 0), event.TaskSpawned(t0, r0, 0), event.TaskScheduled(t0, 1),
		event.Checkpoint(1, 0, 1, 1), event.TaskSpawned(t1, r0, 1), event.TaskSpawned(t2, r0, 1), event.TaskSpawned(t3,
			r0, 1),
		event.ChaosInjectionInto(t0, event.ChaosDelay, 0), event.TaskScheduled(t2, 5), event.ChaosInjection(event.ChaosDelay,
			7),
		event.TaskScheduled(t3, 9), event.TaskYielded(t3), event.TaskScheduled(t1,
			12), event.WakerWake(t2), event.WakerWake(t2),
	}
	run := func(next event.Event) source.Source {
		trace := traceOf(event.NewMetadata(5), slices.Concat(start, events{next, event.RngValue(1)})...)
		return ordinaryRun{Cursor: source.FromTrace(trace), trace: trace}
	}
	d := compare(t, run(event.TaskScheduled(t3, 15)), run(event.TaskScheduled(t3, 18)))
	var tasks []string
	for _, e := range d.Runnable {
		tasks = append(tasks, event.TaskID(e.ID).String())
	}
	if got, want := strings.Join(tasks, ", "), "T0, T3, T2"; got != want {
		t.Errorf("ready are %s, want %s", got, want)
	}
	const want = "Up to here task T1 \"spawned by event 5\" has passed 5 preemption points since a.go:13 in the actual run, " +
		"and 2 in the expected run"
	if d.Cause.Rule != "more-points" || !strings.HasPrefix(d.Cause.Text, want) {
		t.Errorf("the cause is %s, want more-points, %s", d.Cause.Text, want)
	}
	t4 := event.NewTaskID(4, 0)
	if d := compare(t, run(event.TaskScheduled(t3, 15)),
		run(event.TaskSpawned(t4, r0, 12))); d.Entities[2].Name != "spawned by event 16" {
		t.Errorf("the task that the actual run spawns has no name: %v", d.Entities)
	}
	simulated := source.FromTrace(traceOf(event.NewMetadata(5),
		append(slices.Clone(start), event.TaskScheduled(t3, 15))...))
	if d := compare(t, simulated, run(event.TaskScheduled(t3, 18))); d.Runnable != nil || d.Cause.Rule == "more-points" {
		t.Errorf("a simulated and an ordinary run: ready %v, cause %s", d.Runnable, d.Cause.Rule)
	}
	back := divergence.Mismatch{Index: 1, Ordinary: true, Running: event.TaskScheduled(t1, 9),
		Expected: events{event.TaskScheduled(t1, 3)}, Actual: events{event.TaskScheduled(t1, 4)}}
	if d := divergence.Describe(back); d.Cause.Rule == "more-points" {
		t.Errorf("ticks that go back: %s", d.Cause.Text)
	}
}

// TestClockBoundary: instants of ordinary runs that are less than a millisecond apart come from preemption points and
// readings of the clock; from a millisecond on they are another duration.
func TestClockBoundary(t *testing.T) {
	const at = 5_000_000
	for _, c := range []struct {
		apart uint64
		rule  string
	}{{1, "clock"}, {999_999, "clock"}, {1_000_000, "changed-duration"}, {1_000_001, "changed-duration"}} {
		for name, pair := range map[string][2]event.Event{
			"timers":   {event.TimerCreated(1, at), event.TimerCreated(1, at+c.apart)},
			"advances": {event.TimeAdvanced(0, at), event.TimeAdvanced(0, at+c.apart)},
		} {
			for _, p := range [][2]event.Event{pair, {pair[1], pair[0]}} {
				m := divergence.Mismatch{Ordinary: true, Running: event.TaskScheduled(t1, 1),
					Expected: events{p[0], event.TaskYielded(t1)}, Actual: events{p[1], event.TaskYielded(t1)}}
				if d := divergence.Describe(m); d.Cause.Rule != c.rule {
					t.Errorf("%s of an ordinary run, %d ns apart: rule %s, want %s", name, c.apart, d.Cause.Rule, c.rule)
				}
				m.Ordinary = false
				if d := divergence.Describe(m); d.Cause.Rule == "clock" {
					t.Errorf("%s of a simulated run, %d ns apart: rule clock", name, c.apart)
				}
			}
		}
	}
}

// TestOneSidedDraws: a run that draws one value more, or one less, and then goes on like the other has the values of
// one stream in one order. That is not another stream, although both events here are draws with different values; and
// a choice that one run makes once more is not a choice that was answered differently.
func TestOneSidedDraws(t *testing.T) {
	value, chosen := event.RngValue, event.TaskScheduled
	rest := events{event.TaskYielded(t1), chosen(t2, 8), event.TaskCompleted(t2, event.OutcomeOK), event.TaskYielded(t1)}
	for _, c := range []struct {
		name       string
		more, less events
		rule, back string // by which the run with more events is explained as the actual and as the expected one
	}{
		{"draws", then(value(1), value(2), value(3)), then(value(2), value(3)), "drawn-once-more", "drawn-once-less"},
		{"choices", append(events{chosen(t1, 2), chosen(t2, 3), chosen(t1, 4)}, rest...),
			append(events{chosen(t2, 2), chosen(t1, 3)}, rest...), "operation-added", "operation-removed"},
	} {
		for _, ordinary := range []bool{false, true} {
			for rule, m := range map[string]divergence.Mismatch{
				c.rule: {Ordinary: ordinary, Expected: c.less, Actual: c.more},
				c.back: {Ordinary: ordinary, Expected: c.more, Actual: c.less},
			} {
				if d := divergence.Describe(m); d.Cause.Rule != rule {
					t.Errorf("%s, ordinary %v: rule %s (relation %s), want %s", c.name, ordinary, d.Cause.Rule, d.Relation, rule)
				}
			}
		}
	}
}
