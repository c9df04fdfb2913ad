package base

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/divergence/report"
)

// ReportFormats are the formats of every report.
var ReportFormats = []string{"text", "json", "markdown", "github", "junit"}

// ReportOptions are the flags of a command that prints a report.
type ReportOptions struct {
	Format string
	Color  string
}

// Define defines the flags.
func (o *ReportOptions) Define(flags interface {
	StringVar(p *string, name, value, usage string)
}, formats []string) {
	flags.StringVar(&o.Format, "format", "text", strings.Join(formats, ", "))
	flags.StringVar(&o.Color, "color", "auto", "colours in text: auto, always, never")
}

// Check checks the values of the flags.
func (o ReportOptions) Check(formats []string) error {
	switch {
	case !slices.Contains(formats, o.Format):
		return Usage("unknown format %q; the formats are %s", o.Format, strings.Join(formats, ", "))
	case !slices.Contains([]string{"auto", "always", "never"}, o.Color):
		return Usage("unknown --color %q; it is auto, always or never", o.Color)
	}
	return nil
}

// Colored reports whether text on w has colours.
func (o ReportOptions) Colored(w io.Writer) bool {
	return o.Color == "always" || o.Color == "auto" && isTerminal(w)
}

// Document is the report of a command in each format.
type Document interface {
	Text(colored bool) string // in the formats text, markdown and github
	Value() any               // in the format json
}

// junitDocument is a Document that also has the format junit.
type junitDocument interface {
	Document
	JUnit(w io.Writer) error
}

// Render writes a document in one write. The document must have the format.
func (o ReportOptions) Render(w io.Writer, d Document) error {
	var b bytes.Buffer
	switch o.Format {
	case "json":
		text, err := json.Marshal(d.Value())
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s\n", text)
	case "junit":
		if err := d.(junitDocument).JUnit(&b); err != nil {
			return err
		}
	default:
		b.WriteString(d.Text(o.Colored(w)))
	}
	_, err := b.WriteTo(w)
	return err
}

// TextOf returns the difference of two runs in one of the formats text, markdown and github.
func TextOf(r report.Report, format string, colored bool) string {
	switch {
	case format == "github":
		return r.GitHub()
	case format == "markdown":
		return r.Markdown()
	case colored:
		return r.ColorText()
	}
	return r.Text()
}

// isTerminal reports whether w is a terminal that shows colours.
func isTerminal(w io.Writer) bool {
	return IsDevice(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// IsDevice reports whether a stream is a terminal or another character device.
func IsDevice(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
