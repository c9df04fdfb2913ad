package event

import (
	"reflect"
	"testing"
	"unsafe"
)

// The table in kind.go drives the codecs, the accessors and the documentation, and its numbers and names are frozen.
// This file lints it, so that a new kind that was only half added fails with the name of what was forgotten, and pins
// what must never change.

// frozen is the schema's list. Lines are added at the end; no line is ever changed.
var frozen = []struct {
	name string
	size int // estimated, without optional fields
}{
	{"TaskScheduled", 17},   // 0
	{"TaskYielded", 9},      // 1
	{"TaskCompleted", 10},   // 2
	{"TaskSpawned", 25},     // 3
	{"TimeAdvanced", 17},    // 4
	{"TimerCreated", 17},    // 5
	{"TimerFired", 9},       // 6
	{"TimerCancelled", 9},   // 7
	{"IoReady", 10},         // 8
	{"IoResult", 17},        // 9
	{"IoError", 10},         // 10
	{"RngSeed", 9},          // 11
	{"RngValue", 9},         // 12
	{"ChaosInjection", 11},  // 13
	{"RegionCreated", 17},   // 14
	{"RegionClosed", 10},    // 15
	{"RegionCancelled", 10}, // 16
	{"WakerWake", 9},        // 17
	{"WakerBatchWake", 5},   // 18
	{"Checkpoint", 25},      // 19
}

func TestFrozenKinds(t *testing.T) {
	if len(frozen) != NumKinds {
		t.Fatalf("the frozen list has %d kinds, NumKinds is %d; add the new kind at its end", len(frozen), NumKinds)
	}
	for number, want := range frozen {
		k, ok := KindByName(want.name)
		if !ok || k.Number() != number || k.String() != want.name {
			t.Errorf("KindByName(%q) = %v with number %d, %v; want number %d", want.name, k, k.Number(), ok, number)
			continue
		}
		if int(table[k].size) != want.size {
			t.Errorf("%v: size %d, want %d", k, table[k].size, want.size)
		}
	}
}

func TestTable(t *testing.T) {
	names := map[string]Kind{}
	for k := range Kinds() {
		row := table[k]
		if row.name == "" || row.size == 0 || len(row.fields) == 0 {
			t.Errorf("kind %d (%s): the row lacks a name, a size or fields: %+v", k, row.name, row)
		}
		if other, taken := names[row.name]; taken {
			t.Errorf("kinds %d and %d have the same name %s", other, k, row.name)
		}
		names[row.name] = k
		if len(row.name) < minName || len(row.name)+2 > len(codecs[k].prefix) {
			t.Errorf("%s: a name of %d bytes, want %d to %d", row.name, len(row.name), minName, len(codecs[k].prefix)-2)
		}
		if len(row.fields) > len(codecs[k].steps) {
			t.Errorf("%s: %d fields, a codec has room for %d", row.name, len(row.fields), len(codecs[k].steps))
		}
	}
	if len(fieldIndex) > maxFieldNames {
		t.Errorf("%d different field names, namedFields has room for %d", len(fieldIndex), maxFieldNames)
	}
}

// slotSize is how many bytes a slot holds, wireSize how many a wire type needs.
var (
	slotSize = map[slot]int{slotA: 8, slotB: 8, slotC: 8, slotCHigh: 4, slotCLow: 4, slotSmall: 1}
	wireSize = map[wireType]int{wireUint64: 8, wireUint32: 4, wireUint8: 1, wireInt64: 8}
)

// homeSlot is where the accessors look for a field type, whatever the kind.
var homeSlot = map[FieldType]slot{
	TypeTask: slotA, TypeOptionalTask: slotA, TypeRegion: slotB, TypeOptionalRegion: slotA, TypeTimer: slotA,
	TypeToken: slotA, TypeTick: slotC, TypeBytes: slotB, TypeOutcome: slotSmall, TypeReadiness: slotSmall,
	TypeIOErrorKind: slotSmall, TypeChaosKind: slotSmall, TypeCancelKind: slotSmall,
}

func TestTableSlots(t *testing.T) {
	for k := range Kinds() {
		taken := map[slot]string{}
		for f := range k.Fields() {
			if other, ok := taken[f.slot]; ok {
				t.Errorf("%v: %s and %s share a slot", k, other, f.Name)
			}
			taken[f.slot] = f.Name
			if need, room := wireSize[types[f.Type].wire], slotSize[f.slot]; need > room {
				t.Errorf("%v.%s: needs %d bytes, its slot has %d", k, f.Name, need, room)
			}
			if home, ok := homeSlot[f.Type]; ok && f.slot != home {
				t.Errorf("%v.%s: in slot %d, the accessors look in %d", k, f.Name, f.slot, home)
			}
		}
		_, whole := taken[slotC]
		_, high := taken[slotCHigh]
		_, low := taken[slotCLow]
		if whole && (high || low) {
			t.Errorf("%v: slotC is used as a whole and in parts", k)
		}
	}
}

func TestTableOptionalFields(t *testing.T) {
	for k := range Kinds() {
		optional := 0
		for f := range k.Fields() {
			if f.Type.Optional() {
				optional++
			}
		}
		if optional > 1 {
			t.Errorf("%v: %d optional fields, an Event can note the presence of one", k, optional)
		}
	}
}

// TestTableSizes: one byte and the widths of the fields that are always there. ChaosInjection alone counts one byte
// more, as the schema does.
func TestTableSizes(t *testing.T) {
	for k := range Kinds() {
		want := 1
		if k == KindChaosInjection {
			want++
		}
		for f := range k.Fields() {
			if !f.Type.Optional() {
				want += wireSize[types[f.Type].wire]
			}
		}
		if got := (Event{label: label{kind: k}}).EstimatedSize(); got != want {
			t.Errorf("%v: estimated size %d, want %d", k, got, want)
		}
		if got := (Event{label: label{kind: k, present: true}}).EstimatedSize(); got >= 64 {
			t.Errorf("%v: estimated size %d, must be below 64", k, got)
		}
	}
}

// TestTableMaxEventBytes: no event, each field as long as it gets, leaves the room that AppendMsgpack reserves.
func TestTableMaxEventBytes(t *testing.T) {
	for k := range Kinds() {
		e := Event{label: label{kind: k}}
		for f := range k.Fields() {
			e.set(f, wireMax[types[f.Type].wire], true)
		}
		if got := len(e.AppendMsgpack(nil)); got >= maxEventBytes {
			t.Errorf("%v: %d bytes, must be below %d", e, got, maxEventBytes)
		}
	}
}

// TestEventLayout: an Event is small, has no pointers, and is a struct that the compiler keeps in registers, which are
// those with at most four fields at each level.
func TestEventLayout(t *testing.T) {
	if got := unsafe.Sizeof(Event{}); got > 32 {
		t.Errorf("an Event has %d bytes, want at most 32", got)
	}
	checkLayout(t, reflect.TypeFor[Event]())
}

func checkLayout(t *testing.T, typ reflect.Type) {
	t.Helper()
	if typ.NumField() > 4 {
		t.Errorf("%v has %d fields, want at most 4", typ, typ.NumField())
	}
	for i := range typ.NumField() {
		switch f := typ.Field(i); f.Type.Kind() {
		case reflect.Uint64, reflect.Uint8, reflect.Bool:
		case reflect.Struct:
			checkLayout(t, f.Type)
		default:
			t.Errorf("%v.%s is a %v; an Event holds plain numbers only, no pointers", typ, f.Name, f.Type)
		}
	}
}

func TestKindByNameRefuses(t *testing.T) {
	for _, name := range []string{
		"", "T", "RngSee", "rngseed", "RngSeed ", "RngSeeD", " RngSeed", "TaskScheduledX", "taskscheduled", "invalid",
		"Checkpoint\x00", "TimerFiref",
	} {
		if k, ok := KindByName(name); ok {
			t.Errorf("KindByName(%q) = %v, want none", name, k)
		}
	}
}

func TestInvalidKind(t *testing.T) {
	for _, k := range []Kind{0, NumKinds + 1, 255} {
		if k.Valid() || k.Number() != -1 || k.String() != "invalid" {
			t.Errorf("Kind(%d): valid %v, number %d, name %s; want false, -1, invalid", k, k.Valid(), k.Number(), k)
		}
		for f := range k.Fields() {
			t.Errorf("Kind(%d) yields the field %s, want none", k, f.Name)
		}
	}
}

// wantPanic calls f, which must panic with the given text.
func wantPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := recover(); got != want {
			t.Errorf("panic %v, want %q", got, want)
		}
	}()
	f()
}
