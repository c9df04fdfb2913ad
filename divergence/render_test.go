package divergence_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/internal/sourcetest"
	"github.com/reprise-go/reprise/source"
)

// nasty is a divergence whose names, sites and notes are full of what the forms give a meaning to.
func nasty() *divergence.Divergence {
	nastyNames := names{tasks: map[event.TaskID]string{t1: "a|b`c``d*e_<f>\r\n::error::%0A,x", t2: "\x1b[31mred"}}
	d := divergence.Describe(divergence.Mismatch{
		Running: event.TaskScheduled(t1, 1), Expected: events{event.TaskScheduled(t1,
			2)}, Actual: events{event.TaskScheduled(t2, 2)},
		ExpectedNames: nastyNames, Runnable: []event.TaskID{t2}, ExpectedSite: "old.go:1", ActualSite: "a,b:c%.go:25",
		Reproduce: "reprise replay `x` | cat\nrm", RunError: "100% ::\nmore",
	})
	d.Notes = []string{"a fence ``` in a note"}
	return d
}

func TestNastyGoldens(t *testing.T) {
	d := nasty()
	golden.Check(t, "nasty.golden",
		strings.Join([]string{report.Of(d).Text(), report.Of(d).Markdown(), report.Of(d).GitHub()}, "\n=====\n"))
}

// TestFormsCannotBeBrokenInto checks what the reader of each form relies on.
func TestFormsCannotBeBrokenInto(t *testing.T) {
	for _, d := range []*divergence.Divergence{nasty(), withNames(), withNotes(t)} {
		if line := report.Of(d).GitHub(); strings.Count(line, "\n") != 1 || strings.Count(line, "\r") != 0 {
			t.Errorf("the annotation is no single line: %q", line)
		}
		if strings.ContainsAny(report.Of(d).Text()+report.Of(d).Markdown(), "\x1b\r") {
			t.Errorf("a control character comes through:\n%q", report.Of(d).Text())
		}
	}
	want := "::error file=a%2Cb%3Ac%25.go,line=25,title=RPR1001 scheduling-order at event 0::event 0,"
	if line := report.Of(nasty()).GitHub(); !strings.HasPrefix(line, want) {
		t.Errorf("the annotation is %q, want it to begin with %q", line, want)
	}
}

func TestGitHubFindsALine(t *testing.T) {
	for _, c := range []struct{ expected, actual, want string }{
		{"", "", "::error title=RPR1006"},
		{"a.go:3", "", "::error file=a.go,line=3,title=RPR1006"},
		{"a.go:3", "b.go:4", "::error file=b.go,line=4,title=RPR1006"},
		{"", "b.go", "::error file=b.go,title=RPR1006"},
		{"", "c:b.go", "::error file=c%3Ab.go,title=RPR1006"},
	} {
		d := divergence.Describe(divergence.Mismatch{
			Expected: events{event.RngValue(1)}, Actual: events{event.RngValue(2)}, ExpectedSite: c.expected,
			ActualSite: c.actual,
		})
		if got := report.Of(d).GitHub(); !strings.HasPrefix(got, c.want) {
			t.Errorf("sites %q and %q give %q, want %q", c.expected, c.actual, got, c.want)
		}
	}
}

// TestColorText takes the colours away: the text must be left, and its lines must be whole.
func TestColorText(t *testing.T) {
	escapes := regexp.MustCompile("\x1b\\[[0-9]*m")
	for name, d := range reports(t) {
		colored := report.Of(d).ColorText()
		if escapes.ReplaceAllString(colored, "") != report.Of(d).Text() {
			t.Errorf("%s: without colours another text is left", name)
		}
		for line := range strings.Lines(colored) {
			if n := len(escapes.FindAllString(line, -1)); n != 0 && n != 2 {
				t.Errorf("%s: a line has %d escapes: %q", name, n, line)
			}
		}
		if !strings.Contains(colored, "\x1b[31m- expected") || !strings.Contains(colored, "\x1b[32m+ actual") ||
			!strings.Contains(colored, "\x1b[1mwhy") {
			t.Errorf("%s: colours are missing:\n%q", name, colored)
		}
	}
}

// TestSignature changes what a signature must not depend on, and what it must.
func TestSignature(t *testing.T) {
	base := func() divergence.Mismatch {
		return divergence.Mismatch{
			Index: 7, Time: 5, Running: event.TaskScheduled(t1, 3),
			Expected: events{event.TimerCreated(1, 5)}, Actual: events{event.TimerCreated(1, 6)},
			ExpectedNames: called(map[event.TaskID]string{t1: "worker-17"}), ActualSite: "pool.go:25",
		}
	}
	want := divergence.Describe(base()).Signature()
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(want) || want != "f9ce86581fb04623" {
		t.Errorf("the signature is %q; if it changes, divergences that are known by it are no longer found", want)
	}
	for name, c := range map[string]struct {
		same   bool
		change func(*divergence.Mismatch)
	}{
		"index":  {true, func(m *divergence.Mismatch) { m.Index = 8 }},
		"time":   {true, func(m *divergence.Mismatch) { m.Time = 9 }},
		"value":  {true, func(m *divergence.Mismatch) { m.Actual = events{event.TimerCreated(1, 99)} }},
		"number": {true, func(m *divergence.Mismatch) { m.ExpectedNames = called(map[event.TaskID]string{t1: "worker-4"}) }},
		"line":   {true, func(m *divergence.Mismatch) { m.ActualSite = "pool.go:99" }},
		"task": {true, func(m *divergence.Mismatch) {
			m.Running = event.TaskScheduled(t2, 3)
			m.ExpectedNames = called(map[event.TaskID]string{t2: "worker-4"})
		}},
		"name":  {false, func(m *divergence.Mismatch) { m.ExpectedNames = called(map[event.TaskID]string{t1: "main"}) }},
		"file":  {false, func(m *divergence.Mismatch) { m.ActualSite = "main.go:25" }},
		"field": {false, func(m *divergence.Mismatch) { m.Actual = events{event.TimerCreated(2, 5)} }},
		"kind":  {false, func(m *divergence.Mismatch) { m.Actual = events{event.TimerFired(1)} }},
		"relation": {false, func(m *divergence.Mismatch) {
			m.Expected, m.Actual = append(m.Actual, m.Expected...),
				m.Expected
		}},
		"side": {false, func(m *divergence.Mismatch) { m.Actual = nil }},
	} {
		m := base()
		c.change(&m)
		if got := divergence.Describe(m).Signature(); (got == want) != c.same {
			t.Errorf("with another %s the signature is the same: %v, want %v", name, got == want, c.same)
		}
	}
}

// TestSignatureTellsCauses has an added lock and an added timer, and two reasons for another deadline.
func TestSignatureTellsCauses(t *testing.T) {
	sign := func(expected, actual events) string {
		return divergence.Describe(divergence.Mismatch{Running: event.TaskScheduled(t1, 3), Expected: expected,
			Actual: actual}).Signature()
	}
	lock := sign(tail, then(event.TaskScheduled(t1, 4)))
	timer := sign(tail, then(event.TaskScheduled(t1, 4), event.TimerCreated(2, 5)))
	clock := sign(then(event.TimerCreated(2, 5_000_000)), then(event.TimerCreated(2, 5_017_403)))
	longer := sign(then(event.TimerCreated(2, 5_000_000)), then(event.TimerCreated(2, 9_000_000)))
	if lock == timer || clock == longer {
		t.Errorf("two causes share a signature: %s and %s, %s and %s", lock, timer, clock, longer)
	}
}

// TestSideBySide shows runs that differ in every way, folded and cut.
func TestSideBySide(t *testing.T) {
	var run events
	for i := range uint64(60) {
		run = append(run, event.RngValue(i))
	}
	other := slices.Clone(run)
	other[10] = event.RngValue(1 << 63)
	other = slices.Delete(other, 25, 27)
	other = slices.Insert(other, 40, event.ChaosInjectionInto(t1, event.ChaosDelay, 1_000_000), event.TimerFired(3))
	other[45], other[46] = other[46], other[45]
	var text string
	for _, c := range []struct {
		name             string
		show             report.SideBySide
		expected, actual events
	}{
		{"equal", report.SideBySide{}, run, run},
		{"all ways", report.SideBySide{}, run, other},
		{"narrow, little context", report.SideBySide{Width: 60, Context: 1}, run, other},
		{"few rows", report.SideBySide{MaxRows: 8}, run, other},
		{"one ends", report.SideBySide{}, run[:3], run[:9]},
		{"given up", report.SideBySide{Window: 2}, run[:6],
			events{event.TimerFired(1), event.TimerFired(1), event.TimerFired(1), event.TimerFired(1)}},
		{"nothing", report.SideBySide{}, nil, nil},
	} {
		var b bytes.Buffer
		stats, err := c.show.Write(&b, cursor(c.expected...), cursor(c.actual...))
		if err != nil {
			t.Fatal(err)
		}
		if want := aligned(t, c.expected, c.actual, max(c.show.Window, 0)); stats != want {
			t.Errorf("%s: the counts are %+v, want %+v", c.name, stats, want)
		}
		text += fmt.Sprintf("== %s\n%s\n", c.name, b.String())
	}
	golden.Check(t, "sidebyside.golden", text)
	failing := &sourcetest.Failing{Source: cursor(run...), Calls: 5}
	if _, err := (report.SideBySide{}).Write(io.Discard, failing, cursor(run...)); !errors.Is(err, sourcetest.Err) {
		t.Errorf("a source that fails gives %v", err)
	}
	if _, err := (report.SideBySide{}).Write(brokenWriter{}, cursor(run...), cursor(other...)); !errors.Is(err, errBoom) {
		t.Errorf("a writer that fails gives %v", err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBoom }

// ringSource is a source that begins late, and knows names and code lines.
type ringSource struct {
	source.Source
	names
	first uint64
}

// First implements [source.Recording].
func (r ringSource) First() uint64 { return r.first }

// Site implements [source.Recording].
func (ringSource) Site() string { return "internal/pool/pool.go:7" }

// TestSideBySideOfALateStart has a run of which only the end was kept: the indices are those of the whole runs, and
// names and code lines stand where they fit.
func TestSideBySideOfALateStart(t *testing.T) {
	run := slices.Concat(opening, tail)
	late := func(first int) source.Source {
		return ringSource{cursor(run[first:]...),
			names{tasks: map[event.TaskID]string{t1: "worker", t2: "a worker with a long name"}}, uint64(first)}
	}
	var text bytes.Buffer
	for _, width := range []int{0, 60} {
		if _, err := (report.SideBySide{Context: 20, Width: width}).Write(&text, cursor(run[:len(run)-1]...),
			late(9)); err != nil {
			t.Fatal(err)
		}
	}
	golden.Check(t, "sidebyside-late.golden", text.String())
	stats, err := divergence.Align(late(9), cursor(run...), 0, nil)
	if want := (divergence.Stats{Matched: uint64(len(run) - 9)}); err != nil || stats != want {
		t.Errorf("the counts are %v, %v; want %v", stats, err, want)
	}
}

// FuzzReports compares any two traces and renders all there is to render: nothing panics, JSON is valid, swapping the
// runs swaps the report.
func FuzzReports(f *testing.F) {
	for _, c := range corpus {
		e, a := c.traces()
		f.Add(packed(f, e), packed(f, a))
	}
	f.Fuzz(func(t *testing.T, expected, actual []byte) {
		e, err1 := event.ParseMsgpack(expected)
		a, err2 := event.ParseMsgpack(actual)
		if err1 != nil || err2 != nil {
			return
		}
		there, back := compare(t, cursorOf(e), cursorOf(a)), compare(t, cursorOf(a), cursorOf(e))
		if (there == nil) != (back == nil) {
			t.Fatal("only one way there is a divergence")
		}
		if there == nil {
			return
		}
		stats, err := divergence.Align(cursorOf(e), cursorOf(a), 4, nil)
		if err != nil {
			t.Fatal(err)
		}
		wantPartition(t, stats, e.Len(), a.Len())
		there.Rest = &stats
		b, err := json.Marshal(report.Of(there))
		if err != nil || !json.Valid(b) {
			t.Fatalf("no JSON: %v", err)
		}
		if report.Of(there).Text() == "" || strings.Count(report.Of(there).GitHub(), "\n") != 1 ||
			!strings.HasSuffix(report.Of(there).Markdown(), "\n") {
			t.Fatal("a report is not whole")
		}
		if mirrors[string(there.Relation)] != string(back.Relation) || mirrors[there.Cause.Rule] != back.Cause.Rule {
			t.Fatalf("the reports do not mirror each other:\n%s\n%s", report.Of(there).Text(), report.Of(back).Text())
		}
		canonical(t, e.Slice(0, e.Len()), a.Slice(0, a.Len()))
	})
}

func packed(t testing.TB, tr *event.Trace) []byte {
	var b bytes.Buffer
	if err := tr.WriteMsgpack(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestLongTextIsCut gives names, errors and sites of a megabyte: the report stays one screen.
func TestLongTextIsCut(t *testing.T) {
	long := strings.Repeat("é \xff", 1<<18)
	d := divergence.Describe(divergence.Mismatch{
		Running: event.TaskScheduled(t1, 1), Expected: events{event.TaskScheduled(t1, 2)}, Runnable: []event.TaskID{t1, t2},
		ExpectedNames: called(map[event.TaskID]string{t1: long,
			t2: long}), ActualNames: called(map[event.TaskID]string{t1: long + "x"}),
		ExpectedSite: long, ActualSite: long, RunError: long, Reproduce: long,
	})
	for form, text := range map[string]string{"text": report.Of(d).Text(), "Markdown": report.Of(d).Markdown(),
		"GitHub": report.Of(d).GitHub()} {
		if len(text) > 8<<10 {
			t.Errorf("the %s has %d bytes", form, len(text))
		}
	}
}
