package replayer

import "github.com/reprise-go/reprise/event"

// SetProbe lets f see the calls of Breakpoint until restore is called.
func SetProbe(f func(index uint64, e event.Event)) (restore func()) {
	probe = f
	return func() { probe = nil }
}

// RunError is runError.
var RunError = runError
