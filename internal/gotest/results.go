package gotest

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/wire"
)

// testEvent is a line of go test -json, see `go doc test2json`.
type testEvent struct {
	Action     string
	Package    string
	ImportPath string // import path of a package that does not build
	Test       string
	Elapsed    float64
	Output     string
	Key, Value string // an attribute
}

// testResult is the result of a test, or, with an empty Test, of a package.
type testResult struct {
	pkg, test string
	action    string // pass, fail or skip; "" if it has not ended
	elapsed   float64
	output    strings.Builder
	attrs     map[string]string
	simulated int              // number of simulated runs
	shown     explore.Coverage // what the runs have shown, zero if that is not known
}

// testResults collects the events of go test.
type testResults struct {
	say      func(format string, args ...any)
	results  map[[2]string]*testResult
	order    []*testResult // in the order of their first event
	packages map[string]bool
	build    strings.Builder // output about packages that do not build

	findings []*finding.Finding // by package and test, after settle
	notes    []*finding.Finding // of tests that pass
	others   []*testResult      // tests and packages that fail without a finding
	cut      []*testResult      // tests that an interrupt ended
	done     int                // number of packages that have ended
	last     string             // last test that ended, or the progress of a test

	reached reached // assertions of the Antithesis SDK

	echo io.Writer // destination of the output of go test as it arrives; nil means none
	json bool      // echo receives events
	asIs bool      // go test prints its usual output and no events

	building    *building // nil if the progress of the build is not shown
	interrupted bool
	plain       string // reason for which ordinary tests ran once, uncontrolled; "" if they did not
}

func newTestResults(say func(string, ...any)) *testResults {
	return &testResults{say: say, results: map[[2]string]*testResult{}, packages: map[string]bool{}}
}

// line handles a line of go test -json. Other lines are output of builds.
func (r *testResults) line(line []byte) {
	if r.asIs || r.json {
		_, _ = r.echo.Write(line) // an error is reported at the end
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
		// the attribute is for this command
		if r.echo != nil && !r.json && !wire.IsAttrLine(e.Output, e.Test) {
			_, _ = io.WriteString(r.echo, e.Output)
		}
		t.output.WriteString(e.Output)
	case "run":
		t.simulated, t.shown = 0, explore.Coverage{} // of an earlier run of the test, with -count
	case "attr":
		t.attrs[e.Key] = e.Value
		t.add(e.Key, e.Value)
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

// tell shows the progress of go test.
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

// settle determines the findings.
func (r *testResults) settle() {
	slices.SortStableFunc(r.order, func(a, b *testResult) int { return strings.Compare(a.pkg, b.pkg) })
	failed, passed := map[string]*finding.Finding{}, map[string]*finding.Finding{}
	explained := map[*testResult]bool{}
	for _, t := range r.order {
		f, ok := t.finding()
		switch {
		case !ok:
		case t.action == "pass":
			f.Passes = true
			r.notes = gather(r.notes, passed, f)
		default:
			r.explain(t, explained)
			r.findings = gather(r.findings, failed, f)
		}
	}
	for _, t := range r.order {
		switch {
		case t.action == "pass", t.action == "skip", explained[t], r.hasFailingPart(t):
		case r.interrupted && t.test != "" && (t.action == "" || strings.Contains(t.text(), interruptedAfter)):
			r.cut = append(r.cut, t)
		default:
			r.others = append(r.others, t)
		}
	}
}

// interruptedAfter is the start of the line of a test that an interrupt ended, before the number of seeds that it ran.
const interruptedAfter = "interrupted after "

// finding returns the finding that the test reports, or nil.
func (t *testResult) finding() (*finding.Finding, bool) {
	return finding.FromAttributes(t.pkg, t.test, t.attrs, t.text())
}

// gather merges a finding with the first one of its signature, or adds it to the list if it is the first. In tests that
// run together, one whose run was replayed and told can come behind one that only refers to it, and takes its place.
func gather(list []*finding.Finding, first map[string]*finding.Finding, f *finding.Finding) []*finding.Finding {
	if earlier := first[f.Signature]; earlier != nil {
		if earlier.Verdict == "" && f.Verdict != "" {
			f.Also = earlier.Also
			*earlier, *f = *f, *earlier
		}
		earlier.Also = append(earlier.Also, f.Package+" "+f.Test)
		return list
	}
	first[f.Signature] = f
	return append(list, f)
}

// parent returns the name of the test that contains a subtest, or "" for other tests.
func parent(test string) string { return test[:max(0, strings.LastIndexByte(test, '/'))] }

// explain marks t, the tests that contain it, and its package as explained by a finding.
func (r *testResults) explain(t *testResult, explained map[*testResult]bool) {
	explained[t] = true
	for name := t.test; name != ""; {
		name = parent(name)
		if up := r.results[[2]string{t.pkg, name}]; up != nil {
			explained[up] = true
		}
	}
}

// hasFailingPart reports whether a subtest of t fails, so that t itself is not reported.
func (r *testResults) hasFailingPart(t *testResult) bool {
	return slices.ContainsFunc(r.order, func(u *testResult) bool {
		return u != t && u.pkg == t.pkg && u.action != "pass" && u.action != "skip" &&
			(t.test == "" || strings.HasPrefix(u.test, t.test+"/"))
	})
}

// text returns the output of a test without the lines that go test adds.
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
