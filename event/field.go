package event

import (
	"fmt"
	"strconv"
	"time"
)

// Field describes one field of a kind.
type Field struct {
	Name string    // the key in the JSON and map forms
	Type FieldType // what the value means and how wide it is
	slot slot
}

// slot is the place of a field inside an Event. A task is always in slotA, except that timers, tokens, seeds and
// values stand there in kinds without one; a region is in slotB; a tick is in slotC.
type slot uint8

const (
	slotA slot = iota
	slotB
	slotC
	slotCHigh // upper 32 bits of slotC
	slotCLow  // lower 32 bits of slotC
	slotSmall
)

// FieldType is the meaning of a field, from which its width on the wire follows.
type FieldType uint8

// The field types.
const (
	TypeTask           FieldType = iota // TaskID
	TypeOptionalTask                    // TaskID or absent
	TypeRegion                          // RegionID
	TypeOptionalRegion                  // RegionID or absent
	TypeTimer                           // TimerID
	TypeToken                           // Token
	TypeTick                            // scheduling steps since the start, uint64
	TypeSequence                        // number of a checkpoint, uint64
	TypeNanos                           // virtual nanoseconds since the start, uint64
	TypeValue                           // an opaque uint64
	TypeBytes                           // int64, negative for an error
	TypeCount                           // uint32
	TypeOutcome                         // Outcome
	TypeReadiness                       // Readiness
	TypeIOErrorKind                     // IOErrorKind
	TypeChaosKind                       // ChaosKind
	TypeCancelKind                      // CancelKind
)

// wireType is the width and the sign of a number on the wire.
type wireType uint8

const (
	wireUint64 wireType = iota
	wireUint32
	wireUint8
	wireInt64
)

// typeSpec is one row of the table of field types.
type typeSpec struct {
	wire     wireType
	optional bool
	text     func(bits uint64) string
}

var types = [...]typeSpec{
	TypeTask:           {wireUint64, false, func(b uint64) string { return TaskID(b).String() }},
	TypeOptionalTask:   {wireUint64, true, func(b uint64) string { return TaskID(b).String() }},
	TypeRegion:         {wireUint64, false, func(b uint64) string { return RegionID(b).String() }},
	TypeOptionalRegion: {wireUint64, true, func(b uint64) string { return RegionID(b).String() }},
	TypeTimer:          {wireUint64, false, formatUint},
	TypeToken:          {wireUint64, false, formatUint},
	TypeTick:           {wireUint64, false, formatUint},
	TypeSequence:       {wireUint64, false, formatUint},
	TypeNanos:          {wireUint64, false, formatNanos},
	TypeValue:          {wireUint64, false, formatUint},
	TypeBytes:          {wireInt64, false, func(b uint64) string { return strconv.FormatInt(int64(b), 10) }},
	TypeCount:          {wireUint32, false, formatUint},
	TypeOutcome:        {wireUint8, false, func(b uint64) string { return Outcome(b).String() }},
	TypeReadiness:      {wireUint8, false, func(b uint64) string { return Readiness(b).String() }},
	TypeIOErrorKind:    {wireUint8, false, func(b uint64) string { return IOErrorKind(b).String() }},
	TypeChaosKind:      {wireUint8, false, func(b uint64) string { return ChaosKind(b).String() }},
	TypeCancelKind:     {wireUint8, false, func(b uint64) string { return CancelKind(b).String() }},
}

// Optional reports whether a value of type t may be absent.
func (t FieldType) Optional() bool { return types[t].optional }

func formatUint(bits uint64) string { return strconv.FormatUint(bits, 10) }

// formatNanos writes virtual time as a duration, or as a plain number where it does not fit one.
func formatNanos(bits uint64) string {
	if bits > 1<<63-1 {
		return strconv.FormatUint(bits, 10) + "ns"
	}
	return time.Duration(bits).String()
}

// Value is the value of a field: a number and its type. Values are comparable with ==.
type Value struct {
	typ     FieldType
	present bool
	bits    uint64
}

// Type returns the type of v.
func (v Value) Type() FieldType { return v.typ }

// Present reports whether v has a value; only an optional field can be absent.
func (v Value) Present() bool { return v.present }

// Uint64 returns v as a number, 0 if absent. It panics if v is of [TypeBytes], which is signed.
func (v Value) Uint64() uint64 {
	if types[v.typ].wire == wireInt64 {
		panic("event: Value.Uint64 of a signed field; use Int64")
	}
	return v.bits
}

// Int64 returns v as a signed number. It panics unless v is of [TypeBytes].
func (v Value) Int64() int64 {
	if types[v.typ].wire != wireInt64 {
		panic("event: Value.Int64 of an unsigned field; use Uint64")
	}
	return int64(v.bits)
}

// String returns v for people: identifiers as T3 or R1, times as durations, enumerations by name, "none" if absent.
func (v Value) String() string {
	if !v.present {
		return "none"
	}
	return types[v.typ].text(v.bits)
}

// appendJSON appends v as a JSON number or null.
func (v Value) appendJSON(dst []byte) []byte {
	switch {
	case !v.present:
		return append(dst, "null"...)
	case types[v.typ].wire == wireInt64:
		return strconv.AppendInt(dst, int64(v.bits), 10)
	default:
		return strconv.AppendUint(dst, v.bits, 10)
	}
}

// MarshalJSON returns v as a JSON number, or null if it is absent.
func (v Value) MarshalJSON() ([]byte, error) { return v.appendJSON(nil), nil }

// raw is a decoded value whose type is not known yet.
type raw struct {
	state rawState
	bits  uint64 // two's complement if state is rawNegative
}

type rawState uint8

const (
	rawAbsent   rawState = iota
	rawNull              // nil or null
	rawUint              // a number from 0 to 2^64-1
	rawNegative          // a number from -2^63 to -1
	rawOther             // not an integer of 64 bits
)

// check returns the bits of r as a value of type t, and whether it is present.
func (t FieldType) check(r raw) (bits uint64, present bool, err error) {
	spec := types[t]
	switch r.state {
	case rawAbsent, rawNull:
		if spec.optional {
			return 0, false, nil
		}
		if r.state == rawAbsent {
			return 0, false, malformed("missing field")
		}
		return 0, false, malformed("nil where a number is needed")
	case rawOther:
		return 0, false, malformed("not an integer of 64 bits")
	case rawNegative:
		if spec.wire == wireInt64 {
			return r.bits, true, nil
		}
		return 0, false, malformed("negative number %d where an unsigned one is needed", int64(r.bits))
	}
	if limit := wireMax[spec.wire]; r.bits > limit {
		return 0, false, malformed("%d is out of range, the largest value is %d", r.bits, limit)
	}
	return r.bits, true, nil
}

// wireMax is the largest value of each wire type.
var wireMax = [...]uint64{wireUint64: 1<<64 - 1, wireUint32: 1<<32 - 1, wireUint8: 1<<8 - 1, wireInt64: 1<<63 - 1}

// assemble builds the event of kind k whose i-th field is get(i). Its error names the field.
func assemble(k Kind, get func(i int) raw) (Event, error) {
	e := Event{label: label{kind: k}}
	for i, f := range table[k].fields {
		bits, present, err := f.Type.check(get(i))
		if err != nil {
			return Event{}, &fieldError{fmt.Sprintf("%s.%s", k, f.Name), err}
		}
		e.set(f, bits, present)
	}
	return e, nil
}
