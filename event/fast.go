package event

import "encoding/binary"

// parseWindow is the number of bytes that parse may look at: an event and a whole integer behind it, so that no read
// needs a check.
const parseWindow = maxEventBytes + 9

// consume decodes the canonical form at the start of b into e and returns the number of bytes it takes. It returns
// 0 for anything that is not canonical, complete and in range; e is then undefined and the general decoder must
// decode the value. The hot paths pass the event on by its address, because a copy of a value that was just written
// byte by byte is slow.
func (e *Event) consume(b []byte) int {
	*e = Event{}
	if len(b) >= parseWindow {
		return e.parse((*[parseWindow]byte)(b))
	}
	var padded [parseWindow]byte
	copy(padded[:], b)
	if n := e.parse(&padded); n <= len(b) {
		return n
	}
	return 0
}

// parse sets e, which is zero, and returns the number of bytes read, 0 if the event is not in the canonical form.
func (e *Event) parse(b *[parseWindow]byte) int {
	n := 2 + uint(b[1]&0x1f)
	if b[0]&0xf0 != codeFixArray || b[1]&0xe0 != codeFixStr || n < 2+minName {
		return 0
	}
	k := nameTable[hashName(b[2:n], nameMultiplier)]
	c := &codecs[k]
	if n != uint(c.prefixLen) || string(b[:n]) != string(c.prefix[:c.prefixLen]) {
		return 0
	}
	e.kind = k
	for i := range c.fields {
		s := &c.steps[i&3]
		at := (*[9]byte)(b[n&(maxEventBytes-1):])
		bits, width := parseUint(at)
		if width == 0 || bits > s.limit {
			if bits, width = s.parseRare(at); width == 0 {
				return 0
			}
		}
		if s.optional && at[0] != codeNil {
			e.present = true
		}
		e.put(s.slot, bits)
		n += width
	}
	return int(n)
}

// parseUint decodes an unsigned integer of any form and returns its width, 0 if there is none.
func parseUint(b *[9]byte) (bits uint64, width uint) {
	c := b[0]
	if c < 1<<7 {
		return uint64(c), 1
	}
	if c < codeUint8 || c > codeUint64 {
		return 0, 0
	}
	bytes := uint(1) << (c & 3) // 1, 2, 4 or 8
	return binary.BigEndian.Uint64(b[1:]) >> (64 - 8*bytes), 1 + bytes
}

// parseRare decodes a value that is not an unsigned integer: nil for an optional field, a negative number for a
// signed one. The width is 0 if it is neither.
func (s *codecStep) parseRare(b *[9]byte) (bits uint64, width uint) {
	c := b[0]
	switch {
	case c == codeNil && s.optional:
		return 0, 1
	case c >= 0xe0 && s.signed:
		return uint64(int64(int8(c))), 1
	case c >= codeInt8 && c <= codeInt64 && s.signed:
		bytes := uint(1) << (c & 3)
		return uint64(int64(binary.BigEndian.Uint64(b[1:])) >> (64 - 8*bytes)), 1 + bytes
	}
	return 0, 0
}
