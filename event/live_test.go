package event

import (
	"errors"
	"io"
	"testing"
)

// TestLiveStream: an event is handed out as soon as its last byte is there, although the writer goes on later.
func TestLiveStream(t *testing.T) {
	r, w := io.Pipe()
	d := NewDecoder(r)
	want := []Event{RngSeed(42), TaskSpawned(NewTaskID(1, 2), NewRegionID(3, 4), 1<<40)}
	go func() {
		for _, e := range want {
			b := e.AppendMsgpack(nil)
			w.Write(b[:5])
			w.Write(b[5:])
		}
		// The pipe stays open until the events have been read.
	}()
	for i, e := range want {
		if got, err := d.Decode(); err != nil || got != e {
			t.Fatalf("event %d: %v, %v, want %v", i, got, err, e)
		}
	}
	w.Close()
	if _, err := d.Decode(); err != io.EOF {
		t.Fatalf("after the last event: error %v, want io.EOF", err)
	}
}

// TestLiveReaders: the streaming readers too hand out what is there, the metadata before the first event.
func TestLiveReaders(t *testing.T) {
	for name, c := range map[string]struct {
		head, event string
		open        func(io.Reader) (eventReader, error)
	}{
		"MessagePack": {head + "\x92", goodSeed, func(r io.Reader) (eventReader, error) { return NewMsgpackReader(r) }},
		"JSON lines":  {metaLine, seedLine, func(r io.Reader) (eventReader, error) { return NewJSONLReader(r) }},
	} {
		r, w := io.Pipe()
		write := func(s string) { go io.WriteString(w, s) }
		write(c.head)
		events, err := c.open(r)
		if err != nil || events.Metadata() != NewMetadata(42) {
			t.Fatalf("%s: %v, want the metadata", name, err)
		}
		for range 2 {
			write(c.event)
			if e, err := events.Next(); err != nil || e != RngSeed(42) {
				t.Fatalf("%s: %v, %v, want RngSeed seed=42", name, e, err)
			}
		}
		w.Close()
		if _, err := events.Next(); err != io.EOF {
			t.Fatalf("%s: error %v, want io.EOF", name, err)
		}
	}
}

// TestVersionComesFirst: another version may have other fields, so it is named before their number is judged.
func TestVersionComesFirst(t *testing.T) {
	for _, input := range []string{"929602010203040590", "9291029090", "9293020102"} {
		_, err := ParseMsgpack(unhex(t, input))
		if !errors.Is(err, ErrVersion) {
			t.Errorf("%s: error %v, want ErrVersion", input, err)
		}
	}
	if _, err := ParseMsgpack(unhex(t, "929190")); !errors.Is(err, ErrMalformed) {
		t.Errorf("no version at all: error %v, want ErrMalformed", err)
	}
}
