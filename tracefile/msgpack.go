package tracefile

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/reprise-go/reprise/event"
)

// This file has the part of MessagePack that the side chunks need: unsigned integers, text, and the headers of arrays
// and maps.

func appendUint(b []byte, v uint64) []byte {
	be := binary.BigEndian
	switch {
	case v < 1<<7:
		return append(b, byte(v))
	case v < 1<<8:
		return append(b, 0xcc, byte(v))
	case v < 1<<16:
		return be.AppendUint16(append(b, 0xcd), uint16(v))
	case v < 1<<32:
		return be.AppendUint32(append(b, 0xce), uint32(v))
	}
	return be.AppendUint64(append(b, 0xcf), v)
}

func appendText(b []byte, s string) []byte {
	be := binary.BigEndian
	switch n := len(s); {
	case n < 32:
		b = append(b, 0xa0|byte(n))
	case n < 1<<8:
		b = append(b, 0xd9, byte(n))
	case n < 1<<16:
		b = be.AppendUint16(append(b, 0xda), uint16(n))
	default:
		b = be.AppendUint32(append(b, 0xdb), uint32(n))
	}
	return append(b, s...)
}

// appendLen appends the header of a container. fix is its code for no elements, 0x90 or 0x80; long is its code for
// a 16-bit length.
func appendLen(b []byte, n int, fix, long byte) []byte {
	switch {
	case n < 16:
		return append(b, fix|byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, long), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, long+1), uint32(n))
}

func appendArray(b []byte, n int) []byte { return appendLen(b, n, 0x90, 0xdc) }
func appendMap(b []byte, n int) []byte   { return appendLen(b, n, 0x80, 0xde) }

// unpacker reads values from the front of b. After a value of an unexpected type, bad is set and all further values
// are empty.
type unpacker struct {
	b   []byte
	bad bool
}

// take returns the next n bytes. If there are fewer, it sets bad and returns zeros, at most 8.
func (u *unpacker) take(n int) []byte {
	if u.bad || n > len(u.b) {
		u.bad = true
		return make([]byte, min(n, 8))
	}
	v := u.b[:n]
	u.b = u.b[n:]
	return v
}

// number reads a big-endian number of 1, 2, 4 or 8 bytes.
func (u *unpacker) number(bytes int) uint64 {
	var v [8]byte
	copy(v[8-bytes:], u.take(bytes))
	return binary.BigEndian.Uint64(v[:])
}

func (u *unpacker) uint() uint64 {
	switch c := u.take(1)[0]; {
	case c < 1<<7:
		return uint64(c)
	case c >= 0xcc && c <= 0xcf:
		return u.number(1 << (c - 0xcc))
	}
	u.bad = true
	return 0
}

// text reads text, which must be valid UTF-8.
func (u *unpacker) text() []byte {
	var n uint64
	switch c := u.take(1)[0]; {
	case c&0xe0 == 0xa0:
		n = uint64(c & 0x1f)
	case c >= 0xd9 && c <= 0xdb:
		n = u.number(1 << (c - 0xd9))
	default:
		u.bad = true
	}
	if n > uint64(len(u.b)) {
		u.bad = true
	}
	if u.bad {
		return nil
	}
	s := u.take(int(n))
	u.bad = u.bad || !utf8.Valid(s)
	return s
}

// length reads the header of a container; see appendLen.
func (u *unpacker) length(fix, long byte) int {
	var n uint64
	switch c := u.take(1)[0]; {
	case c&0xf0 == fix:
		n = uint64(c & 0x0f)
	case c == long || c == long+1:
		n = u.number(2 << (c - long))
	default:
		u.bad = true
	}
	if n > uint64(len(u.b)) { // an element takes at least a byte
		u.bad = true
	}
	if u.bad {
		return 0
	}
	return int(n)
}

func (u *unpacker) array() int  { return u.length(0x90, 0xdc) }
func (u *unpacker) mapLen() int { return u.length(0x80, 0xde) }

// maxSkipDepth is the maximum nesting of the containers that skip accepts.
const maxSkipDepth = 4

// skip skips a value of any type, with at most depth levels of containers.
func (u *unpacker) skip(depth int) {
	if u.bad || len(u.b) == 0 || depth == 0 {
		u.bad = true
		return
	}
	fixed := map[byte]int{0xc0: 0, 0xc2: 0, 0xc3: 0, 0xca: 4, 0xcb: 8, 0xd0: 1, 0xd1: 2, 0xd2: 4, 0xd3: 8}
	elements := 0
	switch c := u.b[0]; {
	case c < 0x80 || c >= 0xcc && c <= 0xcf:
		u.uint()
	case c&0xe0 == 0xa0 || c >= 0xd9 && c <= 0xdb:
		u.text()
	case c&0xf0 == 0x90 || c == 0xdc || c == 0xdd:
		elements = u.array()
	case c&0xf0 == 0x80 || c == 0xde || c == 0xdf:
		elements = 2 * u.mapLen()
	case c >= 0xe0:
		u.take(1)
	default:
		size, ok := fixed[c]
		u.bad = !ok
		u.take(1 + size)
	}
	for range elements {
		u.skip(depth - 1)
	}
}

// done reports whether everything was read and was valid.
func (u *unpacker) done() bool { return !u.bad && len(u.b) == 0 }

// encodeMetadata returns the MessagePack form of md, cut out of a trace without events, which is [metadata, []]:
// one byte before the metadata and one after it.
func encodeMetadata(md event.Metadata) ([]byte, error) {
	var b bytes.Buffer
	if err := event.NewTrace(md).WriteMsgpack(&b); err != nil {
		return nil, err
	}
	return b.Bytes()[1 : b.Len()-1], nil
}

func decodeMetadata(b []byte) (event.Metadata, error) {
	whole := append(append([]byte{0x92}, b...), 0x90)
	t, err := event.ParseMsgpack(whole)
	if err != nil {
		return event.Metadata{}, schemaError(err)
	}
	return t.Metadata, nil
}
