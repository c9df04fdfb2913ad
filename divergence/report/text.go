package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/prose"
)

// kindOfDifference describes the category and the relation.
func (d first) kindOfDifference() string {
	switch d.Relation {
	case divergence.RelationMissing:
		return fmt.Sprintf("%s, %s missing", d.Category, prose.Count(d.Count, "event"))
	case divergence.RelationExtra:
		return fmt.Sprintf("%s, %s extra", d.Category, prose.Count(d.Count, "event"))
	case divergence.RelationReordered:
		return fmt.Sprintf("%s, reordered by %d", d.Category, d.Count)
	case divergence.RelationEndedEarly:
		return fmt.Sprintf("%s, %s run ended", d.Category, d.Side)
	}
	return fmt.Sprintf("%s, %s", d.Category, strings.ReplaceAll(string(d.Relation), "-", " "))
}

// textWidth is the width at which running text is wrapped, in columns.
const textWidth = 88

// Text implements [Report]: one screen, ending in a newline. It begins with the code and the two events that
// differ. Then follow the events around them with their indices, where lines of the expected run begin with "-",
// lines of the actual run with "+", and common lines with a space; then the fields that differ, the tasks and other
// things involved, the probable cause, the way to see the divergence again, and the notes, as far as they exist.
// Files of code lines are shown by their base names.
func (d first) Text() string {
	var b strings.Builder
	if d.Unlike != "" {
		fmt.Fprintf(&b, "%s\n", prose.Line(d.Unlike))
	}
	fmt.Fprintf(&b, "divergence [%s] at event %d%s, virtual time %v: %s\n", d.Code(), d.Index, d.inTurn(), d.Time,
		d.kindOfDifference())
	expected, actual := d.sides()
	fmt.Fprintf(&b, "- expected  %s\n", expected)
	fmt.Fprintf(&b, "+ actual    %s\n\n", actual)
	if d.Turns != nil {
		b.WriteString(prose.Terminal(d.Turns.Table, false))
	} else {
		d.writeWindow(&b)
		section(&b, "what differs", d.Fields, func(f divergence.FieldDiff) string {
			return fmt.Sprintf("%-14s  expected %v, actual %v", f.Name, f.Expected, f.Actual)
		})
		section(&b, "who is involved", d.people(), func(s string) string { return s })
	}
	section(&b, "why, probably"+d.rule(), d.reasons(), func(s string) string { return s })
	section(&b, "to see it again", d.again(), func(s string) string { return s })
	section(&b, "notes", d.Notes, func(n string) string { return n })
	return b.String()
}

// ColorText implements [Report]: the expected run red, the actual run green, headings bold.
func (d first) ColorText() string {
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

// inTurn names the turn of a divergence if it is known.
func (d first) inTurn() string {
	if d.Turns == nil {
		return ""
	}
	return fmt.Sprintf(", in turn %d", d.Turns.Number)
}

// sides describes what each run does at the divergence, in words if they are known, and otherwise by its event.
func (d first) sides() (expected, actual string) {
	if t := d.Turns; t != nil {
		return prose.Line(cmp.Or(t.Expected, ends)), prose.Line(cmp.Or(t.Actual, ends))
	}
	return opening(d.Expected) + beside(d.ExpectedSite), opening(d.Actual) + beside(d.ActualSite)
}

// ends is what a run does that has no event at a divergence.
const ends = "nothing: the run ends"

// opening returns the event at the index of a divergence.
func opening(events []event.Event) string {
	if len(events) == 0 {
		return ends
	}
	return events[0].String()
}

// beside formats a code line to follow an event, with the base name of its file.
func beside(site string) string {
	if site == "" {
		return ""
	}
	return "  (" + prose.Line(prose.BaseSite(site)) + ")"
}

// people returns the lines on the tasks and other things involved.
func (d first) people() []string {
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

// reasons returns the lines on the cause.
func (d first) reasons() []string {
	var lines []string
	for _, text := range []string{d.reason(), d.Cause.Suggestion} {
		if text != "" {
			lines = append(lines, hang("", text)...)
		}
	}
	if d.Drift != nil && !startsWithDraw(d.Expected) && !startsWithDraw(d.Actual) {
		text := d.Drift.String()
		lines = append(lines, hang("", prose.Capital(text)+".")...)
	}
	return append(lines, d.runEnd()...)
}

// rule returns the rule of the cause in brackets, unless the turns show more than it does.
func (d first) rule() string {
	if d.Turns != nil && d.Turns.Operation {
		return ""
	}
	return " (" + d.Cause.Rule + ")"
}

// reason returns the text of the cause, without names of events if the turns are known.
func (d first) reason() string {
	if d.Turns != nil && d.Turns.Operation {
		return "Both runs have made the same choices up to there; the program itself does something else."
	}
	return d.Cause.Text
}

// runEnd returns the lines on how the actual run ended, as far as the cause does not mention it.
func (d first) runEnd() []string {
	head, rest, _ := strings.Cut(d.RunError, "\n")
	if head == "" || rest == "" && strings.Contains(d.Cause.Text, head) {
		return nil
	}
	lines := hang("", "The actual run ended with: "+head)
	for line := range strings.Lines(rest) {
		lines = append(lines, hang("  ", line)...)
	}
	return lines
}

// startsWithDraw reports whether the divergence itself is a random value, so that the drift adds nothing.
func startsWithDraw(events []event.Event) bool {
	return len(events) > 0 && events[0].Kind() == event.KindRngValue
}

// again returns the lines on how to see the divergence again.
func (d first) again() []string {
	lines := []string{"prefix     " + prose.Count(int(d.Prefix()), "event")}
	if d.Decision.Kind() != 0 && d.Turns == nil {
		lines = append(lines, fmt.Sprintf("choice     event %d: %v%s is the last before", d.DecisionAt, d.Decision,
			prose.AtSite(d.DecisionSite)))
	}
	if d.Reproduce != "" {
		lines = append(lines, "reproduce  "+prose.Line(d.Reproduce))
	}
	if d.Rest != nil {
		lines = append(lines, hang("alignment  ", d.Rest.String())...)
	}
	return append(lines, "signature  "+d.Signature())
}

// hang wraps text into lines that begin with a label, or with spaces of the same width.
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

// writeWindow writes the events around a divergence.
func (d first) writeWindow(b *strings.Builder) {
	last := d.Index + uint64(max(len(d.Expected), len(d.Actual), 1)-1)
	width := len(strconv.FormatUint(last, 10))
	write := func(mark string, index uint64, events []event.Event) {
		for i, e := range events {
			fmt.Fprintf(b, "%s %*d  %v\n", mark, width, index+uint64(i), e)
		}
	}
	side := func(mark string, name divergence.Side, events []event.Event) {
		if len(events) == 0 {
			fmt.Fprintf(b, "%s %*d  the %s run ends here\n", mark, width, d.Index, name)
		}
		write(mark, d.Index, events)
	}
	write(" ", d.Index-uint64(len(d.Before)), d.Before)
	side("-", divergence.SideExpected, d.Expected)
	side("+", divergence.SideActual, d.Actual)
}

// section writes a list under a heading, or nothing if it is empty.
func section[T any](b *strings.Builder, heading string, list []T, text func(T) string) {
	if len(list) > 0 {
		fmt.Fprintf(b, "\n%s\n", heading)
	}
	for _, v := range list {
		fmt.Fprintf(b, "  %s\n", text(v))
	}
}
