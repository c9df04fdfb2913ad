package divergence

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// Align aligns two whole runs with an [Aligner] of a window, 0 for [DefaultWindow], and says how they align. Sources are
// treated as by [Compare], also where one begins later than the other. At the end of the expected run the alignment does
// not give up: what is left of the actual run is inserted, as what is left of the expected run is deleted at the end of the
// actual one. So, where insertions and deletions, a change or a reordering counted as two, are at most a window, swapping
// the runs gives as many of them, and does not give up either; beyond that it can, for one order of the runs alone. The
// error is that of a source that cannot be read.
func Align(expected, actual source.Source, window int) (Stats, error) {
	return alignRows(expected, actual, window, nil)
}

// Align aligns what two runs have from the divergence on, with an [Aligner] of a window, 0 for [DefaultWindow], and keeps
// in Rest how the whole runs align: all before the divergence matches. The sources are those that were compared. The
// error is that of a source that cannot be read.
func (d *Divergence) Align(expected, actual source.Seeker, window int) error {
	if err := errors.Join(expected.Seek(d.Index), actual.Seek(d.Index)); err != nil {
		return err
	}
	s, err := alignOn(expected, actual, window, nil)
	if err != nil {
		return err
	}
	s.Matched += d.Index - max(source.First(expected), source.First(actual))
	if s.GaveUp {
		s.GaveUpAt += d.Index
	}
	d.Rest = &s
	return nil
}

func alignRows(expected, actual source.Source, window int, rows func(row)) (Stats, error) {
	if expected == actual {
		return Stats{}, errors.New("divergence: Align called with one source for both runs, whose cursor they would share")
	}
	if err := errors.Join(source.Rewind(expected), source.Rewind(actual)); err != nil {
		return Stats{}, err
	}
	p, err := align(expected, actual)
	if err != nil {
		return Stats{}, err
	}
	if rows != nil {
		e, a := newNoted(expected), newNoted(actual)
		expected, actual = e, a
		show := rows
		rows = func(r row) {
			r.expectedNotes, r.actualNotes = e.at(r.expectedAt), a.at(r.actualAt)
			r.expectedAt, r.actualAt = r.expectedAt+p.Index, r.actualAt+p.Index
			show(r)
		}
	}
	s, err := alignOn(expected, actual, window, rows)
	if s.GaveUp {
		s.GaveUpAt += p.Index
	}
	return s, err
}

// alignOn aligns two runs from where their cursors stand.
func alignOn(expected, actual source.Source, window int, rows func(row)) (Stats, error) {
	a := NewAligner(expected, window)
	a.rows, a.whole = rows, true
	for {
		e, err := actual.Next()
		if err == io.EOF {
			return a.Finish()
		}
		if err != nil {
			return a.Stats(), err
		}
		a.Feed(e)
	}
}

// row is a line of an alignment: an event of each run, or of one.
type row struct {
	e, a                 event.Event
	expectedAt, actualAt uint64
	mark                 mark

	expectedNotes, actualNotes []string // for showing
}

// mark is what stands between the two columns.
type mark byte

const (
	same         mark = ' '
	changed      mark = '|'
	expectedOnly mark = '<'
	actualOnly   mark = '>'
)

// SideBySide says how runs are shown side by side. The zero SideBySide is ready to use.
type SideBySide struct {
	Window  int // of the alignment, in events; 0 means DefaultWindow
	Context int // events in common that are shown before and after a difference; 0 means DefaultContext
	Width   int // columns of a line; 0 means 120, and at least 60 are taken
	MaxRows int // lines after which only their number is told; 0 means 1000
}

// Write aligns two runs and writes them in two columns, an event of each a line, with its index. Between the columns
// stands "|" where an event has other values, "<" and ">" where only the expected or the actual run has one, and a space
// where both have it. Behind an event stand the names that it mentions and its code line, if they are known and fit. Runs
// that do not begin at one event are shown from the first one that both have. Of the events in common only those near a difference are shown. It ends with the counts, which it
// also returns. The error is that of a source, or of w.
func (s SideBySide) Write(w io.Writer, expected, actual source.Source) (Stats, error) {
	p := &columns{w: bufio.NewWriter(w), context: s.Context, left: s.MaxRows}
	if p.context == 0 {
		p.context = DefaultContext
	}
	if p.left == 0 {
		p.left = 1000
	}
	width := s.Width
	if width == 0 {
		width = 120
	}
	p.width = (max(width, 60) - 2*(indexWidth+2) - 5) / 2
	p.line("expected", "actual", same)
	stats, err := alignRows(expected, actual, s.Window, p.add)
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

// noted is a source that keeps what else is known of an event, from the time when it is read to the time when it is shown.
type noted struct {
	source.Source
	namer source.Namer // nil if the source is none
	notes [][]string
	first uint64 // counted from where the source stood
}

func newNoted(s source.Source) *noted {
	namer, _ := s.(source.Namer)
	return &noted{Source: s, namer: namer}
}

// Next implements [source.Source].
func (n *noted) Next() (event.Event, error) {
	e, err := n.Source.Next()
	if err == nil && n.namer != nil {
		n.notes = append(n.notes, n.about(e))
	}
	return e, err
}

// about returns the names that e mentions and the base name of its code line.
func (n *noted) about(e event.Event) (notes []string) {
	for f, v := range e.Fields() {
		if kind, ok := entityKinds[f.Type]; ok && v.Present() {
			if name := nameIn(n.namer, kind, v.Uint64()); name != "" {
				notes = append(notes, fmt.Sprintf("%q", oneLine(name)))
			}
		}
	}
	if site := n.namer.Site(); site != "" {
		notes = append(notes, oneLine(base(site)))
	}
	return notes
}

// at returns the notes of an event, and forgets those before it.
func (n *noted) at(index uint64) []string {
	if index < n.first || index-n.first >= uint64(len(n.notes)) {
		return nil
	}
	n.notes, n.first = n.notes[index-n.first:], index
	return n.notes[0]
}

// columns prints rows. A gap is what stands between two events in common: its rows are paired when it ends.
type columns struct {
	w       *bufio.Writer
	width   int // of the text of an event
	context int
	left    int   // lines that may still be printed; negative: how many more there were
	before  []row // in common, not printed yet
	folded  int   // how many in common before those are not shown
	after   int   // how many in common are still to be shown after a difference
	gap     []row
}

func (c *columns) add(r row) {
	if r.mark != same {
		c.gap = append(c.gap, r)
		if len(c.gap) >= MaxWindow {
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

// endGap prints the rows of a gap, those of one kind on both sides as changed.
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

// pairRows joins an event of the expected run with the next one of its kind of the actual run, keeping both in order.
func pairRows(gap []row) []row {
	var e, a, rows []row
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
			if a[i].a.Kind() == r.e.Kind() {
				next = i
				break
			}
		}
		if next >= 0 {
			rows = append(rows, a[:next]...)
			r.a, r.actualAt, r.actualNotes, r.mark = a[next].a, a[next].actualAt, a[next].actualNotes, changed
			a = a[next+1:]
		}
		rows = append(rows, r)
	}
	return append(rows, a...)
}

// fold tells of events in common that are not shown.
func (c *columns) fold(n int) {
	if n > 0 && c.take() {
		fmt.Fprintf(c.w, "%*s  … %s in common\n", indexWidth, "", events(n))
	}
}

// take reports whether one more line may be printed.
func (c *columns) take() bool {
	c.left--
	return c.left >= 0
}

func (c *columns) print(r row) {
	if !c.take() {
		return
	}
	var expected, actual string
	if r.mark != actualOnly {
		expected = c.text(r.expectedAt, r.e, r.expectedNotes)
	}
	if r.mark != expectedOnly {
		actual = c.text(r.actualAt, r.a, r.actualNotes)
	}
	c.line(expected, actual, r.mark)
}

// text is an event with its index, and as many of its notes as fit.
func (c *columns) text(index uint64, e event.Event, notes []string) string {
	text := fmt.Sprintf("%*d  %v", indexWidth, index, e)
	for _, note := range notes {
		if longer := text + "  " + note; utf8.RuneCountInString(longer) <= c.width+indexWidth+2 {
			text = longer
		}
	}
	return text
}

// line writes two texts into the columns.
func (c *columns) line(expected, actual string, m mark) {
	width := c.width + indexWidth + 2
	expected, actual = cut(expected, width), cut(actual, width)
	pad := strings.Repeat(" ", width-utf8.RuneCountInString(expected))
	fmt.Fprintln(c.w, strings.TrimRight(expected+pad+"  "+string(rune(m))+"  "+actual, " "))
}

// cut shortens s to n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
