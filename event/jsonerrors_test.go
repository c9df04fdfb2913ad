package event

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// JSON lines are edited by hand, and by tools that think that all numbers are floats: the table pins what the reader
// says to each mistake. Where the words are those of encoding/json, only ours are pinned.

const (
	metaLine = `{"version":1,"seed":42,"recorded_at":0,"config_hash":0}` + "\n"
	seedLine = `{"type":"RngSeed","seed":42}` + "\n"
)

// onLine is a place in JSON lines, where the first event is on line 2.
func onLine(line int, field string) DecodeError {
	return DecodeError{Offset: -1, Line: line, Index: int64(line) - 2, Field: field}
}

var badLines = []badInput{
	{"empty input", ``,
		"event: line 1: malformed trace: no metadata on the first line: the input is empty",
		ErrMalformed, onLine(1, "")},
	{"blank first line", "\n",
		"event: line 1: malformed trace: an empty line",
		ErrMalformed, onLine(1, "")},
	{"metadata is an array", `[1,42,0,0]`,
		"event: line 1: malformed trace: not a JSON object",
		ErrMalformed, onLine(1, "")},
	{"metadata is an event", `{"type":"RngSeed","seed":42}`,
		"event: line 1, metadata.version: malformed trace: missing field",
		ErrMalformed, onLine(1, "metadata.version")},
	{"metadata without a seed", `{"version":1,"recorded_at":0,"config_hash":0}`,
		"event: line 1, metadata.seed: malformed trace: missing field",
		ErrMalformed, onLine(1, "metadata.seed")},
	{"version 0", `{"version":0,"seed":42,"recorded_at":0,"config_hash":0}`,
		"event: line 1: unsupported schema version: the trace has version 0, this reader reads version 1",
		ErrVersion, onLine(1, "")},
	{"version 2", `{"version":2,"seed":42,"recorded_at":0,"config_hash":0}`,
		"event: line 1: unsupported schema version: the trace has version 2, this reader reads version 1",
		ErrVersion, onLine(1, "")},
	{"version over 32 bits", `{"version":4294967296,"seed":42,"recorded_at":0,"config_hash":0}`,
		"event: line 1, metadata.version: malformed trace: 4294967296 is out of range, the largest value is 4294967295",
		ErrMalformed, onLine(1, "metadata.version")},
	{"seed twice", `{"version":1,"seed":42,"seed":42,"recorded_at":0,"config_hash":0}`,
		"event: line 1, metadata.seed: malformed trace: duplicate field",
		ErrMalformed, onLine(1, "metadata.seed")},
	{"seed is text", `{"version":1,"seed":"42","recorded_at":0,"config_hash":0}`,
		"event: line 1, metadata.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, onLine(1, "metadata.seed")},
	{"description is a number", `{"version":1,"seed":42,"recorded_at":0,"config_hash":0,"description":5}`,
		"event: line 1, metadata.description: malformed trace: not a string",
		ErrMalformed, onLine(1, "metadata.description")},
	{"description twice", `{"version":1,"seed":42,"recorded_at":0,"config_hash":0,"description":null,"description":"x"}`,
		"event: line 1, metadata.description: malformed trace: duplicate field",
		ErrMalformed, onLine(1, "metadata.description")},
	{"description over the limit", `{"version":1,"seed":42,"recorded_at":0,"config_hash":0,"description":"` +
		strings.Repeat("x", MaxDescription+1) + `"}`,
		"event: line 1, metadata.description: malformed trace: a description of 1048577 bytes is over the limit of 1048576",
		ErrMalformed, onLine(1, "metadata.description")},
	{"metadata cut", `{"version":1,"seed":42`,
		"event: line 1: malformed trace: unexpected EOF",
		ErrMalformed, onLine(1, "")},
	{"text after the metadata", `{"version":1,"seed":42,"recorded_at":0,"config_hash":0} {}`,
		"event: line 1: malformed trace: text after the JSON object",
		ErrMalformed, onLine(1, "")},
	{"blank line", metaLine + "\n" + seedLine,
		"event: line 2, event 0: malformed trace: an empty line",
		ErrMalformed, onLine(2, "")},
	{"blank line at the end", metaLine + seedLine + "\n",
		"event: line 3, event 1: malformed trace: an empty line",
		ErrMalformed, onLine(3, "")},
	{"second event", metaLine + seedLine + `{}`,
		"event: line 3, event 1: malformed trace: an event without a field type",
		ErrMalformed, onLine(3, "")},
	{"event is null", metaLine + `null`,
		"event: line 2, event 0: malformed trace: not a JSON object",
		ErrMalformed, onLine(2, "")},
	{"event is a number", metaLine + `5`,
		"event: line 2, event 0: malformed trace: not a JSON object",
		ErrMalformed, onLine(2, "")},
	{"event is an array", metaLine + `["RngSeed",42]`,
		"event: line 2, event 0: malformed trace: not a JSON object",
		ErrMalformed, onLine(2, "")},
	{"event is not JSON", metaLine + `RngSeed seed=42`,
		"event: line 2, event 0: malformed trace: …",
		ErrMalformed, onLine(2, "")},
	{"event cut", metaLine + `{"type":"RngSeed","seed":42`,
		"event: line 2, event 0: malformed trace: unexpected EOF",
		ErrMalformed, onLine(2, "")},
	{"event cut in an unknown value", metaLine + `{"type":"RngSeed","x":[[1`,
		"event: line 2, event 0: malformed trace: unexpected EOF",
		ErrMalformed, onLine(2, "")},
	{"trailing comma", metaLine + `{"type":"RngSeed","seed":42,}`,
		"event: line 2, event 0: malformed trace: …",
		ErrMalformed, onLine(2, "")},
	{"no comma", metaLine + `{"type":"RngSeed" "seed":42}`,
		"event: line 2, event 0: malformed trace: …",
		ErrMalformed, onLine(2, "")},
	{"no value", metaLine + `{"type":"RngSeed","seed"}`,
		"event: line 2, event 0: malformed trace: …",
		ErrMalformed, onLine(2, "")},
	{"wrong bracket", metaLine + `{"type":"RngSeed","seed":42]`,
		"event: line 2, event 0: malformed trace: …",
		ErrMalformed, onLine(2, "")},
	{"key without quotes", metaLine + `{type:"RngSeed","seed":42}`,
		"event: line 2, event 0: malformed trace: …",
		ErrMalformed, onLine(2, "")},
	{"leading zero", metaLine + `{"type":"RngSeed","seed":042}`,
		"event: line 2, event 0: malformed trace: …",
		ErrMalformed, onLine(2, "")},
	{"not UTF-8", metaLine + "{\"type\":\"RngSeed\",\"seed\":42,\"x\":\"\xff\"}",
		"event: line 2, event 0: malformed trace: text is not valid UTF-8",
		ErrMalformed, onLine(2, "")},
	{"text after the object", metaLine + `{"type":"RngSeed","seed":42} x`,
		"event: line 2, event 0: malformed trace: text after the JSON object",
		ErrMalformed, onLine(2, "")},
	{"object after the object", metaLine + `{"type":"RngSeed","seed":42}{"type":"RngSeed","seed":42}`,
		"event: line 2, event 0: malformed trace: text after the JSON object",
		ErrMalformed, onLine(2, "")},
	{"bracket after the object", metaLine + `{"type":"RngSeed","seed":42}}`,
		"event: line 2, event 0: malformed trace: text after the JSON object",
		ErrMalformed, onLine(2, "")},
	{"type missing", metaLine + `{"seed":42}`,
		"event: line 2, event 0: malformed trace: an event without a field type",
		ErrMalformed, onLine(2, "")},
	{"type is a number", metaLine + `{"type":11,"seed":42}`,
		"event: line 2, event 0, type: malformed trace: not a string",
		ErrMalformed, onLine(2, "type")},
	{"type twice", metaLine + `{"type":"RngSeed","type":"RngSeed","seed":42}`,
		"event: line 2, event 0: malformed trace: duplicate field type",
		ErrMalformed, onLine(2, "")},
	{"unknown kind", metaLine + `{"type":"Noop"}`,
		`event: line 2, event 0: unknown event kind "Noop"; a newer version of reprise may know it`,
		ErrUnknownKind, onLine(2, "")},
	{"kind in other letters", metaLine + `{"type":"rngseed","seed":42}`,
		`event: line 2, event 0: unknown event kind "rngseed"; a newer version of reprise may know it`,
		ErrUnknownKind, onLine(2, "")},
	{"field missing", metaLine + `{"type":"TaskScheduled","task":1}`,
		"event: line 2, event 0, TaskScheduled.at_tick: malformed trace: missing field",
		ErrMalformed, onLine(2, "TaskScheduled.at_tick")},
	{"field twice", metaLine + `{"type":"RngSeed","seed":42,"seed":42}`,
		"event: line 2, event 0, RngSeed.seed: malformed trace: duplicate field",
		ErrMalformed, onLine(2, "RngSeed.seed")},
	{"field null", metaLine + `{"type":"RngSeed","seed":null}`,
		"event: line 2, event 0, RngSeed.seed: malformed trace: nil where a number is needed",
		ErrMalformed, onLine(2, "RngSeed.seed")},
	{"optional field twice", metaLine + `{"type":"ChaosInjection","kind":1,"task":null,"task":null,"data":0}`,
		"event: line 2, event 0, ChaosInjection.task: malformed trace: duplicate field",
		ErrMalformed, onLine(2, "ChaosInjection.task")},
	{"fraction", metaLine + `{"type":"RngSeed","seed":1.0}`,
		"event: line 2, event 0, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, onLine(2, "RngSeed.seed")},
	{"exponent", metaLine + `{"type":"RngSeed","seed":1e3}`,
		"event: line 2, event 0, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, onLine(2, "RngSeed.seed")},
	{"huge exponent", metaLine + `{"type":"RngSeed","seed":1e999999999}`,
		"event: line 2, event 0, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, onLine(2, "RngSeed.seed")},
	{"minus zero", metaLine + `{"type":"RngSeed","seed":-0}`,
		"event: line 2, event 0, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, onLine(2, "RngSeed.seed")},
	{"negative", metaLine + `{"type":"RngSeed","seed":-1}`,
		"event: line 2, event 0, RngSeed.seed: malformed trace: negative number -1 where an unsigned one is needed",
		ErrMalformed, onLine(2, "RngSeed.seed")},
	{"text for a number", metaLine + `{"type":"RngSeed","seed":"42"}`,
		"event: line 2, event 0, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, onLine(2, "RngSeed.seed")},
	{"bool for a number", metaLine + `{"type":"RngSeed","seed":true}`,
		"event: line 2, event 0, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, onLine(2, "RngSeed.seed")},
	{"array for a number", metaLine + `{"type":"RngSeed","seed":[42]}`,
		"event: line 2, event 0, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, onLine(2, "RngSeed.seed")},
	{"object for a number", metaLine + `{"type":"RngSeed","seed":{}}`,
		"event: line 2, event 0, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, onLine(2, "RngSeed.seed")},
	{"8 bits overflow", metaLine + `{"type":"IoError","token":1,"kind":256}`,
		"event: line 2, event 0, IoError.kind: malformed trace: 256 is out of range, the largest value is 255",
		ErrMalformed, onLine(2, "IoError.kind")},
	{"32 bits overflow", metaLine + `{"type":"WakerBatchWake","count":4294967296}`,
		"event: line 2, event 0, WakerBatchWake.count: malformed trace: 4294967296 is out of range, the largest value is 4294967295",
		ErrMalformed, onLine(2, "WakerBatchWake.count")},
	{"64 bits overflow", metaLine + `{"type":"RngSeed","seed":18446744073709551616}`,
		"event: line 2, event 0, RngSeed.seed: malformed trace: not an integer of 64 bits",
		ErrMalformed, onLine(2, "RngSeed.seed")},
	{"63 bits overflow", metaLine + `{"type":"IoResult","token":1,"bytes":9223372036854775808}`,
		"event: line 2, event 0, IoResult.bytes: malformed trace: 9223372036854775808 is out of range, the largest value is 9223372036854775807",
		ErrMalformed, onLine(2, "IoResult.bytes")},
	{"63 bits underflow", metaLine + `{"type":"IoResult","token":1,"bytes":-9223372036854775809}`,
		"event: line 2, event 0, IoResult.bytes: malformed trace: not an integer of 64 bits",
		ErrMalformed, onLine(2, "IoResult.bytes")},
}

func TestBadLines(t *testing.T) {
	for _, c := range badLines {
		_, err := ReadJSONL(strings.NewReader(c.input))
		checkBad(t, "ReadJSONL", c, err)
		checkBad(t, "JSONLReader", c, drain(NewJSONLReader(strings.NewReader(c.input))))
		checkJSONLReader(t, []byte(c.input), readers["half"])
	}
}

// withoutLine takes the line and the index out of c.
func withoutLine(c badInput) badInput {
	c.text = strings.NewReplacer("line 1: ", "", "line 1, ", "", "line 2, event 0: ", "", "line 2, event 0, ",
		"").Replace(c.text)
	c.place = at(-1, -1, c.place.Field)
	return c
}

// TestBadJSONAlone: the same events and metadata one by one, without a line and an index.
func TestBadJSONAlone(t *testing.T) {
	for _, c := range badLines {
		line, isEvent := strings.CutPrefix(c.input, metaLine)
		switch {
		case c.input == "" || strings.Contains(line, "\n"):
		case isEvent:
			checkBad(t, "Event", withoutLine(c), new(Event).UnmarshalJSON([]byte(line)))
		default:
			checkBad(t, "Metadata", withoutLine(c), new(Metadata).UnmarshalJSON([]byte(line)))
		}
	}
}

// TestLongLine: the limit of a line is over that of the longest metadata.
func TestLongLine(t *testing.T) {
	long := NewMetadata(42)
	long.Description = strings.Repeat("\x00", MaxDescription)
	line := strings.TrimSuffix(metaLine, "}\n") + `,"description":"` + strings.Repeat(`\u0000`, MaxDescription) + `"}`
	if tr, err := ReadJSONL(strings.NewReader(line)); err != nil || tr.Metadata != long {
		t.Errorf("a line of %d bytes: %v, want it to be read", len(line), err)
	}
	_, err := ReadJSONL(strings.NewReader(metaLine + seedLine + strings.Repeat(" ", maxLine) + seedLine))
	checkBad(t, "ReadJSONL", badInput{"a line over the limit", "",
		"event: line 3, event 1: malformed trace: the line is longer than 6356992 bytes",
		ErrMalformed, onLine(3, "")}, err)
}

// TestFailedUnmarshalKeepsValue: a value is written only when all of it has been read.
func TestFailedUnmarshalKeepsValue(t *testing.T) {
	e, m := RngSeed(7), NewMetadata(7)
	if err := json.Unmarshal([]byte(`{"type":"RngValue","value":-1}`), &e); err == nil || e != RngSeed(7) {
		t.Errorf("after the error %v the event is %v, want RngSeed seed=7", err, e)
	}
	if err := json.Unmarshal([]byte(`{"version":1,"seed":8}`), &m); err == nil || m != NewMetadata(7) {
		t.Errorf("after the error %v the metadata is %+v, want seed 7", err, m)
	}
}

// TestLoneSurrogates: half a character is refused, a whole one in two escapes is not.
func TestLoneSurrogates(t *testing.T) {
	for escape, want := range map[string]string{
		`\ud83d\ude00`: "😀", `\u00e9`: "é", `\\ud83d`: `\ud83d`, `\n\\`: "\n\\",
		`\ud83d`: "", `\ude00`: "", `\ud83dx`: "", `\ud83d\n`: "", `\ud83d\ud83d\ude00`: "",
	} {
		var m Metadata
		err := m.UnmarshalJSON([]byte(`{"version":1,"seed":1,"recorded_at":0,"config_hash":0,"description":"` + escape +
			`"}`))
		if want == "" && !errors.Is(err, ErrMalformed) || want != "" && (err != nil || m.Description != want) {
			t.Errorf("%s: %q, %v; want %q, an error if empty", escape, m.Description, err, want)
		}
	}
}
