package base

import (
	"bytes"
	"testing"

	"github.com/reprise-go/reprise/event"
)

// TestAnnouncedNumber checks that the MessagePack form is not written with a number of events that is not theirs.
func TestAnnouncedNumber(t *testing.T) {
	var b bytes.Buffer
	s, err := newMsgpackSink(&b, event.NewMetadata(5), 2, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(event.RngSeed(5)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err == nil || err.Error() != "2 events were announced, 1 came" {
		t.Errorf("Close says %v", err)
	}
}
