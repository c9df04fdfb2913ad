// Package report writes what package divergence has found, in every format: text for people, with and without colours,
// Markdown for a job summary, workflow commands of GitHub, JSON, JUnit XML, and two runs side by side. [Of] makes the
// [Report] of a divergence. The package must not know how differences are found.
package report

import (
	"encoding/json"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/reprise-go/reprise/divergence"
)

// A Report is a difference between two runs that can be written in every format. Texts end in a newline. Equal differences
// give equal bytes.
type Report interface {
	Text() string      // for people
	ColorText() string // Text in the colours of a terminal (ANSI), if it has any
	Markdown() string  // for a job summary
	GitHub() string    // a workflow command, see "Workflow commands for GitHub Actions" in GitHub's documentation
	json.Marshaler     // one object; docs/report.md has its form

	junit() *junit.Result
}

// Of returns the report of a divergence, nil if d is nil.
func Of(d *divergence.Divergence) Report {
	if d == nil {
		return nil
	}
	return first{d}
}

// OfCanonical returns the report of a difference in more than the order of independent events, nil if c is nil.
func OfCanonical(c *divergence.Canonical) Report {
	if c == nil {
		return nil
	}
	return layer{c}
}

// first is the [Report] of the first event that differs.
type first struct{ *divergence.Divergence }
