package base

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// The widths of the columns of a line.
const (
	IndexWidth = 6 // minimum
	timeWidth  = 13
	kindWidth  = 15 // of the longest kinds
	whatWidth  = 44
)

// Rows prints the events of an input as a table for people.
type Rows struct {
	w     *bufio.Writer
	in    *Input
	Names *NameBook
	width int    // width of the indices
	last  uint64 // virtual time of the previous row
	any   bool   // a row has been printed
	text  strings.Builder

	Notes    bool // show the notes of an event above it
	ordinary bool // the input is an ordinary run
}

// NewRows returns rows on w. The caller flushes w.
func NewRows(w *bufio.Writer, in *Input) *Rows {
	return &Rows{w: w, in: in, Names: NewNameBook(in.Stream), width: IndexWidth, ordinary: source.Ordinary(in.Stream)}
}

// Widen adapts the width to indices up to a limit.
func (r *Rows) Widen(limit uint64) { r.width = max(r.width, len(strconv.FormatUint(limit, 10))) }

// Row prints the last event that the input returned. It includes the virtual time after the event if that differs from
// the time in the previous row.
func (r *Rows) Row(index, now uint64, e event.Event) error {
	shown := ""
	if !r.any || now != r.last {
		shown, r.last = Nanos(now), now
	}
	r.any = true
	if r.Notes {
		if err := r.WriteNotes(); err != nil {
			return err
		}
	}
	r.text.Reset()
	kind := e.Kind().String()
	if meaning, fields := meaningText(e, r.Names.quoted); r.ordinary && meaning != "" {
		kind = meaning
		r.text.WriteString(fields)
	} else {
		WriteFields(&r.text, e, r.Names.Of)
	}
	_, err := r.w.WriteString(EventLine(r.width, index, shown, kind, r.text.String(), r.in.Site()))
	return Written(err)
}

// WriteNotes prints the notes of the last event that the input returned, or of the end.
func (r *Rows) WriteNotes() error {
	notes, err := r.in.Notes()
	for _, n := range notes {
		if text := noteText(n, r.Names.quoted); text != "" {
			fmt.Fprintf(r.w, "%*s %*s  %s\n", r.width, "", timeWidth, "", PlainOrQuotedLine(text))
		}
	}
	if err != nil {
		return r.in.Bad(err)
	}
	return nil
}

// EventLine returns the line of an event, with its fields in the form of WriteFields, and its place in the code.
func EventLine(width int, index uint64, now, kind, fields, site string) string {
	if site != "" {
		site = "  " + PlainOrQuoted(site)
		fields = fmt.Sprintf("%-*s", whatWidth, fields)
	}
	return fmt.Sprintf("%*d %*s  %-*s%s%s\n", width, index, timeWidth, now, kindWidth, kind, fields, site)
}

// WriteFields writes the fields of an event, each after a space, with the names of tasks and regions.
func WriteFields(b *strings.Builder, e event.Event, nameOf func(event.Field, event.Value) string) {
	for f, v := range e.Fields() {
		fmt.Fprintf(b, " %s=%v", f.Name, v)
		if name := nameOf(f, v); name != "" {
			fmt.Fprintf(b, " %q", name)
		}
	}
}
