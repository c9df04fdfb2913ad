package event

import (
	"bytes"
	"io"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// ConsumeMsgpack decodes the event at the start of b and returns the number of bytes it takes. The error is a
// [*DecodeError] with an offset into b.
func ConsumeMsgpack(b []byte) (Event, int, error) {
	if e, n, ok := parse(b); ok {
		return e, n, nil
	}
	d := newDecoder(&input{buf: b})
	d.index = -1
	e, err := d.event()
	return e, d.in.pos, err
}

// ReadMsgpack reads one trace from r, to the end of r. The error is a [*DecodeError], or that of r.
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
	in    *input           // nil when reading from somebody else's msgpack.Decoder
	dec   *msgpack.Decoder // the general path; reads from in
	index int64            // of the event being read; -1 outside a sequence
	start int64            // offset of the value being read

	scratch [512]byte // what is read to be passed over or looked up
}

// NewDecoder returns a Decoder that reads from r, ahead of what it hands out by at most 64 KiB.
func NewDecoder(r io.Reader) *Decoder { return newDecoder(newInput(r)) }

func newDecoder(in *input) *Decoder { return &Decoder{in: in} }

// Decode returns the next event, io.EOF after the last one. Any other error is a [*DecodeError], or that of the reader,
// and is final.
func (d *Decoder) Decode() (Event, error) {
	w := d.in.window(parseWindow)
	if e, n, ok := parse(w); ok {
		d.in.pos += n
		d.index++
		return e, nil
	}
	if len(w) == 0 {
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

// mark notes where the next value starts, for errors.
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
	d.mark()
	d.index = -1
	if len(d.in.window(1)) > 0 {
		return nil, d.fail(malformed("bytes after the end of the trace"))
	}
	if end := d.in.end(); end != io.EOF {
		return nil, d.fail(end)
	}
	return t, nil
}

// trace reads a trace in its array or map form.
func (d *Decoder) trace() (*Trace, error) {
	d.index = -1
	isMap, n, err := d.container()
	if err != nil {
		return nil, err
	}
	if isMap {
		return d.traceMap(n)
	}
	if n != 2 {
		return nil, d.fail(malformed("a trace is an array of 2, this one has %d elements", n))
	}
	var t Trace
	if t.Metadata, err = d.metadata(); err != nil {
		return nil, err
	}
	if err = d.events(&t); err != nil {
		return nil, err
	}
	return &t, nil
}

func (d *Decoder) traceMap(n int) (*Trace, error) {
	var t Trace
	var seen [2]bool
	start := d.start
	err := d.mapEntries(n, func(key string) (err error) {
		switch key {
		case "metadata":
			if seen[0] {
				return malformed("duplicate key metadata")
			}
			seen[0] = true
			t.Metadata, err = d.metadata()
		case "events":
			if seen[1] {
				return malformed("duplicate key events")
			}
			seen[1] = true
			err = d.events(&t)
			d.index = -1
		default:
			err = d.skip()
		}
		return err
	})
	if err == nil && !(seen[0] && seen[1]) {
		d.start = start
		err = d.fail(malformed("a trace needs the keys metadata and events"))
	}
	return &t, err
}

// events reads an array of events into t.
func (d *Decoder) events(t *Trace) error {
	isMap, n, err := d.container()
	if err != nil {
		return err
	}
	if isMap {
		return d.fail(malformed("the events are a map, not an array"))
	}
	if d.in != nil && d.in.r == nil {
		if left := len(d.in.buf) - d.in.pos; n > left {
			return d.fail(malformed("%d events are announced, only %d bytes are left: %w", n, left, io.ErrUnexpectedEOF))
		}
	}
	for i := range n {
		d.index = int64(i)
		e, err := d.sequenceEvent()
		if err != nil {
			return err
		}
		t.Append(e)
	}
	return nil
}

// sequenceEvent reads an event by the fast path where it can.
func (d *Decoder) sequenceEvent() (Event, error) {
	if d.in != nil {
		if e, n, ok := parse(d.in.window(parseWindow)); ok {
			d.in.pos += n
			return e, nil
		}
	}
	return d.event()
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
	k, ok := kindByName(name)
	if !ok || n > maxEventBytes {
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
	switch {
	case isMap:
		err = d.mapEntries(n, func(key string) error { return d.metadataField(&b, key) })
	case n != 4 && n != 5:
		err = d.fail(malformed("metadata is an array of 4 or 5, this one has %d elements", n))
	default:
		for _, key := range metadataKeys[:n] {
			if err = d.metadataField(&b, key); err != nil {
				break
			}
		}
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

// text reads n bytes of UTF-8, without trusting n.
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

// mapEntries reads the keys of a map and calls value to read each value. A key that cannot be one of ours is handed on
// as a key that is not known.
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

// key reads a key; of one longer than any of ours it keeps nothing.
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

// length refuses a length that an int of 32 bits cannot hold, which msgpack hands on as a negative number.
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

// skip reads over one value of any shape, without recursion: nesting costs no memory.
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

// skipOne reads over a scalar, or over the header of a container, and returns how many values are in it.
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

// discard reads over n bytes.
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

// namedFields collects an event whose fields come by name, in any order.
type namedFields struct {
	kind      Kind
	values    [maxFieldNames]raw
	duplicate [maxFieldNames]bool
}

const maxFieldNames = 32

// fieldIndex numbers the field names of all kinds.
var fieldIndex = buildFieldIndex()

func buildFieldIndex() map[string]int {
	m := map[string]int{}
	for k := range Kinds() {
		for _, f := range table[k].fields {
			if _, ok := m[f.Name]; !ok {
				m[f.Name] = len(m)
			}
		}
	}
	return m
}

func (n *namedFields) setKind(k Kind) error {
	if n.kind != 0 {
		return malformed("duplicate field type")
	}
	n.kind = k
	return nil
}

func (n *namedFields) setField(index int, v raw) {
	n.duplicate[index] = n.values[index].state != rawAbsent
	n.values[index] = v
}

// event makes the event; fields that its kind does not have are passed over.
func (n *namedFields) event() (Event, error) {
	if n.kind == 0 {
		return Event{}, malformed("an event without a field type")
	}
	fields := table[n.kind].fields
	for _, f := range fields {
		if n.duplicate[fieldIndex[f.Name]] {
			return Event{}, &fieldError{n.kind.String() + "." + f.Name, malformed("duplicate field")}
		}
	}
	return assemble(n.kind, func(i int) raw { return n.values[fieldIndex[fields[i].Name]] })
}

// metadataKeys are the fields of metadata in wire order.
var metadataKeys = [...]string{"version", "seed", "recorded_at", "config_hash", "description"}

func metadataIndex(key string) int {
	for i, k := range metadataKeys {
		if k == key {
			return i
		}
	}
	return -1
}

// metadataBuilder collects metadata whose fields come in any order.
type metadataBuilder struct {
	numbers     [4]raw
	description string
	described   bool
}

func (b *metadataBuilder) setNumber(i int, v raw) error {
	if b.numbers[i].state != rawAbsent {
		return &fieldError{"metadata." + metadataKeys[i], malformed("duplicate field")}
	}
	b.numbers[i] = v
	return nil
}

func (b *metadataBuilder) setDescription(s string) error {
	if b.described {
		return &fieldError{"metadata.description", malformed("duplicate field")}
	}
	b.described = true
	b.description = s
	if err := checkDescription(s); err != nil {
		return &fieldError{"metadata.description", err}
	}
	return nil
}

// metadata makes the metadata, the version checked first.
func (b *metadataBuilder) metadata() (Metadata, error) {
	m := Metadata{Description: b.description}
	for i, dst := range []any{&m.Version, &m.Seed, &m.RecordedAt, &m.ConfigHash} {
		typ := TypeValue
		if i == 0 {
			typ = TypeCount
		}
		bits, _, err := typ.check(b.numbers[i])
		if err != nil {
			return Metadata{}, &fieldError{"metadata." + metadataKeys[i], err}
		}
		switch p := dst.(type) {
		case *uint32:
			*p = uint32(bits)
			if err := checkVersion(*p); err != nil {
				return Metadata{}, err
			}
		case *uint64:
			*p = bits
		}
	}
	return m, nil
}
