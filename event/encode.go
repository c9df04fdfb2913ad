package event

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
)

// The codes of the MessagePack specification that the encoder and the fast decoder use. msgpack/v5 has them as
// variables, which a switch cannot use.
const (
	codeFixArray = 0x90
	codeFixStr   = 0xa0
	codeNil      = 0xc0
	codeUint8    = 0xcc
	codeUint16   = 0xcd
	codeUint32   = 0xce
	codeUint64   = 0xcf
	codeInt8     = 0xd0
	codeInt16    = 0xd1
	codeInt32    = 0xd2
	codeInt64    = 0xd3
)

// maxEventBytes bounds the canonical form of any event: array header, name, and four integers of nine bytes. TestTable
// checks it.
const maxEventBytes = 64

// codec is the part of the table that the hot paths use, without strings and slices.
type codec struct {
	prefix    [24]byte // array header, name header, name
	prefixLen uint8
	jsonLen   uint8 // length of the JSON form without the values
	fields    uint8
	steps     [4]codecStep
}

type codecStep struct {
	slot     slot
	optional bool
	signed   bool
	limit    uint64
}

var codecs = buildCodecs()

func buildCodecs() (c [NumKinds + 1]codec) {
	for k := range Kinds() {
		spec := &table[k]
		prefix := append([]byte{codeFixArray | byte(1+len(spec.fields)), codeFixStr | byte(len(spec.name))}, spec.name...)
		c[k].prefixLen = uint8(copy(c[k].prefix[:], prefix))
		c[k].jsonLen = uint8(len(strings.Join(jsonBefore[k][:], "")) + len("}"))
		c[k].fields = uint8(len(spec.fields))
		for i, f := range spec.fields {
			t := types[f.Type]
			c[k].steps[i] = codecStep{f.slot, t.optional, t.wire == wireInt64, wireMax[t.wire]}
		}
	}
	return c
}

// AppendMsgpack appends the MessagePack form of e, at most 64 bytes. It panics if e is the zero Event.
func (e Event) AppendMsgpack(dst []byte) []byte {
	if e.kind == 0 {
		panic("event: AppendMsgpack of the zero Event")
	}
	dst = slices.Grow(dst, maxEventBytes)
	b := (*[maxEventBytes]byte)(dst[len(dst) : len(dst)+maxEventBytes])
	c := &codecs[e.kind]
	*(*[24]byte)(b[:]) = c.prefix
	n := uint(c.prefixLen)
	for i := range c.fields {
		s := &c.steps[i&3]
		bits := e.get(s.slot)
		at := b[n&(maxEventBytes-1):]
		switch {
		case bits < 1<<7 && (!s.optional || e.present):
			at[0] = byte(bits)
			n++
		case s.signed && int64(bits) < 0:
			n += putNegative(at, int64(bits))
		case s.optional && !e.present:
			at[0] = codeNil
			n++
		default:
			n += putUint(at, bits)
		}
	}
	return dst[:uint(len(dst))+n]
}

// putUint writes v in the shortest form and returns its length; b has room for nine bytes.
func putUint(b []byte, v uint64) uint {
	switch {
	case v < 1<<7:
		b[0] = byte(v)
		return 1
	case v < 1<<8:
		b[0], b[1] = codeUint8, byte(v)
		return 2
	case v < 1<<16:
		b[0] = codeUint16
		binary.BigEndian.PutUint16(b[1:], uint16(v))
		return 3
	case v < 1<<32:
		b[0] = codeUint32
		binary.BigEndian.PutUint32(b[1:], uint32(v))
		return 5
	default:
		b[0] = codeUint64
		binary.BigEndian.PutUint64(b[1:], v)
		return 9
	}
}

// putNegative writes v, which is below zero, in the shortest form and returns its length.
func putNegative(b []byte, v int64) uint {
	switch {
	case v >= -32:
		b[0] = byte(v)
		return 1
	case v >= math.MinInt8:
		b[0], b[1] = codeInt8, byte(v)
		return 2
	case v >= math.MinInt16:
		b[0] = codeInt16
		binary.BigEndian.PutUint16(b[1:], uint16(v))
		return 3
	case v >= math.MinInt32:
		b[0] = codeInt32
		binary.BigEndian.PutUint32(b[1:], uint32(v))
		return 5
	default:
		b[0] = codeInt64
		binary.BigEndian.PutUint64(b[1:], uint64(v))
		return 9
	}
}

var errZeroEvent = errors.New("event: the zero Event cannot be encoded")

// EncodeMsgpack writes e to enc; it makes Event a [msgpack.CustomEncoder]. The zero Event is an error.
func (e Event) EncodeMsgpack(enc *msgpack.Encoder) error {
	if e.kind == 0 {
		return errZeroEvent
	}
	_, err := enc.Writer().Write(e.AppendMsgpack(make([]byte, 0, maxEventBytes)))
	return err
}

// validate reports why m cannot be written.
func (m Metadata) validate() error {
	err := checkVersion(m.Version)
	if err == nil {
		err = checkDescription(m.Description)
	}
	if err != nil {
		return fmt.Errorf("event: %w", err)
	}
	return nil
}

func checkDescription(s string) error {
	if len(s) > MaxDescription {
		return malformed("a description of %d bytes is over the limit of %d", len(s), MaxDescription)
	}
	if !utf8.ValidString(s) {
		return malformed("the description is not valid UTF-8")
	}
	return nil
}

// EncodeMsgpack writes m to enc; it makes Metadata a [msgpack.CustomEncoder]. Another version than [Version] and a
// description that is too long or not UTF-8 are errors.
func (m Metadata) EncodeMsgpack(enc *msgpack.Encoder) error {
	if err := m.validate(); err != nil {
		return err
	}
	n := 4
	if m.Description != "" {
		n = 5
	}
	if err := enc.EncodeArrayLen(n); err != nil {
		return err
	}
	for _, v := range [4]uint64{uint64(m.Version), m.Seed, m.RecordedAt, m.ConfigHash} {
		if err := enc.EncodeUint(v); err != nil {
			return err
		}
	}
	if m.Description == "" {
		return nil
	}
	return enc.EncodeString(m.Description)
}

// AppendMsgpackHeader appends the part of the MessagePack form of a trace of n events that precedes the events: the
// header of the array of two, the metadata, and the header of the array of n. The caller must append the n events,
// each by [Event.AppendMsgpack] or an [Encoder]. An n below 0 or above 2^32-1 is an error; the other errors are
// those of [Metadata.EncodeMsgpack]. On error dst is returned unchanged.
func AppendMsgpackHeader(dst []byte, md Metadata, n int) ([]byte, error) {
	if uint64(n) > math.MaxUint32 {
		return dst, fmt.Errorf("event: %w", malformed("%d events do not fit in one MessagePack array", n))
	}
	b := bytes.NewBuffer(dst)
	enc := msgpack.NewEncoder(b)
	if err := enc.EncodeArrayLen(2); err != nil {
		return dst, err
	}
	if err := md.EncodeMsgpack(enc); err != nil {
		return dst, err
	}
	if err := enc.EncodeArrayLen(n); err != nil {
		return dst, err
	}
	return b.Bytes(), nil
}

// EncodeMsgpack writes t to enc; it makes *Trace a [msgpack.CustomEncoder]. See [Metadata.EncodeMsgpack] for the
// errors.
func (t *Trace) EncodeMsgpack(enc *msgpack.Encoder) error { return t.WriteMsgpack(enc.Writer()) }

// WriteMsgpack writes the MessagePack form of t to w. It returns the errors of [AppendMsgpackHeader], before it
// writes anything, and that of w. [AppendMsgpackHeader] and an [Encoder] write the same form without holding all
// events.
func (t *Trace) WriteMsgpack(w io.Writer) error {
	header, err := AppendMsgpackHeader(nil, t.Metadata, t.Len())
	if err != nil {
		return err
	}
	if b, ok := w.(*bytes.Buffer); ok {
		return t.fill(b, header)
	}
	events := &Encoder{w: w, buf: append(make([]byte, 0, encoderBuffer+maxEventBytes), header...)}
	for _, e := range t.All() {
		if err := events.Encode(e); err != nil {
			return err
		}
	}
	return events.Flush()
}

// fill writes a trace into memory, without a buffer between. The size is estimated from a sample of events, with an
// eighth in reserve, so that the memory is allocated once.
func (t *Trace) fill(b *bytes.Buffer, header []byte) error {
	const sample = 64
	size, counted, step := 0, 0, t.Len()/sample+1
	for i := 0; i < t.Len(); i += step {
		n, _ := t.At(i).EncodedLen()
		size += n
		counted++
	}
	if counted > 0 {
		size = size * t.Len() / counted * 9 / 8
	}
	b.Grow(len(header) + size + maxEventBytes)
	packed := append(b.AvailableBuffer(), header...)
	for block := range t.blocks() {
		for i := range block {
			packed = block[i].AppendMsgpack(packed)
		}
	}
	_, err := b.Write(packed)
	return err
}

// Encoder writes events one after the other, each in its MessagePack form. It buffers; call Flush at the end.
type Encoder struct {
	w   io.Writer
	buf []byte
	err error
}

const encoderBuffer = 32 << 10

// NewEncoder returns an Encoder that writes to w.
func NewEncoder(w io.Writer) *Encoder { return &Encoder{w: w} }

// Encode writes e. It returns an error for the zero Event. An error of the writer is returned by this call and by
// all later ones.
func (x *Encoder) Encode(e Event) error {
	if x.err != nil {
		return x.err
	}
	if e.kind == 0 {
		return errZeroEvent
	}
	x.buf = e.AppendMsgpack(x.buf)
	if len(x.buf) < encoderBuffer {
		return nil
	}
	return x.Flush()
}

// Flush writes what is buffered.
func (x *Encoder) Flush() error {
	if x.err != nil || len(x.buf) == 0 {
		return x.err
	}
	var n int
	n, x.err = x.w.Write(x.buf)
	if x.err == nil && n < len(x.buf) {
		x.err = io.ErrShortWrite
	}
	x.buf = x.buf[:0]
	return x.err
}
