package event

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/vmihailenco/msgpack/v5"
)

// Disks fill up and connections break, at any byte. The error of the reader or writer must come through, must not be
// mistaken for a damaged trace, and must never be swallowed.

var errDisk = errors.New("the disk is on fire")

// stuckReader gives nothing and says nothing.
type stuckReader struct{}

func (stuckReader) Read([]byte) (int, error) { return 0, nil }

// readRoads are all ways to read a trace or events to the end.
var readRoads = map[string]func(io.Reader) error{
	"MessagePack":           func(r io.Reader) error { _, err := ReadMsgpack(r); return err },
	"JSON lines":            func(r io.Reader) error { _, err := ReadJSONL(r); return err },
	"stream":                func(r io.Reader) error { _, err := decodeAll(r); return err },
	"MessagePack, streamed": func(r io.Reader) error { return drain(NewMsgpackReader(r)) },
	"JSON lines, streamed":  func(r io.Reader) error { return drain(NewJSONLReader(r)) },
	"msgpack/v5": func(r io.Reader) error {
		return msgpack.NewDecoder(r).Decode(new(Trace))
	},
}

func TestReaderErrors(t *testing.T) {
	for name, c := range map[string]struct {
		reader func() io.Reader
		want   error
	}{
		"broken": {func() io.Reader { return iotest.ErrReader(errDisk) }, errDisk},
		"timing": {func() io.Reader { return iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(head))) },
			iotest.ErrTimeout},
		"stuck":     {func() io.Reader { return stuckReader{} }, io.ErrNoProgress},
		"stuck mid": {func() io.Reader { return io.MultiReader(strings.NewReader("\x92"), stuckReader{}) }, io.ErrNoProgress},
	} {
		for road, read := range readRoads {
			if err := read(c.reader()); !errors.Is(err, c.want) || errors.Is(err, ErrMalformed) {
				t.Errorf("reading %s, %s reader: error %v, want %v and not ErrMalformed", road, name, err, c.want)
			}
		}
	}
}

// written are the forms of the sample trace that each road reads.
func written(t *testing.T) map[string]string {
	tr := sampleTrace()
	var packed, lines, events bytes.Buffer
	enc := NewEncoder(&events)
	for _, e := range tr.All() {
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(tr.WriteMsgpack(&packed), tr.WriteJSONL(&lines), enc.Flush()); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"MessagePack": packed.String(), "JSON lines": lines.String(), "stream": events.String(),
		"msgpack/v5": packed.String(), "MessagePack, streamed": packed.String(), "JSON lines, streamed": lines.String(),
	}
}

// TestReaderErrorAnywhere: the reader breaks after each byte. A trace that was read to its end ends well only where
// the road does not look behind it.
func TestReaderErrorAnywhere(t *testing.T) {
	for road, input := range written(t) {
		last := len(input)
		if road == "msgpack/v5" {
			last--
		}
		for n := range last + 1 {
			r := io.MultiReader(strings.NewReader(input[:n]), iotest.ErrReader(errDisk))
			if err := readRoads[road](r); !errors.Is(err, errDisk) || errors.Is(err, ErrMalformed) {
				t.Errorf("reading %s, broken after %d bytes: error %v, want %v and not ErrMalformed", road, n, err, errDisk)
			}
		}
	}
}

// fullWriter takes room bytes and then fails with err, or, if err is nil, breaks the rule of io.Writer and writes
// short without saying so.
type fullWriter struct {
	room int
	err  error
}

func (w *fullWriter) Write(p []byte) (int, error) {
	n := min(w.room, len(p))
	w.room -= n
	if n < len(p) {
		return n, w.err
	}
	return n, nil
}

// writeEach writes a header and the events one by one.
func writeEach(tr *Trace, w io.Writer, header []byte, event func(Event, []byte) []byte) error {
	bw := bufio.NewWriter(w)
	bw.Write(header)
	for _, e := range tr.All() {
		bw.Write(event(e, nil))
	}
	return bw.Flush()
}

// writeRoads are all ways to write a trace or its events.
var writeRoads = map[string]func(*Trace, io.Writer) error{
	"MessagePack": (*Trace).WriteMsgpack,
	"JSON lines":  (*Trace).WriteJSONL,
	"stream": func(tr *Trace, w io.Writer) error {
		enc := NewEncoder(w)
		for _, e := range tr.All() {
			if err := enc.Encode(e); err != nil {
				return err
			}
		}
		return enc.Flush()
	},
	"msgpack/v5": func(tr *Trace, w io.Writer) error { return msgpack.NewEncoder(w).Encode(tr) },
	"MessagePack, streamed": func(tr *Trace, w io.Writer) error {
		header, err := AppendMsgpackHeader(nil, tr.Metadata, tr.Len())
		if err != nil {
			return err
		}
		return writeEach(tr, w, header, Event.AppendMsgpack)
	},
	"JSON lines, streamed": func(tr *Trace, w io.Writer) error {
		line := func(e Event, dst []byte) []byte { return append(e.AppendJSON(dst), '\n') }
		return writeEach(tr, w, append(tr.Metadata.AppendJSON(nil), '\n'), line)
	},
}

func TestWriterErrorAnywhere(t *testing.T) {
	for road, output := range written(t) {
		for room := range len(output) {
			if err := writeRoads[road](sampleTrace(), &fullWriter{room, errDisk}); !errors.Is(err, errDisk) {
				t.Errorf("writing %s, full after %d bytes: error %v, want %v", road, room, err, errDisk)
			}
			if road == "msgpack/v5" {
				continue // msgpack/v5 trusts its writer
			}
			if err := writeRoads[road](sampleTrace(), &fullWriter{room, nil}); !errors.Is(err, io.ErrShortWrite) {
				t.Errorf("writing %s, short after %d bytes: error %v, want io.ErrShortWrite", road, room, err)
			}
		}
		if err := writeRoads[road](sampleTrace(), &fullWriter{len(output), errDisk}); err != nil {
			t.Errorf("writing %s, just enough room: error %v, want none", road, err)
		}
	}
}

// TestEmptyTraceShortWrite: the header alone, without events to flush.
func TestEmptyTraceShortWrite(t *testing.T) {
	for room := range len(head) + 1 {
		err := NewTrace(NewMetadata(42)).WriteMsgpack(&fullWriter{room, nil})
		if !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("short after %d bytes: error %v, want io.ErrShortWrite", room, err)
		}
	}
}

// TestEncoderErrorStays: after the first error of the writer nothing more is written.
func TestEncoderErrorStays(t *testing.T) {
	w := &fullWriter{encoderBuffer / 2, errDisk}
	enc := NewEncoder(w)
	var err error
	for n := 0; err == nil && n < encoderBuffer; n++ {
		err = enc.Encode(RngValue(uint64(n)))
	}
	w.room, w.err = 1<<20, nil
	if again, flush := enc.Encode(RngSeed(1)), enc.Flush(); err != errDisk || again != errDisk || flush != errDisk {
		t.Errorf("errors %v, then %v and from Flush %v; want %v each time", err, again, flush, errDisk)
	}
	if w.room != 1<<20 {
		t.Errorf("%d bytes were written after the error, want none", 1<<20-w.room)
	}
}

// largeTrace has more events than the buffers of the encoder and the decoder hold at once.
func largeTrace() *Trace {
	tr := NewTrace(NewMetadata(42))
	for n := range 8000 {
		tr.Append(samples[n%len(samples)].event)
	}
	return tr
}

func TestLargeTrace(t *testing.T) {
	tr := largeTrace()
	for road, write := range writeRoads {
		var b bytes.Buffer
		if err := write(tr, &b); err != nil {
			t.Fatalf("writing %s: %v", road, err)
		}
		if b.Len() < 2*inputBuffer {
			t.Fatalf("%d bytes, want a multiple of the buffer", b.Len())
		}
		if err := readRoads[road](iotest.HalfReader(&b)); err != nil && err != io.EOF {
			t.Errorf("reading %s: %v", road, err)
		}
	}
}

// TestLargeStream: an event across every edge of the buffer comes out whole.
func TestLargeStream(t *testing.T) {
	tr := largeTrace()
	var b bytes.Buffer
	if err := writeRoads["stream"](tr, &b); err != nil {
		t.Fatal(err)
	}
	for name, wrap := range readers {
		got, err := decodeAll(wrap(bytes.NewReader(b.Bytes())))
		if want := tr.Slice(0, tr.Len()); err != io.EOF || !slices.Equal(got, want) {
			t.Errorf("%s reader: %d events, %v; want the %d that were written, io.EOF", name, len(got), err, len(want))
		}
	}
}

func TestLargeTraceWriterError(t *testing.T) {
	tr := largeTrace()
	for road, write := range writeRoads {
		for room := 1; room < 2*inputBuffer; room *= 3 {
			if err := write(tr, &fullWriter{room, errDisk}); !errors.Is(err, errDisk) {
				t.Errorf("writing %s, full after %d bytes: error %v, want %v", road, room, err, errDisk)
			}
		}
	}
}
