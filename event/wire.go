package event

import (
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// This file reads the values of the general decoder and checks them before msgpack/v5 sees them: the library
// accepts more than the schema does.

// description reads text or nil.
func (d *Decoder) description() (string, error) {
	dec := d.msgpack()
	c, err := dec.PeekCode()
	if err != nil {
		return "", err
	}
	if c == msgpcode.Nil {
		return "", dec.DecodeNil()
	}
	n, err := d.textLen()
	if err != nil {
		return "", err
	}
	if n > MaxDescription {
		return "", malformed("a description of %d bytes is over the limit of %d", n, MaxDescription)
	}
	return d.text(n)
}

// text reads n bytes of UTF-8. It does not trust n.
func (d *Decoder) text(n int) (string, error) {
	var b []byte
	for len(b) < n {
		step := min(n-len(b), 4096)
		b = append(b, make([]byte, step)...)
		if err := d.msgpack().ReadFull(b[len(b)-step:]); err != nil {
			return "", err
		}
	}
	if !utf8.Valid(b) {
		return "", malformed("text is not valid UTF-8")
	}
	return string(b), nil
}

// container reads the header of an array or a map.
func (d *Decoder) container() (isMap bool, n int, err error) {
	d.mark()
	dec := d.msgpack()
	c, err := dec.PeekCode()
	if err != nil {
		return false, 0, d.fail(err)
	}
	switch {
	case msgpcode.IsFixedArray(c) || c == msgpcode.Array16 || c == msgpcode.Array32:
		n, err = length(dec.DecodeArrayLen())
	case msgpcode.IsFixedMap(c) || c == msgpcode.Map16 || c == msgpcode.Map32:
		isMap = true
		n, err = length(dec.DecodeMapLen())
	default:
		err = malformed("code %#02x where an array or a map is needed", c)
	}
	if err != nil {
		return false, 0, d.fail(err)
	}
	return isMap, n, nil
}

// mapEntries reads the keys of a map and calls value to read each value. A key that cannot belong to the schema is
// passed to value as an unknown key.
func (d *Decoder) mapEntries(n int, value func(key string) error) error {
	for range n {
		d.mark()
		key, err := d.key()
		if err != nil {
			return d.fail(err)
		}
		d.mark()
		if err := value(key); err != nil {
			return d.fail(err)
		}
	}
	return nil
}

// key reads a key. If it is longer than every key of the schema, it is skipped.
func (d *Decoder) key() (string, error) {
	n, err := d.textLen()
	if err != nil {
		return "", err
	}
	if n > maxEventBytes {
		return "", d.discard(n)
	}
	return d.text(n)
}

// textLen reads the header of a str or bin value.
func (d *Decoder) textLen() (int, error) {
	dec := d.msgpack()
	c, err := dec.PeekCode()
	if err != nil {
		return 0, err
	}
	if !msgpcode.IsString(c) && !msgpcode.IsBin(c) {
		return 0, malformed("code %#02x where text is needed", c)
	}
	return length(dec.DecodeBytesLen())
}

// length refuses a length that a 32-bit int cannot hold, which msgpack returns as a negative number.
func length(n int, err error) (int, error) {
	if err == nil && n < 0 {
		err = malformed("a length of %d is over what this machine can hold", uint32(n))
	}
	return n, err
}

// raw reads any value and keeps it if it is an integer or nil.
func (d *Decoder) raw() (raw, error) {
	dec := d.msgpack()
	c, err := dec.PeekCode()
	if err != nil {
		return raw{}, err
	}
	switch {
	case c == msgpcode.Nil:
		return raw{state: rawNull}, dec.DecodeNil()
	case c <= msgpcode.PosFixedNumHigh || c >= msgpcode.Uint8 && c <= msgpcode.Uint64:
		v, err := dec.DecodeUint64()
		return raw{rawUint, v}, err
	case c >= msgpcode.NegFixedNumLow || c >= msgpcode.Int8 && c <= msgpcode.Int64:
		v, err := dec.DecodeInt64()
		if v < 0 {
			return raw{rawNegative, uint64(v)}, err
		}
		return raw{rawUint, uint64(v)}, err
	}
	return raw{state: rawOther}, d.skip()
}

// skip skips one value of any shape. It does not recurse, so that nesting costs no memory.
func (d *Decoder) skip() error {
	for left := uint64(1); left > 0; left-- {
		more, err := d.skipOne()
		if err != nil {
			return err
		}
		left += more
	}
	return nil
}

// skipOne skips a scalar, or the header of a container, and returns the number of values in the container.
func (d *Decoder) skipOne() (inside uint64, err error) {
	dec := d.msgpack()
	c, err := dec.PeekCode()
	if err != nil {
		return 0, truncated(err)
	}
	var n int
	switch {
	case msgpcode.IsFixedArray(c) || c == msgpcode.Array16 || c == msgpcode.Array32:
		n, err = dec.DecodeArrayLen()
		return uint64(uint32(n)), truncated(err)
	case msgpcode.IsFixedMap(c) || c == msgpcode.Map16 || c == msgpcode.Map32:
		n, err = dec.DecodeMapLen()
		return 2 * uint64(uint32(n)), truncated(err)
	case msgpcode.IsString(c) || msgpcode.IsBin(c):
		if n, err = length(dec.DecodeBytesLen()); err == nil {
			err = d.discard(n)
		}
	case msgpcode.IsExt(c):
		if _, n, err = dec.DecodeExtHeader(); err == nil {
			n, err = length(n, nil)
		}
		if err == nil {
			err = d.discard(n)
		}
	case c == 0xc1:
		err = malformed("code 0xc1 is never used in MessagePack")
	default:
		err = dec.Skip()
	}
	return 0, truncated(err)
}

// discard skips n bytes.
func (d *Decoder) discard(n int) error {
	for n > 0 {
		step := min(n, len(d.scratch))
		if err := d.msgpack().ReadFull(d.scratch[:step]); err != nil {
			return truncated(err)
		}
		n -= step
	}
	return nil
}
