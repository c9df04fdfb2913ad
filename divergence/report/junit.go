// Package report writes divergences in forms that need more than the standard library: JUnit XML.
package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/reprise-go/reprise/divergence"
)

// JUnit writes the outcome of one comparison as JUnit XML: a suite with one test case, which fails with the text of the
// report, and the code lines with their whole paths, if the runs diverge, and passes if d is nil. Neither times nor host names are in it, so that equal divergences
// give equal bytes. The error is that of w.
func JUnit(w io.Writer, suite, name string, d *divergence.Divergence) error {
	if d == nil {
		return writeCase(w, suite, name, nil)
	}
	return writeCase(w, suite, name, &junit.Result{
		Message: "[" + d.Code() + "] " + d.Summary(), Type: string(d.Category), Data: d.Text() + code(d),
	})
}

// code is a section with the code lines, "" if none is known.
func code(d *divergence.Divergence) string {
	if d.ExpectedSite == "" && d.ActualSite == "" {
		return ""
	}
	return fmt.Sprintf("\ncode\n  expected  %s\n  actual    %s\n", cmp.Or(d.ExpectedSite, "not known"), cmp.Or(d.ActualSite, "not known"))
}

// CanonicalJUnit is [JUnit] for a comparison up to the order of independent events.
func CanonicalJUnit(w io.Writer, suite, name string, c *divergence.Canonical) error {
	if c == nil {
		return writeCase(w, suite, name, nil)
	}
	return writeCase(w, suite, name, &junit.Result{
		Message: "the runs differ in more than the order of independent events", Type: "canonical", Data: c.Text(),
	})
}

// FailureJUnit is [JUnit] for a run that failed, or was to be as it was recorded and is not, without events that differ.
// The class is a word for what went wrong, the message may be any text.
func FailureJUnit(w io.Writer, suite, name, class, message string) error {
	title, _, _ := strings.Cut(message, "\n")
	return writeCase(w, suite, name, &junit.Result{Message: title, Type: class, Data: message})
}

func writeCase(w io.Writer, suite, name string, failure *junit.Result) error {
	s := junit.Testsuite{Name: suite, Time: "0"}
	s.AddTestcase(junit.Testcase{Name: name, Classname: suite, Failure: failure})
	var all junit.Testsuites
	all.AddSuite(s)
	return all.WriteXML(w)
}
