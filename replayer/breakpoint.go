package replayer

import "github.com/reprise-go/reprise/event"

// Breakpoint does nothing. It is there to set a breakpoint of a debugger on: a replay calls it with each event of
// Config.BreakAt, and a [Replayer] with each event after which it stops, when the event was emitted and before anything
// else has happened. index is the index of e. It is called by the goroutine of the task that runs, so that the stack below
// it is that of the program, except for events that are of the scheduler alone. In Delve:
//
//	dlv test ./bank -- -test.run TestTransfer
//	break github.com/reprise-go/reprise/replayer.Breakpoint
//	condition 1 index == 42
//	continue
//	stack
//
//go:noinline
func Breakpoint(index uint64, e event.Event) {
	if probe != nil {
		probe(index, e)
	}
}

// probe lets a test of this package see the calls of Breakpoint.
var probe func(index uint64, e event.Event)
