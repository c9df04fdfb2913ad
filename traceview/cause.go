package traceview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/cause"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// decided takes the notes of the end of the run. The decisions that they name are those of a whole run.
func (r *reader) decided(notes []tracefile.Note) {
	if source.First(r.s) > 0 {
		return
	}
	for _, n := range notes {
		r.m.Cause.Take(n)
	}
}

const criticalPair = "critical pair: "

// markCause marks the turn that decided the run and those of the critical pair, as far as they are kept.
func (m *Model) markCause() {
	c := &m.Cause
	before := len(m.Marks)
	if c.Turn > 0 {
		m.markTurn(c.Turn, "decided the run"+odds(c.At(c.Turn), c.At(c.Turn+1)))
	}
	for _, p := range c.Pair {
		words := criticalPair + text(p.Part)
		if line := text(cast.ShortSite(p.Place)); line != "" {
			words += " at " + line
		}
		m.markTurn(p.Decision, words)
	}
	if len(m.Marks) > before {
		slices.SortStableFunc(m.Marks, func(a, b Mark) int { return cmp.Compare(a.Turn, b.Turn) })
	}
}

// odds says how the two samples beside the decision that decided differ; "" if one is missing.
func odds(before, after cause.Sample) string {
	if before.Of == 0 || after.Of == 0 {
		return ""
	}
	return fmt.Sprintf(": before its end %d of %d continuations fail, after it %d of %d", before.Failed, before.Of,
		after.Failed, after.Of)
}

// markTurn marks the turn that a decision began, if it is kept.
func (m *Model) markTurn(decision int, words string) {
	i, found := slices.BinarySearchFunc(m.Turns, decision, func(t Turn, n int) int { return cmp.Compare(t.Decision, n) })
	if found {
		m.Marks = append(m.Marks, Mark{Lane: m.Turns[i].Lane, Turn: m.First + i, Kind: MarkCause, Text: words})
	}
}

// causeLines returns what decided the run, in lines that hold nothing but text.
func (m *Model) causeLines() (lines []string) {
	for line := range strings.SplitSeq(m.Cause.Text, "\n") {
		if line = strings.TrimRight(text(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// curve returns the samples for a page: the number of decisions, how many continuations fail, of how many, and the
// bounds of the probability in percent.
func (m *Model) curve() (list [][]int) {
	for _, s := range m.Cause.Curve {
		low, high := s.Interval()
		list = append(list, []int{s.Decisions, s.Failed, s.Of, int(100*low + 0.5), int(100*high + 0.5)})
	}
	return list
}

// stood returns the lane that stands in the middle of something while others run, as the critical pair says, and the
// turns between which it does; nil if there is no such lane or it is not kept.
func (m *Model) stood() []int {
	var pair []Mark
	for _, a := range m.Marks {
		if a.Kind == MarkCause && strings.HasPrefix(a.Text, criticalPair) {
			pair = append(pair, a)
		}
	}
	if n := len(m.Cause.Pair); n < 2 || len(pair) != n || pair[0].Lane != pair[n-1].Lane {
		return nil
	}
	return []int{pair[0].Lane, pair[0].Turn, pair[len(pair)-1].Turn}
}
