// Package compare holds the verbs that compare traces and explain results: diff and explain. It must not run a
// program.
package compare

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/source"
)

// diffOptions are the values of the flags of diff.
type diffOptions struct {
	base.ReportOptions
	canonical bool
	window    int
}

func NewDiff() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use: "diff EXPECTED ACTUAL",
		Example: verb.Examples(
			"where two runs differ, and why", "reprise diff passing.reprise failing.reprise",
			"as a comment for a pull request", "reprise diff --format markdown passing.reprise failing.reprise",
		),
		Short: "Show the first event at which two traces differ, and why",
		Long: "Compare two traces event by event and report the first difference, its probable cause, and how far the\n" +
			"rest still matches. With --canonical the order of independent events does not matter. The exit code is 0 if\n" +
			"the events are equal, even if the metadata differ, and 1 if the events differ.",
		Args: verb.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return diff(cmd.InOrStdin(), cmd.OutOrStdout(), args[0], args[1], o)
		},
	}
	o.Define(cmd.Flags(), diffFormats)
	cmd.Flags().BoolVar(&o.canonical, "canonical", false, "compare up to the order of independent events")
	cmd.Flags().IntVar(&o.window, "window",
		0, "window in which the runs are aligned after a difference, in events (default 64)")
	return cmd
}

// diffFormats are the formats of a comparison.
var diffFormats = append(slices.Clip(base.ReportFormats), "side-by-side")

func (o diffOptions) validate() error {
	if err := o.Check(diffFormats); err != nil {
		return err
	}
	switch {
	case o.canonical && o.Format == "side-by-side":
		return base.Usage("--canonical ignores the order of events, so it cannot show runs side by side")
	case o.window < 0 || o.window > divergence.MaxWindow:
		return base.Usage("--window %d is not from 0 to %d", o.window, divergence.MaxWindow)
	}
	return nil
}

// openTraces opens two traces for reading. One of them may be standard input.
func openTraces(stdin io.Reader, expectedPath, actualPath string) (expected, actual *base.Input, err error) {
	if expectedPath == base.Stdio && actualPath == base.Stdio {
		return nil, nil, base.Usage("only one of the two traces can be standard input")
	}
	if expected, err = base.OpenInput(stdin, expectedPath, source.Config{}); err != nil {
		return nil, nil, err
	}
	if actual, err = base.OpenInput(stdin, actualPath, source.Config{}); err != nil {
		expected.Close()
		return nil, nil, err
	}
	return expected, actual, nil
}

func diff(stdin io.Reader, stdout io.Writer, expectedPath, actualPath string, o diffOptions) error {
	if err := o.validate(); err != nil {
		return err
	}
	expected, actual, err := openTraces(stdin, expectedPath, actualPath)
	if err != nil {
		return err
	}
	defer expected.Close()
	defer actual.Close()
	c := comparison{in: expected, expected: expected.Cursor(), actual: actual.Cursor(),
		name: expectedPath + " and " + actualPath, diffOptions: o}
	if err := c.compare(); err != nil {
		return base.BadInput(err)
	}
	if err := c.write(stdout); err != nil {
		return base.Failed(err)
	}
	if c.found != nil {
		return base.Found()
	}
	return nil
}

// comparison is one run of diff.
type comparison struct {
	diffOptions
	in               *base.Input // the expected run
	expected, actual source.Source
	name             string

	found report.Report // nil if there is no difference
}

// compare finds the first difference, if any, and aligns the rest.
func (c *comparison) compare() error {
	if c.canonical {
		layer, err := divergence.CompareCanonical(c.expected, c.actual)
		c.found = report.OfCanonical(layer)
		return err
	}
	first, err := divergence.Compare(c.expected, c.actual)
	if c.found = report.Of(first); err != nil || first == nil {
		return err
	}
	e, again := c.expected.(*source.File)
	a, ok := c.actual.(*source.File)
	if !again || !ok {
		return nil
	}
	if err := first.Align(e, a, c.window); err != nil {
		return err
	}
	base.TellTurns(first, e, a, nil)
	return nil
}

// write writes the report.
func (c *comparison) write(w io.Writer) error {
	if c.Format == "side-by-side" {
		var b bytes.Buffer
		if _, err := (report.SideBySide{Window: c.window}).Write(&b, c.expected, c.actual); err != nil {
			return err
		}
		_, err := b.WriteTo(w)
		return err
	}
	return c.Render(w, c)
}

// Value implements [base.Document].
func (c *comparison) Value() any {
	if c.found != nil {
		return c.found
	}
	return equality{report.JSONSchema, true, c.events(), append([]string{}, c.notes()...)}
}

// JUnit implements [base.Document].
func (c *comparison) JUnit(w io.Writer) error {
	return report.JUnit(w, "reprise diff", c.name, c.found)
}

// Text implements [base.Document].
func (c *comparison) Text(colored bool) string {
	switch {
	case c.found != nil:
		return base.TextOf(c.found, c.Format, colored)
	case c.Format == "github":
		return ""
	}
	return c.equal()
}

// equal writes that the runs do not differ.
func (c *comparison) equal() string {
	text, line := "equal", "note: %s\n"
	if c.canonical {
		text = "equal up to the order of independent events"
	}
	text += fmt.Sprintf(": %d events\n", c.events())
	if c.Format == "markdown" {
		text, line = "### The runs are "+text, "\nNote: `%s`\n"
	}
	for _, note := range c.notes() {
		text += fmt.Sprintf(line, note)
	}
	return text
}

// events returns the number of events that were compared if the runs are equal.
func (c *comparison) events() uint64 {
	return c.in.Pos() - max(source.First(c.expected), source.First(c.actual))
}

func (c *comparison) notes() []string {
	notes := divergence.Notes(c.expected, c.actual)
	if unlike := divergence.Unlike(c.expected, c.actual); unlike != "" {
		notes = slices.Insert(notes, 0, unlike)
	}
	return notes
}

type equality struct {
	Schema int      `json:"schema"`
	Equal  bool     `json:"equal"`
	Events uint64   `json:"events"`
	Notes  []string `json:"notes"`
}
