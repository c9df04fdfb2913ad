// Package view holds the verbs that make pictures of traces: view and export. It must not run a program.
package view

import (
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/gofiles"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/traceview"
)

// options are the values of the flags of view.
type options struct {
	output string
	text   bool
	line   bool
	width  int
	turns  int
	at     int64
	root   string
}

// mostTurns bounds --turns, so that a picture of a hostile file stays small.
const mostTurns = 100_000

// NewView returns the command view.
func NewView() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "view FILE [FILE2]",
		Short: "Draw a trace, or two with their first difference, as a page or as text",
		Long: "Draw a recorded run. With -o OUT.html the picture is one page for a browser, which needs no network: a lane for\n" +
			"each task, with what it did, what it waited for and which task held that; wake-ups as arrows; timers, faults,\n" +
			"preemptions and the failure as marks; a search, a zoom, and a table. With a second file both runs are drawn,\n" +
			"aligned at the first event that differs.\n\n" +
			"With --text the picture is text with a column for each task, and with --line one line for a bug report.\n\n" +
			"A long run is drawn in part: the turns around its failure, its end, the difference, or --at. The picture says\n" +
			"what is left out. A damaged file is drawn as far as it is whole, and the exit code is 3.",
		Example: verb.Examples(
			"a page for a browser", "reprise view failed.reprise -o run.html",
			"two runs, aligned where they part", "reprise view failed.reprise passed.reprise -o both.html",
			"text with a column for each task", "reprise view --text failed.reprise",
		),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 && len(args) != 2 {
				return base.Usage("%d arguments instead of 1 or 2: %s", len(args), cmd.UseLine())
			}
			if err := o.check(cmd, args); err != nil {
				return err
			}
			return o.view(cmd, args)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "write a page to this file; - is standard output")
	f.BoolVar(&o.text, "text", false, "print columns of text")
	f.BoolVar(&o.line, "line", false, "print one line")
	f.IntVar(&o.width, "width", 0, "width of the text in characters (default: that of the terminal, or 100)")
	f.IntVar(&o.turns, "turns", 2_000, "number of turns that are drawn at most")
	f.Int64Var(&o.at, "at", -1, "draw the turns around the event with this index")
	f.StringVar(&o.root, "source", ".", "show lines of the Go files in this folder and below; \"\" for none")
	return cmd
}

func (o options) check(cmd *cobra.Command, args []string) error {
	forms := 0
	for _, given := range []bool{o.output != "", o.text, o.line} {
		if given {
			forms++
		}
	}
	switch {
	case forms == 0:
		return base.Usage("give -o FILE.html for a page, --text for text, or --line for one line")
	case forms > 1:
		return base.Usage("-o, --text and --line exclude each other")
	case len(args) == 2 && o.output == "":
		return base.Usage("two traces are drawn as a page only; give -o FILE.html, or use reprise diff")
	case o.turns < 1 || o.turns > mostTurns:
		return base.Usage("--turns %d is not from 1 to %d", o.turns, mostTurns)
	case cmd.Flags().Changed("at") && o.at < 0:
		return base.Usage("--at %d is not the index of an event", o.at)
	case len(args) == 2 && o.at >= 0:
		return base.Usage("two traces are drawn at their difference; --at is for one")
	case cmd.Flags().Changed("width") && (o.width < 60 || o.width > 1_000):
		return base.Usage("--width %d is not from 60 to 1000", o.width)
	}
	return nil
}

func (o options) view(cmd *cobra.Command, args []string) error {
	stdout := cmd.OutOrStdout()
	list, damage := o.models(cmd.InOrStdin(), args)
	if list == nil {
		return damage
	}
	var err error
	switch {
	case o.text:
		err = list[0].WriteText(stdout, o.columns(stdout))
	case o.line:
		_, err = io.WriteString(stdout, list[0].Line()+"\n")
	default:
		page := func(w io.Writer) error { return traceview.WriteHTML(w, gofiles.New(o.root).Lines, list...) }
		if o.output == base.Stdio {
			err = page(stdout)
		} else {
			err = base.ToFile(o.output, page)
		}
	}
	if err != nil {
		return base.Failed(err)
	}
	return damage
}

// columns returns the width of the text.
func (o options) columns(stdout io.Writer) int {
	if o.width > 0 {
		return o.width
	}
	if f, ok := stdout.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return width
		}
	}
	return 100
}

// models reads the traces. The error is that of a damaged one, of which there is a model, or there are no models.
func (o options) models(stdin io.Reader, paths []string) (list []*traceview.Model, damage error) {
	opt := []traceview.Options{{Turns: o.turns, Focus: o.at}}
	if len(paths) == 2 {
		var err error
		if opt, err = difference(stdin, paths, o.turns); err != nil {
			return nil, err
		}
	}
	for i, path := range paths {
		in, err := base.OpenInput(stdin, path, source.Config{})
		if err != nil {
			return nil, errors.Join(err, damage)
		}
		m, err := traceview.Read(in.Stream, opt[i])
		if err != nil {
			damage = in.Bad(err)
		}
		in.Close()
		list = append(list, m)
	}
	return list, damage
}

// difference finds the first event at which two traces differ. A trace that is damaged behind it can be drawn.
func difference(stdin io.Reader, paths []string, turns int) ([]traceview.Options, error) {
	var in [2]*base.Input
	for i, path := range paths {
		if path == base.Stdio {
			return nil, base.Usage("view reads a trace twice to compare it, so it must be a file")
		}
		var err error
		if in[i], err = base.OpenInput(stdin, path, source.Config{}); err != nil {
			return nil, err
		}
		defer in[i].Close()
	}
	opt := []traceview.Options{{Turns: turns, Focus: -1}, {Turns: turns, Focus: -1}}
	d, err := divergence.Compare(in[0].Cursor(), in[1].Cursor())
	if err != nil {
		return nil, base.BadInput(err)
	}
	if d != nil {
		for i := range opt {
			opt[i].Focus, opt[i].Difference = int64(d.Index), d.Summary()
		}
	}
	return opt, nil
}
