package replayer

import "github.com/reprise-go/reprise/event"

// Breakpoint does nothing; it exists so that a debugger can set a breakpoint on it. A replay calls it with each
// event of Config.BreakAt, and a [Replayer] with each event after which it stops, when the event was emitted and
// before anything else happens. index is the index of e. The goroutine of the running task calls it, so that the
// stack below it is that of the program, except for events of the scheduler itself. In Delve:
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

// probe lets a test of this package observe the calls of Breakpoint.
var probe func(index uint64, e event.Event)
