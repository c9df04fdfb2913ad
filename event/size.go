package event

import "math/bits"

// binaryLens is the length of an unsigned integer in MessagePack, by its number of bits.
var binaryLens = buildBinaryLens()

func buildBinaryLens() (lens [65]uint8) {
	var b [9]byte
	for n := range lens {
		lens[n] = uint8(putUint(b[:], 1<<n-1))
	}
	return lens
}

// powers are the powers of ten that fit into 64 bits.
var powers = buildPowers()

func buildPowers() (p [20]uint64) {
	p[0] = 1
	for i := range len(p) - 1 {
		p[i+1] = 10 * p[i]
	}
	return p
}

// decimalLen returns the number of decimal digits of v.
func decimalLen(v uint64) int {
	v |= 1                          // 0 has a digit, and no other number gets one more
	n := bits.Len64(v) * 1233 >> 12 // 1233/4096 is close enough to the logarithm of 2: v has n or n+1 digits
	if v >= powers[n] {
		n++
	}
	return n
}

// EncodedLen returns the lengths in bytes of what AppendMsgpack and AppendJSON append, without encoding anything. It
// panics if e is the zero Event.
func (e Event) EncodedLen() (msgpack, json int) {
	if e.kind == 0 {
		panic("event: EncodedLen of the zero Event")
	}
	c := &codecs[e.kind]
	msgpack, json = int(c.prefixLen), int(c.jsonLen)
	for i := range c.fields {
		s := &c.steps[i&3]
		v := e.get(s.slot)
		switch {
		case s.optional && !e.present:
			msgpack, json = msgpack+1, json+len("null")
		case s.signed && int64(v) < 0:
			var b [9]byte
			msgpack += int(putNegative(b[:], int64(v)))
			json += len("-") + decimalLen(-v)
		default:
			msgpack += int(binaryLens[bits.Len64(v)])
			json += decimalLen(v)
		}
	}
	return msgpack, json
}
