package event

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

// The errors of the decoders are read by people, who have to find the damage in a file, and matched by programs. The
// tables pin their text, their class and their place.

const (
	goodMeta = "\x94\x01\x2a\x00\x00" // version 1, seed 42
	head     = "\x92" + goodMeta      // a trace up to its events, 6 bytes
	goodSeed = "\x92\xa7RngSeed\x2a"  // 10 bytes
)

// badInput is an input that is refused.
type badInput struct {
	name  string
	input string
	text  string // of the error; at the end, … stands for words of the standard library
	class error
	place DecodeError // Offset, Line, Index and Field
}

// at is a place in a binary input.
func at(offset, index int64, field string) DecodeError {
	return DecodeError{Offset: offset, Index: index, Field: field}
}

var badTraces = []badInput{
	{"empty input", "",
		"event: byte 0: malformed trace: the input ends inside a value: unexpected EOF",
		ErrMalformed, at(0, -1, "")},
	{"nil", "\xc0",
		"event: byte 0: malformed trace: code 0xc0 where an array or a map is needed",
		ErrMalformed, at(0, -1, "")},
	{"a number", "\x05",
		"event: byte 0: malformed trace: code 0x05 where an array or a map is needed",
		ErrMalformed, at(0, -1, "")},
	{"text", "\xa5trace",
		"event: byte 0: malformed trace: code 0xa5 where an array or a map is needed",
		ErrMalformed, at(0, -1, "")},
	{"one element", "\x91" + goodMeta,
		"event: byte 0: malformed trace: a trace is an array of 2, this one has 1 elements",
		ErrMalformed, at(0, -1, "")},
	{"three elements", "\x93" + goodMeta + "\x90\x00",
		"event: byte 0: malformed trace: a trace is an array of 2, this one has 3 elements",
		ErrMalformed, at(0, -1, "")},
	{"metadata is nil", "\x92\xc0\x90",
		"event: byte 1: malformed trace: code 0xc0 where an array or a map is needed",
		ErrMalformed, at(1, -1, "")},
	{"metadata of 3", "\x92\x93\x01\x2a\x00\x90",
		"event: byte 1: malformed trace: metadata is an array of 4 or 5, this one has 3 elements",
		ErrMalformed, at(1, -1, "")},
	{"metadata of 6", "\x92\x96\x01\x2a\x00\x00\xa1d\x01\x90",
		"event: byte 1: malformed trace: metadata is an array of 4 or 5, this one has 6 elements",
		ErrMalformed, at(1, -1, "")},
	{"version 0", "\x92\x94\x00\x2a\x00\x00\x90",
		"event: byte 1: unsupported schema version: the trace has version 0, this reader reads version 1",
		ErrVersion, at(1, -1, "")},
	{"version 2", "\x92\x94\x02\x2a\x00\x00\x90",
		"event: byte 1: unsupported schema version: the trace has version 2, this reader reads version 1",
		ErrVersion, at(1, -1, "")},
	{"version over 32 bits", "\x92\x94\xcf\x00\x00\x00\x01\x00\x00\x00\x00\x2a\x00\x00\x90",
		"event: byte 1, metadata.version: malformed trace: 4294967296 is out of range, the largest value is 4294967295",
		ErrMalformed, at(1, -1, "metadata.version")},
	{"version nil", "\x92\x94\xc0\x2a\x00\x00\x90",
		"event: byte 1, metadata.version: malformed trace: nil where a number is needed",
		ErrMalformed, at(1, -1, "metadata.version")},
	{"seed is text", "\x92\x94\x01\xa242\x00\x00\x90",
		"event: byte 1, metadata.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, at(1, -1, "metadata.seed")},
	{"seed is negative", "\x92\x94\x01\xff\x00\x00\x90",
		"event: byte 1, metadata.seed: malformed trace: negative number -1 where an unsigned one is needed",
		ErrMalformed, at(1, -1, "metadata.seed")},
	{"description is a number", "\x92\x95\x01\x2a\x00\x00\x05\x90",
		"event: byte 6, metadata.description: malformed trace: code 0x05 where text is needed",
		ErrMalformed, at(6, -1, "metadata.description")},
	{"description is not UTF-8", "\x92\x95\x01\x2a\x00\x00\xa2a\xff\x90",
		"event: byte 6, metadata.description: malformed trace: text is not valid UTF-8",
		ErrMalformed, at(6, -1, "metadata.description")},
	{"description over the limit", "\x92\x95\x01\x2a\x00\x00\xdb\x00\x10\x00\x01",
		"event: byte 6, metadata.description: malformed trace: a description of 1048577 bytes is over the limit of 1048576",
		ErrMalformed, at(6, -1, "metadata.description")},
	{"description of 2 GiB", "\x92\x95\x01\x2a\x00\x00\xdb\x7f\xff\xff\xff",
		"event: byte 6, metadata.description: malformed trace: a description of 2147483647 bytes is over the limit of 1048576",
		ErrMalformed, at(6, -1, "metadata.description")},
	{"description cut", "\x92\x95\x01\x2a\x00\x00\xa3ab",
		"event: byte 6, metadata.description: malformed trace: the input ends inside a value: unexpected EOF",
		ErrMalformed, at(6, -1, "metadata.description")},
	{"metadata cut", "\x92\x94\x01\x2a\x00",
		"event: byte 5, metadata.config_hash: malformed trace: the input ends inside a value: unexpected EOF",
		ErrMalformed, at(5, -1, "metadata.config_hash")},
	{"metadata map without seed", "\x92\x81\xa7version\x01\x90",
		"event: byte 1, metadata.seed: malformed trace: missing field",
		ErrMalformed, at(1, -1, "metadata.seed")},
	{"metadata map with two seeds", "\x92\x82\xa4seed\x01\xa4seed\x01\x90",
		"event: byte 13, metadata.seed: malformed trace: duplicate field",
		ErrMalformed, at(13, -1, "metadata.seed")},
	{"metadata map with two descriptions", "\x92\x82\xabdescription\xc0\xabdescription\xa1x\x90",
		"event: byte 27, metadata.description: malformed trace: duplicate field",
		ErrMalformed, at(27, -1, "metadata.description")},
	{"metadata key is a number", "\x92\x81\x05\x01\x90",
		"event: byte 2: malformed trace: code 0x05 where text is needed",
		ErrMalformed, at(2, -1, "")},
	{"metadata key is not UTF-8", "\x92\x81\xa1\xff\x01\x90",
		"event: byte 2: malformed trace: text is not valid UTF-8",
		ErrMalformed, at(2, -1, "")},
	{"trace map without events", "\x81\xa8metadata" + goodMeta,
		"event: byte 0: malformed trace: a trace needs the keys metadata and events",
		ErrMalformed, at(0, -1, "")},
	{"trace map with two metadata", "\x82\xa8metadata" + goodMeta + "\xa8metadata" + goodMeta,
		"event: byte 24: malformed trace: duplicate key metadata",
		ErrMalformed, at(24, -1, "")},
	{"trace map with two events", "\x82\xa6events\x90\xa6events\x90",
		"event: byte 16: malformed trace: duplicate key events",
		ErrMalformed, at(16, -1, "")},
	{"trace map, cut in an event", "\x82\xa8metadata" + goodMeta + "\xa6events\x92" + goodSeed + "\x92\xa7RngSeed",
		"event: event 1, byte 42, RngSeed.seed: malformed trace: the input ends inside a value: unexpected EOF",
		ErrMalformed, at(42, 1, "RngSeed.seed")},
	{"events are nil", head + "\xc0",
		"event: byte 6: malformed trace: code 0xc0 where an array or a map is needed",
		ErrMalformed, at(6, -1, "")},
	{"events are a map", head + "\x80",
		"event: byte 6: malformed trace: the events are a map, not an array",
		ErrMalformed, at(6, -1, "")},
	{"events missing", head,
		"event: byte 6: malformed trace: the input ends inside a value: unexpected EOF",
		ErrMalformed, at(6, -1, "")},
	{"event is a number", head + "\x91\x05",
		"event: event 0, byte 7: malformed trace: code 0x05 where an array or a map is needed",
		ErrMalformed, at(7, 0, "")},
	{"event is empty", head + "\x91\x90",
		"event: event 0, byte 7: malformed trace: an event is an array of its name and fields, this one is empty",
		ErrMalformed, at(7, 0, "")},
	{"kind is a number", head + "\x91\x92\x0d\x2a",
		"event: event 0, byte 8: malformed trace: code 0x0d where text is needed",
		ErrMalformed, at(8, 0, "")},
	{"kind is nil", head + "\x91\x92\xc0\x2a",
		"event: event 0, byte 8: malformed trace: code 0xc0 where text is needed",
		ErrMalformed, at(8, 0, "")},
	{"unknown kind", head + "\x92" + goodSeed + "\x91\xa4Noop",
		`event: event 1, byte 18: unknown event kind "Noop"; a newer version of reprise may know it`,
		ErrUnknownKind, at(18, 1, "")},
	{"kind is not UTF-8", head + "\x91\x92\xa7RngSee\xff\x2a",
		`event: event 0, byte 8: unknown event kind "RngSee�"; a newer version of reprise may know it`,
		ErrUnknownKind, at(8, 0, "")},
	{"kind is too long", head + "\x91\x92\xd9\x50" + strings.Repeat("x", 80) + "\x2a",
		`event: event 0, byte 8: unknown event kind "` + strings.Repeat("x", 64) +
			`"; a newer version of reprise may know it`,
		ErrUnknownKind, at(8, 0, "")},
	{"field missing", head + "\x91\x91\xa7RngSeed",
		"event: event 0, byte 7: malformed trace: RngSeed has 1 fields, this one has 0",
		ErrMalformed, at(7, 0, "")},
	{"field extra", head + "\x91\x93\xa7RngSeed\x2a\x00",
		"event: event 0, byte 7: malformed trace: RngSeed has 1 fields, this one has 2",
		ErrMalformed, at(7, 0, "")},
	{"event cut in its name", head + "\x91\x92\xa7Rng",
		"event: event 0, byte 8: malformed trace: the input ends inside a value: unexpected EOF",
		ErrMalformed, at(8, 0, "")},
	{"event cut before a field", head + "\x92" + goodSeed + "\x93\xadTaskScheduled\x01",
		"event: event 1, byte 33, TaskScheduled.at_tick: malformed trace: the input ends inside a value: unexpected EOF",
		ErrMalformed, at(33, 1, "TaskScheduled.at_tick")},
	{"event cut in a field", head + "\x91\x93\xadTaskScheduled\x01\xcd\x01",
		"event: event 0, byte 23, TaskScheduled.at_tick: malformed trace: the input ends inside a value: unexpected EOF",
		ErrMalformed, at(23, 0, "TaskScheduled.at_tick")},
	{"field is a float", head + "\x91\x92\xa7RngSeed\xcb\x40\x14\x00\x00\x00\x00\x00\x00",
		"event: event 0, byte 16, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, at(16, 0, "RngSeed.seed")},
	{"field is text", head + "\x91\x92\xa7RngSeed\xa15",
		"event: event 0, byte 16, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, at(16, 0, "RngSeed.seed")},
	{"field is a bool", head + "\x91\x92\xa7RngSeed\xc3",
		"event: event 0, byte 16, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, at(16, 0, "RngSeed.seed")},
	{"field is an array", head + "\x91\x92\xa7RngSeed\x91\x05",
		"event: event 0, byte 16, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, at(16, 0, "RngSeed.seed")},
	{"field is nil", head + "\x91\x92\xa7RngSeed\xc0",
		"event: event 0, byte 16, RngSeed.seed: malformed trace: nil where a number is needed",
		ErrMalformed, at(16, 0, "RngSeed.seed")},
	{"unsigned field is negative", head + "\x91\x92\xa7RngSeed\xd3\xff\xff\xff\xff\xff\xff\xff\xff",
		"event: event 0, byte 16, RngSeed.seed: malformed trace: negative number -1 where an unsigned one is needed",
		ErrMalformed, at(16, 0, "RngSeed.seed")},
	{"8 bits overflow", head + "\x91\x93\xa7IoError\x01\xcd\x01\x00",
		"event: event 0, byte 17, IoError.kind: malformed trace: 256 is out of range, the largest value is 255",
		ErrMalformed, at(17, 0, "IoError.kind")},
	{"32 bits overflow", head + "\x91\x92\xaeWakerBatchWake\xcf\x00\x00\x00\x01\x00\x00\x00\x00",
		"event: event 0, byte 23, WakerBatchWake.count: malformed trace: 4294967296 is out of range, the largest value is 4294967295",
		ErrMalformed, at(23, 0, "WakerBatchWake.count")},
	{"63 bits overflow", head + "\x91\x93\xa8IoResult\x01\xcf\x80\x00\x00\x00\x00\x00\x00\x00",
		"event: event 0, byte 18, IoResult.bytes: malformed trace: 9223372036854775808 is out of range, the largest value is 9223372036854775807",
		ErrMalformed, at(18, 0, "IoResult.bytes")},
	{"optional field is text", head + "\x91\x94\xaeChaosInjection\x01\xa0\x01",
		"event: event 0, byte 24, ChaosInjection.task: malformed trace: not an integer of 64 bits",
		ErrMalformed, at(24, 0, "ChaosInjection.task")},
	{"event map without type", head + "\x91\x81\xa4seed\x2a",
		"event: event 0, byte 7: malformed trace: an event without a field type",
		ErrMalformed, at(7, 0, "")},
	{"event map with two types", head + "\x91\x83\xa4type\xa7RngSeed\xa4type\xa7RngSeed\xa4seed\x2a",
		"event: event 0, byte 26: malformed trace: duplicate field type",
		ErrMalformed, at(26, 0, "")},
	{"event map without a field", head + "\x91\x81\xa4type\xa7RngSeed",
		"event: event 0, byte 7, RngSeed.seed: malformed trace: missing field",
		ErrMalformed, at(7, 0, "RngSeed.seed")},
	{"event map with a field twice", head + "\x91\x83\xa4type\xa7RngSeed\xa4seed\x2a\xa4seed\x01",
		"event: event 0, byte 7, RngSeed.seed: malformed trace: duplicate field",
		ErrMalformed, at(7, 0, "RngSeed.seed")},
	{"event map with a float", head + "\x91\x82\xa4type\xa7RngSeed\xa4seed\xca\x00\x00\x00\x00",
		"event: event 0, byte 7, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, at(7, 0, "RngSeed.seed")},
	{"event map of an unknown kind", head + "\x91\x81\xa4type\xa4Noop",
		`event: event 0, byte 13: unknown event kind "Noop"; a newer version of reprise may know it`,
		ErrUnknownKind, at(13, 0, "")},
	{"event map with a number for type", head + "\x91\x81\xa4type\x05",
		"event: event 0, byte 13: malformed trace: code 0x05 where text is needed",
		ErrMalformed, at(13, 0, "")},
	{"event map cut in a field", head + "\x91\x82\xa4seed\xcd\x01",
		"event: event 0, byte 13, seed: malformed trace: the input ends inside a value: unexpected EOF",
		ErrMalformed, at(13, 0, "seed")},
	{"event map cut in an unknown value", head + "\x91\x82\xa1x\x92\x01",
		"event: event 0, byte 10: malformed trace: the input ends inside a value: unexpected EOF",
		ErrMalformed, at(10, 0, "")},
	{"code 0xc1 in an unknown value", head + "\x91\x82\xa1x\x91\xc1",
		"event: event 0, byte 10: malformed trace: code 0xc1 is never used in MessagePack",
		ErrMalformed, at(10, 0, "")},
	{"code 0xc1 as a field", head + "\x91\x92\xa7RngSeed\xc1",
		"event: event 0, byte 16, RngSeed.seed: malformed trace: code 0xc1 is never used in MessagePack",
		ErrMalformed, at(16, 0, "RngSeed.seed")},
	{"a byte after the trace", head + "\x91" + goodSeed + "\x00",
		"event: byte 17: malformed trace: bytes after the end of the trace",
		ErrMalformed, at(17, -1, "")},
	{"a trace after the trace", head + "\x90" + head + "\x90",
		"event: byte 7: malformed trace: bytes after the end of the trace",
		ErrMalformed, at(7, -1, "")},
}

func checkBad(t *testing.T, what string, c badInput, err error) {
	t.Helper()
	de, ok := err.(*DecodeError)
	if !ok {
		t.Errorf("%s, %s: error %T %v, want a *DecodeError: %s", c.name, what, err, err, c.text)
		return
	}
	if start, open := strings.CutSuffix(c.text, "…"); err.Error() != c.text &&
		!(open && strings.HasPrefix(err.Error(), start)) {
		t.Errorf("%s, %s: error\n\t%s\nwant\n\t%s", c.name, what, err, c.text)
	}
	for _, class := range []error{ErrMalformed, ErrUnknownKind, ErrVersion} {
		if got, want := errors.Is(err, class), class == c.class; got != want {
			t.Errorf("%s, %s: errors.Is(%v, %v) = %v, want %v", c.name, what, err, class, got, want)
		}
	}
	if got := (DecodeError{de.Offset, de.Line, de.Index, de.Field, nil}); got != c.place {
		t.Errorf("%s, %s: the error is at %+v, want %+v", c.name, what, got, c.place)
	}
}

func TestBadTraces(t *testing.T) {
	for _, c := range badTraces {
		_, err := ParseMsgpack([]byte(c.input))
		checkBad(t, "ParseMsgpack", c, err)
		_, err = ReadMsgpack(strings.NewReader(c.input))
		checkBad(t, "ReadMsgpack", c, err)
		checkBad(t, "MsgpackReader", c, drain(NewMsgpackReader(strings.NewReader(c.input))))
		checkMsgpackReader(t, []byte(c.input), readers["one byte"])
	}
}

// TestAnnouncedTooMany: with all the bytes at hand the count is refused at once; a reader has to come to the end.
func TestAnnouncedTooMany(t *testing.T) {
	input := head + "\x93" + goodSeed
	_, err := ReadMsgpack(strings.NewReader(input))
	checkBad(t, "ReadMsgpack", badInput{"3 events announced, 1 there", input,
		"event: event 1, byte 17: malformed trace: the input ends inside a value: unexpected EOF",
		ErrMalformed, at(17, 1, "")}, err)
	checkMsgpackReader(t, []byte(input), readers["whole"])
	input = head + "\x93"
	_, err = ParseMsgpack([]byte(input))
	checkBad(t, "ParseMsgpack", badInput{"3 events announced, none there", input,
		"event: byte 6: malformed trace: 3 events are announced, only 0 bytes are left: unexpected EOF",
		ErrMalformed, at(6, -1, "")}, err)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v is not an io.ErrUnexpectedEOF", err)
	}
}

// badEvent is a TaskScheduled whose second field is nil.
const badEvent = "\x93\xadTaskScheduled\x01\xc0"

var badEventError = badInput{"at_tick is nil", badEvent,
	"event: byte 16, TaskScheduled.at_tick: malformed trace: nil where a number is needed",
	ErrMalformed, at(16, -1, "TaskScheduled.at_tick")}

func TestBadEventConsume(t *testing.T) {
	_, _, err := consumeMsgpack([]byte(badEvent))
	checkBad(t, "consumeMsgpack", badEventError, err)
}

func TestBadEventStream(t *testing.T) {
	c := badEventError
	c.text, c.place = "event: event 2, byte 36, "+c.text[len("event: byte 16, "):], at(36, 2, c.place.Field)
	events, err := decodeAll(strings.NewReader(goodSeed + goodSeed + badEvent + goodSeed))
	checkBad(t, "Decoder", c, err)
	if len(events) != 2 {
		t.Errorf("%d events before the error, want 2", len(events))
	}
}

// TestBadInsideMsgpack: inside somebody else's decoder there is no offset to tell, and no value is half written.
func TestBadInsideMsgpack(t *testing.T) {
	c := badEventError
	c.text, c.place = "event: "+c.text[len("event: byte 16, "):], at(-1, -1, c.place.Field)
	e, m, tr := RngSeed(7), NewMetadata(7), sampleTrace()
	checkBad(t, "Event", c, msgpack.Unmarshal([]byte(badEvent), &e))

	c.text, c.place.Index = "event: event 1, "+c.text[len("event: "):], 1
	checkBad(t, "Trace", c, msgpack.Unmarshal([]byte(head+"\x92"+goodSeed+badEvent), tr))

	checkBad(t, "Metadata", badInput{"version 2", "",
		"event: unsupported schema version: the trace has version 2, this reader reads version 1",
		ErrVersion, at(-1, -1, "")}, msgpack.Unmarshal([]byte("\x94\x02\x00\x00\x00"), &m))
	if e != RngSeed(7) || m != NewMetadata(7) || !tr.Equal(sampleTrace()) {
		t.Errorf("after the errors: %v, %+v, %d events; want the values unchanged", e, m, tr.Len())
	}
}

// TestUnencodable: what no decoder would accept is not written either.
func TestUnencodable(t *testing.T) {
	for _, c := range []struct {
		change func(*Metadata)
		text   string
	}{
		{func(m *Metadata) { m.Version = 0 },
			"event: unsupported schema version: the trace has version 0, this reader reads version 1"},
		{func(m *Metadata) { m.Description = "a\xff" },
			"event: malformed trace: the description is not valid UTF-8"},
		{func(m *Metadata) { m.Description = strings.Repeat("x", MaxDescription+1) },
			"event: malformed trace: a description of 1048577 bytes is over the limit of 1048576"},
	} {
		tr := sampleTrace()
		c.change(&tr.Metadata)
		var out bytes.Buffer
		for name, err := range map[string]error{
			"WriteMsgpack":        tr.WriteMsgpack(&out),
			"EncodeMsgpack":       tr.EncodeMsgpack(msgpack.NewEncoder(&out)),
			"AppendMsgpackHeader": appendHeader(tr.Metadata),
			"WriteJSONL":          tr.WriteJSONL(&out),
			"Metadata":            tr.Metadata.EncodeMsgpack(msgpack.NewEncoder(&out)),
			"MarshalJSON":         func() error { _, err := tr.Metadata.MarshalJSON(); return err }(),
		} {
			if err == nil || err.Error() != c.text || out.Len() > 0 {
				t.Errorf("%s: error %v after %d bytes, want none written and %s", name, err, out.Len(), c.text)
			}
		}
	}
}

// appendHeader returns the error of AppendMsgpackHeader, which must leave alone what it was to append to.
func appendHeader(m Metadata) error {
	dst, err := AppendMsgpackHeader([]byte("x"), m, 1)
	if err != nil && string(dst) != "x" {
		return fmt.Errorf("%q is left behind: %w", dst, err)
	}
	return err
}

func TestUnencodableZeroEvent(t *testing.T) {
	enc := NewEncoder(io.Discard)
	_, packErr := msgpack.Marshal(Event{})
	_, jsonErr := Event{}.MarshalJSON()
	for name, err := range map[string]error{
		"Encode": enc.Encode(Event{}), "msgpack.Marshal": packErr, "MarshalJSON": jsonErr,
	} {
		if want := "event: the zero Event cannot be encoded"; err == nil || err.Error() != want {
			t.Errorf("%s of the zero Event: %v, want %s", name, err, want)
		}
	}
	if err := enc.Encode(RngSeed(1)); err != nil {
		t.Errorf("Encode after a refused event: %v, want none", err)
	}
}
