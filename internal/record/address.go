package record

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
)

// The families of addresses in Linux.
const (
	familyUnix = 1
	familyInet = 2
	familyIn6  = 10
)

// addressText returns the text of a struct sockaddr, such as "127.0.0.1:80", or "" if it has none.
func addressText(b []byte) string {
	if len(b) < 2 {
		return ""
	}
	switch family := binary.NativeEndian.Uint16(b); {
	case family == familyInet && len(b) >= 8:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[2:])).String()
	case family == familyIn6 && len(b) >= 24:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[8:24])).Unmap(), binary.BigEndian.Uint16(b[2:])).String()
	case family == familyUnix && len(b) > 2:
		path := b[2:]
		for i, c := range path {
			if c == 0 && i > 0 {
				path = path[:i]
				break
			}
		}
		if path[0] == 0 { // an abstract name
			path = append([]byte("@"), path[1:]...)
		}
		return strconv.Quote(string(path))
	}
	return ""
}

// Place returns what a socket or pipe of the tape is called in a report: its address at the other end, if that is
// known.
func (t *Tape) Place(what CallKind, object uint32) string {
	if what == CallPipe {
		return fmt.Sprintf("a pipe (descriptor %d)", object)
	}
	if what == CallLook || what == CallHeld {
		return "a file outside of the module"
	}
	file := what == CallOpen || what == CallFile
	for i := range t.Calls {
		c := &t.Calls[i]
		switch {
		case c.Object != object, c.What == CallPipe, c.What == CallBind, c.What == CallListen:
			continue
		case c.What > CallFile, file != (c.What >= CallOpen):
			continue
		case file && c.What == CallOpen:
			return c.Name()
		}
		if text := addressText(c.Address); text != "" {
			return text
		}
	}
	if file {
		return fmt.Sprintf("file %d", object)
	}
	return fmt.Sprintf("socket %d outside", object)
}

// Before returns how many calls of a kind on an object are among the first n, and how many bytes they moved.
func (t *Tape) Before(n int, what CallKind, object uint32) (calls int, bytes uint64) {
	for i := range min(n, len(t.Calls)) {
		if c := &t.Calls[i]; c.What == what && c.Object == object {
			calls++
			bytes += uint64(c.Size)
		}
	}
	return calls, bytes
}
