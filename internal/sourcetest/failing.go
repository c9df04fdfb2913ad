// Package sourcetest has a source that fails, for tests of code that reads sources.
package sourcetest

import (
	"errors"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// Err is the error of a call that fails.
var Err = errors.New("sourcetest: this call fails")

// Failing is a Source whose call of Next with number Calls, counted from 0, fails.
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
