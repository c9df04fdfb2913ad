package tracefile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
	"pgregory.net/rapid"
)

func drawCall(t *rapid.T) tracefile.Call {
	return tracefile.Call{
		What: uint8(rapid.IntRange(1, 255).Draw(t, "what")), Task: event.TaskID(rapid.Uint64().Draw(t, "task")),
		Turn: rapid.Uint64().Draw(t, "turn"), Object: rapid.Uint64Range(0, 300).Draw(t, "object"),
		Result: rapid.Uint64().Draw(t, "result"), Error: rapid.Uint64Range(0, 200).Draw(t, "error"),
		Hash: rapid.Uint64().Draw(t, "hash"), Size: rapid.Uint64().Draw(t, "size"),
		Address: rapid.SliceOfN(rapid.Byte(), 0, 128).Draw(t, "address"),
		Data: bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "data"),
			rapid.IntRange(1, 20_000).Draw(t, "times")),
	}
}

// readCalls reads all events and then all calls.
func readCalls(t interface{ Fatal(...any) }, b []byte) (list []tracefile.Call, missing uint64, err error) {
	r, err := openAt(b)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	early := 0
	if _, err := r.EachCall(func(tracefile.Call) bool { early++; return true }); err != nil || early > 0 {
		t.Fatal("calls before the end: ", early, err)
	}
	for {
		if _, err := r.Next(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	missing, err = r.EachCall(func(c tracefile.Call) bool { list = append(list, c); return true })
	return list, missing, err
}

func sameCalls(a, b []tracefile.Call) bool {
	return fmt.Sprintf("%v", a) == fmt.Sprintf("%v", b)
}

// TestCallsBack: calls are read back as they were written, whatever comes between, and after Recover too.
func TestCallsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calls := rapid.SliceOfN(rapid.Custom(drawCall), 0, 30).Draw(t, "calls")
		missing := rapid.Uint64Range(0, 3).Draw(t, "missing")
		var b bytes.Buffer
		w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{ChunkEvents: 3})
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range calls {
			w.Call(c)
			if i%2 == 0 {
				if err := w.Append(event.RngValue(uint64(i))); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.MissingCalls(missing)
		w.SetEnd(tracefile.End{Reason: tracefile.EndFinished})
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, lack, err := readCalls(t, b.Bytes())
		if err != nil || lack != missing || !sameCalls(got, calls) {
			t.Fatalf("%d calls, %d missing, %v; want %d and %d", len(got), lack, err, len(calls), missing)
		}
		if again := recovered(t, b.Bytes()); len(calls) > 1 && !bytes.Equal(again, b.Bytes()) {
			t.Fatal("Recover changes the file")
		}
	})
}

// recovered returns what Recover makes of a file with one part; nil if it has none.
func recovered(t *rapid.T, file []byte) []byte {
	rec, err := tracefile.Recover(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Parts) != 1 {
		return nil
	}
	cfg := rec.Config(0)
	cfg.ChunkEvents = 3
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, rec.Metadata, cfg)
	if err == nil {
		err = rec.Write(0, w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestCallLimits: a call that is too large is missing, and so are those behind it.
func TestCallLimits(t *testing.T) {
	for name, large := range map[string]tracefile.Call{ // lint: order does not matter because each is checked alone
		"data": {What: 1, Data: make([]byte, 8<<20+1)}, "address": {What: 1, Address: make([]byte, 129)},
	} {
		var b bytes.Buffer
		w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{})
		if err != nil {
			t.Fatal(err)
		}
		first := tracefile.Call{What: 2, Data: []byte("x")}
		for _, c := range []tracefile.Call{first, large, first} {
			w.Call(c)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, missing, err := readCalls(t, b.Bytes())
		if err != nil || missing == 0 || !reflect.DeepEqual(got, []tracefile.Call{first}) {
			t.Errorf("%s: %v, %d missing, %v", name, got, missing, err)
		}
	}
}

// FuzzCalls: no chunk of calls leads to a panic, or to calls that take more memory than its bytes explain.
func FuzzCalls(f *testing.F) {
	f.Add([]byte("\x92\x00\x9a\x01\x02\x03\x04\x05\x00\x07\x08\xc4\x00\xc4\x01x"))
	f.Add([]byte("\x91\x05"))
	f.Add([]byte("\x90"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		md, id := trapTape.headBlocks(t)
		calls := newBlock(9, 0, 0, 0, payload)
		r, err := openAt(finish(md, id, calls))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, err := r.Next(); err != io.EOF {
			return // the payload is too large for a chunk
		}
		room := 0
		_, _ = r.EachCall(func(c tracefile.Call) bool {
			room += len(c.Address) + len(c.Data) + 10
			return true
		})
		if room > len(payload) {
			t.Errorf("calls of %d bytes from %d", room, len(payload))
		}
	})
}

// TestCallsMalformed: what is no chunk of calls is an error that says so, also for Recover.
func TestCallsMalformed(t *testing.T) {
	for name, payload := range map[string]string{ // lint: order does not matter because each is checked alone
		"empty": "", "no array": "\x01", "no count": "\x90",
		"kind 0": "\x92\x00\x9a\x00\x02\x03\x04\x05\x00\x07\x08\xc4\x00\xc4\x00",
		"short":  "\x92\x00\x93\x01\x02\x03", "text": "\x92\x00\x9a\x01\x02\x03\x04\x05\x00\x07\x08\xa0\xc4\x00",
		"length": "\x92\x00\x9a\x01\x02\x03\x04\x05\x00\x07\x08\xc4\x00\xc6\xff\xff\xff\xff", "rest": "\x91\x00\x00",
	} {
		md, id := trapTape.headBlocks(t)
		file := finish(md, id, newBlock(9, 0, 0, 0, []byte(payload)))
		if list, _, err := readCalls(t, file); !errors.Is(err, tracefile.ErrCorrupt) || len(list) > 0 {
			t.Errorf("%s: %d calls, %v", name, len(list), err)
		}
		rec, err := tracefile.Recover(bytes.NewReader(file), int64(len(file)))
		if err != nil || rec.Whole {
			t.Errorf("%s: Recover: %v, whole", name, err)
		}
	}
}
