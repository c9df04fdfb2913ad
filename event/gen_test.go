package event

import (
	"pgregory.net/rapid"
)

// The laws and the fuzz targets hold for every event; this file draws them, from the table and not from the
// constructors, so that a new kind is drawn without being named here.

// edges are the numbers on both sides of a change of width, unsigned and, in two's complement, signed.
var edges = []uint64{
	0, 1, 31, 32, 127, 128, 255, 256, 1<<15 - 1, 1 << 15, 1<<16 - 1, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32,
	1<<63 - 1, 1 << 63, 1<<64 - 1,
	1<<64 - 32, 1<<64 - 33, 1<<64 - 1<<7, 1<<64 - 1<<7 - 1, 1<<64 - 1<<15, 1<<64 - 1<<15 - 1,
	1<<64 - 1<<31, 1<<64 - 1<<31 - 1,
}

var (
	anyUint64 = rapid.OneOf(rapid.SampledFrom(edges), rapid.Uint64(), rapid.Uint64Range(0, 300))
	anyKind   = rapid.Custom(func(t *rapid.T) Kind { return Kind(rapid.IntRange(1, NumKinds).Draw(t, "kind")) })
	anyEvent  = rapid.Custom(drawEvent)
	anyMeta   = rapid.Custom(drawMetadata)
	anyTrace  = traceUpTo(50)
)

func drawEvent(t *rapid.T) Event {
	e := Event{label: label{kind: anyKind.Draw(t, "kind")}}
	for f := range e.kind.Fields() {
		if f.Type.Optional() && rapid.Bool().Draw(t, f.Name+" absent") {
			continue
		}
		bits := anyUint64.Draw(t, f.Name)
		if wire := types[f.Type].wire; wire != wireInt64 {
			bits &= wireMax[wire]
		}
		e.set(f, bits, true)
	}
	return e
}

// anyText has what trips quoting and UTF-8: control characters, quotes, separators, the ends of the planes.
var anyText = rapid.OneOf(
	rapid.Just(""),
	rapid.String(),
	rapid.StringOf(rapid.SampledFrom([]rune("\x00\x01\b\t\n\f\r\x1f \"\\/\x7f\u0080é\u2028\u2029\ufeff\ufffd\uffff😀\U0010ffff<>&{}:,"))),
)

func drawMetadata(t *rapid.T) Metadata {
	return Metadata{
		Version:     Version,
		Seed:        anyUint64.Draw(t, "seed"),
		RecordedAt:  anyUint64.Draw(t, "recorded_at"),
		ConfigHash:  anyUint64.Draw(t, "config_hash"),
		Description: anyText.Draw(t, "description"),
	}
}

func traceUpTo(n int) *rapid.Generator[*Trace] {
	return rapid.Custom(func(t *rapid.T) *Trace {
		return traceOf(anyMeta.Draw(t, "metadata"), rapid.SliceOfN(anyEvent, 0, n).Draw(t, "events")...)
	})
}

func traceOf(m Metadata, events ...Event) *Trace {
	tr := NewTrace(m)
	for _, e := range events {
		tr.Append(e)
	}
	return tr
}
