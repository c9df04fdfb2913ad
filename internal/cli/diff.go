package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/source"
)

// diffOptions are the flags of diff.
type diffOptions struct {
	format    string
	canonical bool
	window    int
	color     string
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
	cmd.Flags().StringVar(&o.format, "format", "text", strings.Join(diffFormats, ", "))
	cmd.Flags().BoolVar(&o.canonical, "canonical", false, "compare up to the order of independent events")
	cmd.Flags().IntVar(&o.window, "window", 0, "how far to look for the continuation after a difference, in events (default 64)")
	cmd.Flags().StringVar(&o.color, "color", "auto", "colours in text: auto, always, never")
	return cmd
}

// diffFormats are the formats of a report.
var diffFormats = []string{"text", "json", "markdown", "github", "junit", "side-by-side"}

func (o diffOptions) validate() error {
	switch {
	case !slices.Contains(diffFormats, o.format):
		return usage("unknown format %q; the formats are %s", o.format, strings.Join(diffFormats, ", "))
	case o.canonical && o.format == "side-by-side":
		return usage("--canonical has no order to show side by side")
	case o.window < 0 || o.window > divergence.MaxWindow:
		return usage("--window %d is not from 0 to %d", o.window, divergence.MaxWindow)
	case !slices.Contains([]string{"auto", "always", "never"}, o.color):
		return usage("unknown --color %q; it is auto, always or never", o.color)
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
	c.colored = o.color == "always" || o.color == "auto" && isTerminal(stdout)
	if err := c.compare(); err != nil {
		return badInput(err)
	}
	var b bytes.Buffer
	if err := c.render(&b); err != nil {
		return failed(err)
	}
	if _, err := stdout.Write(b.Bytes()); err != nil {
		return failed(err)
	}
	if c.differ() {
		return found()
	}
	return nil
}

// isTerminal reports whether w is a terminal that may be written to in colours.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// comparison is one run of diff.
type comparison struct {
	diffOptions
	in               *input // the expected run
	expected, actual source.Source
	name             string
	colored          bool

	first *divergence.Divergence
	layer *divergence.Canonical
}

func (c *comparison) differ() bool { return c.first != nil || c.layer != nil }

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

// render writes the report.
func (c *comparison) render(w io.Writer) error {
	switch c.format {
	case "json":
		b, err := json.Marshal(c.value())
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", b)
		return err
	case "junit":
		if c.canonical {
			return report.CanonicalJUnit(w, "reprise diff", c.name, c.layer)
		}
		return report.JUnit(w, "reprise diff", c.name, c.first)
	case "side-by-side":
		_, err := divergence.SideBySide{Window: c.window}.Write(w, c.expected, c.actual)
		return err
	}
	_, err := io.WriteString(w, c.text())
	return err
}

// value is what the JSON form shows.
func (c *comparison) value() any {
	switch {
	case c.layer != nil:
		return c.layer
	case c.first != nil:
		return c.first
	}
	return equality{divergence.JSONSchema, true, c.events(), append([]string{}, c.notes()...)}
}

// text is the report in the formats that are text.
func (c *comparison) text() string {
	switch {
	case c.format == "github" && c.layer != nil:
		return c.layer.GitHub()
	case c.format == "github" && c.first != nil:
		return c.first.GitHub()
	case c.format == "github":
		return ""
	case c.format == "markdown" && c.first != nil:
		return c.first.Markdown()
	case c.format == "markdown" && c.layer != nil:
		return c.layer.Markdown()
	case c.layer != nil:
		return c.layer.Text()
	case c.first != nil && c.colored:
		return c.first.ColorText()
	case c.first != nil:
		return c.first.Text()
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
