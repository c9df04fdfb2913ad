package turns

import (
	"errors"
	"io"
	"slices"

	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// places has the indices of the choices of a recording among its events.
type places struct {
	events    uint64   // number of events
	choices   []uint64 // the index of the event of each choice, in the order of [gort.Choices]
	decisions []uint64 // the index of the event of each decision from the start of main.main on
	early     int      // number of decisions before main.main starts
	detail    bool     // the recording tells all that goroutines do
}

// readPlaces reads a recording, which must be at its start. The errors are those of reading it.
func readPlaces(s *source.File) (p places, err error) {
	for {
		e, err := s.Next()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return p, err
		}
		if !p.detail {
			notes, _ := s.Notes() // a recording with damaged notes can be replayed
			p.detail = slices.ContainsFunc(notes, func(n tracefile.Note) bool { return n.Act == tracefile.ActDo })
		}
		switch gorun.MeaningOf(e) {
		case gorun.Start:
			p.choices, p.decisions, p.early = nil, nil, len(p.decisions)
		case gorun.Decision:
			p.choices, p.decisions = append(p.choices, p.events), append(p.decisions, p.events)
		case gorun.LetIn:
			p.choices = append(p.choices, p.events)
		}
		p.events++
	}
}
