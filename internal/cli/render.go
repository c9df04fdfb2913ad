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
)

// reportFormats are the formats of every report.
var reportFormats = []string{"text", "json", "markdown", "github", "junit"}

// reportOptions are the flags of a command that reports what it found.
type reportOptions struct {
	format string
	color  string
}

// flags defines the flags.
func (o *reportOptions) flags(cmd *cobra.Command, formats []string) {
	cmd.Flags().StringVar(&o.format, "format", "text", strings.Join(formats, ", "))
	cmd.Flags().StringVar(&o.color, "color", "auto", "colours in text: auto, always, never")
}

// check checks what the flags say.
func (o reportOptions) check(formats []string) error {
	switch {
	case !slices.Contains(formats, o.format):
		return usage("unknown format %q; the formats are %s", o.format, strings.Join(formats, ", "))
	case !slices.Contains([]string{"auto", "always", "never"}, o.color):
		return usage("unknown --color %q; it is auto, always or never", o.color)
	}
	return nil
}

// colored reports whether text on w has colours.
func (o reportOptions) colored(w io.Writer) bool {
	return o.color == "always" || o.color == "auto" && isTerminal(w)
}

// document is what a command reports, in each format.
type document interface {
	text(colored bool) string // in the formats text, markdown and github
	value() any               // in the format json
}

// junitDocument is a document that has the format junit too.
type junitDocument interface {
	document
	junit(w io.Writer) error
}

// render writes a document, all at once. It must have the format.
func (o reportOptions) render(w io.Writer, d document) error {
	var b bytes.Buffer
	switch o.format {
	case "json":
		text, err := json.Marshal(d.value())
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s\n", text)
	case "junit":
		if err := d.(junitDocument).junit(&b); err != nil {
			return err
		}
	default:
		b.WriteString(d.text(o.colored(w)))
	}
	_, err := b.WriteTo(w)
	return err
}

// finding is a difference of two runs: a divergence, or a canonical one.
type finding interface {
	Text() string
	Markdown() string
	GitHub() string
}

// textOf returns a finding in one of the formats that are text.
func textOf(f finding, format string, colored bool) string {
	switch format {
	case "github":
		return f.GitHub()
	case "markdown":
		return f.Markdown()
	}
	if c, ok := f.(interface{ ColorText() string }); ok && colored {
		return c.ColorText()
	}
	return f.Text()
}

// isTerminal reports whether w is a terminal that may be written to in colours.
func isTerminal(w io.Writer) bool {
	return isDevice(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// isDevice reports whether a stream is a terminal, or another device of characters.
func isDevice(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
