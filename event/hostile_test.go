package event

import (
	"bytes"
	"errors"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// A trace may come from anywhere. These inputs are made to hurt: a few bytes that announce gigabytes, and nesting that
// would overflow a recursive reader. They must cost no more than an honest input of their size.

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// wantRefused decodes a trace by all roads; it must be malformed, and cost at most limit bytes.
func wantRefused(t *testing.T, name, input string, limit uint64) {
	t.Helper()
	for road, decode := range map[string]func() error{
		"ParseMsgpack":  func() error { _, err := ParseMsgpack([]byte(input)); return err },
		"ReadMsgpack":   func() error { _, err := ReadMsgpack(strings.NewReader(input)); return err },
		"MsgpackReader": func() error { return drain(NewMsgpackReader(strings.NewReader(input))) },
	} {
		var err error
		if got := allocated(func() { err = decode() }); got > limit {
			t.Errorf("%s, %s: %d bytes allocated, want at most %d", name, road, got, limit)
		}
		if !errors.Is(err, ErrMalformed) {
			t.Errorf("%s, %s: error %v, want ErrMalformed", name, road, err)
		}
	}
}

func TestHugeCounts(t *testing.T) {
	const limit = 512 << 10
	event := head + "\x91"
	for name, input := range map[string]string{
		"events":               head + "\xdd\xff\xff\xff\xff" + goodSeed,
		"events, array16":      head + "\xdc\xff\xff" + goodSeed,
		"a trace":              "\xdd\xff\xff\xff\xff" + goodMeta,
		"a trace's keys":       "\xdf\xff\xff\xff\xff\xa1x\x00",
		"metadata":             "\x92\xdd\xff\xff\xff\xff\x01",
		"metadata keys":        "\x92\xdf\xff\xff\xff\xff\xa4seed\x01",
		"a description":        "\x92\x95\x01\x2a\x00\x00\xdb\xff\xff\xff\xffx",
		"a large description":  "\x92\x95\x01\x2a\x00\x00\xdb\x00\x10\x00\x00x",
		"a key":                "\x92\x81\xdb\xff\xff\xff\xffx",
		"an event":             event + "\xdd\xff\xff\xff\xff\xa7RngSeed\x2a",
		"an event's keys":      event + "\xdf\xff\xff\xff\xff\xa4seed\x01",
		"a kind":               event + "\x92\xdb\xff\xff\xff\xffx",
		"a kind as bin":        event + "\x92\xc6\xff\xff\xff\xffx",
		"an unknown text":      event + "\x81\xa1x\xdb\xff\xff\xff\xffx",
		"an unknown array":     event + "\x81\xa1x\xdd\xff\xff\xff\xffx",
		"an unknown map":       event + "\x81\xa1x\xdf\xff\xff\xff\xffx",
		"an unknown extension": event + "\x81\xa1x\xc9\xff\xff\xff\xff\x01x",
		"a text as a field":    event + "\x92\xa7RngSeed\xdb\xff\xff\xff\xffx",
	} {
		wantRefused(t, name, input, limit)
	}
}

// TestManyHugeCounts: each of many levels announces as much as it can.
func TestManyHugeCounts(t *testing.T) {
	wantRefused(t, "maps in maps", "\x92\x81\xa1x"+strings.Repeat("\xdf\xff\xff\xff\xff", 100_000), 2<<20)
}

// nested is an unknown value in 300,000 arrays. The tests that read it run on a stack that a recursive reader would
// overflow, which ends the test binary.
var nested = strings.Repeat("\x91", 300_000) + "\xc0"

func smallStack(t *testing.T) {
	before := debug.SetMaxStack(4 << 20)
	t.Cleanup(func() { debug.SetMaxStack(before) })
}

func TestDeepNesting(t *testing.T) {
	smallStack(t)
	input := []byte("\x92\x85\xa1x" + nested + "\xa7version\x01\xa4seed\x2a\xabrecorded_at\x00\xabconfig_hash\x00\x90")
	var tr *Trace
	var err error
	if got := allocated(func() { tr, err = ParseMsgpack(input) }); got > 512<<10 {
		t.Errorf("%d bytes allocated, want nesting to cost none", got)
	}
	if err != nil || tr.Metadata != NewMetadata(42) {
		t.Errorf("ParseMsgpack: %v, want the nested value passed over", err)
	}
}

func TestDeepNestingInEvent(t *testing.T) {
	smallStack(t)
	input := []byte("\x83\xa1x" + nested + "\xa4type\xa7RngSeed\xa4seed\x2a")
	if e, n, err := consumeMsgpack(input); err != nil || e != RngSeed(42) || n != len(input) {
		t.Errorf("consumeMsgpack = %v, %d, %v; want the nested value passed over", e, n, err)
	}
	wantRefused(t, "nested in a field", head+"\x91\x92\xa7RngSeed"+nested, 2<<20)
}

// TestEndlessNesting: what is opened and never closed.
func TestEndlessNesting(t *testing.T) {
	smallStack(t)
	wantRefused(t, "maps", "\x92\x81\xa1x"+strings.Repeat("\x81\xa1x", 100_000), 2<<20)
}

func TestDeepNestingJSON(t *testing.T) {
	const depth = 50_000
	smallStack(t)
	open, closed := strings.Repeat(`{"x":[`, depth), strings.Repeat("]}", depth)
	var e Event
	if err := e.UnmarshalJSON([]byte(`{"x":` + open + closed + `,"type":"RngSeed","seed":42}`)); err != nil ||
		e != RngSeed(42) {
		t.Errorf("UnmarshalJSON = %v, %v; want the nested value passed over", e, err)
	}
	_, err := ReadJSONL(strings.NewReader(metaLine + `{"x":` + open))
	if !errors.Is(err, ErrMalformed) {
		t.Errorf("ReadJSONL of endless nesting: %v, want ErrMalformed", err)
	}
}

// TestLongKey: an unknown key is passed over, not kept.
func TestLongKey(t *testing.T) {
	input := []byte("\x83\xdb\x00\x40\x00\x00" + strings.Repeat("k", 4<<20) + "\x00\xa4type\xa7RngSeed\xa4seed\x2a")
	var e Event
	var err error
	if got := allocated(func() { e, _, err = consumeMsgpack(input) }); got > 64<<10 {
		t.Errorf("%d bytes allocated for an unknown key, want it not to be kept", got)
	}
	if err != nil || e != RngSeed(42) {
		t.Errorf("consumeMsgpack = %v, %v; want RngSeed seed=42", e, err)
	}
}

// TestLimitOfDescription: the largest description is read, in memory of its size.
func TestLimitOfDescription(t *testing.T) {
	tr := NewTrace(NewMetadata(1))
	tr.Metadata.Description = strings.Repeat("é", MaxDescription/2)
	var b bytes.Buffer
	if err := tr.WriteMsgpack(&b); err != nil {
		t.Fatal(err)
	}
	got, err := ReadMsgpack(&b)
	if err != nil || !got.Equal(tr) {
		t.Errorf("a description of %d bytes: %v, want it to be read back", MaxDescription, err)
	}
}
