package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/source"
)

func run(description string, events ...event.Event) source.Source {
	tr := event.NewTrace(event.NewMetadata(1))
	tr.Metadata.Description = description
	for _, e := range events {
		tr.Append(e)
	}
	return source.FromTrace(tr)
}

// pair is two runs whose report is full of what XML gives a meaning to.
func pair() (expected, actual source.Source) {
	task := event.NewTaskID(1, 0)
	return run("a <b> & ]]> \x01 \"c\"", event.TaskScheduled(task, 1), event.IoReady(7, event.Readable|event.Hangup)),
		run("d", event.TaskScheduled(task, 1), event.RngValue(5))
}

func TestJUnit(t *testing.T) {
	d, err := divergence.Compare(pair())
	if err != nil {
		t.Fatal(err)
	}
	c, err := divergence.CompareCanonical(pair())
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(io.Writer) error{
		"diverged.xml": func(w io.Writer) error { return report.JUnit(w, "reprise diff", "a & b", report.Of(d)) },
		"equal.xml":    func(w io.Writer) error { return report.JUnit(w, "reprise diff", "a & b", nil) },
		"canonical.xml": func(w io.Writer) error {
			return report.JUnit(w, "reprise diff", "a & b",
				report.OfCanonical(c))
		},
		"canonical-equal.xml": func(w io.Writer) error { return report.JUnit(w, "reprise diff", "a & b", nil) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, name, b.String())
		wantText(t, name, b.Bytes(), d, c)
		if err := write(broken{}); !errors.Is(err, errBroken) {
			t.Errorf("%s: a writer that fails gives %v", name, err)
		}
	}
}

// wantText reads the XML back: the text of the failure is that of the report, and nothing tells of the machine.
func wantText(t *testing.T, name string, b []byte, d *divergence.Divergence, c *divergence.Canonical) {
	t.Helper()
	var suites struct {
		Suites []struct {
			Timestamp string `xml:"timestamp,attr"`
			Hostname  string `xml:"hostname,attr"`
			Cases     []struct {
				Failure *struct {
					Data string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b, &suites); err != nil {
		t.Fatalf("%s is no XML: %v", name, err)
	}
	s := suites.Suites[0]
	if s.Timestamp != "" || s.Hostname != "" {
		t.Errorf("%s tells of the machine: %+v", name, s)
	}
	switch failure := s.Cases[0].Failure; {
	case strings.HasSuffix(name, "equal.xml"):
		if failure != nil {
			t.Errorf("%s has a failure", name)
		}
	case name == "diverged.xml" && failure.Data != report.Of(d).Text(), name == "canonical.xml" &&
		failure.Data != report.OfCanonical(c).Text():
		t.Errorf("%s has another text than the report:\n%s", name, failure.Data)
	}
}

// TestJUnitHasWholePaths has code lines, of which the text has the base names only.
func TestJUnitHasWholePaths(t *testing.T) {
	d := divergence.Describe(divergence.Mismatch{Actual: []event.Event{event.RngValue(5)},
		ActualSite: "internal/pool/pool.go:66"})
	var b bytes.Buffer
	if err := report.JUnit(&b, "suite", "case", report.Of(d)); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); !strings.Contains(text, "code\n  expected  not known\n  actual    internal/pool/pool.go:66") {
		t.Errorf("the code lines are not there:\n%s", text)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }
