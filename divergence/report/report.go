// Package report renders the results of package divergence in every format: text with and without colours, Markdown
// for a job summary, workflow commands of GitHub, JSON, JUnit XML, and two runs side by side. [Of] makes the
// [Report] of a divergence. The package must not know how differences are found.
package report

import (
	"encoding/json"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/reprise-go/reprise/divergence"
)

// A Report is a difference between two runs that can be written in every format. Texts end in a newline. Equal
// differences give equal bytes.
type Report interface {
	Text() string      // for a terminal or a log
	ColorText() string // Text with the colours of a terminal (ANSI), if there are any
	Markdown() string  // for a job summary
	GitHub() string    // a workflow command, see "Workflow commands for GitHub Actions" in GitHub's documentation
	json.Marshaler     // one object; docs/report.md has its form

	junit() *junit.Result
}

// Of returns the report of a divergence, or nil if d is nil.
func Of(d *divergence.Divergence) Report {
	if d == nil {
		return nil
	}
	return first{d}
}

// OfCanonical returns the report of a difference in more than the order of independent events, or nil if c is nil.
func OfCanonical(c *divergence.Canonical) Report {
	if c == nil {
		return nil
	}
	return layer{c}
}

// first is the [Report] of the first event that differs.
type first struct{ *divergence.Divergence }
