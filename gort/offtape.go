package gort

import (
	"fmt"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/record"
)

// How a replay differs from what was recorded from outside. The runtime defines the same numbers.
const (
	tapeWrites uint32 = 1 + iota
	tapeDials
	tapePipes
	tapeFiles
	tapePaths
	tapeSkips
	tapeShort
	tapeOther
	tapeEnds
)

// unlike describes how a replay differs from what was recorded from outside; "" if it does not. Of a difference after
// which the replay went on, the first is described.
func unlike(h *header, t *record.Tape) string {
	if t == nil || h.tapeHow == 0 {
		return ""
	}
	at := int(h.tapeCall)
	made, object := record.CallKind(h.tapeWhat), h.tapeObject
	there := record.Call{}
	if at < len(t.Calls) {
		there = t.Calls[at]
	}
	if made == 0 {
		made, object = there.What, there.Object
	}
	call := nthCall(t, at, made, object)
	switch h.tapeHow {
	case tapeWrites:
		return fmt.Sprintf("%s differs from the recording, which has other bytes there (%d); the answers are the recorded ones",
			nthCall(t, at, there.What, there.Object), there.Size)
	case tapeDials:
		return fmt.Sprintf("the replay dials another address than the recording, which has %s; the answers are the recorded ones",
			nthCall(t, at, there.What, there.Object))
	case tapePipes:
		return fmt.Sprintf("%s differs from the recording; the replay goes on with the %s that are recorded",
			nthCall(t, at, there.What, there.Object), cast.Plural(len(there.Data), "byte"))
	case tapeFiles:
		return fmt.Sprintf("%s differs from the recording at offset %d", t.Place(there.What, there.Object), h.tapeOffset)
	case tapePaths:
		return t.Place(there.What, there.Object) + " is read in the recording, and not in the replay"
	case tapeSkips:
		return nthCall(t, at, there.What, there.Object) + " is in the recording, and the replay does not make it"
	case tapeShort:
		return fmt.Sprintf("%s differs from the recording: it has room for less than the %s that are recorded", call,
			cast.Plural(len(there.Data), "byte"))
	case tapeEnds:
		_, moved := t.Before(at, made, object)
		return fmt.Sprintf("%s, after %s, is missing in the recording: there was no room for it and %s that follow; "+
			"--record-outside keeps more", call, cast.Plural(int(moved), "byte"), cast.Plural(int(t.Cut)-1, "call"))
	}
	if there.What == 0 {
		return fmt.Sprintf("%s is not in the recording, which has no more calls outside", call)
	}
	return fmt.Sprintf("%s is not in the recording, which has %s there", call, nthCall(t, at, there.What, there.Object))
}

// nthCall names a call that is made after a number of calls of the tape: "read 3 from 127.0.0.1:80".
func nthCall(t *record.Tape, after int, what record.CallKind, object uint32) string {
	n, _ := t.Before(after, what, object)
	if what == record.CallOption {
		return "the result of the dial of " + t.Place(what, object)
	}
	link := "of"
	switch what {
	case record.CallRead, record.CallPipe, record.CallFile:
		link = "from"
	case record.CallWrite:
		link = "to"
	}
	return fmt.Sprintf("%s %d %s %s", what, n+1, link, t.Place(what, object))
}
