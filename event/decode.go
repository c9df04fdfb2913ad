package event

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/vmihailenco/msgpack/v5"
)

// consumeMsgpack decodes the event at the start of b and returns the number of bytes it takes. The error is a
// [*DecodeError] with an offset into b.
func consumeMsgpack(b []byte) (Event, int, error) {
	var e Event
	if n := e.consume(b); n > 0 {
		return e, n, nil
	}
	d := newDecoder(&input{buf: b})
	d.index = -1
	e, err := d.event()
	return e, d.in.pos, err
}

// AppendParsed appends to events the n events whose MessagePack forms stand one after the other at the start of b, and
// returns the number of bytes they take. The error is a [*DecodeError] with an offset into b and the index of the event
// among the n; those before it have been appended. It is the fastest way to decode many events. Memory for n events is
// allocated at once: the caller must have checked that b can hold as many.
func AppendParsed(events []Event, b []byte, n int) (all []Event, used int, err error) {
	first := len(events)
	events = slices.Grow(events, n)[:first+n]
	for i := range n {
		e := &events[first+i]
		size := e.consume(b[used:])
		if size == 0 {
			if *e, size, err = consumeMsgpack(b[used:]); err != nil {
				return events[:first+i], used, moved(err, int64(used), int64(i))
			}
		}
		used += size
	}
	return events, used, nil
}

// moved returns err, located relative to the start of a value, as an error at offset bytes and with an index.
func moved(err error, offset, index int64) error {
	var d *DecodeError
	if !errors.As(err, &d) {
		return err
	}
	at := *d
	at.Offset, at.Index = d.Offset+offset, index
	return &at
}

// ReadMsgpack reads one trace from r, to the end of r. The error is a [*DecodeError]; if r failed, it wraps the
// error of r. [MsgpackReader] reads the same form without holding all events.
func ReadMsgpack(r io.Reader) (*Trace, error) { return newDecoder(newInput(r)).wholeTrace() }

// ParseMsgpack decodes one trace that fills b. The error is a [*DecodeError].
func ParseMsgpack(b []byte) (*Trace, error) { return newDecoder(&input{buf: b}).wholeTrace() }

// DecodeMsgpack reads a trace from dec; it makes *Trace a [msgpack.CustomDecoder]. Offsets in its errors are unknown.
func (t *Trace) DecodeMsgpack(dec *msgpack.Decoder) error {
	u, err := (&Decoder{dec: dec, index: -1}).trace()
	if err == nil {
		*t = *u
	}
	return err
}

// DecodeMsgpack reads an event from dec; it makes *Event a [msgpack.CustomDecoder]. Offsets in its errors are unknown.
func (e *Event) DecodeMsgpack(dec *msgpack.Decoder) error {
	v, err := (&Decoder{dec: dec, index: -1}).event()
	if err == nil {
		*e = v
	}
	return err
}

// DecodeMsgpack reads metadata from dec; it makes *Metadata a [msgpack.CustomDecoder]. Offsets in its errors are
// unknown.
func (m *Metadata) DecodeMsgpack(dec *msgpack.Decoder) error {
	v, err := (&Decoder{dec: dec, index: -1}).metadata()
	if err == nil {
		*m = v
	}
	return err
}

// Decoder reads events one after the other, each in its MessagePack form, as an [Encoder] writes them.
type Decoder struct {
	in    *input           // nil when reading from a caller's msgpack.Decoder
	dec   *msgpack.Decoder // the general path; reads from in
	index int64            // index of the event being read; -1 outside a sequence
	start int64            // offset of the value being read

	scratch [512]byte // buffer for names and for values that are skipped
}

// NewDecoder returns a Decoder that reads from r. It may read up to 64 KiB beyond the event that it returned last.
func NewDecoder(r io.Reader) *Decoder { return newDecoder(newInput(r)) }

func newDecoder(in *input) *Decoder { return &Decoder{in: in} }

// Decode returns the next event, or io.EOF after the last one. Any other error is a [*DecodeError], or the error of
// the reader, and is final.
func (d *Decoder) Decode() (Event, error) {
	var e Event
	if d.fast(&e) {
		d.index++
		return e, nil
	}
	if len(d.in.window(1)) == 0 {
		return Event{}, d.in.end()
	}
	e, err := d.event()
	d.index++
	if err != nil {
		d.in.stop(err)
	}
	return e, err
}

// msgpack returns the general decoder, made on first use.
func (d *Decoder) msgpack() *msgpack.Decoder {
	if d.dec == nil {
		d.dec = msgpack.NewDecoder(d.in)
	}
	return d.dec
}

// mark records where the next value starts, for errors.
func (d *Decoder) mark() {
	if d.in != nil {
		d.start = d.in.offset()
	}
}

// fail locates err at the value being read.
func (d *Decoder) fail(err error) error {
	at := DecodeError{Offset: d.start, Index: d.index}
	if d.in == nil {
		at.Offset = -1
	}
	return locate(truncated(err), at)
}

// wholeTrace reads a trace and then the end of the input.
func (d *Decoder) wholeTrace() (*Trace, error) {
	t, err := d.trace()
	if err != nil {
		return nil, err
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	return t, nil
}

// end checks that the input ends here.
func (d *Decoder) end() error {
	d.mark()
	if len(d.in.window(1)) > 0 {
		return d.fail(malformed("bytes after the end of the trace"))
	}
	if end := d.in.end(); end != io.EOF {
		return d.fail(end)
	}
	return nil
}

// trace reads a trace in its array form or its map form.
func (d *Decoder) trace() (*Trace, error) {
	r := newMsgpackReader(d)
	err := r.open()
	if err == nil {
		err = r.fill()
	}
	if err == nil {
		err = r.entries()
	}
	if err != nil {
		return nil, err
	}
	return r.trace, nil
}

// eventsHeader reads the header of the array of events and returns how many it announces.
func (d *Decoder) eventsHeader() (int, error) {
	isMap, n, err := d.container()
	if err != nil {
		return 0, err
	}
	if isMap {
		return 0, d.fail(malformed("the events are a map, not an array"))
	}
	if d.in != nil && d.in.r == nil {
		if left := len(d.in.buf) - d.in.pos; n > left {
			return 0, d.fail(malformed("%d events are announced, only %d bytes are left: %w", n, left, io.ErrUnexpectedEOF))
		}
	}
	return n, nil
}

// sequenceEvent reads an event by the fast path where it can. After an error e is the zero Event.
func (d *Decoder) sequenceEvent(e *Event) (err error) {
	if d.in == nil || !d.fast(e) {
		*e, err = d.event()
	}
	return err
}

// fast reads an event by the fast path and reports whether it could. It waits for no more bytes than a canonical
// event takes, so that an event is returned as soon as it has arrived.
func (d *Decoder) fast(e *Event) bool {
	for want := 1; ; {
		w := d.in.window(want)
		if n := e.consume(w); n > 0 {
			d.in.pos += n
			return true
		}
		if len(w) < want || len(w) >= parseWindow {
			return false
		}
		want = len(w) + 1
	}
}

// event reads an event in its array or map form.
func (d *Decoder) event() (Event, error) {
	isMap, n, err := d.container()
	if err != nil {
		return Event{}, err
	}
	if isMap {
		return d.eventMap(n)
	}
	if n == 0 {
		return Event{}, d.fail(malformed("an event is an array of its name and fields, this one is empty"))
	}
	start := d.start
	kind, err := d.kind()
	if err != nil {
		return Event{}, err
	}
	fields := table[kind].fields
	if n != 1+len(fields) {
		d.start = start
		return Event{}, d.fail(malformed("%s has %d fields, this one has %d", kind, len(fields), n-1))
	}
	var values [4]raw
	var starts [4]int64
	for i := range fields {
		d.mark()
		starts[i] = d.start
		if values[i], err = d.raw(); err != nil {
			return Event{}, d.fail(&fieldError{kind.String() + "." + fields[i].Name, truncated(err)})
		}
	}
	e, err := assemble(kind, func(i int) raw { d.start = starts[i]; return values[i] })
	if err != nil {
		return Event{}, d.fail(err)
	}
	return e, nil
}

// kind reads the name of a kind.
func (d *Decoder) kind() (Kind, error) {
	d.mark()
	n, err := d.textLen()
	if err != nil {
		return 0, d.fail(err)
	}
	name := d.scratch[:min(n, maxEventBytes)]
	if err := d.msgpack().ReadFull(name); err != nil {
		return 0, d.fail(err)
	}
	k, ok := kindByName(name) // no kind has a name of maxEventBytes, so that a name that was cut is unknown
	if !ok {
		return 0, d.fail(unknownKind(string(bytes.ToValidUTF8(name, []byte("\uFFFD")))))
	}
	return k, nil
}

// eventMap reads the n entries of an event in its map form.
func (d *Decoder) eventMap(n int) (Event, error) {
	var named namedFields
	start := d.start
	err := d.mapEntries(n, func(key string) (err error) {
		if key == "type" {
			k, err := d.kind()
			if err != nil {
				return err
			}
			return named.setKind(k)
		}
		index, known := fieldIndex[key]
		if !known {
			return d.skip()
		}
		v, err := d.raw()
		if err != nil {
			return &fieldError{key, truncated(err)}
		}
		named.setField(index, v)
		return nil
	})
	if err != nil {
		return Event{}, err
	}
	e, err := named.event()
	if err != nil {
		d.start = start
		return Event{}, d.fail(err)
	}
	return e, nil
}

// metadata reads metadata in its array or map form.
func (d *Decoder) metadata() (Metadata, error) {
	var b metadataBuilder
	isMap, n, err := d.container()
	if err != nil {
		return Metadata{}, err
	}
	start := d.start
	if isMap {
		err = d.mapEntries(n, func(key string) error { return d.metadataField(&b, key) })
	} else {
		err = d.metadataArray(&b, n, start)
	}
	if err != nil {
		return Metadata{}, d.fail(err)
	}
	m, err := b.metadata()
	if err != nil {
		d.start = start
		return Metadata{}, d.fail(err)
	}
	return m, nil
}

// metadataArray reads the n elements of metadata in its array form. It checks the version before the length,
// because another version may have another length.
func (d *Decoder) metadataArray(b *metadataBuilder, n int, start int64) error {
	if n > 0 {
		if err := d.metadataField(b, metadataKeys[0]); err != nil {
			return err
		}
		if v := b.numbers[0]; v.state == rawUint && v.bits <= math.MaxUint32 {
			if err := checkVersion(uint32(v.bits)); err != nil {
				d.start = start
				return err
			}
		}
	}
	if n != 4 && n != 5 {
		d.start = start
		return malformed("metadata is an array of 4 or 5, this one has %d elements", n)
	}
	for _, key := range metadataKeys[1:n] {
		if err := d.metadataField(b, key); err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder) metadataField(b *metadataBuilder, key string) error {
	d.mark()
	switch i := metadataIndex(key); {
	case i < 0:
		return d.skip()
	case key == "description":
		s, err := d.description()
		if err != nil {
			return d.fail(&fieldError{"metadata." + key, truncated(err)})
		}
		return b.setDescription(s)
	default:
		v, err := d.raw()
		if err != nil {
			return d.fail(&fieldError{"metadata." + key, truncated(err)})
		}
		return b.setNumber(i, v)
	}
}
