package gotest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/source"
)

// difference returns the first event at which two runs differ, with the details of `reprise diff`, or nil if their
// events are equal. Their verdicts and their output may differ even then. The errors are those of the file system.
func difference(expected, actual *gort.Outcome) (d *divergence.Divergence, err error) {
	dir, err := os.MkdirTemp("", "reprise-difference-")
	if err != nil {
		return nil, fmt.Errorf("gotest: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "expected.reprise")
	if err := expected.Save(path, "", nil); err != nil {
		return nil, err
	}
	c, err := Compare(path, actual)
	return c.First, err
}

// Comparison is the result of comparing a run with a recorded one.
type Comparison struct {
	First  *divergence.Divergence // first difference, with the details of `reprise diff`; nil if there is none
	Events uint64                 // number of events of the run
}

// Compare compares a run with the one in a trace file. For a replay that diverged, the comparison has no alignment of
// the rest of the runs after the first difference, because the rest of the replay was cut off. It has notes instead
// about the choice that did not fit. The errors are those of reading the file, and of the file system.
func Compare(path string, actual *gort.Outcome) (c Comparison, err error) {
	dir, err := os.MkdirTemp("", "reprise-difference-")
	if err != nil {
		return c, fmt.Errorf("gotest: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	expected, err := source.Open(path, source.Config{})
	if err != nil {
		return c, err
	}
	defer expected.Close() // closing a file that was only read cannot lose data
	saved := filepath.Join(dir, "actual.reprise")
	if err := actual.Save(saved, expected.Metadata().Description, expected.Identity()); err != nil {
		return c, err
	}
	run, err := source.Open(saved, source.Config{})
	if err != nil {
		return c, err
	}
	defer run.Close() // closing a file that was only read cannot lose data
	c.Events, _ = run.Len()
	d, err := divergence.Compare(expected, run)
	if d == nil || err != nil {
		return c, err
	}
	c.First = d
	base.TellTurns(d, expected, run, newSources(actual).line)
	switch actual.Verdict {
	case gort.Diverged:
		d.Notes = append(d.Notes, strings.Split(actual.Failure(), "\n")...)
		if d.Turns != nil && d.Turns.Actual == "" {
			d.Turns.Expected, d.Turns.Actual = actual.Choices()
		}
		return c, nil
	case gort.Passed:
	default:
		d.RunError = fewLines(actual.Failure())
	}
	return c, d.Align(expected, run, 0)
}

// fewLines returns the lines of a text that fit into a report.
func fewLines(text string) string {
	const most = 6
	lines := strings.Split(text, "\n")
	if len(lines) > most {
		lines = append(lines[:most-1], "…")
	}
	return strings.Join(lines, "\n")
}
