package gotest

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/wire"
)

// name returns the name of the test or package of a result.
func (t *testResult) name() string { return strings.TrimSpace(t.pkg + " " + t.test) }

// text writes the summary for people.
func (r *testResults) text(w io.Writer) {
	_, _ = io.WriteString(w, r.build.String()) // writing to memory cannot fail, here and below
	for i, f := range slices.Concat(r.findings, r.notes) {
		if i > 0 {
			_, _ = fmt.Fprintln(w)
		}
		label := "note:"
		if i < len(r.findings) {
			label = fmt.Sprintf("%d.", i+1)
		}
		_, _ = io.WriteString(w, f.Entry(label))
	}
	for _, t := range r.others {
		_, _ = fmt.Fprintf(w, "FAIL %s\n%s", t.name(), t.text())
	}
	for _, t := range r.cut {
		_, _ = fmt.Fprintf(w, "interrupted: %s\n%s", t.name(), t.text())
	}
	for _, name := range r.left() {
		_, _ = fmt.Fprintf(w, "not run: %s\n", name)
	}
	_, _ = io.WriteString(w, r.tellAssertions())
	for _, p := range r.pins() {
		_, _ = fmt.Fprintf(w, "%s: %s\n", p.name, p.Text())
	}
	r.coverage(w)
	r.exhaustive(w)
	_, _ = fmt.Fprintln(w, r.summary())
}

// left returns the tests that were not run because time ran out.
func (r *testResults) left() (names []string) {
	for _, t := range r.order {
		for line := range strings.Lines(t.output.String()) {
			if list, ok := strings.CutPrefix(line, notRunPrefix); ok && t.test == "" {
				for _, test := range strings.Split(strings.TrimSpace(list), ", ") {
					names = append(names, t.pkg+" "+test)
				}
			}
		}
	}
	return names
}

// pinResult is the result of a pinned recording, by package and subtest.
type pinResult struct {
	name string
	wire.Pin
}

// pins returns the results of the pinned recordings.
func (r *testResults) pins() (list []pinResult) {
	for _, t := range r.order {
		if p, ok := wire.AttrPin.Parse(t.attrs[wire.AttrPin.Name]); ok {
			list = append(list, pinResult{t.name(), p})
		}
	}
	return list
}

// pinCounts describes how many pinned recordings showed what, "" if there are none.
func (r *testResults) pinCounts() string {
	counts := map[string]int{}
	list := r.pins()
	for _, p := range list {
		counts[p.Verdict]++
	}
	if len(list) == 0 {
		return ""
	}
	text := "; " + prose.Count(len(list), "pin")
	for _, c := range []struct{ verdict, one, more string }{
		{wire.PinFails, "fails as before", "fail as before"}, {wire.PinOther, "fails otherwise", "fail otherwise"},
		{wire.PinPasses, "passes", "pass"}, {wire.PinUnfit, "no longer fits", "no longer fit"},
	} {
		switch n := counts[c.verdict]; {
		case n == 0:
		case len(list) == 1:
			text += ", which " + c.one
		case n == 1:
			text += ", 1 " + c.one
		default:
			text += fmt.Sprintf(", %d %s", n, c.more)
		}
	}
	return text
}

func (r *testResults) summary() string {
	text := fmt.Sprintf("%s in %s", prose.Count(len(r.findings), "finding"), prose.Count(len(r.packages), "package"))
	if n := len(r.others); n > 0 {
		text += ", " + prose.Count(n, "other failure")
	}
	if n := len(r.left()); n > 0 {
		text += fmt.Sprintf(", %s not run", prose.Count(n, "test"))
	}
	if r.interrupted {
		text += ", interrupted"
		if slices.ContainsFunc(r.order, func(t *testResult) bool { return strings.Contains(t.output.String(), resumable) }) {
			text += "; --resume goes on from there"
		}
	}
	if len(r.others) == 0 && !slices.ContainsFunc(r.order, func(t *testResult) bool { return t.test != "" }) {
		text += "; no test was run"
	}
	if r.plain != "" {
		text += "; ordinary tests ran once, uncontrolled: " + r.plain
	}
	return text + r.extent() + r.pinCounts()
}

// extent describes how many runs the tests had.
func (r *testResults) extent() (text string) {
	tests, runs, early := 0, 0, 0
	simulated, made := 0, 0
	for _, t := range r.order {
		if t.simulated > 0 {
			simulated++
			made += t.simulated
		}
		e, ok := wire.AttrRuns.Parse(t.attrs[wire.AttrRuns.Name])
		if !ok {
			continue
		}
		tests++
		runs += e.Ran
		if e.Cut() && t.action == "pass" {
			early++
		}
	}
	if tests > 0 {
		text = fmt.Sprintf("; %s, %s", prose.Count(tests, "ordinary test"), prose.Count(runs, "run"))
	}
	if simulated > 0 {
		text += fmt.Sprintf("; %s, %s", prose.Count(simulated, "simulated test"), prose.Count(made, "run"))
	}
	if early > 0 {
		text += fmt.Sprintf("; time has ended %s: --seeds N or --budget D runs more", prose.Count(early, "test"))
	}
	return text
}

// jsonl writes a line for each finding and each note.
func (r *testResults) jsonl(w io.Writer) error {
	x := json.NewEncoder(w)
	x.SetEscapeHTML(false)
	for _, f := range slices.Concat(r.findings, r.notes) {
		if err := x.Encode(f); err != nil {
			return err
		}
	}
	return nil
}

// markdown writes a summary.
func (r *testResults) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### reprise: %s\n", r.summary())
	for _, f := range slices.Concat(r.findings, r.notes) {
		b.WriteString(f.Markdown())
	}
	for _, t := range r.others {
		fmt.Fprintf(&b, "\nFAIL %s\n\n%s", prose.MarkdownCode(t.name()), prose.MarkdownFence("", t.text()))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// junit writes a suite for each package, with its tests. It includes subtests that fail by themselves, and those that
// are notes.
func (r *testResults) junit(w io.Writer) error {
	var all junit.Testsuites
	for _, pkg := range r.sortedPackages() {
		suite := junit.Testsuite{Name: pkg, Time: "0"}
		for _, t := range r.order {
			if t.pkg == pkg && t.inJUnit() {
				suite.AddTestcase(t.junit())
			}
		}
		if i := slices.IndexFunc(r.others, func(t *testResult) bool { return t.pkg == pkg && t.test == "" }); i >= 0 {
			suite.AddTestcase(junit.Testcase{Name: "package", Classname: pkg, Time: "0", Failure: &junit.Result{
				Message: "the package fails", Data: r.others[i].text() + r.build.String(),
			}})
		}
		all.AddSuite(suite)
	}
	var b strings.Builder
	if err := all.WriteXML(&b); err != nil {
		return err
	}
	_, err := io.WriteString(w, prose.XML(b.String()))
	return err
}

func (r *testResults) sortedPackages() (list []string) {
	for _, t := range r.order {
		if len(list) == 0 || list[len(list)-1] != t.pkg {
			list = append(list, t.pkg)
		}
	}
	return list
}

// inJUnit reports whether t is a test case by itself.
func (t *testResult) inJUnit() bool {
	_, told := t.finding()
	return t.test != "" && (told || t.action != "pass" || !strings.Contains(t.test, "/"))
}

// junit returns the test case of a test.
func (t *testResult) junit() junit.Testcase {
	c := junit.Testcase{Name: t.test, Classname: t.pkg, Time: fmt.Sprintf("%.3f", t.elapsed)}
	f, ok := t.finding()
	switch {
	case t.action == "skip":
		c.Skipped = &junit.Result{Message: "skipped"}
	case t.action == "fail" && ok:
		c.Failure = &junit.Result{Message: f.Headline(), Type: f.Class, Data: f.Report()}
	case t.action == "fail":
		c.Failure = &junit.Result{Message: "failed", Data: t.text()}
	case t.action == "pass" && ok:
		c.SystemOut = &junit.Output{Data: "note: " + f.Report()}
	case t.action == "":
		c.Error = &junit.Result{Message: "it has not come to an end", Data: t.text()}
	}
	return c
}
