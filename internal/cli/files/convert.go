package files

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// conversion is one run of convert.
type conversion struct {
	in, out  string
	to       string // form of the output; "" for that of the extension
	renumber bool
	verb.Streams
}

func NewConvert() *cobra.Command {
	var c conversion
	cmd := &cobra.Command{
		Use: "convert IN OUT",
		Example: verb.Examples(
			"as JSON lines, to search in", "reprise convert run.reprise run.jsonl",
			"to another program", "reprise convert --to jsonl run.reprise - | head",
		),
		Short: "Write a trace in another form: .reprise, .msgpack or .jsonl",
		Long: "Write a trace in another form, which the extension of OUT or --to determines. IN and OUT may be - for standard\n" +
			"input and output; standard output needs --to. A file OUT is written completely or not at all.\n\n" +
			"The form .reprise keeps everything, and .jsonl everything but the bytes that the run of an ordinary test took from\n" +
			"outside, which may be secret; a replay then needs the server. The form .msgpack keeps only events and metadata; standard error\n" +
			"names what was lost. It starts with the number of events: if IN does not state it, the events are stored in a\n" +
			"temporary file. It cannot represent a recording that starts in the middle of a run; --renumber makes it start at 0.",
		Args: verb.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.in, c.out = args[0], args[1]
			c.Streams = verb.StreamsOf(cmd)
			return c.run()
		},
	}
	cmd.Flags().StringVar(&c.to, "to", "", "form of OUT: reprise, msgpack or jsonl (default: by its extension)")
	cmd.Flags().BoolVar(&c.renumber, "renumber", false,
		"number the events of a .msgpack file from 0, even if IN starts later")
	return cmd
}

// form returns the form of the output.
func (c *conversion) form() (source.Form, error) {
	switch {
	case c.to != "":
		return base.FormOf("." + strings.TrimPrefix(c.to, "."))
	case c.out == base.Stdio:
		return "", base.Usage("what is written to standard output needs a form: --to reprise, --to msgpack or --to jsonl")
	}
	return base.FormOf(c.out)
}

func (c *conversion) run() error {
	form, err := c.form()
	if err != nil {
		return err
	}
	in, err := base.OpenInput(c.Stdin, c.in, source.Config{})
	if err != nil {
		return err
	}
	defer in.Close()
	if form == source.Msgpack && in.First() > 0 && !c.renumber {
		return base.Usage("%s starts at event %d, and the form .msgpack has no place for that: "+
			"choose another form, or let it start at 0 with --renumber", in.Name, in.First())
	}
	write := func(w io.Writer) error { return c.copy(in, w, form) }
	if c.out == base.Stdio {
		if err := write(c.Stdout); err != nil {
			return base.Coded(err)
		}
		return nil
	}
	return base.ToFile(c.out, write)
}

// copy writes the rest of in to w in a form.
func (c *conversion) copy(in *base.Input, w io.Writer, form source.Form) error {
	events, known := in.Events()
	out, err := base.NewSink(w, form, in.Metadata(), notesOf(in), events, known)
	if err != nil {
		return err
	}
	if err := copyEvents(in, out); err != nil {
		return base.Abandon(out, err)
	}
	calls, err := base.CopyCalls(in, out)
	if err != nil {
		return base.Abandon(out, in.Bad(err))
	}
	if err := out.Close(); err != nil {
		return err
	}
	if m, ok := out.(*base.MsgpackSink); ok {
		if lost := m.Losses(len(in.Identity()) > 0); lost != "" {
			fmt.Fprintf(c.Stderr, "reprise: the form .msgpack has no place for %s: left out\n", lost)
		}
	}
	if calls > 0 {
		fmt.Fprintf(c.Stderr, "reprise: the form %s has no place for what the run took from outside (%s): left out\n", form,
			prose.Count(calls, "call"))
	}
	return nil
}

// notesOf returns the settings for a file with the same identity and start.
func notesOf(in *base.Input) tracefile.Config {
	return tracefile.Config{Identity: in.Identity(), First: in.First(), Time: in.FirstTime()}
}

// copyEvents copies the rest of in to out, with names, sites, notes and the end.
func copyEvents(in *base.Input, out base.Sink) error {
	err := in.Each(func(_ uint64, e event.Event) error {
		for _, n := range in.Names() {
			if n.Region {
				out.NameRegion(event.RegionID(n.ID), n.Name)
			} else {
				out.NameTask(event.TaskID(n.ID), n.Name)
			}
		}
		if site := in.Site(); site != "" {
			out.Site(site)
		}
		if err := copyNotes(in, out); err != nil {
			return err
		}
		return out.Append(e)
	})
	if err == nil {
		err = copyNotes(in, out)
	}
	if err != nil {
		return err
	}
	if end, known := in.End(); known {
		out.SetEnd(end)
	}
	return nil
}

// copyNotes copies the notes of the event that was read last, or of the end.
func copyNotes(in *base.Input, out base.Sink) error {
	notes, err := in.Notes()
	if err != nil {
		return in.Bad(err)
	}
	for _, n := range notes {
		out.Note(n)
	}
	return nil
}
