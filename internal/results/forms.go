package results

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/reprise-go/reprise/internal/prose"
)

// GitHub writes a workflow command of GitHub Actions for each finding of the merged results.
func (r *Report) GitHub(w io.Writer) error {
	for _, f := range r.Current() {
		if _, err := io.WriteString(w, f.Finding.GitHub()); err != nil {
			return err
		}
	}
	return nil
}

// JUnit writes a suite for each package. A finding is a test case by itself, which fails. So does its test, which
// names it.
func (r *Report) JUnit(w io.Writer) error {
	suites, seconds := map[string]*junit.Testsuite{}, map[string]float64{}
	add := func(pkg string, c junit.Testcase) {
		if suites[pkg] == nil {
			suites[pkg] = &junit.Testsuite{Name: pkg}
		}
		suites[pkg].AddTestcase(c)
	}
	for _, t := range r.Tests {
		if t.Result != "" || t.Runs > 0 {
			add(t.Package, r.junit(t))
			seconds[t.Package] += t.Seconds
		}
	}
	for _, f := range r.Current() {
		c := junit.Testcase{Name: f.Test, Classname: f.Package, Time: "0"} // a part of the time of its test
		if f.Passes {
			c.SystemOut = &junit.Output{Data: "note: " + f.Report()}
		} else {
			c.Failure = &junit.Result{Message: fmt.Sprintf("[%s] %s", f.State, f.Headline()), Type: f.Class, Data: f.Report()}
		}
		add(f.Package, c)
	}
	var all junit.Testsuites
	for _, pkg := range slices.Sorted(maps.Keys(suites)) {
		suites[pkg].Time = fmt.Sprintf("%.3f", seconds[pkg])
		all.AddSuite(*suites[pkg])
	}
	var b strings.Builder
	if err := all.WriteXML(&b); err != nil {
		return err
	}
	_, err := io.WriteString(w, prose.XML(b.String()))
	return err
}

// junit returns the test case of a test.
func (r *Report) junit(t *Test) junit.Testcase {
	c := junit.Testcase{Name: t.Test, Classname: t.Package, Time: fmt.Sprintf("%.3f", t.Seconds)}
	found := ""
	for _, f := range r.failures(t) {
		found += fmt.Sprintf("%s: %s\n", f.Test, f.Headline())
	}
	switch {
	case found != "":
		c.Failure = &junit.Result{Message: fmt.Sprintf("%d of %s failed", t.Failed, prose.Count(t.Runs, "run")), Data: found}
	case t.Result == "skip":
		c.Skipped = &junit.Result{Message: "skipped"}
	case t.Result == "fail":
		c.Failure = &junit.Result{Message: "failed", Data: "the test fails without a finding; see the output of the job"}
	}
	return c
}

// place returns the place of a finding for formats that need one: go.mod where it is not known.
func (f *Finding) place() (file string, line int) { return cmp.Or(f.File, "go.mod"), max(f.Line, 1) }

// GitLab writes the findings as a report of code quality of GitLab; see "Code Quality report format" in its
// documentation. The fingerprint is the signature.
func (r *Report) GitLab(w io.Writer) error {
	type lines struct {
		Begin int `json:"begin"`
	}
	type location struct {
		Path  string `json:"path"`
		Lines lines  `json:"lines"`
	}
	type issue struct {
		Description string   `json:"description"`
		Check       string   `json:"check_name"`
		Fingerprint string   `json:"fingerprint"`
		Severity    string   `json:"severity"`
		Location    location `json:"location"`
	}
	list := []issue{}
	for _, f := range r.Current() {
		file, line := f.place()
		severity := "major"
		if f.Passes {
			severity = "info"
		}
		text := fmt.Sprintf("%s: %s (%s %s)", f.Class, f.Headline(), f.Package, f.Test)
		if c := f.Command(); c != "" {
			text += "; to reproduce: " + c
		}
		list = append(list, issue{text, "reprise " + f.Class, f.Signature, severity, location{file, lines{line}}})
	}
	return indented(w, list)
}

func indented(w io.Writer, v any) error {
	x := json.NewEncoder(w)
	x.SetEscapeHTML(false)
	x.SetIndent("", " ")
	return x.Encode(v)
}
