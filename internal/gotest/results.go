package gotest

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/wire"
)

// testEvent is a line of go test -json, see `go doc test2json`.
type testEvent struct {
	Action     string
	Package    string
	ImportPath string // of a package that does not build
	Test       string
	Elapsed    float64
	Output     string
	Key, Value string // of an attribute
}

// testResult is what is known of a test, or, with an empty Test, of a package.
type testResult struct {
	pkg, test string
	action    string // pass, fail or skip; "" if it has not ended
	elapsed   float64
	output    strings.Builder
	attrs     map[string]string
}

// testResults collects what go test says.
type testResults struct {
	say      func(format string, args ...any)
	results  map[[2]string]*testResult
	order    []*testResult // as they were first heard of
	packages map[string]bool
	build    strings.Builder // output of packages that do not build

	findings []*finding.Finding // by package and test, after settle
	notes    []*finding.Finding // of tests that pass
	others   []*testResult      // tests and packages that fail without a finding
	done     int                // packages
	last     string             // what ended last, or how far it is

	echo io.Writer // gets what go test prints, as it comes; nil: nothing does
	json bool      // echo gets events
	asIs bool      // go test prints no events; it is what it always prints

	building    *building // nil if nothing is to be told of the build
	interrupted bool
	plain       string // why ordinary tests ran once, uncontrolled; "" if they did not
}

func newTestResults(say func(string, ...any)) *testResults {
	return &testResults{say: say, results: map[[2]string]*testResult{}, packages: map[string]bool{}}
}

// line takes a line of go test -json. What is none goes to the output of builds.
func (r *testResults) line(line []byte) {
	if r.asIs || r.json {
		_, _ = r.echo.Write(line) // a reader that has gone away is noticed at the end
	}
	if r.asIs {
		return
	}
	var e testEvent
	if json.Unmarshal(line, &e) != nil {
		r.build.Write(line)
		return
	}
	if e.Action == "build-output" {
		r.build.WriteString(e.Output)
	}
	if e.Package == "" {
		return
	}
	r.packages[e.Package] = true
	t := r.result(e.Package, e.Test)
	switch e.Action {
	case "output":
		// which is for this command
		if r.echo != nil && !r.json && !wire.IsAttrLine(e.Output, e.Test) {
			_, _ = io.WriteString(r.echo, e.Output)
		}
		t.output.WriteString(e.Output)
	case "attr":
		t.attrs[e.Key] = e.Value
		if e.Key == wire.AttrProgress.Name {
			r.last = t.name() + " " + e.Value
			r.tell()
		}
	case "pass", "fail", "skip":
		t.action, t.elapsed = e.Action, e.Elapsed
		if e.Test == "" {
			r.done++
		}
		r.last = t.name()
		r.tell()
	}
}

// tell tells how far go test has come.
func (r *testResults) tell() {
	if len(r.packages) == 0 {
		state := "building; the first time with a Go version it takes a minute"
		if r.building != nil {
			state = cmp.Or(r.building.state(time.Now()), state)
		}
		r.say("%s", state)
		return
	}
	r.say("%s, %d done: %s", prose.Count(len(r.packages), "package"), r.done, r.last)
}

func (r *testResults) result(pkg, test string) *testResult {
	key := [2]string{pkg, test}
	t := r.results[key]
	if t == nil {
		t = &testResult{pkg: pkg, test: test, attrs: map[string]string{}}
		r.results[key] = t
		r.order = append(r.order, t)
	}
	return t
}

// settle works out the findings.
func (r *testResults) settle() {
	slices.SortStableFunc(r.order, func(a, b *testResult) int { return strings.Compare(a.pkg, b.pkg) })
	failed, passed := map[string]*finding.Finding{}, map[string]*finding.Finding{}
	explained := map[*testResult]bool{}
	for _, t := range r.order {
		f, ok := t.finding()
		switch {
		case !ok:
		case t.action == "pass":
			r.notes = gather(r.notes, passed, f)
		default:
			r.explain(t, explained)
			r.findings = gather(r.findings, failed, f)
		}
	}
	for _, t := range r.order {
		if t.action != "pass" && t.action != "skip" && !explained[t] && !r.hasFailingPart(t) {
			r.others = append(r.others, t)
		}
	}
}

// finding returns the finding that the test reports, if it reports one.
func (t *testResult) finding() (*finding.Finding, bool) {
	return finding.FromAttributes(t.pkg, t.test, t.attrs, t.text())
}

// gather adds a finding to the first one of its signature, or to the list if it is the first.
func gather(list []*finding.Finding, first map[string]*finding.Finding, f *finding.Finding) []*finding.Finding {
	if earlier := first[f.Signature]; earlier != nil {
		earlier.Also = append(earlier.Also, f.Package+" "+f.Test)
		return list
	}
	first[f.Signature] = f
	return append(list, f)
}

// parent returns the name of the test of which a subtest is a part, "" if it is no subtest.
func parent(test string) string { return test[:max(0, strings.LastIndexByte(test, '/'))] }

// explain notes that a finding is why t, the tests that it is a part of, and its package fail.
func (r *testResults) explain(t *testResult, explained map[*testResult]bool) {
	explained[t] = true
	for name := t.test; name != ""; {
		name = parent(name)
		if up := r.results[[2]string{t.pkg, name}]; up != nil {
			explained[up] = true
		}
	}
}

// hasFailingPart reports whether a test that is a part of t fails, so that t itself need not be told of.
func (r *testResults) hasFailingPart(t *testResult) bool {
	return slices.ContainsFunc(r.order, func(u *testResult) bool {
		return u != t && u.pkg == t.pkg && u.action != "pass" && u.action != "skip" &&
			(t.test == "" || strings.HasPrefix(u.test, t.test+"/"))
	})
}

// text is the output of a test without what go test adds.
func (t *testResult) text() string {
	var b strings.Builder
	for line := range strings.Lines(t.output.String()) {
		trimmed := strings.TrimLeft(line, " ")
		if strings.HasPrefix(line, "=== ") || strings.HasPrefix(trimmed, "--- ") {
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}
