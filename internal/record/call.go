package record

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// CallKind is the kind of a [Call].
type CallKind uint8

// The kinds of calls, which are numbered as in the runtime and in trace files.
const (
	CallConnect CallKind = 1 + iota
	CallBind
	CallListen
	CallAccept
	CallOption // of a socket, such as its error
	CallRead   // from a socket
	CallWrite  // to a socket
	CallShutdown
	CallPipe // a read from a pipe or something like it
	CallOpen // of a file of the module
	CallFile // a read from it
	CallLook // the opening of a file outside of the module, of which a replay compares size and date
	CallHeld // a look-up of a file outside, which a replay takes from here: opening, status, link or access
	CallKept // content of a file or folder that a CallHeld has opened
	CallEnv  // a variable of the environment that the program asked for
)

var callNames = [...]string{
	"", "dial", "bind", "listen", "accept", "option", "read", "write", "shutdown", "read", "opening", "read",
	"opening", "look", "content", "variable",
}

// String returns a noun or the name of the operation, such as "read".
func (k CallKind) String() string {
	if k == 0 || int(k) >= len(callNames) {
		return fmt.Sprintf("call of kind %d", uint8(k))
	}
	return callNames[k]
}

// Call is a call by which a run took something from outside, or sent something there: a system call on a socket that
// left the simulated network, a read from a pipe, a look at a file. The calls of a run are its tape.
//
//	What        Result            Size        Hash                       Address        Data
//	connect     0                 -           of the address             dialled        own address
//	bind        0                 -           -                          -              own address
//	accept      a descriptor      its number  -                          of the client  own address
//	option      0                 of it       level<<32 | name           -              value
//	read, pipe  bytes             bytes       flags of a message         of the sender  what was read
//	write       bytes             bytes       of the bytes               -              -
//	open        0                 -           -                          the path       -
//	file        bytes             bytes       of the bytes               -              what was read, or nothing
//	look        0                 of the file of path and kind           the path       when it was changed
//	held        0                 of the file of path and kind           the path       its status, or where a link leads
//	kept        bytes             bytes       the offset                 -              content
//	variable    0                 -           -                          its name       its value
//
// An option that ends a dial has the addresses of a connect instead of the value.
type Call struct {
	What    CallKind
	G       uint32
	Turn    uint32 // number of choices before it
	Object  uint32 // number of the socket or of the file, from 1, or descriptor of the pipe; 0 if there is none
	Result  int64  // what the kernel returned, or the negative error
	Hash    uint64 // FNV-1a of 64 bits, except where the table says otherwise
	Size    uint32 // bytes that moved
	Address []byte // a struct sockaddr of Linux, a name, or the end of a path; at most 128 bytes
	Data    []byte // at most MaxCallData bytes

	wait uint32 // of a call that a replay is given: 1 + the choices for which the goroutine waited; 0 if it did not
}

// Tape is what a run took from outside.
type Tape struct {
	Calls []Call
	Cut   uint64 // number of calls at the end of the run for which there was no room
}

// Outside returns the calls but those of the environment, which a replay has from its start.
func (t *Tape) Outside() []Call { return t.only(func(k CallKind) bool { return k != CallEnv }) }

// Environment returns the variables of the environment that the program asked for.
func (t *Tape) Environment() []Call { return t.only(func(k CallKind) bool { return k == CallEnv }) }

func (t *Tape) only(has func(CallKind) bool) (list []Call) {
	for _, c := range t.Calls {
		if has(c.What) {
			list = append(list, c)
		}
	}
	return list
}

// Has reports whether a call of a kind is on the tape.
func (t *Tape) Has(what CallKind) bool {
	return t != nil && slices.ContainsFunc(t.Calls, func(c Call) bool { return c.What == what })
}

// OrNil returns t, or nil if nothing was taken from outside.
func (t *Tape) OrNil() *Tape {
	if len(t.Calls) == 0 && t.Cut == 0 {
		return nil
	}
	return t
}

// MaxCallData is the maximum length of Call.Data, and maxCallAddress that of Call.Address.
const (
	MaxCallData    = 8 << 20
	maxCallAddress = 128
)

// callHeader is the length of a call in the form of the runtime, without its address and data.
const callHeader = 48

// appendTo appends c in the form of the runtime; see rprCall.
func (c *Call) appendTo(b []byte) []byte {
	order := binary.NativeEndian
	b = append(b, byte(c.What), 0, 0, 0)
	b = order.AppendUint32(b, c.G)
	b = order.AppendUint32(b, c.Turn)
	b = order.AppendUint32(b, c.Object)
	b = order.AppendUint64(b, uint64(c.Result))
	b = order.AppendUint64(b, c.Hash)
	b = order.AppendUint32(b, c.Size)
	b = order.AppendUint32(b, uint32(len(c.Address)))
	b = order.AppendUint32(b, uint32(len(c.Data)))
	b = order.AppendUint32(b, c.wait)
	b = append(append(b, c.Address...), c.Data...)
	return append(b, make([]byte, -len(b)&7)...)
}

// Room returns the number of bytes that c takes in the form of the runtime.
func (c *Call) Room() int { return (callHeader + len(c.Address) + len(c.Data) + 7) &^ 7 }

// AppendCalls appends calls to b, whose length must be a multiple of 8, in the form that the runtime reads.
func AppendCalls(b []byte, list []Call) []byte {
	for i := range list {
		b = list[i].appendTo(b)
	}
	return b
}

// ParseCalls reads calls in the form that the runtime writes. The result shares no memory with b. It returns an error
// if b has another form, as after the program has overwritten it.
func ParseCalls(b []byte) (list []Call, err error) {
	for len(b) > 0 {
		c, n := parseCall(b)
		if n == 0 {
			return nil, fmt.Errorf("record: call %d of the tape is invalid", len(list))
		}
		list, b = append(list, c), b[n:]
	}
	return list, nil
}

// parseCall reads the first call of b and returns its length, 0 if it is invalid.
func parseCall(b []byte) (c Call, n int) {
	if len(b) < callHeader {
		return c, 0
	}
	order := binary.NativeEndian
	addrs, bytes := order.Uint32(b[36:]), order.Uint32(b[40:])
	if addrs > maxCallAddress || bytes > MaxCallData {
		return c, 0
	}
	end := callHeader + int(addrs) + int(bytes)
	n = (end + 7) &^ 7
	if len(b) < n {
		return c, 0
	}
	c = Call{
		What: CallKind(b[0]), G: order.Uint32(b[4:]), Turn: order.Uint32(b[8:]), Object: order.Uint32(b[12:]),
		Result: int64(order.Uint64(b[16:])), Hash: order.Uint64(b[24:]), Size: order.Uint32(b[32:]),
	}
	text := append([]byte(nil), b[callHeader:end]...)
	c.Address, c.Data = text[:addrs:addrs], text[addrs:]
	return c, n
}

// Valid reports whether a call that a stranger wrote has the limits of one that the runtime wrote.
func (c *Call) Valid() bool {
	return c.What != 0 && c.What <= CallEnv && len(c.Address) <= maxCallAddress && len(c.Data) <= MaxCallData &&
		c.Result >= -4095 && c.Result <= int64(maxResult) && (c.What != CallRead && c.What != CallPipe || c.fits())
}

// maxResult is the maximum of Call.Result.
const maxResult = 1 << 31

// fits reports whether the result of a read is the length of its data, or more if the data was cut.
func (c *Call) fits() bool {
	return c.Result <= 0 && len(c.Data) == 0 || c.Result >= int64(len(c.Data)) && int64(c.Size) == c.Result
}
