package gort

import (
	"fmt"
	"math"

	"github.com/reprise-go/reprise/internal/prose"
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
	tapeLooks
	tapeShort
	tapeOther
	tapeEnds
	tapeAway
)

// unlike describes how a replay differs from what was recorded from outside; "" if it does not. Of a difference after
// which the replay went on, the first is described.
func unlike(h *header, t *record.Tape) string {
	if t == nil || h.tapeHow == 0 {
		return ""
	}
	t = &record.Tape{Calls: t.Outside(), Cut: t.Cut}
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
			nthCall(t, at, there.What, there.Object), prose.Count(len(there.Data), "byte"))
	case tapeFiles:
		return fmt.Sprintf("%s differs from the recording at offset %d", t.Place(there.What, there.Object), h.tapeOffset)
	case tapePaths:
		return t.Place(there.What, there.Object) + " is read in the recording, and not in the replay"
	case tapeLooks:
		return lookUnlike(&there, h.tapeOffset)
	case tapeSkips:
		return nthCall(t, at, there.What, there.Object) + " is in the recording, and the replay does not make it"
	case tapeShort:
		return fmt.Sprintf("%s differs from the recording: it has room for less than the %s that are recorded", call,
			prose.Count(len(there.Data), "byte"))
	case tapeEnds:
		_, moved := t.Before(at, made, object)
		return fmt.Sprintf("%s, after %s, is missing in the recording: there was no room for it and %s that follow; "+
			"--record-outside keeps more", call, prose.Count(int(moved), "byte"), prose.Count(int(t.Cut)-1, "call"))
	}
	if there.What == 0 {
		return fmt.Sprintf("%s is not in the recording, which has no more calls outside", call)
	}
	return fmt.Sprintf("%s is not in the recording, which has %s there", call, nthCall(t, at, there.What, there.Object))
}

// lookUnlike describes how a file outside of the module differs from the recording. size is what it has now; the
// greatest number means that it cannot be opened.
func lookUnlike(c *record.Call, size uint64) string {
	name := c.Name()
	switch {
	case size == math.MaxUint64:
		return name + " is opened in the recording, and cannot be opened now; --record-outside files keeps such files"
	case c.Result < 0:
		return name + " cannot be opened in the recording, and is opened now"
	}
	return fmt.Sprintf("%s has changed since the recording, from %s to %s; --record-outside files keeps such files", name,
		prose.Count(int(c.Size), "byte"), prose.Count(int(size), "byte"))
}

// away names the call of a run that may leave its recording to which the recording has no answer. t is the tape of the
// run itself.
func away(h *header, t *record.Tape) string {
	after := len(t.Calls)
	if record.CallKind(h.tapeWhat) == record.CallConnect { // it is on the tape
		after--
	}
	return fmt.Sprintf("%s is not in the recording, or not on this connection, so that only the server can answer it",
		nthCall(t, after, record.CallKind(h.tapeWhat), h.tapeObject))
}

// aged names the first file outside of the module that has another date than in the recording; "" if there is none.
func aged(h *header, t *record.Tape) string {
	if t == nil || h.tapeAged == 0 {
		return ""
	}
	list := t.Outside()
	if at := int(h.tapeAged) - 1; at < len(list) {
		return list[at].Name() + " was changed since the recording; --record-outside files keeps such files"
	}
	return ""
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
