package files

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/internal/atomicfile"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// rescue is one run of recover.
type rescue struct {
	in, out string
	part    int
	verb.Streams
}

func NewRecover() *cobra.Command {
	var r rescue
	cmd := &cobra.Command{
		Use: "recover IN OUT.reprise",
		Example: verb.Examples(
			"what can be read of a damaged file", "reprise recover damaged.reprise whole.reprise",
		),
		Short: "Save the undamaged parts of a trace file",
		Long: "Write the undamaged events of a trace file to a new one, and print a receipt: the parts without a gap, and\n" +
			"the losses between them. OUT gets the first part, or another one with --part. IN may be - for standard input,\n" +
			"which is copied to a temporary file. The exit code is 0 if nothing was lost, 1 if something was, and 3 if there\n" +
			"is nothing to save.",
		Args: verb.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.in, r.out = args[0], args[1]
			r.Streams = verb.StreamsOf(cmd)
			return r.run()
		},
	}
	cmd.Flags().IntVar(&r.part, "part", 0, "number of the part to write, from the receipt")
	return cmd
}

func (r *rescue) run() error {
	if form, err := base.FormOf(r.out); err != nil || form != source.Reprise {
		return base.Usage("%s: the output is a trace file, whose name must end in %s", r.out, source.Reprise)
	}
	if r.part < 0 {
		return base.Usage("--part %d: the parts are numbered from 0", r.part)
	}
	f, discard, err := r.open()
	if err != nil {
		return err
	}
	defer discard()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return base.BadInput(err)
	}
	rec, err := tracefile.Recover(f, size)
	if err != nil {
		return base.BadInput(fmt.Errorf("%s: %w", r.in, err))
	}
	return r.save(rec)
}

// open opens the input. An input that is not a regular file is copied to a temporary one. The errors have exit codes.
func (r *rescue) open() (f *os.File, discard func(), err error) {
	if r.in == base.Stdio {
		return spooled(r.Stdin)
	}
	f, err = os.Open(r.in)
	if err != nil {
		return nil, nil, base.BadInput(err)
	}
	discard = func() { _ = f.Close() } // it was only read
	info, err := f.Stat()
	switch {
	case err != nil:
		err = base.BadInput(err)
	case info.IsDir():
		err = base.BadInput(fmt.Errorf("%s is a directory", r.in))
	case !info.Mode().IsRegular():
		defer discard()
		return spooled(f)
	default:
		if target, failure := os.Stat(r.out); failure == nil && os.SameFile(info, target) {
			err = base.Usage("%s and %s are the same file; recover never overwrites its input", r.in, r.out)
		}
	}
	if err != nil {
		discard()
		return nil, nil, err
	}
	return f, discard, nil
}

// spooled copies a stream to a temporary file, which discard removes.
func spooled(r io.Reader) (f *os.File, discard func(), err error) {
	scratch, err := atomicfile.Scratch()
	if err != nil {
		return nil, nil, base.Failed(err)
	}
	discard = func() { _ = scratch.Close() } // nothing is lost with it
	if _, err := io.Copy(scratch, r); err != nil {
		discard()
		return nil, nil, base.Failed(err)
	}
	return scratch.File, discard, nil
}

// save writes the requested part and prints the receipt.
func (r *rescue) save(rec *tracefile.Recovery) error {
	if _, err := io.WriteString(r.Stdout, rec.String()); err != nil {
		return base.Failed(err)
	}
	n := len(rec.Parts)
	switch {
	case n == 0 && !rec.Whole:
		return base.BadInput(fmt.Errorf("%s: nothing can be recovered", r.in))
	case n > 0 && r.part >= n || n == 0 && r.part > 0:
		return base.Usage("--part %d: the parts are numbered from 0, and there are %d", r.part, n)
	}
	err := base.ToFile(r.out, func(w io.Writer) error { return writePart(w, rec, r.part) })
	if err != nil {
		return err
	}
	if !rec.Whole {
		return base.Found()
	}
	return nil
}

// writePart writes a part as a trace file.
func writePart(w io.Writer, rec *tracefile.Recovery, part int) error {
	if len(rec.Parts) == 0 { // a complete file without events
		out, err := tracefile.NewWriter(w, rec.Metadata, tracefile.Config{Identity: rec.Identity})
		if err != nil {
			return err
		}
		if rec.End != nil {
			out.SetEnd(*rec.End)
		}
		return out.Close()
	}
	out, err := tracefile.NewWriter(w, rec.Metadata, rec.Config(part))
	if err != nil {
		return err
	}
	if err := rec.Write(part, out); err != nil {
		return base.Abandon(out, err)
	}
	return out.Close()
}
