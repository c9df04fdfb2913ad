package gotest

import (
	"errors"
	"io"

	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/source"
)

// Places tells where the choices of a recording stand among its events.
type Places struct {
	Events    uint64   // that there are
	Choices   []uint64 // the index of the event of each choice, in the order of [gort.Choices]
	Decisions []uint64 // the index of the event of each decision from the start of main.main on
	Early     int      // number of decisions before main.main starts
}

// ReadPlaces reads a recording from where it stands, which must be its start. The errors are those of reading it.
func ReadPlaces(s source.Source) (p Places, err error) {
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
			p.Choices, p.Decisions, p.Early = nil, nil, len(p.Decisions)
		case gorun.Decision:
			p.Choices, p.Decisions = append(p.Choices, p.Events), append(p.Decisions, p.Events)
		case gorun.LetIn:
			p.Choices = append(p.Choices, p.Events)
		}
		p.Events++
	}
}
