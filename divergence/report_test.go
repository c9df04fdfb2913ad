package divergence_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
)

// TestTextFitsOneScreen holds the text of every golden to what a terminal and a CI log show at once. Notes are left
// out: they are as long as the descriptions in them.
func TestTextFitsOneScreen(t *testing.T) {
	for name, d := range reports(t) {
		text := report.Of(d).Text()
		if !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") {
			t.Errorf("%s: the text should end in one newline", name)
		}
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if len(lines) > 48 {
			t.Errorf("%s: %d lines, want at most 48", name, len(lines))
		}
		for i, line := range lines {
			if strings.TrimRight(line, " \t") != line {
				t.Errorf("%s: line %d ends in a space: %q", name, i+1, line)
			}
			if line == "notes" {
				break
			}
			if n := utf8.RuneCountInString(line); n > 96 {
				t.Errorf("%s: line %d has %d columns, want at most 96: %s", name, i+1, n, line)
			}
		}
	}
}

// TestTextOfLargestWindow gives every part of the text as much as Compare gives at most.
func TestTextOfLargestWindow(t *testing.T) {
	const n = divergence.DefaultContext
	side := func(k int) events { return slices.Repeat(events{filled(event.KindCheckpoint, k)}, n+1) }
	d := divergence.Describe(divergence.Mismatch{
		Index: 10, Running: event.TaskScheduled(t0, 1), Before: side(1)[:n], Expected: side(2), Actual: side(3),
	})
	want := 3 + 1 + n + 2*(n+1) + 2 + fieldCount(event.KindCheckpoint) + 2 + 1 + 2 + 3 + 2 + 2
	if got := strings.Count(report.Of(d).Text(), "\n"); got != want {
		t.Errorf("the text has %d lines, want %d:\n%s", got, want, report.Of(d).Text())
	}
}

func TestSummary(t *testing.T) {
	all := reports(t)
	for name, want := range map[string]string{
		"outcome-mismatch": "event 10, virtual time 1.5ms: outcome-mismatch: " +
			"expected TaskCompleted task=T1 outcome=ok, got TaskCompleted task=T1 outcome=panicked",
		"actual-ended": "event 10, virtual time 1.5ms: length-mismatch: " +
			"the actual run ended, the expected run went on with TaskScheduled task=T2 at_tick=3",
		"expected-ended": "event 10, virtual time 1.5ms: length-mismatch: " +
			"the expected run ended, the actual run went on with TaskScheduled task=T2 at_tick=3",
	} {
		if got := all[name].Summary(); got != want {
			t.Errorf("the summary of %s is\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestError(t *testing.T) {
	for name, d := range reports(t) {
		var err error = &divergence.Error{Divergence: d}
		wrapped := fmt.Errorf("replaying: %w", err)
		if !errors.Is(wrapped, divergence.ErrDiverged) {
			t.Errorf("%s: the error is not ErrDiverged", name)
		}
		var as *divergence.Error
		if !errors.As(wrapped, &as) || as.Divergence != d {
			t.Errorf("%s: errors.As does not lead to the divergence", name)
		}
		if errors.Is(err, errBoom) {
			t.Errorf("%s: the error is every error", name)
		}
		if got, want := err.Error(), "divergence: "+d.Summary(); got != want || strings.Contains(got, "\n") {
			t.Errorf("%s: the error is %q, want one line, %q", name, got, want)
		}
	}
}

// TestFields changes one field of every kind: it, and nothing else, is listed, and its JSON values are the numbers that
// went in, null for an optional field that is absent.
func TestFields(t *testing.T) {
	for k := range event.Kinds() {
		for i, f := range slices.Collect(k.Fields()) {
			values := slices.Repeat([]any{1}, fieldCount(k))
			changes := []any{2}
			if f.Type == event.TypeBytes {
				changes = append(changes, "-9223372036854775808")
			}
			if f.Type.Optional() {
				changes = append(changes, "null", 0)
			}
			for _, to := range changes {
				values[i] = to
				d := divergence.Describe(divergence.Mismatch{
					Expected: events{filled(k, 1)}, Actual: events{build(k, values...)},
				})
				want := fmt.Sprintf(`[{"name":%q,"expected":1,"actual":%v}]`, f.Name, to)
				if got := part(t, d, "fields"); got != want {
					t.Errorf("%v with another %s: the fields are %s, want %s", k, f.Name, got, want)
				}
			}
		}
	}
}

// part returns the JSON text under one key of a report.
func part(t *testing.T, d *divergence.Divergence, key string) string {
	t.Helper()
	b, err := json.Marshal(report.Of(d))
	if err != nil {
		t.Fatal(err)
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		t.Fatalf("not valid JSON: %v\n%s", err, b)
	}
	return string(parts[key])
}

func TestNoFieldsBetweenKinds(t *testing.T) {
	d := divergence.Describe(divergence.Mismatch{
		Expected: events{filled(event.KindTimerFired, 1)}, Actual: events{filled(event.KindTimerCancelled, 2)},
	})
	if d.Fields != nil {
		t.Errorf("events of two kinds have the differing fields %v, want none", d.Fields)
	}
}

func TestEntities(t *testing.T) {
	running := event.TaskScheduled(t1, 3)
	for _, c := range []struct {
		name             string
		running          event.Event
		expected, actual event.Event
		want             []string
	}{
		{"nobody", event.Event{}, event.RngValue(1), event.RngValue(2), nil},
		{"running", running, event.RngValue(1), event.RngValue(2), []string{"running task T1"}},
		{"running is named once more where an event names it", running, event.TaskYielded(t1), event.RngValue(2),
			[]string{"running task T1", "expected task T1"}},
		{"both", running, event.TaskYielded(t2), event.WakerWake(t2), []string{"running task T1", "both task T2"}},
		{"one number, two kinds", event.Event{}, event.TimerFired(7), event.IoResult(7, 1),
			[]string{"expected timer 7", "actual token 7"}},
		{"a task and a region of one number", event.Event{}, event.TaskSpawned(t1, r1, 1), event.RngValue(2),
			[]string{"expected task T1", "expected region R1"}},
		{"twice in one event", event.Event{}, event.RegionCreated(r1, r1, 1), event.RngValue(2),
			[]string{"expected region R1"}},
		{"absent", event.Event{}, event.ChaosInjection(event.ChaosDelay, 1), event.RootRegionCreated(r2, 1),
			[]string{"actual region R2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := divergence.Describe(divergence.Mismatch{
				Running: c.running, Expected: events{c.expected}, Actual: events{c.actual},
			})
			var got []string
			for _, e := range d.Entities {
				got = append(got, e.Role+" "+e.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("other entities than expected (-want +got):\n%s", diff)
			}
		})
	}
}

// lists are the keys of a report that hold lists.
var lists = []string{"before", "expected", "actual", "fields", "entities", "notes"}

func TestJSONListsAreNeverNull(t *testing.T) {
	all := reports(t)
	all["zero"] = &divergence.Divergence{}
	for name, d := range all {
		for _, key := range lists {
			if got := part(t, d, key); !strings.HasPrefix(got, "[") {
				t.Errorf("%s: %s is %q, want a list", name, key, got)
			}
		}
	}
}

// TestJSONKeysAreDocumented reads the list of keys in the doc comment of MarshalJSON and compares it with the goldens.
func TestJSONKeysAreDocumented(t *testing.T) {
	doc := docOf(t, "report/json.go", "MarshalJSON")
	var documented []string
	for line := range strings.Lines(doc) {
		if text, ok := strings.CutPrefix(line, "\t"); ok {
			documented = append(documented, strings.Fields(text)[0])
		}
	}
	slices.Sort(documented)
	for name, d := range reports(t) {
		var report map[string]any
		if err := json.Unmarshal([]byte(indented(t, d)), &report); err != nil {
			t.Fatalf("%s: not valid JSON: %v", name, err)
		}
		if diff := cmp.Diff(documented, slices.Sorted(maps.Keys(report))); diff != "" {
			t.Errorf("%s: other keys than documented (-documented +got):\n%s", name, diff)
		}
		for _, key := range []string{"fields", "entities"} {
			wantKeysIn(t, report[key], lineOf(doc, key))
		}
	}
}

// wantKeysIn checks that the keys of the objects in a list are words of a line of documentation.
func wantKeysIn(t *testing.T, list any, line string) {
	t.Helper()
	words := strings.FieldsFunc(line, func(c rune) bool { return c == ' ' || c == ',' })
	for _, object := range list.([]any) {
		for key := range object.(map[string]any) {
			if !slices.Contains(words, key) {
				t.Errorf("the key %s is not in the documentation %q", key, line)
			}
		}
	}
}

// lineOf returns the line of a doc comment that documents a key.
func lineOf(doc, key string) string {
	_, line, _ := strings.Cut(doc, "\t"+key+" ")
	line, _, _ = strings.Cut(line, "\n")
	return line
}

// docOf returns the doc comment of a function in a file of this package.
func docOf(t *testing.T, file, function string) string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range f.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == function {
			return fn.Doc.Text()
		}
	}
	t.Fatalf("%s has no function %s", file, function)
	return ""
}

// TestReportDocHasEveryKey compares docs/report.md with the keys of the JSON forms, also of the objects in them.
func TestReportDocHasEveryKey(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "docs", "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	var wanted []string
	add := func(v any) {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"([a-z_]+)":`).FindAllStringSubmatch(string(b), -1) {
			wanted = append(wanted, m[1])
		}
	}
	for _, c := range corpus {
		expected, actual := c.traces()
		d := c.describe(t, expected, actual)
		d.Rest = &divergence.Stats{GaveUp: true}
		d.Before, d.Expected, d.Actual, d.Decision = nil, nil, nil, event.Event{}
		add(report.Of(d))
	}
	add(report.OfCanonical(canonical(t, events{event.WakerBatchWake(1)}, nil)))
	for _, key := range slices.Compact(slices.Sorted(slices.Values(wanted))) {
		if key != "type" && key != "count" && !strings.Contains(string(doc), "`"+key+"`") {
			t.Errorf("docs/report.md does not have %s", key)
		}
	}
}
