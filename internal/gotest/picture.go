package gotest

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/gofiles"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/traceview"
)

// pictures draws a page beside the recording of each finding, which begins with the report, and names it in the last
// line of the report.
func (r *testResults) pictures() {
	dir, err := os.Getwd()
	if err != nil {
		dir = ""
	}
	sources := gofiles.New(gofiles.Module(dir))
	for _, f := range slices.Concat(r.findings, r.notes) {
		if f.Trace == "" {
			continue
		}
		report := strings.TrimRight(f.Report(), "\n")
		path := strings.TrimSuffix(f.Trace, testpath.Ext) + ".html"
		last := "     picture: " + path
		if err := draw(path, f, report, sources); err != nil {
			last = fmt.Sprintf("note: the picture could not be drawn: %v", err)
		}
		f.Text = report + "\n" + indentation(report) + last + "\n"
	}
}

// indentation returns the white space before the commands of a report, which package testing adds to what a test logs.
func indentation(report string) string {
	for line := range strings.SplitSeq(report, "\n") {
		if text := strings.TrimLeft(line, " "); strings.HasPrefix(text, "to reproduce: ") {
			return line[:len(line)-len(text)]
		}
	}
	return ""
}

// picturedTurns is the maximum number of turns in a picture, as for the command view.
const picturedTurns = 2_000

// draw writes the page of a finding.
func draw(path string, f *finding.Finding, report string, sources *gofiles.Finder) error {
	s, err := source.Open(f.Trace, source.Config{})
	if err != nil {
		return err
	}
	defer s.Close()
	m, err := traceview.Read(&s.Stream, traceview.Options{Turns: picturedTurns, Focus: -1})
	if err != nil {
		return err
	}
	m.Report = report
	return base.ToFile(path, func(w io.Writer) error { return traceview.WriteHTML(w, sources.Lines, m) })
}
