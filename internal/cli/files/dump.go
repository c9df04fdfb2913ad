// Package files holds the verbs that read and write trace files: dump, stats, verify, convert and recover. It must not
// run a program.
package files

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

func NewDump() *cobra.Command {
	var f filter
	var asJSON bool
	cmd := &cobra.Command{
		Use: "dump FILE",
		Example: verb.Examples(
			"all events", "reprise dump run.reprise",
			"some of them", "reprise dump --from 50 --to 63 run.reprise",
		),
		Short: "Print the events of a trace",
		Long: "Print the metadata and the events of a trace, one a line: index, virtual time where it changes, kind, fields with\n" +
			"the names of tasks and regions, and the line of the code, as far as the file has them. Above an event stands what\n" +
			"else is known: why a task stopped, what it waits for, who holds that, who woke it. In the recording of an ordinary\n" +
			"test a preemption, a leap of time and a goroutine let in from outside are called so. FILE may be -.\n\n" +
			"With --json and no filter the output is the trace in the form .jsonl, with all that is in the file but bytes from outside; convert\n" +
			"makes the same file of it again. With filters it is the metadata and the events that pass; each then has two more\n" +
			"keys, index and time (virtual, in nanoseconds), since the line no longer tells the index. A part of a trace that\n" +
			"--from, --to, --since and --until cut out is a recording that starts later, and convert takes it as that.\n\n" +
			"In files of the form .reprise, --from and --since take a few reads, however long the file is.",
		Args: verb.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			in, err := base.OpenInput(cmd.InOrStdin(), args[0], source.Config{})
			if err != nil {
				return err
			}
			defer in.Close()
			if asJSON && !f.given {
				return dumpAll(cmd.OutOrStdout(), in)
			}
			return dump(cmd.OutOrStdout(), in, f, asJSON)
		},
	}
	f.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON lines")
	return cmd
}

// dumpAll prints a trace in the form .jsonl. What could be read of a bad file is printed.
func dumpAll(stdout io.Writer, in *base.Input) error {
	out, err := tracefile.NewJSONLWriter(stdout, in.Metadata(), notesOf(in))
	if err != nil {
		return base.Failed(err)
	}
	bad := copyEvents(in, out)
	if err := out.Close(); err != nil {
		return base.Failed(err)
	}
	return bad
}

// printer prints events.
type printer struct {
	w       *bufio.Writer
	in      *base.Input
	rows    *base.Rows
	now     uint64 // virtual time after the event
	counted bool   // the header tells the number of events
	shown   uint64
	line    []byte
}

func newPrinter(stdout io.Writer, in *base.Input) *printer {
	w := bufio.NewWriter(stdout)
	return &printer{w: w, in: in, rows: rowsWithNotes(w, in)}
}

// dump prints the events that pass a filter. What could be read of a bad file is printed.
func dump(stdout io.Writer, in *base.Input, f filter, asJSON bool) error {
	p := newPrinter(stdout, in)
	if !asJSON {
		p.header()
	}
	err := p.events(f, asJSON)
	switch {
	case asJSON && p.shown == 0:
		p.jsonHeader(f, in.First(), in.FirstTime())
	case err == nil && !asJSON:
		if !f.given {
			err = p.rows.WriteNotes()
		}
		p.footer(f)
	}
	if err := p.w.Flush(); err != nil {
		return base.Failed(err)
	}
	return err
}

// rowsWithNotes returns rows that show notes.
func rowsWithNotes(w *bufio.Writer, in *base.Input) *base.Rows {
	rows := base.NewRows(w, in)
	rows.Notes = true
	return rows
}

// events prints the events that pass.
func (p *printer) events(f filter, asJSON bool) error {
	if err := f.place(p.in); err != nil {
		return p.in.Bad(err)
	}
	p.now = p.in.Time()
	err := p.in.Each(func(index uint64, e event.Event) error {
		p.rows.Names.Learn()
		before := p.now
		p.now = p.in.Time()
		switch {
		case f.over(index, p.now):
			return base.ErrEnough
		case !f.wants(index, p.now, e, p.rows.Names):
			return nil
		case asJSON && p.shown == 0:
			p.jsonHeader(f, index, before)
			fallthrough
		case asJSON:
			return p.json(index, e)
		}
		p.shown++
		return p.rows.Row(index, p.now, e)
	})
	if errors.Is(err, base.ErrEnough) {
		return nil
	}
	return err
}

// header prints the metadata.
func (p *printer) header() {
	m := p.in.Metadata()
	p.w.WriteString("# ")
	n, known := p.in.Events()
	if p.counted = known; known {
		fmt.Fprintf(p.w, "%d events, ", n)
		p.rows.Widen(p.in.First() + n)
	}
	fmt.Fprintf(p.w, "schema version %d, seed %d, config hash %#x", m.Version, m.Seed, m.ConfigHash)
	if m.RecordedAt != 0 {
		fmt.Fprintf(p.w, ", recorded at %d", m.RecordedAt)
	}
	if m.Description != "" {
		fmt.Fprintf(p.w, ", %q", m.Description)
	}
	p.w.WriteString("\n")
	if id := p.in.Identity(); len(id) > 0 {
		fmt.Fprintf(p.w, "# identity:%s\n", identityText(id))
	}
	if first := p.in.First(); first > 0 {
		fmt.Fprintf(p.w, "# starts at event %d, virtual time %s\n", first, base.Nanos(p.in.FirstTime()))
	}
}

// identityText shows an identity, in the order of the keys.
func identityText(id tracefile.Identity) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(id)) {
		fmt.Fprintf(&b, " %s=%s", base.PlainOrQuoted(key), base.PlainOrQuoted(id[key]))
	}
	return b.String()
}

// jsonHeader prints the metadata for machines. The first event has an index, and comes after a virtual time.
func (p *printer) jsonHeader(f filter, first, time uint64) {
	line := p.in.Metadata().AppendJSON(nil)
	if f.contiguous() && first > 0 {
		line = fmt.Appendf(line[:len(line)-1], `,"first":%d,"time":%d}`, first, time)
	}
	fmt.Fprintf(p.w, "%s\n", line)
}

// json prints an event for machines.
func (p *printer) json(index uint64, e event.Event) error {
	p.shown++
	b := e.AppendJSON(p.line[:0])
	b = append(b[:len(b)-1], `,"index":`...)
	b = strconv.AppendUint(b, index, 10)
	b = append(b, `,"time":`...)
	b = strconv.AppendUint(b, p.now, 10)
	p.line = append(b, '}', '\n')
	_, err := p.w.Write(p.line)
	return base.Written(err)
}

// footer prints what is known only now.
func (p *printer) footer(f filter) {
	switch {
	case f.given:
		fmt.Fprintf(p.w, "# %d events shown\n", p.shown)
	case !p.counted:
		fmt.Fprintf(p.w, "# %d events\n", p.shown)
	}
	if text := outsideText(outsideOf(p.in)); text != "" && !f.given {
		fmt.Fprintf(p.w, "# from outside: %s\n", text)
	}
	if end, known := p.in.End(); known {
		fmt.Fprintf(p.w, "# ends: %s", base.PlainOrQuoted(end.Reason))
		if end.Message != "" {
			fmt.Fprintf(p.w, ": %s", base.PlainOrQuotedLine(end.Message))
		}
		p.w.WriteString("\n")
	}
}
