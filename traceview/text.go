package traceview

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/prose"
)

const (
	leastColumn = 18 // characters
	mostColumn  = 48
	mostPeriod  = 8 // rows of a loop that is folded
	mostInLine  = 400
)

// row is one line of the text form, before it is laid out.
type row struct {
	column int // -1 for a row over the whole width
	number string
	time   string
	text   string
}

// WriteText writes the run with a column for each task and a row for each turn, no wider than width characters (at
// least 60). Rows that repeat are folded. If there are too many tasks, those that ran least share the last column.
func (m *Model) WriteText(w io.Writer, width int) error {
	out := bufio.NewWriter(w)
	width = max(width, 60)
	m.head(out)
	margin := 20
	most := max((width-margin)/leastColumn, 1)
	columns, names := m.columns(most)
	size := min((width-margin)/max(len(names), 1)-2, mostColumn)
	m.heading(out, names, size, margin)
	for _, r := range fold(m.rows(columns)) {
		r.write(out, size, margin, width)
	}
	if m.Damage != "" {
		fmt.Fprintf(out, "the recording is damaged: %s\n", m.Damage)
	} else if m.End != "" {
		fmt.Fprintf(out, "the run ended: %s\n", m.End)
	}
	for i, line := range m.causeLines() {
		if i == 0 {
			fmt.Fprintln(out)
		}
		if utf8.RuneCountInString(line) > width {
			line = strings.Join(wrap(line, width), "\n")
		}
		fmt.Fprintln(out, line)
	}
	fmt.Fprintf(out, "\nin one line: %s\n", m.Line())
	return out.Flush()
}

// head writes what run it is, and what is left out.
func (m *Model) head(out *bufio.Writer) {
	fmt.Fprintf(out, "%s, seed %#x: %s, %s\n", m.Title, m.Seed, prose.Count(m.Total, "turn"),
		prose.Count(len(m.Lanes)+m.Hidden, "task"))
	if text := m.leftOut(); text != "" {
		fmt.Fprintf(out, "(%s)\n", text)
	}
	out.WriteString("\n")
}

// leftOut says which part of the run the model lacks, "" if none.
func (m *Model) leftOut() string {
	var parts []string
	if last := m.First + len(m.Turns); len(m.Turns) < m.Total {
		parts = append(parts, fmt.Sprintf("turns %d to %d of %d", m.First+1, last, m.Total))
	}
	if m.Hidden > 0 {
		parts = append(parts, fmt.Sprintf("%s without a part in them left out", prose.Count(m.Hidden, "task")))
	}
	if m.Dropped > 0 {
		parts = append(parts, fmt.Sprintf("%s left out", prose.Count(m.Dropped, "detail")))
	}
	return strings.Join(parts, "; ")
}

// columns returns the column of each lane, and the heading of each column. At most that many lanes have one of their
// own: those with the most turns.
func (m *Model) columns(most int) (of []int, names []string) {
	turns := make([]int, len(m.Lanes))
	for _, t := range m.Turns {
		turns[t.Lane]++
	}
	order := make([]int, 0, len(m.Lanes))
	for i, n := range turns {
		if n > 0 {
			order = append(order, i)
		}
	}
	shared := len(order) > most
	if shared {
		slices.SortStableFunc(order, func(a, b int) int { return turns[b] - turns[a] })
		order = order[:max(most-1, 0)]
		slices.Sort(order)
	}
	of = make([]int, len(m.Lanes))
	for i := range of {
		of[i] = len(order)
	}
	for column, lane := range order {
		of[lane] = column
		names = append(names, strings.TrimSpace(m.Lanes[lane].Short+" "+m.Lanes[lane].Name))
	}
	if shared {
		names = append(names, "others")
	}
	return of, names
}

func (m *Model) heading(out *bufio.Writer, names []string, size, margin int) {
	fmt.Fprintf(out, "%*s", margin, "decision      time  ")
	line := make([]string, len(names))
	for i, name := range names {
		line[i] = pad(prose.Cut(name, size), size)
	}
	fmt.Fprintln(out, strings.TrimRight(strings.Join(line, "  "), " "))
}

// pad fills a text with spaces up to a number of characters.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(n-utf8.RuneCountInString(s), 0)) }

// rows returns the turns, and between them the marks that belong to no task.
func (m *Model) rows(columns []int) (list []row) {
	marks := m.Marks
	before := func(turn int, inclusive bool) {
		for len(marks) > 0 && (marks[0].Turn < turn || inclusive && marks[0].Turn == turn) {
			if a := marks[0]; a.Lane < 0 || a.Kind == MarkFailure || a.Kind == MarkCause {
				list = append(list, row{column: -1, text: "* " + m.about(a)})
			}
			marks = marks[1:]
		}
	}
	for i, t := range m.Turns {
		before(m.First+i, false)
		r := row{column: columns[t.Lane], number: strconv.Itoa(t.Decision), time: cast.Round(time.Duration(t.Time)).String()}
		r.text = t.Sentence()
		if t.Place != "" {
			r.text += " at " + cast.ShortSite(t.Place)
		}
		if t.Stop == StopPreempt {
			r.text = "* " + r.text
		}
		list = append(list, r)
	}
	before(m.First+len(m.Turns), true)
	return list
}

// Sentence says what the task did in the turn, and how the turn ended.
func (t Turn) Sentence() string {
	parts := slices.Clone(t.Acts)
	if t.Stop != StopSwitch && t.How != "" {
		parts = append(parts, t.How)
	}
	text := cmp.Or(strings.Join(parts, ", "), "runs")
	if t.Object != "" && !strings.Contains(t.How, t.Object) {
		text += " on " + t.Object
	}
	return text
}

// about is a mark in words.
func (m *Model) about(a Mark) string {
	if a.Lane >= 0 {
		return m.Lanes[a.Lane].Short + " " + a.Text
	}
	return a.Text
}

// fold replaces blocks of rows that repeat by one block and the number of repetitions. Of the rows only column and
// text are compared.
func fold(rows []row) (list []row) {
	same := func(i, j int) bool { return rows[i].column == rows[j].column && rows[i].text == rows[j].text }
	for i := 0; i < len(rows); {
		length, times := 1, 0
		for period := 1; period <= mostPeriod && i+2*period <= len(rows); period++ {
			n := 0
			for k := i + period; k < len(rows) && same(k, k-period); k++ {
				n++
			}
			if n/period >= 2 && (n/period)*period > length*times {
				length, times = period, n/period
			}
		}
		list = append(list, rows[i:i+length]...)
		i += length * (times + 1)
		if times > 0 {
			list = append(list, row{column: -1, text: fmt.Sprintf("  (the %s above %d more times)", lines(length), times)})
		}
	}
	return list
}

func lines(n int) string {
	if n == 1 {
		return "row"
	}
	return fmt.Sprintf("%d rows", n)
}

// write lays a row out: its text is broken into lines of its column.
func (r row) write(out *bufio.Writer, size, margin, width int) {
	if r.column < 0 {
		fmt.Fprintln(out, prose.Cut(strings.Repeat(" ", margin)+r.text, width))
		return
	}
	indent := strings.Repeat(" ", r.column*(size+2))
	head := fmt.Sprintf("%8s  %8s  ", r.number, r.time)
	for _, line := range wrap(r.text, size) {
		fmt.Fprintln(out, strings.TrimRight(pad(head, margin)+indent+line, " "))
		head = ""
	}
}

// wrap breaks a text into lines of at most size characters, at spaces where there are some.
func wrap(text string, size int) (list []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		for utf8.RuneCountInString(word) > size {
			runes := []rune(word)
			if line != "" {
				list, line = append(list, line), ""
			}
			list, word = append(list, string(runes[:size])), string(runes[size:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > size:
			list, line = append(list, line), word
		default:
			line += " " + word
		}
	}
	return append(list, line)
}

// Line returns the schedule in one line, such as "S0---P1--W0E1", for bug reports. S0 starts with the task in lane 0,
// and so on; a letter before a number says why the task before stopped, as the values of [Stop] do, and S also that it
// came to a scheduling point; a dash is a decision in which the same task was chosen again. The last 400 characters are
// kept.
func (m *Model) Line() string {
	var b strings.Builder
	stop := StopSwitch
	for _, t := range m.Turns {
		if stop == StopNone {
			stop = StopSwitch
		}
		fmt.Fprintf(&b, "%c%d%s", stop, t.Lane, strings.Repeat("-", min(t.Points, mostInLine)))
		stop = t.Stop
	}
	line := b.String()
	if len(line) <= mostInLine {
		return line
	}
	return "…" + line[len(line)-mostInLine:]
}
