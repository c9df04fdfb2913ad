package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/reprise-go/reprise/internal/prose"
)

// JUnit writes the result of a comparison as JUnit XML: a suite with one test case, which fails with the text of r,
// or passes if r is nil. It contains no times and host names, so that equal differences give equal bytes. The error
// is that of w.
func JUnit(w io.Writer, suite, name string, r Report) error {
	if r == nil {
		return writeCase(w, suite, name, nil)
	}
	return writeCase(w, suite, name, r.junit())
}

func (d first) junit() *junit.Result {
	return &junit.Result{
		Message: "[" + d.Code() + "] " + d.Summary(), Type: string(d.Category), Data: d.Text() + d.code(),
	}
}

// code returns a section with the code lines and their full paths, or "" if none is known.
func (d first) code() string {
	if d.ExpectedSite == "" && d.ActualSite == "" {
		return ""
	}
	return fmt.Sprintf("\ncode\n  expected  %s\n  actual    %s\n", cmp.Or(prose.Line(d.ExpectedSite), "not known"),
		cmp.Or(prose.Line(d.ActualSite), "not known"))
}

func (c layer) junit() *junit.Result {
	return &junit.Result{
		Message: "the runs differ in more than the order of independent events", Type: "canonical", Data: c.Text(),
	}
}

// FailureJUnit is like [JUnit] for a run that failed, or that did not end as recorded, without events that differ.
// class is a word for the kind of failure; message may be any text.
func FailureJUnit(w io.Writer, suite, name, class, message string) error {
	title, _, _ := strings.Cut(message, "\n")
	return writeCase(w, suite, name, &junit.Result{Message: title, Type: class, Data: prose.Terminal(message, false)})
}

func writeCase(w io.Writer, suite, name string, failure *junit.Result) error {
	s := junit.Testsuite{Name: suite, Time: "0"}
	s.AddTestcase(junit.Testcase{Name: name, Classname: suite, Failure: failure})
	var all junit.Testsuites
	all.AddSuite(s)
	var b strings.Builder
	if err := all.WriteXML(&b); err != nil {
		return err
	}
	_, err := io.WriteString(w, prose.XML(b.String()))
	return err
}
