package event

import (
	"maps"
	"reflect"
	"slices"
	"testing"
)

// Constructors and accessors are written by hand, one by one, so each is checked here by hand: what goes in comes out,
// the line for people is pinned, and an accessor on a kind without the field panics with its name.

// pair is what an accessor of an optional field returns.
type pair struct {
	id any
	ok bool
}

// accessors are the methods that read one field. TestAccessorList fails if one is missing.
var accessors = map[string]func(Event) any{
	"Task":          func(e Event) any { return e.Task() },
	"ChaosTask":     func(e Event) any { id, ok := e.ChaosTask(); return pair{id, ok} },
	"Region":        func(e Event) any { return e.Region() },
	"Parent":        func(e Event) any { id, ok := e.Parent(); return pair{id, ok} },
	"Tick":          func(e Event) any { return e.Tick() },
	"Outcome":       func(e Event) any { return e.Outcome() },
	"FromNanos":     func(e Event) any { return e.FromNanos() },
	"ToNanos":       func(e Event) any { return e.ToNanos() },
	"Timer":         func(e Event) any { return e.Timer() },
	"DeadlineNanos": func(e Event) any { return e.DeadlineNanos() },
	"Token":         func(e Event) any { return e.Token() },
	"Readiness":     func(e Event) any { return e.Readiness() },
	"Bytes":         func(e Event) any { return e.Bytes() },
	"IOErrorKind":   func(e Event) any { return e.IOErrorKind() },
	"Value":         func(e Event) any { return e.Value() },
	"ChaosKind":     func(e Event) any { return e.ChaosKind() },
	"ChaosData":     func(e Event) any { return e.ChaosData() },
	"CancelKind":    func(e Event) any { return e.CancelKind() },
	"Count":         func(e Event) any { return e.Count() },
	"Sequence":      func(e Event) any { return e.Sequence() },
	"TimeNanos":     func(e Event) any { return e.TimeNanos() },
	"ActiveTasks":   func(e Event) any { return e.ActiveTasks() },
	"ActiveRegions": func(e Event) any { return e.ActiveRegions() },
}

// want is what the accessors of a sample return; all others panic.
type want = map[string]any

// samples has every constructor, with different numbers in all fields.
var samples = []struct {
	event Event
	kind  Kind
	want  want
	text  string
}{
	{TaskScheduled(NewTaskID(1, 0), 4), KindTaskScheduled,
		want{"Task": NewTaskID(1, 0), "Tick": uint64(4)},
		"TaskScheduled task=T1 at_tick=4"},
	{TaskYielded(NewTaskID(3, 1)), KindTaskYielded,
		want{"Task": NewTaskID(3, 1)},
		"TaskYielded task=T3g1"},
	{TaskCompleted(NewTaskID(2, 0), OutcomePanicked), KindTaskCompleted,
		want{"Task": NewTaskID(2, 0), "Outcome": OutcomePanicked},
		"TaskCompleted task=T2 outcome=panicked"},
	{TaskSpawned(NewTaskID(5, 0), NewRegionID(6, 2), 7), KindTaskSpawned,
		want{"Task": NewTaskID(5, 0), "Region": NewRegionID(6, 2), "Tick": uint64(7)},
		"TaskSpawned task=T5 region=R6g2 at_tick=7"},
	{TimeAdvanced(0, 1_500_000), KindTimeAdvanced,
		want{"FromNanos": uint64(0), "ToNanos": uint64(1_500_000)},
		"TimeAdvanced from_nanos=0s to_nanos=1.5ms"},
	{TimerCreated(9, 1<<63), KindTimerCreated,
		want{"Timer": TimerID(9), "DeadlineNanos": uint64(1 << 63)},
		"TimerCreated timer_id=9 deadline_nanos=9223372036854775808ns"},
	{TimerFired(10), KindTimerFired,
		want{"Timer": TimerID(10)},
		"TimerFired timer_id=10"},
	{TimerCancelled(11), KindTimerCancelled,
		want{"Timer": TimerID(11)},
		"TimerCancelled timer_id=11"},
	{IoReady(12, Readable|Hangup), KindIoReady,
		want{"Token": Token(12), "Readiness": Readable | Hangup},
		"IoReady token=12 readiness=readable|hangup"},
	{IoResult(13, -14), KindIoResult,
		want{"Token": Token(13), "Bytes": int64(-14)},
		"IoResult token=13 bytes=-14"},
	{IoError(15, IOConnectionReset), KindIoError,
		want{"Token": Token(15), "IOErrorKind": IOConnectionReset},
		"IoError token=15 kind=connection reset"},
	{RngSeed(16), KindRngSeed,
		want{"Value": uint64(16)},
		"RngSeed seed=16"},
	{RngValue(1<<64 - 1), KindRngValue,
		want{"Value": uint64(1<<64 - 1)},
		"RngValue value=18446744073709551615"},
	{ChaosInjection(ChaosDelay, 17), KindChaosInjection,
		want{"ChaosKind": ChaosDelay, "ChaosTask": pair{TaskID(0), false}, "ChaosData": uint64(17)},
		"ChaosInjection kind=delay task=none data=17"},
	{ChaosInjectionInto(NewTaskID(0, 0), ChaosWakeupStorm, 18), KindChaosInjection,
		want{"ChaosKind": ChaosWakeupStorm, "ChaosTask": pair{TaskID(0), true}, "ChaosData": uint64(18)},
		"ChaosInjection kind=wakeup-storm task=T0 data=18"},
	{RootRegionCreated(NewRegionID(0, 0), 19), KindRegionCreated,
		want{"Region": RegionID(0), "Parent": pair{RegionID(0), false}, "Tick": uint64(19)},
		"RegionCreated region=R0 parent=none at_tick=19"},
	{RegionCreated(NewRegionID(20, 0), NewRegionID(21, 1), 22), KindRegionCreated,
		want{"Region": NewRegionID(20, 0), "Parent": pair{NewRegionID(21, 1), true}, "Tick": uint64(22)},
		"RegionCreated region=R20 parent=R21g1 at_tick=22"},
	{RegionClosed(NewRegionID(23, 0), OutcomeErr), KindRegionClosed,
		want{"Region": NewRegionID(23, 0), "Outcome": OutcomeErr},
		"RegionClosed region=R23 outcome=err"},
	{RegionCancelled(NewRegionID(24, 0), CancelShutdown), KindRegionCancelled,
		want{"Region": NewRegionID(24, 0), "CancelKind": CancelShutdown},
		"RegionCancelled region=R24 cancel_kind=shutdown"},
	{WakerWake(NewTaskID(25, 0)), KindWakerWake,
		want{"Task": NewTaskID(25, 0)},
		"WakerWake task=T25"},
	{WakerBatchWake(1<<32 - 1), KindWakerBatchWake,
		want{"Count": uint32(1<<32 - 1)},
		"WakerBatchWake count=4294967295"},
	{Checkpoint(26, 27, 28, 1<<32-1), KindCheckpoint,
		want{"Sequence": uint64(26), "TimeNanos": uint64(27), "ActiveTasks": uint32(28), "ActiveRegions": uint32(1<<32 - 1)},
		"Checkpoint sequence=26 time_nanos=27ns active_tasks=28 active_regions=4294967295"},
}

func TestConstructors(t *testing.T) {
	seen := map[Kind]bool{}
	for _, s := range samples {
		seen[s.kind] = true
		if got := s.event.Kind(); got != s.kind {
			t.Errorf("%s: kind %v, want %v", s.text, got, s.kind)
		}
		if got := s.event.String(); got != s.text {
			t.Errorf("String() = %q, want %q", got, s.text)
		}
	}
	for k := range Kinds() {
		if !seen[k] {
			t.Errorf("no sample has kind %v; add its constructor", k)
		}
	}
}

func TestAccessors(t *testing.T) {
	for _, s := range samples {
		for _, name := range slices.Sorted(maps.Keys(accessors)) {
			read := accessors[name]
			want, has := s.want[name]
			if !has {
				wantPanic(t, "event: "+name+" called on a "+s.kind.String()+" event", func() { read(s.event) })
			} else if got := read(s.event); got != want {
				t.Errorf("%v: %s() = %v, want %v", s.event, name, got, want)
			}
		}
	}
}

func TestAccessorsOfZeroEvent(t *testing.T) {
	for name, read := range accessors {
		wantPanic(t, "event: "+name+" called on a invalid event", func() { read(Event{}) })
	}
}

// TestAccessorList: every method of Event is an accessor of the list or one of those below.
func TestAccessorList(t *testing.T) {
	others := []string{"Kind", "Fields", "String", "EstimatedSize", "AppendMsgpack", "EncodeMsgpack", "AppendJSON",
		"MarshalJSON", "EncodedLen"}
	typ := reflect.TypeFor[Event]()
	for i := range typ.NumMethod() {
		name := typ.Method(i).Name
		if _, ok := accessors[name]; !ok && !slices.Contains(others, name) {
			t.Errorf("the method %s is not in the list of accessors", name)
		}
	}
}

// TestFields: the generic view of an event has the fields of its kind, in the order of the table, and nothing else.
func TestFields(t *testing.T) {
	for _, s := range samples {
		want := slices.Collect(s.kind.Fields())
		var got []Field
		for f, v := range s.event.Fields() {
			got = append(got, f)
			if v.Type() != f.Type || !v.Present() && !f.Type.Optional() {
				t.Errorf("%v: the value of %s has type %d, present %v", s.event, f.Name, v.Type(), v.Present())
			}
			if bits := s.event.get(f.slot); types[f.Type].wire == wireInt64 && v.Int64() != int64(bits) ||
				types[f.Type].wire != wireInt64 && v.Uint64() != bits {
				t.Errorf("%v: the value of %s is %v, want %#x", s.event, f.Name, v, bits)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: fields %v, want %v", s.event, got, want)
		}
	}
}

func TestIteratorsStop(t *testing.T) {
	for range Kinds() {
		break
	}
	for range KindCheckpoint.Fields() {
		break
	}
	for range Checkpoint(1, 2, 3, 4).Fields() {
		break
	}
}

func TestZeroEvent(t *testing.T) {
	var e Event
	for f := range e.Fields() {
		t.Errorf("the zero Event has the field %s, want none", f.Name)
	}
	if e.Kind() != 0 || e.String() != "invalid" || e.EstimatedSize() != 0 {
		t.Errorf("zero Event: kind %d, %q, size %d; want 0, invalid, 0", e.Kind(), e, e.EstimatedSize())
	}
	wantPanic(t, "event: AppendMsgpack of the zero Event", func() { e.AppendMsgpack(nil) })
	wantPanic(t, "event: AppendJSON of the zero Event", func() { e.AppendJSON(nil) })
	wantPanic(t, "event: Trace.Append of the zero Event", func() { new(Trace).Append(e) })
}

func TestValuePanics(t *testing.T) {
	for f, v := range IoResult(1, -2).Fields() {
		if f.Name == "bytes" {
			wantPanic(t, "event: Value.Uint64 of a signed field; use Int64", func() { v.Uint64() })
		} else {
			wantPanic(t, "event: Value.Int64 of an unsigned field; use Uint64", func() { v.Int64() })
		}
	}
}

// TestNoAllocation holds the hot paths to what the documentation of Event promises.
func TestNoAllocation(t *testing.T) {
	e, buf := Checkpoint(1<<40, 1<<50, 3, 4), make([]byte, 0, 2*maxEventBytes)
	packed := e.AppendMsgpack(nil)
	if got := testing.AllocsPerRun(100, func() { buf = e.AppendMsgpack(buf[:0]) }); got != 0 {
		t.Errorf("AppendMsgpack allocates %v times, want 0", got)
	}
	if got := testing.AllocsPerRun(100, func() { e, _, _ = consumeMsgpack(packed) }); got != 0 {
		t.Errorf("consumeMsgpack allocates %v times, want 0", got)
	}
}
