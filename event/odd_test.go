package event

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"
)

// Other writers of the format do not write the shortest form. This file writes every trace in all the ways that a
// decoder must accept, wide integers, long headers, maps with shuffled and unknown keys, and reads it back; and it
// checks that the fast decoder never has another opinion than the general one.

// odd writes MessagePack, drawing the form of each value.
type odd struct {
	t *rapid.T
	b []byte
}

// pick draws one of the forms.
func (o *odd) pick(forms ...func()) { forms[rapid.IntRange(0, len(forms)-1).Draw(o.t, "form")]() }

// big appends a code and the low bytes of v, most significant first.
func (o *odd) big(code byte, bytes int, v uint64) {
	var whole [8]byte
	binary.BigEndian.PutUint64(whole[:], v)
	o.b = append(append(o.b, code), whole[8-bytes:]...)
}

// uint writes v in any width that holds it, signed ones too.
func (o *odd) uint(v uint64) {
	forms := []func(){func() { o.big(codeUint64, 8, v) }}
	add := func(limit uint64, code byte, bytes int) {
		if v <= limit {
			forms = append(forms, func() { o.big(code, bytes, v) })
		}
	}
	add(math.MaxUint8, codeUint8, 1)
	add(math.MaxUint16, codeUint16, 2)
	add(math.MaxUint32, codeUint32, 4)
	add(math.MaxInt8, codeInt8, 1)
	add(math.MaxInt16, codeInt16, 2)
	add(math.MaxInt32, codeInt32, 4)
	add(math.MaxInt64, codeInt64, 8)
	if v < 128 {
		forms = append(forms, func() { o.b = append(o.b, byte(v)) })
	}
	o.pick(forms...)
}

// int writes v in any width that holds it.
func (o *odd) int(v int64) {
	if v >= 0 {
		o.uint(uint64(v))
		return
	}
	forms := []func(){func() { o.big(codeInt64, 8, uint64(v)) }}
	add := func(limit int64, code byte, bytes int) {
		if v >= limit {
			forms = append(forms, func() { o.big(code, bytes, uint64(v)) })
		}
	}
	add(math.MinInt8, codeInt8, 1)
	add(math.MinInt16, codeInt16, 2)
	add(math.MinInt32, codeInt32, 4)
	if v >= -32 {
		forms = append(forms, func() { o.b = append(o.b, byte(v)) })
	}
	o.pick(forms...)
}

// text writes s as str or bin with a length of any width.
func (o *odd) text(s string) {
	n := uint64(len(s))
	forms := []func(){func() { o.big(0xdb, 4, n) }, func() { o.big(0xc6, 4, n) }}
	if n < 1<<16 {
		forms = append(forms, func() { o.big(0xda, 2, n) }, func() { o.big(0xc5, 2, n) })
	}
	if n < 1<<8 {
		forms = append(forms, func() { o.big(0xd9, 1, n) }, func() { o.big(0xc4, 1, n) })
	}
	if n < 32 {
		forms = append(forms, func() { o.b = append(o.b, codeFixStr|byte(n)) })
	}
	o.pick(forms...)
	o.b = append(o.b, s...)
}

// header writes the header of an array (fix 0x90, wide 0xdc) or a map (fix 0x80, wide 0xde).
func (o *odd) header(fix, wide byte, n int) {
	forms := []func(){func() { o.big(wide, 2, uint64(n)) }, func() { o.big(wide+1, 4, uint64(n)) }}
	if n < 16 {
		forms = append(forms, func() { o.b = append(o.b, fix|byte(n)) })
	}
	o.pick(forms...)
}

func (o *odd) array(n int) { o.header(codeFixArray, 0xdc, n) }

// entry is a key of a map and how to write its value.
type entry struct {
	key   string
	value func()
}

// object writes a map of the entries and some unknown ones, in any order.
func (o *odd) object(entries ...entry) {
	for range rapid.IntRange(0, 2).Draw(o.t, "unknown keys") {
		key := rapid.SampledFrom([]string{"", "x", "Type", "täsk", fmt.Sprintf("%0100d", 1)}).Draw(o.t, "key")
		entries = append(entries, entry{key, func() { o.junk(3) }})
	}
	o.header(0x80, 0xde, len(entries))
	for _, e := range rapid.Permutation(entries).Draw(o.t, "order") {
		o.text(e.key)
		e.value()
	}
}

// junk writes any value, nested at most depth deep.
func (o *odd) junk(depth int) {
	forms := []func(){
		func() { o.int(int64(anyUint64.Draw(o.t, "int"))) },
		func() { o.text(anyText.Draw(o.t, "text")) },
		func() { o.b = append(o.b, rapid.SampledFrom([]byte{codeNil, 0xc2, 0xc3}).Draw(o.t, "constant")) },
		func() { o.big(0xca, 4, math.MaxUint64) },
		func() { o.big(0xcb, 8, 0x400921fb54442d18) },
		o.extension,
	}
	if depth > 0 {
		forms = append(forms, func() { o.junkArray(depth - 1) }, func() { o.junkMap(depth - 1) })
	}
	o.pick(forms...)
}

func (o *odd) extension() {
	n := rapid.SampledFrom([]int{0, 1, 2, 4, 8, 16, 600}).Draw(o.t, "length")
	switch {
	case n == 0:
		o.big(0xc7, 1, 0) // ext8
	case n == 600:
		o.pick(func() { o.big(0xc8, 2, 600) }, func() { o.big(0xc9, 4, 600) }) // ext16, ext32
	default:
		o.b = append(o.b, map[int]byte{1: 0xd4, 2: 0xd5, 4: 0xd6, 8: 0xd7, 16: 0xd8}[n]) // fixext
	}
	o.b = append(o.b, make([]byte, 1+n)...)
}

func (o *odd) junkArray(depth int) {
	n := rapid.IntRange(0, 3).Draw(o.t, "elements")
	o.array(n)
	for range n {
		o.junk(depth)
	}
}

func (o *odd) junkMap(depth int) {
	n := rapid.IntRange(0, 3).Draw(o.t, "entries")
	o.header(0x80, 0xde, n)
	for range 2 * n {
		o.junk(depth)
	}
}

func (o *odd) value(v Value) {
	switch {
	case !v.Present():
		o.b = append(o.b, codeNil)
	case v.Type() == TypeBytes:
		o.int(v.Int64())
	default:
		o.uint(v.Uint64())
	}
}

func (o *odd) event(e Event) {
	o.pick(func() { o.eventArray(e) }, func() { o.eventMap(e) })
}

func (o *odd) eventArray(e Event) {
	o.array(1 + len(table[e.kind].fields))
	o.text(e.kind.String())
	for _, v := range e.Fields() {
		o.value(v)
	}
}

// eventMap leaves out an absent field or writes nil, and adds a field that other kinds have.
func (o *odd) eventMap(e Event) {
	foreign := "sequence"
	if e.kind == KindCheckpoint {
		foreign = "task"
	}
	entries := []entry{{"type", func() { o.text(e.kind.String()) }}, {foreign, func() { o.junk(1) }}}
	for f, v := range e.Fields() {
		if v.Present() || rapid.Bool().Draw(o.t, "written as nil") {
			entries = append(entries, entry{f.Name, func() { o.value(v) }})
		}
	}
	o.object(entries...)
}

func (o *odd) description(s string) {
	if s == "" {
		o.pick(func() { o.b = append(o.b, codeNil) }, func() { o.text("") })
		return
	}
	o.text(s)
}

func (o *odd) metadata(m Metadata) {
	entries := []entry{
		{"version", func() { o.uint(uint64(m.Version)) }},
		{"seed", func() { o.uint(m.Seed) }},
		{"recorded_at", func() { o.uint(m.RecordedAt) }},
		{"config_hash", func() { o.uint(m.ConfigHash) }},
		{"description", func() { o.description(m.Description) }},
	}
	if m.Description == "" && rapid.Bool().Draw(o.t, "no description") {
		entries = entries[:4]
	}
	o.pick(func() { o.object(entries...) }, func() {
		o.array(len(entries))
		for _, e := range entries {
			e.value()
		}
	})
}

func (o *odd) trace(tr *Trace) {
	metadata := func() { o.metadata(tr.Metadata) }
	events := func() {
		o.array(tr.Len())
		for _, e := range tr.All() {
			o.event(e)
		}
	}
	o.pick(func() { o.object(entry{"metadata", metadata}, entry{"events", events}) }, func() {
		o.array(2)
		metadata()
		events()
	})
}

func TestLawOddTrace(t *testing.T) {
	small := traceUpTo(8)
	rapid.Check(t, func(t *rapid.T) {
		tr := small.Draw(t, "trace")
		o := &odd{t: t}
		o.trace(tr)
		if got, err := ParseMsgpack(o.b); err != nil || !got.Equal(tr) {
			t.Fatalf("ParseMsgpack(%x) = %+v, %v; want %+v", o.b, got, err, tr)
		}
		for name, wrap := range readers {
			if got, err := ReadMsgpack(wrap(bytes.NewReader(o.b))); err != nil || !got.Equal(tr) {
				t.Fatalf("ReadMsgpack of %x, %s reader = %+v, %v; want %+v", o.b, name, got, err, tr)
			}
			checkMsgpackReader(t, o.b, wrap)
		}
		var got Trace
		if err := msgpack.Unmarshal(o.b, &got); err != nil || !got.Equal(tr) {
			t.Fatalf("msgpack.Unmarshal(%x) = %+v, %v; want %+v", o.b, got, err, tr)
		}
	})
}

func TestLawOddEvent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent.Draw(t, "event")
		o := &odd{t: t}
		o.event(e)
		if got, n, err := consumeMsgpack(o.b); err != nil || got != e || n != len(o.b) {
			t.Fatalf("consumeMsgpack(%x) = %v, %d, %v; want %v, %d", o.b, got, n, err, e, len(o.b))
		}
		checkFast(t, o.b)
		o.b = append(o.b, o.b...)
		if got, err := decodeAll(bytes.NewReader(o.b)); len(got) != 2 || got[0] != e || got[1] != e {
			t.Fatalf("Decoder of %x: %v, %v; want %v twice", o.b, got, err, e)
		}
	})
}

// tester is what a property and a fuzz target have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkFast: what the fast path accepts, the general path reads in the same way.
func checkFast(t tester, b []byte) {
	t.Helper()
	var fast Event
	n := fast.consume(b)
	if n == 0 {
		return
	}
	if e, m, err := general(b); err != nil || e != fast || m != n {
		t.Fatalf("%x: the fast path gives %v, %d; the general path %v, %d, %v", b, fast, n, e, m, err)
	}
}

// TestLawFastPath damages canonical and odd encodings, so that many are almost right.
func TestLawFastPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent.Draw(t, "event")
		o := &odd{t: t, b: e.AppendMsgpack(nil)}
		if rapid.Bool().Draw(t, "odd") {
			o.b = nil
			o.eventArray(e)
		}
		for range 20 {
			damaged := bytes.Clone(o.b)
			for range rapid.IntRange(1, 2).Draw(t, "damages") {
				at := rapid.IntRange(0, len(damaged)-1).Draw(t, "at")
				damaged[at] = rapid.Byte().Draw(t, "to")
			}
			damaged = damaged[:rapid.IntRange(len(damaged)/2, len(damaged)).Draw(t, "length")]
			checkFast(t, damaged)
		}
	})
}

// TestLawJSONAnyOrder: keys in any order, unknown keys with nested values, space between the tokens.
func TestLawJSONAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent.Draw(t, "event")
		parts := []string{`"type" : "` + e.Kind().String() + `"`, `"other":[{"type":[]},null,1e9]`,
			`"x":{"task":{"seed":[[]]}}`}
		for f, v := range e.Fields() {
			if v.Present() || rapid.Bool().Draw(t, "written as null") {
				parts = append(parts, `"`+f.Name+`":`+string(v.appendJSON(nil)))
			}
		}
		text := []byte("\t{ ")
		for i, part := range rapid.Permutation(parts).Draw(t, "order") {
			if i > 0 {
				text = append(text, " ,\n"...)
			}
			text = append(text, part...)
		}
		text = append(text, "}\r\n"...)
		var got Event
		if err := json.Unmarshal(text, &got); err != nil || got != e {
			t.Fatalf("json.Unmarshal(%s) = %v, %v; want %v", text, got, err, e)
		}
	})
}
