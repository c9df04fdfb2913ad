package cli

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
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

func newDump() *cobra.Command {
	var f filter
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "dump FILE",
		Short: "Print the events of a trace",
		Long: "Print the metadata and the events of a trace, one a line: index, virtual time where it changes, kind, fields with\n" +
			"the names of tasks and regions, and the line of the code, as far as the file has them. FILE may be -.\n\n" +
			"With --json and no filter the output is the trace in the form .jsonl, with everything that the file has; convert\n" +
			"makes the same file of it again. With filters it is the metadata and the events that pass; each then has two more\n" +
			"keys, index and time (virtual, in nanoseconds), since the line no longer tells the index. A part of a trace that\n" +
			"--from, --to, --since and --until cut out is a recording that starts later, and convert takes it as that.\n\n" +
			"In files of the form .reprise, --from and --since take a few reads, however long the file is.",
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			in, err := openInput(cmd.InOrStdin(), args[0], source.Config{})
			if err != nil {
				return err
			}
			defer in.close()
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
func dumpAll(stdout io.Writer, in *input) error {
	out, err := tracefile.NewJSONLWriter(stdout, in.Metadata(), notesOf(in))
	if err != nil {
		return failed(err)
	}
	bad := copyEvents(in, out)
	if err := out.Close(); err != nil {
		return failed(err)
	}
	return bad
}

// printer prints events.
type printer struct {
	w       *bufio.Writer
	in      *input
	names   *nameBook
	now     uint64 // virtual time after the event
	last    uint64 // that of the last line
	counted bool   // the header tells the number of events
	width   int    // of indices
	shown   uint64
	line    []byte
	text    strings.Builder
}

func newPrinter(w io.Writer, in *input) *printer {
	return &printer{w: bufio.NewWriter(w), in: in, names: newNameBook(in.Stream), width: indexWidth}
}

// dump prints the events that pass a filter. What could be read of a bad file is printed.
func dump(stdout io.Writer, in *input, f filter, asJSON bool) error {
	p := newPrinter(stdout, in)
	if !asJSON {
		p.header()
	}
	err := p.events(f, asJSON)
	switch {
	case asJSON && p.shown == 0:
		p.jsonHeader(f, in.First(), in.FirstTime())
	case err == nil && !asJSON:
		p.footer(f)
	}
	if err := p.w.Flush(); err != nil {
		return failed(err)
	}
	return err
}

// events prints the events that pass.
func (p *printer) events(f filter, asJSON bool) error {
	if err := f.place(p.in); err != nil {
		return p.in.bad(err)
	}
	p.now = p.in.Time()
	err := p.in.each(func(index uint64, e event.Event) error {
		p.names.learn()
		before := p.now
		p.now = p.in.Time()
		switch {
		case f.over(index, p.now):
			return errEnough
		case !f.wants(index, p.now, e, p.names):
			return nil
		case asJSON && p.shown == 0:
			p.jsonHeader(f, index, before)
			fallthrough
		case asJSON:
			return p.json(index, e)
		}
		return p.row(index, e)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// header prints the metadata.
func (p *printer) header() {
	m := p.in.Metadata()
	p.w.WriteString("# ")
	n, known := p.in.events()
	if p.counted = known; known {
		fmt.Fprintf(p.w, "%d events, ", n)
		p.width = max(p.width, len(strconv.FormatUint(p.in.First()+n, 10)))
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
		fmt.Fprintf(p.w, "# starts at event %d, virtual time %s\n", first, nanos(p.in.FirstTime()))
	}
}

// identityText shows an identity, in the order of the keys.
func identityText(id tracefile.Identity) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(id)) {
		fmt.Fprintf(&b, " %s=%s", key, plainOrQuoted(id[key]))
	}
	return b.String()
}

// plainOrQuoted puts quotes around a text that would not be read as one word.
func plainOrQuoted(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// The columns of a line.
const (
	indexWidth = 6 // at least
	timeWidth  = 13
	kindWidth  = 15 // of the longest kinds
	whatWidth  = 44
)

// row prints an event for people.
func (p *printer) row(index uint64, e event.Event) error {
	now := ""
	if p.shown == 0 || p.now != p.last {
		now, p.last = nanos(p.now), p.now
	}
	p.shown++
	p.text.Reset()
	writeFields(&p.text, e, p.names.of)
	_, err := p.w.WriteString(eventLine(p.width, index, now, e.Kind(), p.text.String(), p.in.Site()))
	return written(err)
}

// eventLine returns the line of an event, with its fields as writeFields writes them, and where in the code it came from.
func eventLine(width int, index uint64, now string, kind event.Kind, fields, site string) string {
	if site != "" {
		site = "  " + plainOrQuoted(site)
		fields = fmt.Sprintf("%-*s", whatWidth, fields)
	}
	return fmt.Sprintf("%*d %*s  %-*s%s%s\n", width, index, timeWidth, now, kindWidth, kind, fields, site)
}

// writeFields writes the fields of an event with the names of what they name, each after a space.
func writeFields(b *strings.Builder, e event.Event, nameOf func(event.Field, event.Value) string) {
	for f, v := range e.Fields() {
		fmt.Fprintf(b, " %s=%v", f.Name, v)
		if name := nameOf(f, v); name != "" {
			fmt.Fprintf(b, " %q", name)
		}
	}
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
	return written(err)
}

// footer prints what is known only now.
func (p *printer) footer(f filter) {
	switch {
	case f.given:
		fmt.Fprintf(p.w, "# %d events shown\n", p.shown)
	case !p.counted:
		fmt.Fprintf(p.w, "# %d events\n", p.shown)
	}
	if end, known := p.in.End(); known {
		fmt.Fprintf(p.w, "# ends: %s", plainOrQuoted(end.Reason))
		if end.Message != "" {
			fmt.Fprintf(p.w, ": %s", plainOrQuotedLine(end.Message))
		}
		p.w.WriteString("\n")
	}
}

// plainOrQuotedLine puts quotes around a text that would not stay on one line.
func plainOrQuotedLine(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
