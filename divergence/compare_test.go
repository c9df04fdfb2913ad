package divergence_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/sourcetest"
	"github.com/reprise-go/reprise/source"
)

// twoRuns draws two runs that share their start; often one is a part of the other, or they are equal.
func twoRuns(t *rapid.T) (expected, actual []event.Event) {
	shared := rapid.SliceOfN(anyEvent, 0, 12).Draw(t, "shared")
	tail := rapid.SliceOfN(anyEvent, 0, 8)
	expected = append(slices.Clone(shared), tail.Draw(t, "expected")...)
	switch rapid.SampledFrom([]string{"tail", "part", "equal"}).Draw(t, "actual") {
	case "tail":
		actual = append(slices.Clone(shared), tail.Draw(t, "actual tail")...)
	case "part":
		actual = expected[:rapid.IntRange(0, len(expected)).Draw(t, "length")]
	case "equal":
		actual = expected
	}
	if len(expected) > 0 && len(actual) > 0 && expected[0].Kind() == event.KindRngSeed &&
		actual[0].Kind() == event.KindRngSeed {
		actual = slices.Clone(actual)
		actual[0] = expected[0] // Compare takes other seeds for equal, which TestCompareMetadata looks at
	}
	return expected, actual
}

// firstDifference returns the first index at which two runs differ, -1 if they are equal.
func firstDifference(a, b []event.Event) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

// essence is the part of a divergence that the rival works out.
func essence(d *divergence.Divergence) *divergence.Divergence {
	if d == nil {
		return nil
	}
	return &divergence.Divergence{
		Index: d.Index, Time: d.Time, Category: d.Category, Before: d.Before, Expected: d.Expected, Actual: d.Actual,
		Decision: d.Decision, DecisionAt: d.DecisionAt,
	}
}

// rival says with slices what Compare must find, of the essence.
func rival(a, b []event.Event) *divergence.Divergence {
	i := firstDifference(a, b)
	if i < 0 {
		return nil
	}
	window := func(s []event.Event) []event.Event { return s[i:min(i+1+divergence.DefaultContext, len(s))] }
	d := &divergence.Divergence{
		Index: uint64(i), Category: divergence.LengthMismatch,
		Before: a[max(i-divergence.DefaultContext, 0):i], Expected: window(a), Actual: window(b),
	}
	for at, e := range a[:i] {
		switch e.Kind() {
		case event.KindTimeAdvanced:
			d.Time = time.Duration(e.ToNanos())
		case event.KindTaskScheduled:
			d.Decision, d.DecisionAt = e, uint64(at)
		}
	}
	if i < len(a) && i < len(b) {
		d.Category = divergence.Classify(a[i], b[i])
	}
	return d
}

func TestCompareAgainstRival(t *testing.T) {
	seen := map[divergence.Category]bool{}
	rapid.Check(t, func(t *rapid.T) {
		expected, actual := twoRuns(t)
		got, want := compare(t, cursor(expected...), cursor(actual...)), rival(expected, actual)
		if got != nil {
			seen[got.Category] = true
		}
		if diff := cmp.Diff(want, essence(got), byValue); diff != "" {
			t.Fatalf("Compare disagrees with its rival (-rival +Compare):\n%s", diff)
		}
	})
	if !seen[divergence.LengthMismatch] || !seen[divergence.EventTypeMismatch] {
		t.Errorf("only the categories %v were drawn: the property says too little", seen)
	}
}

// mirrors says which relation, side and rule fit if the runs are swapped.
var mirrors = func() map[string]string {
	m := map[string]string{
		"missing": "extra", "extra": "missing", "changed-value": "changed-value", "reordered": "reordered",
		"replaced": "replaced", "ended-early": "ended-early", "expected": "actual", "actual": "expected", "": "",
	}
	for r := range divergence.Rules() {
		m[r.Name] = r.Mirror
	}
	return m
}()

// mirrored swaps the two sides of a divergence. Of the cause it keeps the rule only.
func mirrored(d *divergence.Divergence) *divergence.Divergence {
	if d == nil {
		return nil
	}
	m := *d
	m.Expected, m.Actual = d.Actual, d.Expected
	m.Relation, m.Side = divergence.Relation(mirrors[string(d.Relation)]), divergence.Side(mirrors[string(d.Side)])
	m.Cause = divergence.Cause{Rule: mirrors[d.Cause.Rule]}
	if d.Drift != nil {
		m.Drift = &divergence.Drift{
			Expected: d.Drift.Actual, Actual: d.Drift.Expected, Draw: d.Drift.Draw,
			ExpectedAt: d.Drift.ActualAt, ActualAt: d.Drift.ExpectedAt,
		}
	}
	m.Fields = slices.Clone(d.Fields)
	for i, f := range m.Fields {
		m.Fields[i].Expected, m.Fields[i].Actual = f.Actual, f.Expected
	}
	m.Entities = slices.Clone(d.Entities)
	swap := map[string]string{"expected": "actual", "actual": "expected", "both": "both", "running": "running"}
	for i, e := range m.Entities {
		m.Entities[i].Role = swap[e.Role]
	}
	return &m
}

// ruleOnly leaves only the rule of the cause.
func ruleOnly(d *divergence.Divergence) *divergence.Divergence {
	if d != nil {
		d.Cause = divergence.Cause{Rule: d.Cause.Rule}
	}
	return d
}

// sorted puts the entities, which come in the order of the sides, into an order of their own.
func sorted(d *divergence.Divergence) *divergence.Divergence {
	if d != nil {
		slices.SortFunc(d.Entities, func(a, b divergence.Entity) int {
			return strings.Compare(a.Role+" "+a.String(), b.Role+" "+b.String())
		})
	}
	return d
}

func TestCompareIsSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := twoRuns(t)
		there, back := compare(t, cursor(a...), cursor(b...)), compare(t, cursor(b...), cursor(a...))
		if diff := cmp.Diff(sorted(mirrored(there)), ruleOnly(sorted(back)), byValue); diff != "" {
			t.Fatalf("swapping the runs gives more than swapped sides (-mirrored +swapped):\n%s", diff)
		}
	})
}

// TestCompareStartsAtTheFirstEvent gives Compare cursors that have been moved.
func TestCompareStartsAtTheFirstEvent(t *testing.T) {
	run := events{event.RngValue(1), event.RngValue(2)}
	for _, at := range [][2]uint64{{0, 1}, {1, 0}, {2, 2}} {
		expected, actual := cursor(run...), cursor(run...)
		if err := errors.Join(expected.Seek(at[0]), actual.Seek(at[1])); err != nil {
			t.Fatal(err)
		}
		if d := compare(t, expected, actual); d != nil {
			t.Errorf("cursors at %d over equal events give %s, want no divergence", at, d.Summary())
		}
	}
}

func TestEqualEventsDoNotDiverge(t *testing.T) {
	expected, actual := traceOf(event.NewMetadata(1), event.RngValue(1)), traceOf(event.NewMetadata(2), event.RngValue(1))
	if d := compare(t, source.FromTrace(expected), source.FromTrace(actual)); d != nil {
		t.Errorf("equal events with other metadata give %v, want no divergence", d.Summary())
	}
}

// TestTimeSaturates compares traces whose time no Duration holds.
func TestTimeSaturates(t *testing.T) {
	for _, to := range []uint64{math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
		late := event.TimeAdvanced(0, to)
		if d := compare(t, cursor(late), cursor(late, late)); d.Time != math.MaxInt64 {
			t.Errorf("at %d ns the time is %v, want the longest Duration", to, d.Time)
		}
	}
}

// TestCompareOfFailingSources lets every call of a comparison fail in turn, on either side.
func TestCompareOfFailingSources(t *testing.T) {
	value := event.RngValue
	expected := []event.Event{value(1), value(2), value(3), value(4)}
	for _, actual := range [][]event.Event{{value(1), value(2), value(8)}, expected[:2], expected} {
		const many = 1000
		e, a := &sourcetest.Failing{Source: cursor(expected...), Calls: many}, &sourcetest.Failing{Source: cursor(actual...),
			Calls: many}
		want := compare(t, e, a)
		eCalls, aCalls := many-e.Calls, many-a.Calls
		for n := range eCalls {
			wantErr(t, &sourcetest.Failing{Source: cursor(expected...), Calls: n}, cursor(actual...))
		}
		for n := range aCalls {
			wantErr(t, cursor(expected...), &sourcetest.Failing{Source: cursor(actual...), Calls: n})
		}
		got := compare(t, &sourcetest.Failing{Source: cursor(expected...), Calls: eCalls},
			&sourcetest.Failing{Source: cursor(actual...), Calls: aCalls})
		if diff := cmp.Diff(want, got, byValue); diff != "" {
			t.Errorf("sources that would fail later give another divergence:\n%s", diff)
		}
	}
}

func wantErr(t *testing.T, expected, actual source.Source) {
	t.Helper()
	if d, err := divergence.Compare(expected, actual); err != sourcetest.Err || d != nil {
		t.Errorf("a source that fails gives %v, %v; want no divergence and the error of the source", d, err)
	}
}

// breaking gives some events and then an error, not io.EOF.
type breaking struct{ *source.Cursor }

func (b breaking) Next() (event.Event, error) {
	e, err := b.Cursor.Next()
	return e, broken(err)
}

func (b breaking) Read(dst []event.Event) (int, error) {
	n, err := b.Cursor.Read(dst)
	return n, broken(err)
}

func broken(err error) error {
	if err == io.EOF {
		return sourcetest.Err
	}
	return err
}

// oneByOne hides all abilities of a source but those that every source has.
type oneByOne struct{ source.Source }

// named is a source that can be read in bulk and sought, and knows names.
type named struct {
	breaking
	names
}

func (named) Site() string { return "" }

// TestCompareOfBreakingLookahead lets either source break after each number of events from the divergence on. Up to
// Lookahead events are read there, so that the error must be returned if it comes among them, and must not matter
// behind them. Sources are read one by one, in bulk, and in bulk with a step back.
func TestCompareOfBreakingLookahead(t *testing.T) {
	shared, rest := make(events, 5), make(events, divergence.Lookahead+2)
	for i := range shared {
		shared[i] = event.RngValue(1)
	}
	for i := range rest {
		rest[i] = event.RngValue(uint64(i) + 2)
	}
	other := func() source.Source { return cursor(slices.Concat(shared, events{event.RngValue(1)}, rest)...) }
	for name, form := range map[string]func(breaking) source.Source{
		"one by one":              func(b breaking) source.Source { return oneByOne{b} },
		"in bulk":                 func(b breaking) source.Source { return b },
		"in bulk, with positions": func(b breaking) source.Source { return named{b, names{}} },
	} {
		for n := range len(rest) + 1 {
			src := func() source.Source {
				return form(breaking{source.FromTrace(traceOf(event.NewMetadata(0), slices.Concat(shared, rest[:n])...))})
			}
			for side, d := range map[string]func() (*divergence.Divergence, error){
				"expected": func() (*divergence.Divergence, error) { return divergence.Compare(src(), other()) },
				"actual":   func() (*divergence.Divergence, error) { return divergence.Compare(other(), src()) },
			} {
				got, err := d()
				if n < divergence.Lookahead && (err != sourcetest.Err || got != nil) {
					t.Errorf("%s, the %s run breaks %d events after the divergence: %v, error %v", name, side, n, got, err)
				}
				if n >= divergence.Lookahead && (err != nil || got == nil || got.Index != uint64(len(shared))) {
					t.Errorf("%s, the %s run breaks behind the look-ahead of %d events: %v, error %v", name, side, n, got, err)
				}
			}
		}
	}
}

func TestCompareMetadata(t *testing.T) {
	base := event.Metadata{Version: 1, Seed: 5, ConfigHash: 0xabc, Description: "transfer"}
	for _, c := range []struct {
		name   string
		change func(*event.Metadata)
		want   []string
	}{
		{"equal", func(*event.Metadata) {}, nil},
		{"recorded at another time", func(m *event.Metadata) { m.RecordedAt = 9 }, nil},
		{"no config hash", func(m *event.Metadata) { m.ConfigHash = 0 }, nil},
		{"seed", func(m *event.Metadata) { m.Seed = 6 }, []string{"the seeds differ: 5 and 6"}},
		{"config", func(m *event.Metadata) { m.ConfigHash = 0xdef },
			[]string{"[RPR5002] the runs were configured differently: config hash 0xabc and 0xdef"}},
		{"description", func(m *event.Metadata) { m.Description = "two\nlines" },
			[]string{`the descriptions differ: "transfer" and "two\nlines"`}},
		{"long description", func(m *event.Metadata) { m.Description = strings.Repeat("é", 1<<18) },
			[]string{`the descriptions differ: "transfer" and "` + strings.Repeat("é", 60) + `"`}},
		{"all", func(m *event.Metadata) { *m = event.Metadata{Seed: 6, ConfigHash: 1} },
			[]string{"the seeds differ: 5 and 6", "[RPR5002] the runs were configured differently: config hash 0xabc and 0x1",
				`the descriptions differ: "transfer" and ""`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := base
			c.change(&changed)
			if diff := cmp.Diff(c.want, divergence.CompareMetadata(base, changed)); diff != "" {
				t.Errorf("other notes than expected (-want +got):\n%s", diff)
			}
		})
	}
}

// knowing is a source that knows names, code lines and how its recording ended.
type knowing struct {
	source.Source
	names
	at  int
	end string
}

func (k *knowing) Next() (event.Event, error) {
	k.at++
	return k.Source.Next()
}

func (k *knowing) Site() string { return fmt.Sprintf("bank.go:%d", 100*k.at) }

func (k *knowing) Stopped() string { return k.end }

var _ source.Recording = (*knowing)(nil)

// TestCompareAsksTheSources compares sources that know more than events.
func TestCompareAsksTheSources(t *testing.T) {
	shared := events{event.TaskScheduled(t1, 1), event.TaskYielded(t1)}
	e := &knowing{Source: cursor(append(slices.Clone(shared), event.TaskScheduled(t1, 2), event.TaskYielded(t1))...),
		names: names{tasks: map[event.TaskID]string{t1: "producer"}, regions: map[event.RegionID]string{r1: "pipeline"}}}
	a := &knowing{Source: cursor(append(slices.Clone(shared), event.TaskSpawned(t2, r1, 2), event.TaskYielded(t1))...),
		names: names{tasks: map[event.TaskID]string{t1: "consumer"}}, at: 5}
	d := compare(t, e, a)
	if d.ExpectedSite != "bank.go:300" || d.ActualSite != "bank.go:800" {
		t.Errorf("the code lines are %q and %q, want those of the third events", d.ExpectedSite, d.ActualSite)
	}
	want := []divergence.Entity{
		{Role: "running", Kind: "task", ID: uint64(t1), Name: "producer", ActualName: "consumer"},
		{Role: "expected", Kind: "task", ID: uint64(t1), Name: "producer", ActualName: "consumer"},
		{Role: "actual", Kind: "task", ID: uint64(t2)},
		{Role: "actual", Kind: "region", ID: uint64(r1), Name: "pipeline"},
	}
	if diff := cmp.Diff(want, d.Entities); diff != "" {
		t.Errorf("other entities than expected (-want +got):\n%s", diff)
	}
	short := func(end string, with ...event.Event) *knowing {
		return &knowing{Source: cursor(append(slices.Clone(shared), with...)...), end: end}
	}
	if d := compare(t, short("stopped early"), short("", event.RngValue(1))); d.Cause.Rule != "recording-stopped" ||
		d.ExpectedSite != "" {
		t.Errorf("a recording that was stopped gives the cause %+v, site %q", d.Cause, d.ExpectedSite)
	}
	if d := compare(t, short("", event.RngValue(1)), short("stopped early")); d.Cause.Rule != "actual-stopped" {
		t.Errorf("an actual run that was stopped gives the cause %+v", d.Cause)
	}
}

// lateStart is a source whose first event has an index of its own.
type lateStart struct {
	source.Source
	sourcetest.Unknown
	from uint64
}

func (l lateStart) First() uint64 { return l.from }

// TestCompareOfLateStart compares runs of which one lacks the first events: nothing is said of what was made there.
func TestCompareOfLateStart(t *testing.T) {
	whole := events{event.TaskSpawned(t1, r1, 0), event.RngValue(1), event.TaskSpawned(t0, r1, 0), event.TaskYielded(t1),
		event.TaskYielded(t1)}
	other := append(slices.Clone(whole[:4]), event.WakerWake(t2), event.TaskYielded(t1))
	for _, c := range []struct {
		expected, actual source.Source
		before           events
		rule             string
	}{
		{cursor(whole...), cursor(other...), whole[:4], "unknown-in-recording"},
		{cursor(whole...), lateStart{Source: cursor(other[2:]...), from: 2}, whole[:4], "unknown-in-recording"},
		{lateStart{Source: cursor(whole[2:]...), from: 2}, cursor(other...), other[:4], "unknown-in-recording"},
		{lateStart{Source: cursor(whole[2:]...), from: 2}, lateStart{Source: cursor(other[2:]...), from: 2},
			whole[2:4], "operation-added"},
	} {
		d := compare(t, c.expected, c.actual)
		if d.Index != 4 || d.Cause.Rule != c.rule || cmp.Diff(c.before, d.Before, byValue) != "" {
			t.Errorf("the runs part at %d after %v, %s; want 4 after %v, %s", d.Index, d.Before, d.Cause.Rule, c.before, c.rule)
		}
		late := max(source.First(c.expected), source.First(c.actual)) > 0
		if want := "compared from event 2 on, the first that both recordings have"; slices.Contains(d.Notes, want) != late {
			t.Errorf("the notes are %q, want %q among them: %v", d.Notes, want, late)
		}
	}
	if _, err := divergence.Compare(cursor(whole[:1]...), lateStart{Source: cursor(whole[3:]...), from: 3}); err == nil {
		t.Error("runs without an event in common give no error")
	}
}

// TestNamesOfBothRuns gives a task every combination of names.
func TestNamesOfBothRuns(t *testing.T) {
	for _, c := range []struct{ expected, actual, name, actualName string }{
		{"", "", "", ""}, {"a", "", "a", ""}, {"", "b", "b", ""}, {"a", "a", "a", ""}, {"a", "b", "a", "b"},
	} {
		d := divergence.Describe(divergence.Mismatch{
			Expected: events{event.TaskYielded(t1)}, Actual: events{event.RngValue(1)},
			ExpectedNames: called(map[event.TaskID]string{t1: c.expected}),
			ActualNames:   called(map[event.TaskID]string{t1: c.actual}),
		})
		if e := d.Entities[0]; e.Name != c.name || e.ActualName != c.actualName {
			t.Errorf("the names %q and %q give %q and %q", c.expected, c.actual, e.Name, e.ActualName)
		}
	}
}
