package cli

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/source"
)

// diffOptions are the flags of diff.
type diffOptions struct {
	reportOptions
	canonical bool
	window    int
}

func newDiff() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff EXPECTED ACTUAL",
		Short: "Tell the first event at which two traces differ, and why",
		Long: "Compare two traces event by event and report the first difference, with its probable cause and how far the\n" +
			"rest still matches. With --canonical the order of independent events does not count. The exit code is 0 if\n" +
			"the events are equal, whatever the metadata say, and 1 if they differ.",
		Args: exactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return diff(cmd.InOrStdin(), cmd.OutOrStdout(), args[0], args[1], o)
		},
	}
	o.flags(cmd, diffFormats)
	cmd.Flags().BoolVar(&o.canonical, "canonical", false, "compare up to the order of independent events")
	cmd.Flags().IntVar(&o.window, "window", 0, "how far to look for the continuation after a difference, in events (default 64)")
	return cmd
}

// diffFormats are the formats of a comparison.
var diffFormats = append(slices.Clip(reportFormats), "side-by-side")

func (o diffOptions) validate() error {
	if err := o.check(diffFormats); err != nil {
		return err
	}
	switch {
	case o.canonical && o.format == "side-by-side":
		return usage("--canonical has no order to show side by side")
	case o.window < 0 || o.window > divergence.MaxWindow:
		return usage("--window %d is not from 0 to %d", o.window, divergence.MaxWindow)
	}
	return nil
}

// openTraces opens two traces for reading, one of which may be standard input.
func openTraces(stdin io.Reader, expectedPath, actualPath string) (expected, actual *input, err error) {
	if expectedPath == stdio && actualPath == stdio {
		return nil, nil, usage("only one of the two traces can be standard input")
	}
	if expected, err = openInput(stdin, expectedPath, source.Config{}); err != nil {
		return nil, nil, err
	}
	if actual, err = openInput(stdin, actualPath, source.Config{}); err != nil {
		expected.close()
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
	defer expected.close()
	defer actual.close()
	c := comparison{in: expected, expected: expected.cursor(), actual: actual.cursor(), name: expectedPath + " and " + actualPath, diffOptions: o}
	if err := c.compare(); err != nil {
		return badInput(err)
	}
	if err := c.write(stdout); err != nil {
		return failed(err)
	}
	if c.finding() != nil {
		return found()
	}
	return nil
}

// comparison is one run of diff.
type comparison struct {
	diffOptions
	in               *input // the expected run
	expected, actual source.Source
	name             string

	first *divergence.Divergence
	layer *divergence.Canonical
}

// finding is the difference, nil if there is none.
func (c *comparison) finding() finding {
	switch {
	case c.first != nil:
		return c.first
	case c.layer != nil:
		return c.layer
	}
	return nil
}

// compare finds the first difference, if there is one, and how the rest aligns.
func (c *comparison) compare() (err error) {
	if c.canonical {
		c.layer, err = divergence.CompareCanonical(c.expected, c.actual)
	} else {
		c.first, err = divergence.Compare(c.expected, c.actual)
	}
	if err != nil {
		return err
	}
	e, again := c.expected.(source.Seeker)
	a, ok := c.actual.(source.Seeker)
	if c.first == nil || !again || !ok {
		return nil
	}
	return c.first.Align(e, a, c.window)
}

// write writes the report.
func (c *comparison) write(w io.Writer) error {
	if c.format == "side-by-side" {
		var b bytes.Buffer
		if _, err := (divergence.SideBySide{Window: c.window}).Write(&b, c.expected, c.actual); err != nil {
			return err
		}
		_, err := b.WriteTo(w)
		return err
	}
	return c.render(w, c)
}

// value implements [document].
func (c *comparison) value() any {
	if f := c.finding(); f != nil {
		return f
	}
	return equality{divergence.JSONSchema, true, c.events(), append([]string{}, c.notes()...)}
}

// junit implements [junitDocument].
func (c *comparison) junit(w io.Writer) error {
	if c.canonical {
		return report.CanonicalJUnit(w, "reprise diff", c.name, c.layer)
	}
	return report.JUnit(w, "reprise diff", c.name, c.first)
}

// text implements [document].
func (c *comparison) text(colored bool) string {
	switch f := c.finding(); {
	case f != nil:
		return textOf(f, c.format, colored)
	case c.format == "github":
		return ""
	}
	return c.equal()
}

// equal says that the runs do not differ.
func (c *comparison) equal() string {
	text, line := "equal", "note: %s\n"
	if c.canonical {
		text = "equal up to the order of independent events"
	}
	text += fmt.Sprintf(": %d events\n", c.events())
	if c.format == "markdown" {
		text, line = "### The runs are "+text, "\nNote: `%s`\n"
	}
	for _, note := range c.notes() {
		text += fmt.Sprintf(line, note)
	}
	return text
}

// events returns how many events have been compared if the runs are equal.
func (c *comparison) events() uint64 {
	return c.in.Pos() - max(source.First(c.expected), source.First(c.actual))
}

func (c *comparison) notes() []string {
	return divergence.Notes(c.expected, c.actual)
}

type equality struct {
	Schema int      `json:"schema"`
	Equal  bool     `json:"equal"`
	Events uint64   `json:"events"`
	Notes  []string `json:"notes"`
}
