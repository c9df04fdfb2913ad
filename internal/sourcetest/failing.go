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

// Unknown has the methods that a [source.Recording] has besides those of a Source, and knows nothing. A test embeds it
// beside a Source and defines the methods of which its source knows something.
type Unknown struct{}

// First implements [source.Recording].
func (Unknown) First() uint64 { return 0 }

// Identity implements [source.Recording].
func (Unknown) Identity() map[string]string { return nil }

// Omitted implements [source.Recording].
func (Unknown) Omitted() event.KindSet { return 0 }

// Stopped implements [source.Recording].
func (Unknown) Stopped() string { return "" }

// TaskName implements [source.Recording].
func (Unknown) TaskName(event.TaskID) string { return "" }

// RegionName implements [source.Recording].
func (Unknown) RegionName(event.RegionID) string { return "" }

// Site implements [source.Recording].
func (Unknown) Site() string { return "" }
