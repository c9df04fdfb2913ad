package results

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/prose"
)

// State is how a finding stands to the baseline.
type State string

// The states, in the order of a report.
const (
	New    State = "new"
	Known  State = "known"
	Gone   State = "gone"   // its test ran, and did not fail that way
	Unseen State = "unseen" // its test did not run
)

var states = []State{New, Known, Gone, Unseen}

// Finding is a finding in a report.
type Finding struct {
	State State
	Since time.Time // when it was first found
	*finding.Finding
}

// Report is the sum of the results of many commands.
type Report struct {
	Time     time.Time // of the latest command
	Runs     []Run
	Findings []*Finding // by state, and then by package and test
	Tests    []*Test    // by package and test
}

// key identifies a test function.
type key struct{ pkg, test string }

// Merge makes a report of results. baseline is an earlier report, or nil.
func Merge(all []*Results, baseline *Report) *Report {
	r := &Report{}
	tests, found := map[key]*Test{}, map[string]*Finding{}
	for _, one := range all {
		r.Runs = append(r.Runs, one.Run)
		if one.Run.Time.After(r.Time) {
			r.Time = one.Run.Time
		}
		for _, t := range one.Tests {
			r.addTest(tests, t)
		}
		for _, f := range one.Findings {
			r.addFinding(found, f, one.Run.Time)
		}
	}
	if baseline != nil {
		r.compare(baseline, tests, found)
	}
	r.count(tests)
	r.sort()
	return r
}

// addTest adds the numbers of a test.
func (r *Report) addTest(tests map[key]*Test, t *Test) {
	k := key{t.Package, t.Test}
	sum := tests[k]
	if sum == nil {
		sum = &Test{Package: t.Package, Test: t.Test, Result: t.Result}
		tests[k] = sum
		r.Tests = append(r.Tests, sum)
	}
	sum.Runs += t.Runs
	sum.Failed += t.Failed
	sum.Seconds += t.Seconds
	if t.Result == "fail" || sum.Result == "skip" || sum.Result == "" {
		sum.Result = t.Result
	}
}

// addFinding adds a finding, or joins it with that of its signature. The smallest recording represents both: that of
// the fewest runs until it was found is not known, so the first in the order of seeds counts, which does not depend
// on the order of the files.
func (r *Report) addFinding(found map[string]*Finding, f *finding.Finding, at time.Time) {
	sum := found[f.Signature]
	if sum == nil {
		sum = &Finding{State: New, Since: at, Finding: f}
		found[f.Signature] = sum
		r.Findings = append(r.Findings, sum)
		return
	}
	if at.Before(sum.Since) {
		sum.Since = at
	}
	first, second := sum.Finding, f
	if order(second, first) < 0 {
		first, second = second, first
	}
	joined := *first
	joined.Failed += second.Failed
	joined.Passes = first.Passes && second.Passes
	names := append(slices.Clone(first.Also), second.Also...)
	if name := second.Package + " " + second.Test; name != first.Package+" "+first.Test {
		names = append(names, name)
	}
	slices.Sort(names)
	joined.Also = slices.Compact(names)
	sum.Finding = &joined
}

// order compares findings of one signature.
func order(a, b *finding.Finding) int {
	return cmp.Or(strings.Compare(a.Package, b.Package), strings.Compare(a.Test, b.Test), cmp.Compare(a.Seed, b.Seed))
}

// compare determines the states, and takes over the history of the tests.
func (r *Report) compare(baseline *Report, tests map[key]*Test, found map[string]*Finding) {
	for _, old := range baseline.Findings {
		if old.State == Gone {
			continue
		}
		if now := found[old.Signature]; now != nil {
			now.State, now.Since = Known, old.Since
			continue
		}
		state := Unseen
		if t := tests[key{old.Package, function(old.Test)}]; t != nil && t.Runs > 0 {
			state = Gone
		}
		r.Findings = append(r.Findings, &Finding{State: state, Since: old.Since, Finding: old.Finding})
	}
	for _, old := range baseline.Tests {
		history := old.History
		if old.Runs > 0 {
			history = append(slices.Clone(history), Point{baseline.Time, old.Runs, old.Failed})
		}
		history = history[max(0, len(history)-maxHistory):]
		if now := tests[key{old.Package, old.Test}]; now != nil {
			now.History = history
		} else {
			r.Tests = append(r.Tests, &Test{Package: old.Package, Test: old.Test, History: history})
		}
	}
}

// maxHistory is the number of earlier reports that the history of a test has.
const maxHistory = 30

// function returns the name of the test function of a subtest.
func function(test string) string {
	name, _, _ := strings.Cut(test, "/")
	return name
}

// count gives each finding the runs of its test.
func (r *Report) count(tests map[key]*Test) {
	for _, f := range r.Findings {
		if t := tests[key{f.Package, function(f.Test)}]; t != nil && (f.State == New || f.State == Known) {
			f.Ran = max(t.Runs, f.Failed)
		}
	}
}

func (r *Report) sort() {
	slices.SortStableFunc(r.Findings, func(a, b *Finding) int {
		return cmp.Or(slices.Index(states, a.State)-slices.Index(states, b.State), order(a.Finding, b.Finding),
			strings.Compare(a.Signature, b.Signature))
	})
	slices.SortStableFunc(r.Tests, func(a, b *Test) int {
		return cmp.Or(strings.Compare(a.Package, b.Package), strings.Compare(a.Test, b.Test))
	})
	slices.SortStableFunc(r.Runs, func(a, b Run) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.Shard, b.Shard))
	})
}

// Current returns the findings of the merged results, without those that only the baseline has.
func (r *Report) Current() (list []*Finding) {
	for _, f := range r.Findings {
		if f.State == New || f.State == Known {
			list = append(list, f)
		}
	}
	return list
}

// Fails reports whether a finding fails the report: any, or only a new one. Notes never do.
func (r *Report) Fails(known bool) bool {
	return slices.ContainsFunc(r.Current(), func(f *Finding) bool { return !f.Passes && (known || f.State == New) })
}

// Broken returns the tests that fail without a finding, such as tests that ran once, uncontrolled.
func (r *Report) Broken() (list []*Test) {
	for _, t := range r.Tests {
		if t.Result == "fail" && len(r.failures(t)) == 0 {
			list = append(list, t)
		}
	}
	return list
}

// failures returns the current findings of a test that fail.
func (r *Report) failures(t *Test) (list []*Finding) {
	for _, f := range r.Current() {
		if !f.Passes && f.of(t) {
			list = append(list, f)
		}
	}
	return list
}

// of reports whether a run of the test failed with the signature of f.
func (f *Finding) of(t *Test) bool {
	return f.Package == t.Package && function(f.Test) == t.Test || slices.ContainsFunc(f.Also, func(name string) bool {
		pkg, test, _ := strings.Cut(name, " ")
		return pkg == t.Package && function(test) == t.Test
	})
}

// Summary returns the numbers in a line.
func (r *Report) Summary() string {
	counts, runs, tests := map[State]int{}, 0, 0
	for _, f := range r.Findings {
		counts[f.State]++
	}
	for _, t := range r.Tests {
		runs += t.Runs
		if t.Result != "" || t.Runs > 0 {
			tests++
		}
	}
	text := fmt.Sprintf("%s (%d new, %d known)", prose.Count(counts[New]+counts[Known], "finding"), counts[New],
		counts[Known])
	for _, s := range []State{Gone, Unseen} {
		if n := counts[s]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, s)
		}
	}
	if n := len(r.Broken()); n > 0 {
		text += ", " + prose.Count(n, "other failure")
	}
	return text + fmt.Sprintf("; %s, %s, %s of results", prose.Count(tests, "test"), prose.Count(runs, "run"),
		prose.Count(len(r.Runs), "file"))
}

// The JSON form of a report.
type (
	jsonReport struct {
		Schema   int           `json:"schema"`
		Kind     string        `json:"kind"`
		Time     time.Time     `json:"time"`
		Runs     []Run         `json:"runs"`
		Findings []jsonFinding `json:"findings"`
		Tests    []*Test       `json:"tests"`
	}
	jsonFinding struct {
		State   State            `json:"state"`
		Since   time.Time        `json:"since"`
		Finding *finding.Finding `json:"finding"`
	}
)

// reportKind is the kind of the JSON form of a report.
const reportKind = "report"

// JSON writes the report in the form that [ReadReport] reads.
func (r *Report) JSON(w io.Writer) error {
	out := jsonReport{1, reportKind, r.Time, r.Runs, []jsonFinding{}, r.Tests}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, jsonFinding{f.State, f.Since, f.Finding})
	}
	x := json.NewEncoder(w)
	x.SetEscapeHTML(false)
	x.SetIndent("", " ")
	return x.Encode(out)
}

// maxReport is the size in bytes of a report that is read.
const maxReport = 256 << 20

// ReadReport reads a report, for a baseline.
func ReadReport(in io.Reader) (*Report, error) {
	var x jsonReport
	if err := json.NewDecoder(io.LimitReader(in, maxReport)).Decode(&x); err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	if x.Kind != reportKind || x.Schema != 1 {
		return nil, fmt.Errorf("results: no report of `reprise report --format json`")
	}
	r := &Report{Time: x.Time, Runs: x.Runs}
	for _, f := range x.Findings {
		if f.Finding == nil || !slices.Contains(states, f.State) {
			return nil, fmt.Errorf("results: a finding without contents, or of the unknown state %q", f.State)
		}
		r.Findings = append(r.Findings, &Finding{f.State, f.Since, f.Finding})
	}
	for _, t := range x.Tests {
		if t == nil {
			return nil, fmt.Errorf("results: a test without contents")
		}
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("results: %w", err)
		}
		t.History = t.History[max(0, len(t.History)-maxHistory):]
		r.Tests = append(r.Tests, t)
	}
	return r, nil
}
