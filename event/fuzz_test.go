package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

// The decoders read files from anywhere. Whatever the bytes: no panic, an error of a known class or a value that
// survives the way to bytes and back, and one opinion by every road. The seeds are the vectors.

// seedTraces adds whole traces, good and bad, in both MessagePack forms.
func seedTraces(f *testing.F) {
	for _, name := range []string{"empty", "one", "mixed"} {
		f.Add(readVector(f, name+".msgpack"))
		f.Add(readVector(f, name+".msgpack.named"))
	}
	for _, row := range vectorRows(f, "verdicts.tsv", 3) {
		f.Add(unhex(f, row[0]))
	}
}

// seedEvents calls add with the columns of one vector of each kind.
func seedEvents(f *testing.F, add func(row []string)) {
	seen := map[string]bool{}
	for _, row := range vectorRows(f, "events.tsv", 4) {
		if kind, _, _ := strings.Cut(row[3], ","); !seen[kind] {
			seen[kind] = true
			add(row)
		}
	}
}

// checkClass: a refused input is a DecodeError of a class.
func checkClass(t *testing.T, err error) {
	t.Helper()
	if _, ok := err.(*DecodeError); !ok {
		t.Fatalf("error %T %v, want a *DecodeError", err, err)
	}
	for _, class := range []error{ErrMalformed, ErrUnknownKind, ErrVersion} {
		if errors.Is(err, class) {
			return
		}
	}
	t.Fatalf("error %v, want one of the classes", err)
}

// checkTrace: an accepted trace survives both forms.
func checkTrace(t *testing.T, tr *Trace) {
	t.Helper()
	var packed, lines bytes.Buffer
	if err := errors.Join(tr.WriteMsgpack(&packed), tr.WriteJSONL(&lines)); err != nil {
		t.Fatalf("the trace was read and cannot be written: %v", err)
	}
	if got, err := ParseMsgpack(packed.Bytes()); err != nil || !got.Equal(tr) {
		t.Fatalf("after WriteMsgpack: %+v, %v; want %+v", got, err, tr)
	}
	if got, err := ReadJSONL(&lines); err != nil || !got.Equal(tr) {
		t.Fatalf("after WriteJSONL: %+v, %v; want %+v", got, err, tr)
	}
}

// checkEvent: an accepted event survives both forms.
func checkEvent(t *testing.T, e Event) {
	t.Helper()
	if got, _, err := consumeMsgpack(e.AppendMsgpack(nil)); err != nil || got != e {
		t.Fatalf("after AppendMsgpack: %v, %v; want %v", got, err, e)
	}
	var got Event
	if err := json.Unmarshal(e.AppendJSON(nil), &got); err != nil || got != e {
		t.Fatalf("after AppendJSON: %v, %v; want %v", got, err, e)
	}
}

func FuzzParseMsgpack(f *testing.F) {
	seedTraces(f)
	f.Fuzz(func(t *testing.T, input []byte) {
		tr, err := ParseMsgpack(input)
		for _, r := range []string{"whole", "half"} {
			streamed, streamErr := ReadMsgpack(readers[r](bytes.NewReader(input)))
			if (streamErr == nil) != (err == nil) || err == nil && !streamed.Equal(tr) {
				t.Fatalf("ParseMsgpack gives %+v, %v; ReadMsgpack, %s reader %+v, %v", tr, err, r, streamed, streamErr)
			}
			if err != nil {
				checkClass(t, streamErr)
			}
			checkMsgpackReader(t, input, readers[r])
		}
		if err != nil {
			checkClass(t, err)
			return
		}
		checkTrace(t, tr)
	})
}

func FuzzConsumeMsgpack(f *testing.F) {
	seedEvents(f, func(row []string) {
		f.Add(unhex(f, row[0]))
		f.Add(unhex(f, row[1]))
	})
	f.Fuzz(func(t *testing.T, input []byte) {
		checkFast(t, input)
		e, n, err := consumeMsgpack(input)
		slow, m, slowErr := general(input)
		if e != slow || n != m || (err == nil) != (slowErr == nil) {
			t.Fatalf("consumeMsgpack gives %v, %d, %v; the general path %v, %d, %v", e, n, err, slow, m, slowErr)
		}
		d := NewDecoder(iotest.OneByteReader(bytes.NewReader(input)))
		if streamed, streamErr := d.Decode(); streamed != e || (streamErr == nil) != (err == nil) {
			t.Fatalf("consumeMsgpack gives %v, %v; Decoder %v, %v", e, err, streamed, streamErr)
		}
		if err != nil {
			checkClass(t, err)
			return
		}
		checkEvent(t, e)
		if packed := e.AppendMsgpack(nil); len(packed) > n || n > len(input) {
			t.Fatalf("%d bytes were read of %d, the shortest form has %d", n, len(input), len(packed))
		}
	})
}

func FuzzReadJSONL(f *testing.F) {
	for _, name := range []string{"empty", "one", "mixed"} {
		f.Add(readVector(f, name+".msgpack.jsonl"))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		checkJSONLReader(t, input, readers["half"])
		tr, err := ReadJSONL(bytes.NewReader(input))
		if err != nil {
			checkClass(t, err)
			return
		}
		checkTrace(t, tr)
		if lines := bytes.Count(bytes.TrimSuffix(input, []byte("\n")), []byte("\n")); lines != tr.Len() {
			t.Fatalf("%d events on %d lines behind the first", tr.Len(), lines)
		}
	})
}

func FuzzEventJSON(f *testing.F) {
	seedEvents(f, func(row []string) { f.Add([]byte(row[3])) })
	f.Fuzz(func(t *testing.T, input []byte) {
		checkFastJSON(t, input)
		var e, std Event
		err := e.UnmarshalJSON(input)
		if err != nil {
			checkClass(t, err)
			return
		}
		checkEvent(t, e)
		if bytes.Count(input, []byte("{"))+bytes.Count(input, []byte("[")) > 5000 {
			return // over the depth that encoding/json allows
		}
		if err := json.Unmarshal(input, &std); err != nil || std != e {
			t.Fatalf("UnmarshalJSON gives %v; json.Unmarshal %v, %v", e, std, err)
		}
	})
}
