package turns

import (
	"errors"
	"io"

	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/source"
)

// places has the indices of the choices of a recording among its events.
type places struct {
	events    uint64   // number of events
	choices   []uint64 // the index of the event of each choice, in the order of [gort.Choices]
	decisions []uint64 // the index of the event of each decision from the start of main.main on
	early     int      // number of decisions before main.main starts
}

// readPlaces reads a recording, which must be at its start. The errors are those of reading it.
func readPlaces(s source.Source) (p places, err error) {
	for {
		e, err := s.Next()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return p, err
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
