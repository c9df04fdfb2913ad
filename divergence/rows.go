package divergence

import (
	"errors"
	"fmt"
	"io"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/source"
)

// Row is a step of an alignment: an event of each run, or of one.
type Row struct {
	Expected, Actual     event.Event // the zero Event if the run has none there
	ExpectedAt, ActualAt uint64      // their indices

	// Notes are the names that an event mentions, in quotes, and the base name of its code line, as far as they are known.
	ExpectedNotes, ActualNotes []string
}

// Align aligns two whole runs with an [Aligner] of a window, 0 for [DefaultWindow], and says how they align. Sources are
// treated as by [Compare], also where one begins later than the other. At the end of the expected run the alignment does
// not give up: what is left of the actual run is inserted, as what is left of the expected run is deleted at the end of the
// actual one. So, where insertions and deletions, a change or a reordering counted as two, are at most a window, swapping
// the runs gives as many of them, and does not give up either; beyond that it can, for one order of the runs alone. The
// error is that of a source that cannot be read.
//
// If show is not nil it is called with every row of the alignment, in order.
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

// alignOn aligns two runs from where their cursors stand.
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
				notes = append(notes, fmt.Sprintf("%q", prose.Line(name)))
			}
		}
	}
	if site := n.namer.Site(); site != "" {
		notes = append(notes, prose.Line(prose.BaseSite(site)))
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
