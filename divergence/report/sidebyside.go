package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/source"
)

// mark is the sign between the two columns.
type mark byte

const (
	same         mark = ' '
	changed      mark = '|'
	expectedOnly mark = '<'
	actualOnly   mark = '>'
)

// markOf returns the mark of a row, which is "changed" if its two events differ.
func markOf(r divergence.Row) mark {
	switch {
	case r.Actual.Kind() == 0:
		return expectedOnly
	case r.Expected.Kind() == 0:
		return actualOnly
	}
	return same
}

// line is a printed row.
type line struct {
	divergence.Row
	mark mark
}

// SideBySide sets how runs are shown side by side. The zero SideBySide is ready to use.
type SideBySide struct {
	Window  int // window of the alignment, in events; 0 means divergence.DefaultWindow
	Context int // number of common events shown before and after a difference; 0 means divergence.DefaultContext
	Width   int // columns of a line; 0 means 120, the minimum is 60
	MaxRows int // maximum number of lines, after which only the number of further lines is shown; 0 means 1000
}

// Write aligns two runs and writes them in two columns, one event of each a line, with its index. The sign between
// the columns is "|" if an event has different values, "<" or ">" if only the expected or the actual run has it,
// and a space if both have it. The names that an event mentions and its code line follow it, if they are known and
// fit. Runs that begin at different events are shown from the first event that both have. Common events are shown
// only near a difference. The counts follow at the end, and are also returned. The error is that of a source or of
// w.
func (s SideBySide) Write(w io.Writer, expected, actual source.Source) (divergence.Stats, error) {
	p := &columns{w: bufio.NewWriter(w), context: s.Context, left: s.MaxRows}
	if p.context == 0 {
		p.context = divergence.DefaultContext
	}
	if p.left == 0 {
		p.left = 1000
	}
	width := s.Width
	if width == 0 {
		width = 120
	}
	p.width = (max(width, 60) - 2*(indexWidth+2) - 5) / 2
	p.columns("expected", "actual", same)
	stats, err := divergence.Align(expected, actual, s.Window, p.add)
	if err != nil {
		return stats, errors.Join(err, p.w.Flush())
	}
	p.endGap()
	p.fold(p.folded + len(p.before))
	if p.left < 0 {
		fmt.Fprintf(p.w, "… and %d more lines\n", -p.left)
	}
	fmt.Fprintf(p.w, "\n%v\n", stats)
	return stats, p.w.Flush()
}

const indexWidth = 8

// columns prints rows. A gap is the part between two common events; its rows are paired when it ends.
type columns struct {
	w       *bufio.Writer
	width   int // columns for the text of an event
	context int
	left    int    // number of lines that may still be printed; if negative, the number of lines left out
	before  []line // common events that are not printed yet
	folded  int    // number of common events before those that are not shown
	after   int    // number of common events that are still to be shown after a difference
	gap     []line
}

func (c *columns) add(row divergence.Row) {
	r := line{row, markOf(row)}
	if r.mark != same {
		c.gap = append(c.gap, r)
		if len(c.gap) >= divergence.MaxWindow {
			c.endGap()
		}
		return
	}
	c.endGap()
	if c.after > 0 {
		c.after--
		c.print(r)
		return
	}
	c.before = append(c.before, r)
	if len(c.before) > c.context {
		c.before = c.before[:copy(c.before, c.before[1:])]
		c.folded++
	}
}

// endGap prints the rows of a gap. Events of one kind on both sides become changed events.
func (c *columns) endGap() {
	if len(c.gap) == 0 {
		return
	}
	c.fold(c.folded)
	for _, r := range c.before {
		c.print(r)
	}
	c.before, c.folded, c.after = c.before[:0], 0, c.context
	for _, r := range pairRows(c.gap) {
		c.print(r)
	}
	c.gap = c.gap[:0]
}

// pairRows pairs an event of the expected run with the next event of its kind of the actual run, keeping both in order.
func pairRows(gap []line) []line {
	var e, a, rows []line
	for _, r := range gap {
		if r.mark == expectedOnly {
			e = append(e, r)
		} else {
			a = append(a, r)
		}
	}
	for _, r := range e {
		next := -1
		for i := range a {
			if a[i].Actual.Kind() == r.Expected.Kind() {
				next = i
				break
			}
		}
		if next >= 0 {
			rows = append(rows, a[:next]...)
			r.Actual, r.ActualAt, r.ActualNotes, r.mark = a[next].Actual, a[next].ActualAt, a[next].ActualNotes, changed
			a = a[next+1:]
		}
		rows = append(rows, r)
	}
	return append(rows, a...)
}

// fold prints the number of common events that are not shown.
func (c *columns) fold(n int) {
	if n > 0 && c.take() {
		fmt.Fprintf(c.w, "%*s  … %s in common\n", indexWidth, "", prose.Count(n, "event"))
	}
}

// take reports whether one more line may be printed.
func (c *columns) take() bool {
	c.left--
	return c.left >= 0
}

func (c *columns) print(r line) {
	if !c.take() {
		return
	}
	var expected, actual string
	if r.mark != actualOnly {
		expected = c.text(r.ExpectedAt, r.Expected, r.ExpectedNotes)
	}
	if r.mark != expectedOnly {
		actual = c.text(r.ActualAt, r.Actual, r.ActualNotes)
	}
	c.columns(expected, actual, r.mark)
}

// text returns an event with its index, and as many of its notes as fit.
func (c *columns) text(index uint64, e event.Event, notes []string) string {
	text := fmt.Sprintf("%*d  %v", indexWidth, index, e)
	for _, note := range notes {
		if longer := text + "  " + note; utf8.RuneCountInString(longer) <= c.width+indexWidth+2 {
			text = longer
		}
	}
	return text
}

// columns writes two texts into the columns.
func (c *columns) columns(expected, actual string, m mark) {
	width := c.width + indexWidth + 2
	expected, actual = prose.Cut(expected, width), prose.Cut(actual, width)
	pad := strings.Repeat(" ", width-utf8.RuneCountInString(expected))
	fmt.Fprintln(c.w, strings.TrimRight(expected+pad+"  "+string(rune(m))+"  "+actual, " "))
}
