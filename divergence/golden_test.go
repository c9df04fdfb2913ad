package divergence_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/internal/sourcetest"
	"github.com/reprise-go/reprise/source"
)

// The goldens in testdata are the reports as their readers get them, NAME.txt from Text and NAME.json from MarshalJSON,
// indented. They cover every category, both ends, the first event, notes, names and long windows. To write them anew:
// go test ./divergence -update

var (
	t0, t1, t2 = event.NewTaskID(0, 0), event.NewTaskID(1, 0), event.NewTaskID(2, 0)
	t1again    = event.NewTaskID(1, 1)
	r0, r1, r2 = event.NewRegionID(0, 0), event.NewRegionID(1, 0), event.NewRegionID(2, 0)
)

// opening is how most of the runs begin.
var opening = []event.Event{
	event.RngSeed(5),
	event.RootRegionCreated(r0, 0),
	event.TaskSpawned(t0, r0, 0),
	event.TaskScheduled(t0, 1),
	event.RegionCreated(r1, r0, 1),
	event.TaskSpawned(t1, r1, 1),
	event.TaskSpawned(t2, r1, 1),
	event.TimerCreated(1, 1_500_000),
	event.TimeAdvanced(0, 1_500_000),
	event.TaskScheduled(t1, 2),
}

// parting is two runs that share their start and then part.
type parting struct {
	name             string
	category         divergence.Category
	shared           []event.Event
	expected, actual []event.Event
}

type events = []event.Event

var partings = []parting{
	{"scheduling-order", divergence.SchedulingOrder, opening,
		events{event.TaskScheduled(t1, 3), event.TaskYielded(t1),
			event.TaskScheduled(t2, 4), event.TaskCompleted(t2, event.OutcomeOK),
			event.TaskScheduled(t1, 5), event.TaskCompleted(t1, event.OutcomeOK), event.RegionClosed(r1, event.OutcomeOK)},
		events{event.TaskScheduled(t2, 3), event.TaskCompleted(t2, event.OutcomeOK), event.TaskScheduled(t1, 4)}},
	{"outcome-mismatch", divergence.OutcomeMismatch, opening,
		events{event.TaskCompleted(t1, event.OutcomeOK), event.TaskScheduled(t2, 3)},
		events{event.TaskCompleted(t1, event.OutcomePanicked), event.RegionCancelled(r1, event.CancelFailFast)}},
	{"time-divergence", divergence.TimeDivergence, opening,
		events{event.TimeAdvanced(1_500_000, 2_000_000)},
		events{event.TimeAdvanced(1_500_000, 61_000_000_000)}},
	{"timer-mismatch", divergence.TimerMismatch, opening,
		events{event.TimerCreated(2, 2_500_000)},
		events{event.TimerCreated(2, 3_000_000), event.TaskScheduled(t2, 3)}},
	{"io-mismatch", divergence.IOMismatch, opening,
		events{event.IoResult(7, 512)},
		events{event.IoResult(7, -1)}},
	{"rng-mismatch", divergence.RNGMismatch, opening,
		events{event.RngValue(1<<64 - 1), event.TaskScheduled(t1, 3)},
		events{event.RngValue(9_007_199_254_740_993), event.TaskScheduled(t1, 3)}},
	{"chaos-mismatch", divergence.ChaosMismatch, opening,
		events{event.ChaosInjectionInto(t1, event.ChaosDelay, 1000)},
		events{event.ChaosInjection(event.ChaosDelay, 2000)}},
	{"region-mismatch", divergence.RegionMismatch, opening,
		events{event.RegionCreated(r2, r1, 2)},
		events{event.RegionCreated(r2, r0, 2)}},
	{"waker-mismatch", divergence.WakerMismatch, opening,
		events{event.WakerWake(t1)},
		events{event.WakerWake(t1again)}},
	{"checkpoint-mismatch", divergence.CheckpointMismatch, opening,
		events{event.Checkpoint(1, 1_500_000, 3, 2)},
		events{event.Checkpoint(1, 1_500_000, 4, 2)}},
	{"event-type-mismatch", divergence.EventTypeMismatch, opening,
		events{event.IoReady(7, event.Readable|event.Hangup), event.WakerBatchWake(2)},
		events{event.TimerCancelled(1), event.TaskScheduled(t2, 3)}},
	{"actual-ended", divergence.LengthMismatch, opening,
		events{event.TaskScheduled(t2, 3), event.TaskCompleted(t2, event.OutcomeErr)},
		nil},
	{"expected-ended", divergence.LengthMismatch, opening,
		nil,
		events{event.TaskScheduled(t2, 3), event.TaskCompleted(t2, event.OutcomeErr)}},
	{"first-event", divergence.RNGMismatch, nil,
		events{event.RngValue(5), event.RootRegionCreated(r0, 0)},
		events{event.RngValue(6), event.RootRegionCreated(r0, 0)}},
	{"only-event", divergence.LengthMismatch, nil,
		nil,
		events{event.RngSeed(6)}},
}

// reports has a divergence for each golden.
func reports(t *testing.T) map[string]*divergence.Divergence {
	all := map[string]*divergence.Divergence{"notes": withNotes(t), "names": withNames(), "far": farAway()}
	for _, p := range partings {
		d := compare(t, cursor(slices.Concat(p.shared, p.expected)...), cursor(slices.Concat(p.shared, p.actual)...))
		if d.Category != p.category {
			t.Errorf("%s has the category %q, want %q", p.name, d.Category, p.category)
		}
		all[p.name] = d
	}
	return all
}

// withNotes compares runs that differ from the outset.
func withNotes(t *testing.T) *divergence.Divergence {
	expected := event.Metadata{Version: 1, Seed: 5, ConfigHash: 0xabc, Description: "transfer"}
	actual := event.Metadata{Version: 1, Seed: 6, ConfigHash: 0xdef, Description: "transfer \"fixed\" <b>"}
	return compare(t, source.FromTrace(traceOf(expected, opening...)), source.FromTrace(traceOf(actual, opening[:4]...)))
}

// withNames describes a divergence as a replay does, which knows names.
func withNames() *divergence.Divergence {
	var p divergence.Progress
	for _, e := range opening {
		p.Add(e)
	}
	m := p.Mismatch()
	m.Expected = events{event.TaskSpawned(t1again, r1, 2)}
	m.Actual = events{event.TaskSpawned(t2, r1, 2)}
	m.ActualNames = names{
		tasks:   map[event.TaskID]string{t1: "producer", t2: "consumer \"slow\"\nand long"},
		regions: map[event.RegionID]string{r1: "pipeline"},
	}
	return divergence.Describe(m)
}

// names is what tasks and regions are called.
type names struct {
	sourcetest.Unknown
	tasks   map[event.TaskID]string
	regions map[event.RegionID]string
}

func (n names) TaskName(id event.TaskID) string     { return n.tasks[id] }
func (n names) RegionName(id event.RegionID) string { return n.regions[id] }

// farAway is deep in a long run, where indices get a digit more within the window.
func farAway() *divergence.Divergence {
	yields := func(task event.TaskID, from, to uint64) (s events) {
		for tick := from; tick < to; tick++ {
			s = append(s, event.TaskScheduled(task, tick), event.TaskYielded(task))
		}
		return s
	}
	return divergence.Describe(divergence.Mismatch{
		Index: 999_998, Time: 36 * time.Hour, Running: event.TaskScheduled(t0, 499_997),
		Before:   yields(t0, 499_996, 499_998),
		Expected: yields(t1, 499_998, 500_001),
		Actual:   yields(t2, 499_998, 500_001),
	})
}

// indented is the JSON form of d with a line for every value.
func indented(t *testing.T, d *divergence.Divergence) string {
	t.Helper()
	compact, err := json.Marshal(report.Of(d))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

func TestGoldens(t *testing.T) {
	for name, d := range reports(t) {
		t.Run(name, func(t *testing.T) {
			golden.Check(t, name+".txt", report.Of(d).Text())
			golden.Check(t, name+".json", indented(t, d))
		})
	}
}

// TestGoldensAreUsed finds files that no test compares any more.
func TestGoldensAreUsed(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.txt", "*.json"} { // rapid keeps its failures in testdata too
		matches, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, matches...)
	}
	all := reports(t)
	if len(files) != 2*len(all) {
		t.Errorf("testdata has %d files, want 2 for each of %d divergences", len(files), len(all))
	}
	for _, f := range files {
		if all[strings.TrimSuffix(filepath.Base(f), filepath.Ext(f))] == nil {
			t.Errorf("%s belongs to no divergence", f)
		}
	}
}

// TestGoldensCoverEveryCategory keeps the goldens complete when a category is added to the table.
func TestGoldensCoverEveryCategory(t *testing.T) {
	missing := map[divergence.Category]bool{
		divergence.OutcomeMismatch: true, divergence.EventTypeMismatch: true, divergence.LengthMismatch: true,
	}
	for _, c := range categories {
		missing[c] = true
	}
	if len(missing) != 12 {
		t.Errorf("there are %d categories, want twelve", len(missing))
	}
	for _, d := range reports(t) {
		delete(missing, d.Category)
	}
	for c := range missing {
		t.Errorf("no golden has the category %q", c)
	}
}

// TestRenderedTwice makes the divergences twice and renders each twice: order must not depend on chance.
func TestRenderedTwice(t *testing.T) {
	rendered := map[string][]string{}
	for range 2 {
		for name, d := range reports(t) {
			for range 2 {
				rendered[name+".txt"] = append(rendered[name+".txt"], report.Of(d).Text())
				rendered[name+".json"] = append(rendered[name+".json"], indented(t, d))
			}
		}
	}
	for name, texts := range rendered {
		if different := slices.Compact(texts); len(different) != 1 {
			t.Errorf("%s is not the same every time:\n%s", name, strings.Join(different, "\n"))
		}
	}
}
