package event

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A streaming reader must give what the reader of whole traces gives, and say what that says; the tests of the forms
// compare the two on every input they have, by checkStreamed. Here is what only a streaming reader can get wrong.

// eventReader is what the streaming readers have in common.
type eventReader interface {
	Metadata() Metadata
	Next() (Event, error)
}

// drain reads to the end and returns the error that is not io.EOF.
func drain(r eventReader, err error) error {
	for err == nil {
		_, err = r.Next()
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// checkMsgpackReader compares MsgpackReader with ReadMsgpack.
func checkMsgpackReader(t tester, input []byte, wrap func(io.Reader) io.Reader) {
	t.Helper()
	whole, wholeErr := ReadMsgpack(wrap(bytes.NewReader(input)))
	r, err := NewMsgpackReader(wrap(bytes.NewReader(input)))
	if wholeErr == nil && err == nil && r.Len() != whole.Len() {
		t.Fatalf("%x: Len is %d, want %d", input, r.Len(), whole.Len())
	}
	checkStreamed(t, input, whole, wholeErr, r, err)
}

// checkStreamed compares what a constructor returned and what Next returns with what the reader of whole traces says.
func checkStreamed(t tester, input []byte, whole *Trace, wholeErr error, r eventReader, err error) {
	t.Helper()
	got, opened := new(Trace), err == nil
	if opened {
		got.Metadata = r.Metadata()
	}
	for err == nil {
		var e Event
		if e, err = r.Next(); err == nil {
			got.Append(e)
		}
	}
	if opened {
		if e, again := r.Next(); again != err || e != (Event{}) {
			t.Fatalf("%.2000x: after the error %v, Next gives %v, %v", input, err, e, again)
		}
	}
	if wholeErr == nil {
		if err != io.EOF || !got.Equal(whole) {
			t.Fatalf("%.2000x: streamed %+v, %v; at once %+v", input, got, err, whole)
		}
		return
	}
	if err.Error() != wholeErr.Error() || errorPlace(err) != errorPlace(wholeErr) {
		t.Fatalf("%.2000x: the error is\n\t%v\nand at once\n\t%v", input, err, wholeErr)
	}
	if index := errorPlace(err).Index; opened && index >= 0 && int64(got.Len()) != index {
		t.Fatalf("%.2000x: %d events before the error %v", input, got.Len(), err)
	}
}

// errorPlace is the place of err without its cause, that of no event if err has none.
func errorPlace(err error) DecodeError {
	if de, ok := err.(*DecodeError); ok {
		return DecodeError{de.Offset, de.Line, de.Index, de.Field, nil}
	}
	return DecodeError{Index: -1}
}

func TestMsgpackReaderPrefixes(t *testing.T) {
	for _, name := range []string{"one.msgpack", "mixed.msgpack", "one.msgpack.named", "mixed.msgpack.named"} {
		input := readVector(t, name)
		for n := range min(len(input), 1000) {
			checkMsgpackReader(t, input[:n], readers["whole"])
		}
	}
}

// TestMsgpackReaderMap: in the map form what stands behind the events is read, and judged, after them.
func TestMsgpackReaderMap(t *testing.T) {
	const metadata, events = "\xa8metadata" + goodMeta, "\xa6events\x92" + goodSeed + goodSeed
	for name, c := range map[string]struct {
		input string
		count int // of the events before the end or the error; -1 if there is no reader
		err   string
	}{
		"in order":     {"\x82" + metadata + events, 2, ""},
		"events first": {"\x82" + events + metadata, 2, ""},
		"unknown keys": {"\x85\xa1x\x00" + metadata + "\xa1y\x90" + events + "\xa1z\x91\x00", 2, ""},
		"no events":    {"\x83" + metadata + "\xa6events\x90\xa1x\x00", 0, ""},
		"byte behind": {"\x82" + metadata + events + "\x00",
			2, "event: byte 43: malformed trace: bytes after the end of the trace"},
		"metadata late": {"\x83" + metadata + events + metadata, 2,
			"event: byte 52: malformed trace: duplicate key metadata"},
		"events late":  {"\x83" + metadata + events + events, 2, "event: byte 50: malformed trace: duplicate key events"},
		"events twice": {"\x83" + events + metadata + events, -1, "event: byte 50: malformed trace: duplicate key events"},
		"no metadata":  {"\x81" + events, -1, "event: byte 0: malformed trace: a trace needs the keys metadata and events"},
		"key cut": {"\x83" + metadata + events + "\xa3ke", 2,
			"event: byte 43: malformed trace: the input ends inside a value: unexpected EOF"},
	} {
		checkMsgpackReader(t, []byte(c.input), readers["whole"])
		r, err := NewMsgpackReader(strings.NewReader(c.input))
		count := -1
		for ; err == nil; count++ {
			_, err = r.Next()
		}
		if err == io.EOF && c.err == "" {
			err = errors.New("")
		}
		if count != c.count || err.Error() != c.err {
			t.Errorf("%s: %d events, then %v; want %d, then %s", name, count, err, c.count, c.err)
		}
	}
}

// cycle gives the same bytes over and over.
type cycle struct {
	b  []byte
	at int
}

func (c *cycle) Read(p []byte) (int, error) {
	n := copy(p, c.b[c.at:])
	c.at = (c.at + n) % len(c.b)
	return n, nil
}

// long is an input of a head, 20 events 20,000 times, and a tail.
func long(head []byte, tail string, event func(Event) []byte) io.Reader {
	var b []byte
	for _, s := range samples[:20] {
		b = append(b, event(s.event)...)
	}
	events := io.LimitReader(&cycle{b: b}, int64(20_000*len(b)))
	return io.MultiReader(bytes.NewReader(head), events, strings.NewReader(tail))
}

// TestStreamingMemory: 400,000 events cost no more memory than a few.
func TestStreamingMemory(t *testing.T) {
	const count = "\xdd\x00\x06\x1a\x80" // 400,000
	packed := func(e Event) []byte { return e.AppendMsgpack(nil) }
	line := func(e Event) []byte { return append(e.AppendJSON(nil), '\n') }
	for name, c := range map[string]struct {
		input io.Reader
		open  func(io.Reader) (eventReader, error)
	}{
		"MessagePack": {long([]byte(head+count), "", packed),
			func(r io.Reader) (eventReader, error) { return NewMsgpackReader(r) }},
		"MessagePack, map form": {long([]byte("\x83\xa8metadata"+goodMeta+"\xa6events"+count), "\xa1x\x00", packed),
			func(r io.Reader) (eventReader, error) { return NewMsgpackReader(r) }},
		"JSON lines": {long([]byte(metaLine), "", line),
			func(r io.Reader) (eventReader, error) { return NewJSONLReader(r) }},
	} {
		events, err := -1, error(nil)
		got := allocated(func() {
			var r eventReader
			for r, err = c.open(c.input); err == nil; events++ {
				_, err = r.Next()
			}
		})
		if err != io.EOF || events != 400_000 || got > 256<<10 {
			t.Errorf("%s: %d events, %v, %d bytes allocated; want 400000, io.EOF, a buffer", name, events, err, got)
		}
	}
}

// TestLawAppendMsgpackHeader: a header and the events one by one are the bytes of WriteMsgpack.
func TestLawAppendMsgpackHeader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := anyTrace.Draw(t, "trace")
		streamed, err := AppendMsgpackHeader([]byte("x"), tr.Metadata, tr.Len())
		for _, e := range tr.All() {
			streamed = e.AppendMsgpack(streamed)
		}
		if whole := packTrace(t, tr); err != nil || string(streamed) != "x"+string(whole) {
			t.Fatalf("an x and the trace are %x, %v; want %x", streamed, err, whole)
		}
	})
}

func TestMsgpackHeaderCount(t *testing.T) {
	for n, want := range map[int64]string{
		0: head + "\x90", 15: head + "\x9f", 16: head + "\xdc\x00\x10", 1<<16 - 1: head + "\xdc\xff\xff",
		1 << 16: head + "\xdd\x00\x01\x00\x00", 1<<32 - 1: head + "\xdd\xff\xff\xff\xff",
		-1:      "event: malformed trace: -1 events do not fit in one MessagePack array",
		1 << 32: "event: malformed trace: 4294967296 events do not fit in one MessagePack array",
	} {
		if int64(int(n)) != n {
			continue // no int of this machine
		}
		got, err := AppendMsgpackHeader([]byte("x"), NewMetadata(42), int(n))
		if err == nil && string(got) != "x"+want || err != nil && (err.Error() != want || string(got) != "x") {
			t.Errorf("%d events: %q, %v; want %q behind the x, or as the error", n, got, err, want)
		}
	}
}
