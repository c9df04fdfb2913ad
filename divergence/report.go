package divergence

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/reprise-go/reprise/event"
)

// Summary returns the divergence in one line.
func (d *Divergence) Summary() string {
	at := fmt.Sprintf("event %d, virtual time %v: %s: ", d.Index, d.Time, d.Category)
	switch {
	case len(d.Expected) == 0:
		return at + fmt.Sprintf("the expected run ended, the actual run went on with %v", d.Actual[0])
	case len(d.Actual) == 0:
		return at + fmt.Sprintf("the actual run ended, the expected run went on with %v", d.Expected[0])
	}
	return at + fmt.Sprintf("expected %v, got %v", d.Expected[0], d.Actual[0])
}

// kindOfDifference is the category and the relation in words.
func (d *Divergence) kindOfDifference() string {
	switch d.Relation {
	case RelationMissing:
		return fmt.Sprintf("%s, %s missing", d.Category, events(d.Count))
	case RelationExtra:
		return fmt.Sprintf("%s, %s extra", d.Category, events(d.Count))
	case RelationReordered:
		return fmt.Sprintf("%s, reordered by %d", d.Category, d.Count)
	case RelationEndedEarly:
		return fmt.Sprintf("%s, %s run ended", d.Category, d.Side)
	}
	return fmt.Sprintf("%s, %s", d.Category, strings.ReplaceAll(string(d.Relation), "-", " "))
}

func events(n int) string {
	if n == 1 {
		return "1 event"
	}
	return fmt.Sprintf("%d events", n)
}

// textWidth is the number of columns that running text is broken at.
const textWidth = 88

// Text returns the report for people: one screen, ending in a newline. It begins with the code and the two events that
// differ; then come the events around them with their indices, where lines of the expected run begin with "-", of the
// actual run with "+", and those of both with a space; then the fields that differ, who is involved, the probable cause,
// how to see it again, and the notes, as far as there are any. Files of code lines go by their base names.
func (d *Divergence) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "divergence [%s] at event %d, virtual time %v: %s\n", d.Code(), d.Index, d.Time, d.kindOfDifference())
	fmt.Fprintf(&b, "- expected  %s%s\n", first(d.Expected), beside(d.ExpectedSite))
	fmt.Fprintf(&b, "+ actual    %s%s\n\n", first(d.Actual), beside(d.ActualSite))
	d.writeWindow(&b)
	section(&b, "what differs", d.Fields, func(f FieldDiff) string {
		return fmt.Sprintf("%-14s  expected %v, actual %v", f.Name, f.Expected, f.Actual)
	})
	section(&b, "who is involved", d.people(), func(s string) string { return s })
	section(&b, "why, probably ("+d.Cause.Rule+")", d.reasons(), func(s string) string { return s })
	section(&b, "to see it again", d.again(), func(s string) string { return s })
	section(&b, "notes", d.Notes, func(n string) string { return n })
	return b.String()
}

// ColorText returns Text in the colours of a terminal (ANSI): the expected run red, the actual run green, headings bold.
func (d *Divergence) ColorText() string {
	var b strings.Builder
	for line := range strings.Lines(d.Text()) {
		line = strings.TrimSuffix(line, "\n")
		b.WriteString(paint(line) + "\n")
	}
	return b.String()
}

func paint(line string) string {
	const bold, red, green, plain = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[0m"
	switch {
	case line == "" || line[0] == ' ':
		return line
	case line[0] == '-':
		return red + line + plain
	case line[0] == '+':
		return green + line + plain
	}
	return bold + line + plain
}

// first returns the event at the index of a divergence.
func first(events []event.Event) string {
	if len(events) == 0 {
		return "nothing: the run ends"
	}
	return events[0].String()
}

// beside is a code line behind an event; its file goes by its base name.
func beside(site string) string {
	if site == "" {
		return ""
	}
	return "  (" + oneLine(base(site)) + ")"
}

// people are the lines on who is involved.
func (d *Divergence) people() []string {
	var lines []string
	for _, e := range d.Entities {
		lines = append(lines, fmt.Sprintf("%-8s  %v", e.Role, e))
	}
	if d.Runnable == nil {
		return lines
	}
	var tasks []string
	for _, e := range d.Runnable {
		tasks = append(tasks, strings.TrimPrefix(e.String(), "task "))
	}
	const most = 6
	if n := len(tasks) - most; n > 0 {
		tasks = append(tasks[:most], fmt.Sprintf("and %d more", n))
	}
	if len(tasks) == 0 {
		tasks = []string{"no task"}
	}
	return append(lines, hang("runnable  ", strings.Join(tasks, ", "))...)
}

// reasons are the lines of the cause.
func (d *Divergence) reasons() []string {
	var lines []string
	for _, text := range []string{d.Cause.Text, d.Cause.Suggestion} {
		if text != "" {
			lines = append(lines, hang("", text)...)
		}
	}
	if d.Drift != nil && !startsWithDraw(d.Expected) && !startsWithDraw(d.Actual) {
		text := d.Drift.String()
		lines = append(lines, hang("", capital(text)+".")...)
	}
	return append(lines, d.runEnd()...)
}

// runEnd are the lines on how the actual run ended, as far as the cause does not have them.
func (d *Divergence) runEnd() []string {
	first, rest, _ := strings.Cut(d.RunError, "\n")
	if first == "" || rest == "" && strings.Contains(d.Cause.Text, first) {
		return nil
	}
	lines := hang("", "The actual run ended with: "+first)
	for line := range strings.Lines(rest) {
		lines = append(lines, hang("  ", line)...)
	}
	return lines
}

// startsWithDraw reports whether the divergence itself is a random value of a run, so that the drift is no news.
func startsWithDraw(events []event.Event) bool {
	return len(events) > 0 && events[0].Kind() == event.KindRngValue
}

// again are the lines on how to come back to the divergence.
func (d *Divergence) again() []string {
	lines := []string{"prefix     " + events(int(d.Prefix()))}
	if d.Decision.Kind() != 0 {
		lines = append(lines, fmt.Sprintf("choice     event %d: %v%s is the last before", d.DecisionAt, d.Decision, at(d.DecisionSite)))
	}
	if d.Reproduce != "" {
		lines = append(lines, "reproduce  "+oneLine(d.Reproduce))
	}
	if d.Rest != nil {
		lines = append(lines, hang("alignment  ", d.Rest.String())...)
	}
	return append(lines, "signature  "+d.Signature())
}

// hang breaks text into lines that begin with a label or as much space.
func hang(label, text string) []string {
	var lines []string
	line := label
	for i, word := range strings.Fields(text) {
		if i > 0 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > textWidth-2 {
			lines = append(lines, strings.TrimRight(line, " "))
			line = strings.Repeat(" ", len(label)) + word
			continue
		}
		if i > 0 {
			line += " "
		}
		line += word
	}
	return append(lines, strings.TrimRight(line, " "))
}

// String returns the counts in one sentence.
func (s Stats) String() string {
	text := fmt.Sprintf("fidelity %.3f: %d events match, %d inserted, %d deleted, %d changed, %d reordered",
		s.Fidelity(), s.Matched, s.Inserted, s.Deleted, s.Changed, s.Reordered)
	if s.GaveUp {
		text += fmt.Sprintf("; given up at event %d of the actual run", s.GaveUpAt)
	}
	return text
}

// writeWindow writes the events around a divergence.
func (d *Divergence) writeWindow(b *strings.Builder) {
	last := d.Index + uint64(max(len(d.Expected), len(d.Actual), 1)-1)
	width := len(strconv.FormatUint(last, 10))
	write := func(mark string, index uint64, events []event.Event) {
		for i, e := range events {
			fmt.Fprintf(b, "%s %*d  %v\n", mark, width, index+uint64(i), e)
		}
	}
	side := func(mark string, name Side, events []event.Event) {
		if len(events) == 0 {
			fmt.Fprintf(b, "%s %*d  the %s run ends here\n", mark, width, d.Index, name)
		}
		write(mark, d.Index, events)
	}
	write(" ", d.Index-uint64(len(d.Before)), d.Before)
	side("-", SideExpected, d.Expected)
	side("+", SideActual, d.Actual)
}

// section writes a list under a heading, nothing if it is empty.
func section[T any](b *strings.Builder, heading string, list []T, text func(T) string) {
	if len(list) > 0 {
		fmt.Fprintf(b, "\n%s\n", heading)
	}
	for _, v := range list {
		fmt.Fprintf(b, "  %s\n", text(v))
	}
}
