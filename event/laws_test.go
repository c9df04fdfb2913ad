package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"
)

// What holds of every event and every trace: encoding is a function, decoding is its inverse by every road, what is
// cut short is an error, and the fast paths agree with their dumb rivals.

func TestLawEventMsgpack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent.Draw(t, "event")
		packed := e.AppendMsgpack(nil)
		if again := e.AppendMsgpack([]byte("x")); string(again) != "x"+string(packed) {
			t.Fatalf("encoded twice: %x, then %x after an x", packed, again)
		}
		if oracle := byCalls(t, e); !bytes.Equal(packed, oracle) {
			t.Fatalf("encoded %x, the oracle %x", packed, oracle)
		}
		behind := append(bytes.Clone(packed), rapid.SliceOf(rapid.Byte()).Draw(t, "behind")...)
		if got, n, err := consumeMsgpack(behind); err != nil || got != e || n != len(packed) {
			t.Fatalf("consumeMsgpack(%x) = %v, %d, %v; want %v, %d", behind, got, n, err, e, len(packed))
		}
		var fast Event
		if n := fast.consume(behind); fast != e || n != len(packed) {
			t.Fatalf("the fast path gives %v, %d of %x; want %v, %d", fast, n, behind, e, len(packed))
		}
		if got, n, err := general(behind); err != nil || got != e || n != len(packed) {
			t.Fatalf("the general path gives %v, %d, %v of %x; want %v, %d", got, n, err, behind, e, len(packed))
		}
	})
}

// byCalls encodes e by the oracle.
func byCalls(t *rapid.T, e Event) []byte {
	var b bytes.Buffer
	if err := encodeByCalls(msgpack.NewEncoder(&b), &e); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// general decodes the event at the start of b without the fast path.
func general(b []byte) (Event, int, error) {
	d := newDecoder(&input{buf: b})
	d.index = -1
	e, err := d.event()
	return e, d.in.pos, err
}

func TestLawEventJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent.Draw(t, "event")
		text := e.AppendJSON(nil)
		if again := e.AppendJSON(nil); !bytes.Equal(text, again) {
			t.Fatalf("encoded twice: %s, then %s", text, again)
		}
		if std, err := json.Marshal(e); err != nil || !bytes.Equal(std, text) {
			t.Fatalf("json.Marshal gives %s, %v; want %s", std, err, text)
		}
		var got Event
		if err := json.Unmarshal(text, &got); err != nil || got != e {
			t.Fatalf("json.Unmarshal(%s) = %v, %v; want %v", text, got, err, e)
		}
		checkJSONFields(t, text, e)
	})
}

// checkJSONFields reads text with encoding/json alone and compares the numbers digit by digit.
func checkJSONFields(t *rapid.T, text []byte, e Event) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	want := map[string]any{"type": e.Kind().String()}
	for f, v := range e.Fields() {
		switch {
		case !v.Present():
			want[f.Name] = nil
		case v.Type() == TypeBytes:
			want[f.Name] = json.Number(strconv.FormatInt(v.Int64(), 10))
		default:
			want[f.Name] = json.Number(strconv.FormatUint(v.Uint64(), 10))
		}
	}
	if len(object) != len(want) {
		t.Fatalf("%s has %d keys, want %d", text, len(object), len(want))
	}
	for key, value := range want {
		if got, ok := object[key]; !ok || got != value {
			t.Fatalf("%s: %s is %v, want %v", text, key, got, value)
		}
	}
}

func TestLawMetadata(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMeta.Draw(t, "metadata")
		var got Metadata
		packed, err := msgpack.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := msgpack.Unmarshal(packed, &got); err != nil || got != m {
			t.Fatalf("msgpack.Unmarshal(%x) = %+v, %v; want %+v", packed, got, err, m)
		}
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		got = Metadata{}
		if err := json.Unmarshal(text, &got); err != nil || got != m {
			t.Fatalf("json.Unmarshal(%s) = %+v, %v; want %+v", text, got, err, m)
		}
		var std struct{ Description string }
		if err := json.Unmarshal(text, &std); err != nil || std.Description != m.Description {
			t.Fatalf("encoding/json reads %q from %s, %v; want %q", std.Description, text, err, m.Description)
		}
	})
}

// packTrace encodes a trace that can be encoded.
func packTrace(t *rapid.T, tr *Trace) []byte {
	var b bytes.Buffer
	if err := tr.WriteMsgpack(&b); err != nil {
		t.Fatalf("WriteMsgpack: %v", err)
	}
	return b.Bytes()
}

// readers deliver the same bytes in the ways that io.Reader allows.
var readers = map[string]func(io.Reader) io.Reader{
	"whole":     func(r io.Reader) io.Reader { return r },
	"one byte":  iotest.OneByteReader,
	"half":      iotest.HalfReader,
	"with data": iotest.DataErrReader,
}

func TestLawTraceMsgpack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := anyTrace.Draw(t, "trace")
		packed := packTrace(t, tr)
		if again, err := msgpack.Marshal(tr); err != nil || !bytes.Equal(again, packed) {
			t.Fatalf("msgpack.Marshal gives %x, %v; WriteMsgpack %x", again, err, packed)
		}
		if got, err := ParseMsgpack(packed); err != nil || !got.Equal(tr) {
			t.Fatalf("ParseMsgpack(%x) = %+v, %v; want %+v", packed, got, err, tr)
		}
		for name, wrap := range readers {
			if got, err := ReadMsgpack(wrap(bytes.NewReader(packed))); err != nil || !got.Equal(tr) {
				t.Fatalf("ReadMsgpack, %s reader = %+v, %v; want %+v", name, got, err, tr)
			}
			checkMsgpackReader(t, packed, wrap)
		}
		var got Trace
		if err := msgpack.Unmarshal(packed, &got); err != nil || !got.Equal(tr) {
			t.Fatalf("msgpack.Unmarshal(%x) = %+v, %v; want %+v", packed, got, err, tr)
		}
	})
}

func TestLawTraceJSONL(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := anyTrace.Draw(t, "trace")
		var b bytes.Buffer
		if err := tr.WriteJSONL(&b); err != nil {
			t.Fatalf("WriteJSONL: %v", err)
		}
		text := b.String()
		if lines := strings.Count(text, "\n"); lines != 1+tr.Len() {
			t.Fatalf("%d lines for %d events, want one more", lines, tr.Len())
		}
		for name, wrap := range readers {
			if got, err := ReadJSONL(wrap(strings.NewReader(text))); err != nil || !got.Equal(tr) {
				t.Fatalf("ReadJSONL, %s reader = %+v, %v; want %+v", name, got, err, tr)
			}
		}
	})
}

func TestLawStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(anyEvent, 0, 50).Draw(t, "events")
		var b bytes.Buffer
		enc := NewEncoder(&b)
		for _, e := range events {
			if err := enc.Encode(e); err != nil {
				t.Fatalf("Encode(%v): %v", e, err)
			}
		}
		if err := enc.Flush(); err != nil {
			t.Fatalf("Flush: %v", err)
		}
		for name, wrap := range readers {
			got, err := decodeAll(wrap(bytes.NewReader(b.Bytes())))
			if err != io.EOF || !slices.Equal(got, events) {
				t.Fatalf("Decoder, %s reader: %v, %v; want %v, io.EOF", name, got, err, events)
			}
		}
	})
}

// decodeAll decodes events to the first error. A second call must give the same error.
func decodeAll(r io.Reader) (events []Event, err error) {
	d := NewDecoder(r)
	for {
		e, err := d.Decode()
		if err != nil {
			if _, again := d.Decode(); again != err {
				err = errors.Join(errors.New("a second Decode gives another error"), err, again)
			}
			return events, err
		}
		events = append(events, e)
	}
}

// TestLawMsgpackOfOthers: events inside the values of a program that uses msgpack/v5 itself.
func TestLawMsgpackOfOthers(t *testing.T) {
	type report struct {
		Name  string
		First Event
		All   []Event
		Meta  Metadata
	}
	rapid.Check(t, func(t *rapid.T) {
		want := report{"r", anyEvent.Draw(t, "first"), rapid.SliceOfN(anyEvent, 0, 5).Draw(t, "all"), anyMeta.Draw(t, "meta")}
		packed, err := msgpack.Marshal(&want)
		if err != nil {
			t.Fatal(err)
		}
		var got report
		if err := msgpack.Unmarshal(packed, &got); err != nil {
			t.Fatalf("Unmarshal(%x): %v", packed, err)
		}
		if got.First != want.First || got.Meta != want.Meta || !slices.Equal(got.All, want.All) || got.Name != "r" {
			t.Fatalf("Unmarshal(%x) = %+v, want %+v", packed, got, want)
		}
	})
}

// TestLawPrefix: what is cut short, anywhere, is an error that says so.
func TestLawPrefix(t *testing.T) {
	small := traceUpTo(4)
	rapid.Check(t, func(t *rapid.T) {
		packed := packTrace(t, small.Draw(t, "trace"))
		for n := range packed {
			_, err := ParseMsgpack(packed[:n])
			wantTruncated(t, "ParseMsgpack", packed[:n], err)
			_, err = ReadMsgpack(bytes.NewReader(packed[:n]))
			wantTruncated(t, "ReadMsgpack", packed[:n], err)
			checkMsgpackReader(t, packed[:n], readers["whole"])
			err = msgpack.Unmarshal(packed[:n], new(Trace))
			if n > 0 { // msgpack/v5 itself reads the first byte
				wantTruncated(t, "msgpack.Unmarshal", packed[:n], err)
			}
		}
	})
}

func TestLawEventPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent.Draw(t, "event")
		packed, text := e.AppendMsgpack(nil), e.AppendJSON(nil)
		for n := range packed {
			_, _, err := consumeMsgpack(packed[:n])
			wantTruncated(t, "consumeMsgpack", packed[:n], err)
			events, err := decodeAll(bytes.NewReader(append(bytes.Clone(packed), packed[:n]...)))
			if n > 0 {
				wantTruncated(t, "Decoder", packed[:n], err)
			} else if err != io.EOF {
				t.Fatalf("Decoder at the end: %v, want io.EOF", err)
			}
			if len(events) != 1 || events[0] != e {
				t.Fatalf("Decoder gives %v before the error, want %v", events, e)
			}
		}
		for n := range text {
			if err := new(Event).UnmarshalJSON(text[:n]); !errors.Is(err, ErrMalformed) {
				t.Fatalf("UnmarshalJSON(%s): %v, want ErrMalformed", text[:n], err)
			}
		}
	})
}

func wantTruncated(t *rapid.T, what string, prefix []byte, err error) {
	if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, ErrMalformed) {
		t.Fatalf("%s of the prefix %x: %v, want ErrMalformed and io.ErrUnexpectedEOF", what, prefix, err)
	}
	if _, ok := err.(*DecodeError); !ok {
		t.Fatalf("%s of the prefix %x: a %T, want a *DecodeError", what, prefix, err)
	}
}

func TestLawIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		index, generation := rapid.Uint32().Draw(t, "index"), rapid.Uint32().Draw(t, "generation")
		task, region := NewTaskID(index, generation), NewRegionID(index, generation)
		if task.Index() != index || task.Generation() != generation {
			t.Fatalf("%v unpacks to %d, %d; want %d, %d", task, task.Index(), task.Generation(), index, generation)
		}
		if region.Index() != index || region.Generation() != generation {
			t.Fatalf("%v unpacks to %d, %d; want %d, %d", region, region.Index(), region.Generation(), index, generation)
		}
		packed := anyUint64.Draw(t, "packed")
		if id := TaskID(packed); NewTaskID(id.Index(), id.Generation()) != id {
			t.Fatalf("the task %#x does not pack from its parts", packed)
		}
		if id := RegionID(packed); NewRegionID(id.Index(), id.Generation()) != id {
			t.Fatalf("the region %#x does not pack from its parts", packed)
		}
	})
}

func TestLawSizes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := anyTrace.Draw(t, "trace")
		want := 50
		for _, e := range tr.All() {
			size := e.EstimatedSize()
			if size <= 0 || size > 25 {
				t.Fatalf("%v: estimated size %d, want 1 to 25", e, size)
			}
			want += size
		}
		if got := tr.EstimatedSize(); got != want {
			t.Fatalf("the trace's estimated size is %d, want 50 and the sum of its events: %d", got, want)
		}
	})
}

func TestLawEncodedLen(t *testing.T) {
	check := func(fatalf func(string, ...any), e Event) {
		got, want := [2]int{}, [2]int{len(e.AppendMsgpack(nil)), len(e.AppendJSON(nil))}
		if got[0], got[1] = e.EncodedLen(); got != want {
			fatalf("%v takes %d bytes, EncodedLen says %d", e, want, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t.Fatalf, anyEvent.Draw(t, "event")) })
	for n := range 64 { // numbers around the powers of two and ten
		for around := range uint64(3) {
			check(t.Fatalf, RngValue(1<<n+around-1))
			check(t.Fatalf, RngValue(powers[n%len(powers)]+around-1))
			check(t.Fatalf, IoResult(0, -(1<<n+int64(around)-1)))
			check(t.Fatalf, IoResult(0, -(int64(powers[n%len(powers)]+around-1))))
		}
	}
	check(t.Fatalf, RngValue(math.MaxUint64))
	wantPanic(t, "event: EncodedLen of the zero Event", func() { Event{}.EncodedLen() })
}
