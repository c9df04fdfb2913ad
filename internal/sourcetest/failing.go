// Package sourcetest has a source for tests of what reads one. Tests only.
package sourcetest

import (
	"errors"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// Err is the error of a call that fails.
var Err = errors.New("sourcetest: this call fails")

// Failing is a Source of whose calls of Next one fails, the one with number Calls, from 0.
type Failing struct {
	source.Source
	Calls int
}

func (f *Failing) fails() bool {
	f.Calls--
	return f.Calls == -1
}

// Next implements [source.Source].
func (f *Failing) Next() (event.Event, error) {
	if f.fails() {
		return event.Event{}, Err
	}
	return f.Source.Next()
}
