package divergence_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/source"
)

// The corpus in testdata/corpus has, for each case below, the two traces as JSON lines and the exact report. There is
// at least one case for each category, each relation and each rule for causes. What traces do not hold, such as names,
// is set here. The files are written anew with -update; docs/causes.md is made from them.
type corpusCase struct {
	name             string
	category         divergence.Category
	relation         divergence.Relation
	count            int
	rule             string
	shared           events
	expected, actual events
	with             func(*divergence.Mismatch)
	metadata         func(expected, actual *event.Metadata)
}

// tail is how runs go on that part only for a moment.
var tail = events{
	event.TaskYielded(t1), event.TaskScheduled(t2, 4), event.TaskCompleted(t2, event.OutcomeOK),
	event.TaskScheduled(t1, 5), event.TaskCompleted(t1, event.OutcomeOK), event.RegionClosed(r1, event.OutcomeOK),
}

func then(first ...event.Event) events { return append(first, tail...) }

func called(tasks map[event.TaskID]string) divergence.Names { return names{tasks: tasks} }

// ordinary makes a mismatch one of ordinary runs.
func ordinary(m *divergence.Mismatch) {
	m.Ordinary, m.ExpectedSite, m.ActualSite, m.RunningSite = true, "queue.go:25", "queue.go:31", "queue.go:17"
	m.Runnable = []event.TaskID{t0, t2}
	m.ExpectedNames = called(map[event.TaskID]string{t0: "0 runtime.main", t1: "0.0 queue.TestQueue",
		t2: "0.0.0 queue.(*Queue).run"})
}

var corpus = []corpusCase{
	{name: "another-seed", category: "scheduling-order", relation: "changed-value", rule: "another-seed", shared: opening,
		expected: events{event.TaskScheduled(t1, 3)}, actual: events{event.TaskScheduled(t2, 3)},
		metadata: func(_, a *event.Metadata) { a.Seed = 6 }},
	{name: "recording-stopped", category: "length-mismatch", relation: "ended-early", rule: "recording-stopped",
		shared: opening,
		actual: tail, with: func(m *divergence.Mismatch) { m.ExpectedEnd = "stopped at the limit of 10 events" }},
	{name: "actual-stopped", category: "length-mismatch", relation: "ended-early", rule: "actual-stopped", shared: opening,
		expected: tail, with: func(m *divergence.Mismatch) { m.ActualEnd = "stopped at the limit of 10 events" }},
	{name: "initialisation", category: "event-type-mismatch", relation: "extra", count: 1, rule: "initialisation",
		shared:   opening,
		expected: then(event.Checkpoint(1, 6220, 3, 2)), actual: then(event.WakerWake(t2),
			event.Checkpoint(1, 6240, 3, 2)), with: ordinary},
	{name: "outside", category: "event-type-mismatch", relation: "missing", count: 2, rule: "outside", shared: opening,
		expected: then(event.IoReady(2<<32, event.Readable), event.WakerWake(t2)), actual: tail, with: ordinary},
	{name: "outside-order", category: "io-mismatch", relation: "reordered", count: 1, rule: "outside", shared: opening,
		expected: then(event.IoReady(2<<32, event.Readable), event.IoReady(0, event.Readable)),
		actual:   then(event.IoReady(0, event.Readable), event.IoReady(2<<32, event.Readable)), with: ordinary},
	{name: "select-case", category: "rng-mismatch", relation: "changed-value", rule: "select-case",
		shared:   slices.Concat(opening, events{event.IoResult(event.Token(event.NewTaskID(1, 1<<31|1)), 2)}),
		expected: then(event.RngValue(0)), actual: then(event.RngValue(1)), with: ordinary},
	{name: "select-ready", category: "event-type-mismatch", relation: "extra", count: 2, rule: "select-case",
		shared: opening, expected: tail, with: ordinary,
		actual: then(event.IoResult(event.Token(event.NewTaskID(1, 1<<31|1)), 2), event.RngValue(1))},
	{name: "not-preempted", category: "event-type-mismatch", relation: "replaced", rule: "not-preempted", shared: opening,
		expected: events{event.ChaosInjectionInto(t1, event.ChaosDelay, 0), event.TaskScheduled(t2, 9)},
		actual:   events{event.TaskScheduled(t0, 7), event.WakerWake(t1)}, with: ordinary},
	{name: "preempted-here-only", category: "event-type-mismatch", relation: "replaced", rule: "preempted-here-only",
		shared:   opening,
		expected: events{event.TaskCompleted(t1, event.OutcomeOK), event.TaskScheduled(t2, 7)},
		actual:   events{event.ChaosInjectionInto(t1, event.ChaosDelay, 0), event.TaskScheduled(t2, 6)}, with: ordinary},
	{name: "leap", category: "event-type-mismatch", relation: "missing", count: 1, rule: "leap", shared: opening,
		expected: then(event.ChaosInjection(event.ChaosDelay, 9_000_000)), actual: tail, with: ordinary},
	{name: "other-leap", category: "chaos-mismatch", relation: "changed-value", rule: "leap", shared: opening,
		expected: then(event.ChaosInjectionInto(t1, event.ChaosDelay, 9_000_000)), actual: then(event.ChaosInjectionInto(t1,
			event.ChaosDelay, 0)), with: ordinary},
	{name: "more-points", category: "scheduling-order", relation: "changed-value", rule: "more-points", shared: opening,
		expected: then(event.TaskScheduled(t1, 4)), actual: then(event.TaskScheduled(t1, 6)), with: ordinary},
	{name: "fewer-points", category: "scheduling-order", relation: "changed-value", rule: "fewer-points", shared: opening,
		expected: then(event.TaskScheduled(t1, 5)), actual: then(event.TaskScheduled(t1, 3)), with: ordinary},
	{name: "clock", category: "timer-mismatch", relation: "changed-value", rule: "clock", shared: opening,
		expected: then(event.TimerCreated(2, 10_006_280)), actual: then(event.TimerCreated(2, 10_006_320)), with: ordinary},
	{name: "clock-advance", category: "time-divergence", relation: "changed-value", rule: "clock", shared: opening,
		expected: then(event.TimeAdvanced(6220, 10_006_280)), actual: then(event.TimeAdvanced(6220,
			10_006_320)), with: ordinary},
	{name: "own-stream", category: "rng-mismatch", relation: "changed-value", rule: "own-stream", shared: opening,
		expected: then(event.RngValue(7)), actual: then(event.RngValue(8)), with: ordinary},
	{name: "checkpoint-interval", category: "event-type-mismatch", relation: "missing",
		count: 1, rule: "checkpoint-interval", shared: opening,
		expected: then(event.Checkpoint(1, 1_500_000, 3, 2)), actual: tail,
		metadata: func(e, a *event.Metadata) { e.ConfigHash, a.ConfigHash = 1, 2 }},
	{name: "checkpoint-figures", category: "checkpoint-mismatch", relation: "changed-value", rule: "checkpoint-figures",
		shared:   opening,
		expected: then(event.Checkpoint(1, 1_500_000, 3, 2)), actual: then(event.Checkpoint(1, 1_500_000, 4, 2))},
	{name: "fault-injection", category: "event-type-mismatch", relation: "extra", count: 1, rule: "fault-injection",
		shared:   opening,
		expected: tail, actual: then(event.ChaosInjectionInto(t1, event.ChaosDelay, 1000))},
	{name: "other-fault", category: "chaos-mismatch", relation: "changed-value", rule: "fault-injection", shared: opening,
		expected: then(event.ChaosInjectionInto(t1, event.ChaosDelay, 1000)), actual: then(event.ChaosInjectionInto(t1,
			event.ChaosCancel, 0))},
	{name: "random-value", category: "rng-mismatch", relation: "changed-value", rule: "random-value",
		shared: slices.Concat(opening,
			events{event.RngValue(1)}), expected: then(event.RngValue(7)), actual: then(event.RngValue(8))},
	{name: "draws-swapped", category: "rng-mismatch", relation: "reordered", count: 1, rule: "map-order", shared: opening,
		expected: then(event.RngValue(7), event.RngValue(8)), actual: then(event.RngValue(8), event.RngValue(7))},
	{name: "drawn-once-more", category: "event-type-mismatch", relation: "extra", count: 1, rule: "drawn-once-more",
		shared: slices.Concat(opening, events{event.RngValue(1),
			event.RngValue(2)}), expected: tail, actual: then(event.RngValue(3)),
		with: func(m *divergence.Mismatch) {
			m.ActualSite, m.Reproduce = "jitter.go:31", "reprise replay run.reprise"
			m.ExpectedNames = called(map[event.TaskID]string{t1: "retrier"})
		}},
	{name: "drawn-once-less", category: "event-type-mismatch", relation: "missing", count: 2, rule: "drawn-once-less",
		shared: slices.Concat(opening, events{event.RngValue(1)}), expected: then(event.RngValue(2),
			event.RngValue(3)), actual: tail},
	{name: "drift", category: "event-type-mismatch", relation: "extra", count: 2, rule: "operation-added",
		shared:   slices.Concat(opening, events{event.RngValue(1)}),
		expected: then(event.TaskYielded(t1)), actual: then(event.TaskScheduled(t1, 3), event.RngValue(9),
			event.TaskYielded(t1))},
	{name: "spawn-order", category: "event-type-mismatch", relation: "replaced", rule: "spawn-order", shared: opening,
		expected: events{event.TimerCreated(2, 2_000_000), event.TaskYielded(t1)}, actual: events{event.TimerCancelled(1)},
		with: func(m *divergence.Mismatch) {
			m.ExpectedNames = called(map[event.TaskID]string{t1: "alice", t2: "bob"})
			m.ActualNames = called(map[event.TaskID]string{t1: "bob", t2: "alice"})
		}},
	{name: "wake-order", category: "waker-mismatch", relation: "reordered", count: 1, rule: "map-order", shared: opening,
		expected: then(event.WakerWake(t0), event.WakerWake(t2)), actual: then(event.WakerWake(t2), event.WakerWake(t0))},
	{name: "timer-order", category: "timer-mismatch", relation: "changed-value", rule: "map-order", shared: opening,
		expected: then(event.TimerCreated(2, 5), event.TimerCreated(3, 7)), actual: then(event.TimerCreated(2, 7),
			event.TimerCreated(3, 5))},
	{name: "real-clock-deadline", category: "timer-mismatch", relation: "changed-value", rule: "real-clock-deadline",
		shared:   opening,
		expected: then(event.TimerCreated(2, 2_500_000)), actual: then(event.TimerCreated(2, 2_517_403))},
	{name: "real-clock-advance", category: "time-divergence", relation: "changed-value", rule: "real-clock-advance",
		shared:   opening,
		expected: then(event.TimeAdvanced(1_500_000, 2_000_000)), actual: then(event.TimeAdvanced(1_500_000, 2_017_403))},
	{name: "changed-duration", category: "timer-mismatch", relation: "changed-value", rule: "changed-duration",
		shared:   opening,
		expected: then(event.TimerCreated(2, 2_500_000)), actual: then(event.TimerCreated(2, 3_500_000))},
	{name: "changed-advance", category: "time-divergence", relation: "changed-value", rule: "changed-duration",
		shared:   opening,
		expected: then(event.TimeAdvanced(1_500_000, 2_000_000)), actual: then(event.TimeAdvanced(1_500_000,
			61_000_000_000))},
	{name: "new-task-before-a-draw", category: "event-type-mismatch", relation: "extra",
		count: 2, rule: "unknown-in-recording", shared: opening,
		expected: then(event.RngValue(7)),
		actual:   then(event.TaskSpawned(event.NewTaskID(3, 0), r1, 2), event.TaskScheduled(t1, 3), event.RngValue(7))},
	{name: "lock-before-a-draw", category: "event-type-mismatch", relation: "missing", count: 1, rule: "operation-removed",
		shared:   opening,
		expected: then(event.TaskScheduled(t1, 3), event.RngValue(7)), actual: then(event.RngValue(7))},
	{name: "stream", category: "rng-mismatch", relation: "changed-value", rule: "random-value", shared: opening,
		expected: then(event.RngValue(7)), actual: then(event.RngValue(8)),
		with: func(m *divergence.Mismatch) { m.Stream = "dice" }},
	{name: "unknown-in-recording", category: "event-type-mismatch", relation: "extra", count: 1,
		rule: "unknown-in-recording", shared: opening,
		expected: tail, actual: then(event.TaskSpawned(event.NewTaskID(3, 0), r1, 2)),
		with: func(m *divergence.Mismatch) { m.ActualSite = "pool.go:12" }},
	{name: "unknown-in-actual", category: "event-type-mismatch", relation: "missing", count: 1, rule: "unknown-in-actual",
		shared:   opening,
		expected: then(event.RegionCreated(r2, r1, 2)), actual: tail},
	{name: "another-outcome", category: "outcome-mismatch", relation: "changed-value", rule: "another-outcome",
		shared:   opening,
		expected: events{event.TaskCompleted(t1, event.OutcomeOK), event.TaskScheduled(t2, 3)},
		actual:   events{event.TaskCompleted(t1, event.OutcomeErr), event.RegionCancelled(r1, event.CancelFailFast)},
		with:     func(m *divergence.Mismatch) { m.RunError = "the balance is -20" }},
	{name: "panicked", category: "event-type-mismatch", relation: "replaced", rule: "panicked", shared: opening,
		expected: tail, actual: events{event.TaskCompleted(t1, event.OutcomePanicked),
			event.RegionCancelled(r1, event.CancelFailFast)},
		with: func(m *divergence.Mismatch) {
			m.RunError, m.ActualSite = "simsched: panic in task T1 worker: boom", "internal/pool/pool.go:66"
			m.ActualNames = called(map[event.TaskID]string{t1: "worker"})
		}},
	{name: "panicked-instead", category: "outcome-mismatch", relation: "changed-value", rule: "panicked", shared: opening,
		expected: events{event.TaskCompleted(t1, event.OutcomeOK), event.TaskScheduled(t2, 3)},
		actual:   events{event.TaskCompleted(t1, event.OutcomePanicked), event.RegionCancelled(r1, event.CancelFailFast)}},
	{name: "panicked-in-recording", category: "event-type-mismatch", relation: "replaced", rule: "panicked-in-recording",
		shared: opening,
		expected: events{event.TaskCompleted(t1, event.OutcomePanicked),
			event.RegionCancelled(r1, event.CancelFailFast)}, actual: tail},
	{name: "lost-wake", category: "event-type-mismatch", relation: "replaced", rule: "lost-wake", shared: opening,
		expected: then(event.WakerWake(t2)), actual: events{event.TaskCompleted(t1, event.OutcomeOK)},
		with: func(m *divergence.Mismatch) {
			m.RunError = "simsched: deadlock: 2 tasks wait and none can go on\n\tT0 main waits for region R1\n\tT2 consumer waits on cond \"ready\""
			m.ExpectedNames, m.ExpectedSite = called(map[event.TaskID]string{t1: "producer", t2: "consumer"}), "queue.go:40"
		}},
	{name: "woken-here-only", category: "event-type-mismatch", relation: "replaced", rule: "woken-here-only",
		shared:   opening,
		expected: events{event.TaskCompleted(t1, event.OutcomeOK)}, actual: then(event.WakerWake(t2))},
	{name: "returned-early", category: "event-type-mismatch", relation: "replaced", rule: "returned-early",
		shared:   opening,
		expected: then(event.RngValue(7)), actual: events{event.TaskCompleted(t1, event.OutcomeOK),
			event.TaskScheduled(t2, 3)},
		with: func(m *divergence.Mismatch) { m.ExpectedSite = "internal/pool/pool.go:80" }},
	{name: "returned-later", category: "event-type-mismatch", relation: "replaced", rule: "returned-later",
		shared: opening,
		expected: events{event.TaskCompleted(t1, event.OutcomeCancelled),
			event.TaskScheduled(t2, 3)}, actual: then(event.RngValue(7))},
	{name: "external-io", category: "io-mismatch", relation: "changed-value", rule: "external-io", shared: opening,
		expected: then(event.IoResult(7, 512)), actual: then(event.IoResult(7, -1))},
	{name: "not-runnable", category: "scheduling-order", relation: "reordered", count: 2, rule: "not-runnable",
		shared:   opening,
		expected: events{event.TaskScheduled(t1, 3), event.TaskCompleted(t1, event.OutcomeOK), event.TaskScheduled(t2, 4)},
		actual:   events{event.TaskScheduled(t2, 3), event.TimerCreated(2, 9), event.TaskScheduled(t1, 4)},
		with: func(m *divergence.Mismatch) {
			m.Runnable = []event.TaskID{t0, t2}
			m.ActualNames = called(map[event.TaskID]string{t1: "producer", t2: "consumer"})
			m.ExpectedSite, m.ActualSite = "queue.go:25", "queue.go:40"
		}},
	{name: "another-choice", category: "scheduling-order", relation: "changed-value", rule: "another-choice",
		shared:   opening,
		expected: events{event.TaskScheduled(t1, 3), event.TaskYielded(t1)}, actual: events{event.TaskScheduled(t2, 3),
			event.RngValue(1)},
		with: func(m *divergence.Mismatch) { m.Runnable = []event.TaskID{t1, t2} }},
	{name: "choices-swapped", category: "scheduling-order", relation: "reordered", count: 1, rule: "another-choice",
		shared:   opening,
		expected: then(event.TaskScheduled(t1, 3), event.TaskScheduled(t2, 4)), actual: then(event.TaskScheduled(t2, 3),
			event.TaskScheduled(t1, 4))},
	{name: "another-configuration", category: "event-type-mismatch", relation: "replaced", rule: "another-configuration",
		shared:   opening,
		expected: events{event.TaskYielded(t1)}, actual: events{event.TimerCreated(2, 5)},
		metadata: func(e, a *event.Metadata) { e.ConfigHash, a.ConfigHash = 1, 2 }},
	{name: "failed-early", category: "length-mismatch", relation: "ended-early", rule: "failed-early", shared: opening,
		expected: tail, with: func(m *divergence.Mismatch) {
			m.RunError = "simsched: step limit reached: 12 steps, T1 ran last"
		}},
	{name: "run-ends", category: "length-mismatch", relation: "ended-early", rule: "run-ends", shared: opening,
		expected: tail},
	{name: "recording-ends", category: "length-mismatch", relation: "ended-early", rule: "recording-ends", shared: opening,
		actual: tail},
	{name: "operation-added", category: "event-type-mismatch", relation: "extra", count: 2, rule: "operation-added",
		shared:   opening,
		expected: tail, actual: then(event.TimerCancelled(1), event.WakerWake(t2)),
		with: func(m *divergence.Mismatch) { m.ActualSite = "bank.go:25" }},
	{name: "operation-removed", category: "event-type-mismatch", relation: "missing", count: 1, rule: "operation-removed",
		shared:   opening,
		expected: then(event.TimerCancelled(1)), actual: tail},
	{name: "another-order", category: "event-type-mismatch", relation: "reordered", count: 1, rule: "another-order",
		shared:   opening,
		expected: then(event.WakerWake(t2), event.TimerCancelled(1)), actual: then(event.TimerCancelled(1),
			event.WakerWake(t2))},
	{name: "spawned-later", category: "event-type-mismatch", relation: "reordered", count: 1, rule: "another-order",
		shared: opening,
		expected: then(event.WakerWake(t2), event.TaskSpawned(event.NewTaskID(3, 0),
			r1, 2)), actual: then(event.TaskSpawned(event.NewTaskID(3, 0), r1, 2), event.WakerWake(t2))},
	{name: "another-program", category: "region-mismatch", relation: "changed-value", rule: "another-program",
		shared:   opening,
		expected: then(event.RegionCancelled(r1, event.CancelUser)), actual: then(event.RegionCancelled(r1,
			event.CancelTimeout))},
	{name: "replaced", category: "event-type-mismatch", relation: "replaced", rule: "another-program", shared: opening,
		expected: events{event.TaskYielded(t1), event.TaskScheduled(t2, 3)}, actual: events{event.TimerCancelled(1),
			event.TaskYielded(t1)}},
	{name: "ordinary-duration", category: "timer-mismatch", relation: "changed-value", rule: "changed-duration",
		shared:   opening,
		expected: then(event.TimerCreated(2, 10_006_280)), actual: then(event.TimerCreated(2, 20_006_280)), with: ordinary},
	{name: "ordinary-advance", category: "time-divergence", relation: "changed-value", rule: "changed-duration",
		shared:   opening,
		expected: then(event.TimeAdvanced(6220, 10_006_280)), actual: then(event.TimeAdvanced(6220,
			20_006_280)), with: ordinary},
	{name: "ordinary-wakes", category: "waker-mismatch", relation: "reordered", count: 1, rule: "another-order",
		shared:   opening,
		expected: then(event.WakerWake(t0), event.WakerWake(t2)), actual: then(event.WakerWake(t2),
			event.WakerWake(t0)), with: ordinary},
}

// traces returns the two runs of a case.
func (c *corpusCase) traces() (expected, actual *event.Trace) {
	e, a := event.NewMetadata(5), event.NewMetadata(5)
	if c.metadata != nil {
		c.metadata(&e, &a)
	}
	return traceOf(e, slices.Concat(c.shared, c.expected)...), traceOf(a, slices.Concat(c.shared, c.actual)...)
}

// stored writes a trace into the corpus if that is asked for, and reads it from there.
func stored(t *testing.T, name string, tr *event.Trace) *event.Trace {
	t.Helper()
	var b bytes.Buffer
	if err := tr.WriteJSONL(&b); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, name, b.String())
	got, err := event.ReadJSONL(&b)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// describe compares as Compare does, but lets a case set what traces do not hold.
func (c *corpusCase) describe(t *testing.T, expected, actual *event.Trace) *divergence.Divergence {
	t.Helper()
	if c.with == nil {
		return compare(t, source.FromTrace(expected), source.FromTrace(actual))
	}
	var p divergence.Progress
	for _, e := range c.shared {
		p.Add(e)
	}
	m := p.Mismatch()
	n := len(c.shared)
	m.Expected, m.Actual = expected.Slice(n, expected.Len()), actual.Slice(n, actual.Len())
	m.ExpectedMetadata, m.ActualMetadata = expected.Metadata, actual.Metadata
	c.with(&m)
	return divergence.Describe(m)
}

func TestCorpus(t *testing.T) {
	if *golden.Update {
		for _, c := range corpus {
			if err := os.MkdirAll(filepath.Join("testdata", "corpus", c.name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range corpus {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join("corpus", c.name)
			expected, actual := c.traces()
			d := c.describe(t, stored(t, filepath.Join(dir, "expected.jsonl"), expected),
				stored(t, filepath.Join(dir, "actual.jsonl"), actual))
			if d.Category != c.category || d.Relation != c.relation || d.Count != c.count || d.Cause.Rule != c.rule {
				t.Errorf("the divergence is %s, %s %d, %s; want %s, %s %d, %s",
					d.Category, d.Relation, d.Count, d.Cause.Rule, c.category, c.relation, c.count, c.rule)
			}
			golden.Check(t, filepath.Join(dir, "report.txt"), report.Of(d).Text())
			golden.Check(t, filepath.Join(dir, "report.md"), report.Of(d).Markdown())
			golden.Check(t, filepath.Join(dir, "report.github"), report.Of(d).GitHub())
			golden.Check(t, filepath.Join(dir, "report.json"), indented(t, d))
		})
	}
}

// TestCorpusIsComplete finds rules, categories, and relations that no case has, and folders of no case.
func TestCorpusIsComplete(t *testing.T) {
	rules, seen := map[string]bool{}, map[string]bool{}
	for _, c := range corpus {
		rules[c.rule], seen[string(c.category)], seen[string(c.relation)] = true, true, true
	}
	for r := range divergence.Rules() {
		if !rules[r.Name] {
			t.Errorf("no case has the cause %s", r.Name)
		}
		if mirrors[mirrors[r.Name]] == "" || r.When == "" || !strings.HasSuffix(r.Suggestion, ".") {
			t.Errorf("the rule %+v lacks a part", r)
		}
	}
	for _, c := range categories {
		if !seen[string(c)] {
			t.Errorf("no case has the category %s", c)
		}
	}
	for _, r := range []divergence.Relation{divergence.RelationChanged, divergence.RelationMissing,
		divergence.RelationExtra,
		divergence.RelationReordered, divergence.RelationReplaced, divergence.RelationEndedEarly} {
		if !seen[string(r)] {
			t.Errorf("no case has the relation %s", r)
		}
	}
	folders, err := os.ReadDir(filepath.Join("testdata", "corpus"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if !slices.ContainsFunc(corpus, func(c corpusCase) bool { return c.name == f.Name() }) {
			t.Errorf("testdata/corpus/%s belongs to no case", f.Name())
		}
	}
}

// TestCausesDoc keeps docs/causes.md in step with the rules and the corpus.
func TestCausesDoc(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Probable causes\n\nA report names the first cause of this list that fits. It is a guess by rules, " +
		"and the name in\nparentheses is stable. Written by `go test ./divergence -update`.\n")
	for r := range divergence.Rules() {
		i := slices.IndexFunc(corpus, func(c corpusCase) bool { return c.rule == r.Name })
		c := corpus[i]
		expected, actual := c.traces()
		d := c.describe(t, expected, actual)
		_, text, _ := strings.Cut(report.Of(d).Text(), "\nwhy, probably ("+r.Name+")\n")
		text, _, _ = strings.Cut(text, "\n\n")
		fmt.Fprintf(&b, "\n## %s\n\nWhen %s. What to do: %s\n\n```text\n- %s\n+ %s\n\n%s\n```\n",
			r.Name, r.When, r.Suggestion, begins(d.Expected), begins(d.Actual), text)
	}
	golden.Check(t, filepath.Join("..", "..", "docs", "causes.md"), b.String())
}

func begins(list events) string {
	if len(list) == 0 {
		return "nothing: the run ends"
	}
	return list[0].String()
}
