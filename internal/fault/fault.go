// Package fault holds the faults of the simulated network in ordinary runs: their kinds, the names by which a user asks
// for them, and the events that stand for them in a recording; package gorun describes that form. It must not know how
// faults happen.
package fault

import (
	"fmt"
	"slices"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
)

// Kind is a kind of fault of the simulated network. The numbers are those of the runtime.
type Kind uint8

// The kinds of faults, with the meaning of [Fault.Amount].
const (
	Short     Kind = 1 + iota // a read or write moves so many bytes, fewer than it could; at least 1
	Reset                     // a connection is reset
	Refuse                    // a dial is refused
	Latency                   // data, a dial or a datagram takes so many nanoseconds
	Stall                     // data takes so many nanoseconds, longer than usual
	Bandwidth                 // a direction of a connection passes so many bytes a second from here on
	Loss                      // a datagram is lost
	Partition                 // for so many nanoseconds nothing passes from or to an address
)

// row describes a kind of fault.
type row struct {
	name  string
	err   event.IOErrorKind // of the IoError that stands for it; 0 for an IoResult with the amount
	value bool              // an RngValue with the amount follows
}

// kinds describes the kinds by number.
var kinds = [...]row{
	Short:     {"short", 0, false},
	Reset:     {"reset", event.IOConnectionReset, false},
	Refuse:    {"refuse", event.IOConnectionRefused, false},
	Latency:   {"latency", event.IOWouldBlock, true},
	Stall:     {"stall", event.IOTimedOut, true},
	Bandwidth: {"bandwidth", event.IOInterrupted, true},
	Loss:      {"loss", 0, false},
	Partition: {"partition", event.IONotConnected, true},
}

// Names lists the names of the kinds by number, from that of Short.
func Names() (list []string) {
	for _, f := range kinds[1:] {
		list = append(list, f.name)
	}
	return list
}

// KindOf returns the kind with a name, and whether there is one.
func KindOf(name string) (Kind, bool) {
	i := slices.Index(Names(), name)
	return Kind(i + 1), i >= 0
}

// known reports whether k is one of the kinds.
func (k Kind) known() bool { return k >= Short && int(k) < len(kinds) }

// String returns the name of the kind, such as "short".
func (k Kind) String() string {
	if k.known() {
		return kinds[k].name
	}
	return fmt.Sprintf("fault %d", uint8(k))
}

// Fault is a fault of the network in an ordinary run. It is identified by a goroutine and an occasion: the number of
// the operation among those of the goroutine at which something can go wrong, from 1.
type Fault struct {
	G        uint32
	Occasion uint32
	Kind     Kind
	Amount   uint64
}

// token returns the token of the events of the fault: the task of the goroutine, with the occasion as its generation.
func (f Fault) token() event.Token { return event.Token(event.NewTaskID(f.G-1, f.Occasion)) }

// Events returns the events of the fault. Those of an unknown kind are none.
func (f Fault) Events() []event.Event {
	if !f.Kind.known() {
		return nil
	}
	r := kinds[f.Kind]
	if r.err == 0 {
		return []event.Event{event.IoResult(f.token(), int64(f.Amount))}
	}
	list := []event.Event{event.IoError(f.token(), r.err)}
	if r.value {
		list = append(list, event.RngValue(f.Amount))
	}
	return list
}

// Reader reads the faults of a run back from its events. The zero value is ready for the first event of a run. It
// accepts any events in any order; events that do not fit the form are ignored.
type Reader struct {
	open Fault // the fault whose amount follows; its Kind is 0 if there is none
}

// Read handles the next event and reports whether it completes a fault.
func (r *Reader) Read(e event.Event) (f Fault, ok bool) {
	open := r.open
	r.open = Fault{}
	if open.Kind != 0 && e.Kind() == event.KindRngValue {
		open.Amount = e.Value()
		return open, true
	}
	if e.Kind() != event.KindIoResult && e.Kind() != event.KindIoError {
		return f, false
	}
	id := event.TaskID(e.Token())
	f = Fault{G: id.Index() + 1, Occasion: id.Generation()}
	if f.Occasion == 0 || gorun.MeaningOf(e) == gorun.Selects { // the former is a read from outside
		return Fault{}, false
	}
	if e.Kind() == event.KindIoResult {
		f.Kind, f.Amount = Short, uint64(max(e.Bytes(), 0))
		if f.Amount == 0 {
			f.Kind = Loss
		}
		return f, true
	}
	same := func(r row) bool { return r.err != 0 && r.err == e.IOErrorKind() }
	f.Kind = Kind(slices.IndexFunc(kinds[1:], same) + 1)
	switch {
	case f.Kind == 0:
		return Fault{}, false
	case kinds[f.Kind].value:
		r.open = f
		return f, false
	}
	return f, true
}
