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
