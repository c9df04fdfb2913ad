package divergence

import (
	"errors"
	"fmt"
	"io"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/source"
)

// Row is a step of an alignment: an event of each run, or of one run.
type Row struct {
	Expected, Actual     event.Event // the zero Event if the run has none there
	ExpectedAt, ActualAt uint64      // their indices

	// Notes are the names that an event mentions, in quotes, and the base name of its code line, as far as known.
	ExpectedNotes, ActualNotes []string
}

// Align aligns two whole runs with an [Aligner] and returns the counts. A window of 0 means [DefaultWindow].
// Sources are treated as by [Compare], also if one begins later than the other. The alignment does not give up at
// the end of the expected run: the rest of the actual run counts as inserted, just as the rest of the expected run
// counts as deleted at the end of the actual one. So if the insertions and deletions, with a change or a reordering
// counted as two, are at most a window, swapping the runs gives the same number and does not give up either; beyond
// that it can, for one order of the runs only. The error is that of a source that cannot be read.
//
// If show is not nil, it is called with every row of the alignment, in order.
func Align(expected, actual source.Source, window int, show func(Row)) (Stats, error) {
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
	var rows func(Row)
	if show != nil {
		e, a := newNoted(expected), newNoted(actual)
		expected, actual = e, a
		rows = func(r Row) {
			r.ExpectedNotes, r.ActualNotes = e.at(r.ExpectedAt), a.at(r.ActualAt)
			r.ExpectedAt, r.ActualAt = r.ExpectedAt+p.Index, r.ActualAt+p.Index
			show(r)
		}
	}
	s, err := alignOn(expected, actual, window, rows)
	if s.GaveUp {
		s.GaveUpAt += p.Index
	}
	return s, err
}

// Align aligns the two runs from the divergence on, with an [Aligner], and stores in Rest how the whole runs align;
// all events before the divergence match. A window of 0 means [DefaultWindow]. The sources must be those that were
// compared. The error is that of a source that cannot be read.
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

// alignOn aligns two runs from their current positions.
func alignOn(expected, actual source.Source, window int, rows func(Row)) (Stats, error) {
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

// noted is a source that keeps the names and the code line of each event from the time it is read until it is
// shown.
type noted struct {
	source.Source
	namer source.Recording // nil if the source is not a Recording
	notes [][]string
	first uint64 // counted from the position of the source at the start
}

func newNoted(s source.Source) *noted {
	namer, _ := s.(source.Recording)
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
				notes = append(notes, fmt.Sprintf("%q", prose.Line(name)))
			}
		}
	}
	if site := n.namer.Site(); site != "" {
		notes = append(notes, prose.Line(prose.BaseSite(site)))
	}
	return notes
}

// at returns the notes of an event, and drops those of earlier events.
func (n *noted) at(index uint64) []string {
	if index < n.first || index-n.first >= uint64(len(n.notes)) {
		return nil
	}
	n.notes, n.first = n.notes[index-n.first:], index
	return n.notes[0]
}
