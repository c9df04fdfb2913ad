package event

import (
	"iter"
	"strings"
)

// Event is one thing that happened. It is a value of 32 bytes without pointers, comparable with ==; the fields that its
// kind does not have are zero. Events are made by the constructors named after the kinds. The zero Event is invalid:
// its Kind is 0 and it cannot be appended to a Trace or encoded.
type Event struct {
	label
	a, b, c uint64
}

// label is a struct of its own because the compiler keeps only structs of at most four fields in registers. With six
// fields in one struct, recording an event took twice as long.
type label struct {
	kind    Kind
	small   uint8
	present bool // whether the optional field has a value
}

// TaskScheduled says that the ready task was chosen to run in scheduling step tick.
func TaskScheduled(task TaskID, tick uint64) Event {
	return Event{label: label{kind: KindTaskScheduled}, a: uint64(task), c: tick}
}

// TaskYielded says that task gave up its turn by itself.
func TaskYielded(task TaskID) Event {
	return Event{label: label{kind: KindTaskYielded}, a: uint64(task)}
}

// TaskCompleted says that task ended.
func TaskCompleted(task TaskID, outcome Outcome) Event {
	return Event{label: label{kind: KindTaskCompleted, small: uint8(outcome)}, a: uint64(task)}
}

// TaskSpawned says that task was made in region during scheduling step tick.
func TaskSpawned(task TaskID, region RegionID, tick uint64) Event {
	return Event{label: label{kind: KindTaskSpawned}, a: uint64(task), b: uint64(region), c: tick}
}

// TimeAdvanced says that virtual time moved; both are nanoseconds since the start of the run.
func TimeAdvanced(fromNanos, toNanos uint64) Event {
	return Event{label: label{kind: KindTimeAdvanced}, a: fromNanos, b: toNanos}
}

// TimerCreated says that a timer was set to fire at a virtual time, in nanoseconds since the start of the run.
func TimerCreated(timer TimerID, deadlineNanos uint64) Event {
	return Event{label: label{kind: KindTimerCreated}, a: uint64(timer), b: deadlineNanos}
}

// TimerFired says that timer reached its deadline.
func TimerFired(timer TimerID) Event {
	return Event{label: label{kind: KindTimerFired}, a: uint64(timer)}
}

// TimerCancelled says that timer was stopped and will not fire.
func TimerCancelled(timer TimerID) Event {
	return Event{label: label{kind: KindTimerCancelled}, a: uint64(timer)}
}

// IoReady says that token became ready for what the flags name.
func IoReady(token Token, readiness Readiness) Event {
	return Event{label: label{kind: KindIoReady, small: uint8(readiness)}, a: uint64(token)}
}

// IoResult says that an operation on token moved bytes; a negative number is an error of the operation.
func IoResult(token Token, bytes int64) Event {
	return Event{label: label{kind: KindIoResult}, a: uint64(token), b: uint64(bytes)}
}

// IoError says that an operation on token failed.
func IoError(token Token, kind IOErrorKind) Event {
	return Event{label: label{kind: KindIoError, small: uint8(kind)}, a: uint64(token)}
}

// RngSeed gives the seed of the run. If present, it is the first event of a trace.
func RngSeed(seed uint64) Event {
	return Event{label: label{kind: KindRngSeed}, a: seed}
}

// RngValue says that a random value was handed to the program.
func RngValue(value uint64) Event {
	return Event{label: label{kind: KindRngValue}, a: value}
}

// ChaosInjection says that a fault was injected that concerns no task in particular. The kind gives the meaning of
// data.
func ChaosInjection(kind ChaosKind, data uint64) Event {
	return Event{label: label{kind: KindChaosInjection, small: uint8(kind)}, b: data}
}

// ChaosInjectionInto says that a fault was injected into task. The kind gives the meaning of data.
func ChaosInjectionInto(task TaskID, kind ChaosKind, data uint64) Event {
	return Event{label: label{kind: KindChaosInjection, small: uint8(kind), present: true}, a: uint64(task), b: data}
}

// RootRegionCreated says that a region without a parent was opened during scheduling step tick.
func RootRegionCreated(region RegionID, tick uint64) Event {
	return Event{label: label{kind: KindRegionCreated}, b: uint64(region), c: tick}
}

// RegionCreated says that region was opened in parent during scheduling step tick.
func RegionCreated(region, parent RegionID, tick uint64) Event {
	return Event{label: label{kind: KindRegionCreated, present: true}, b: uint64(region), a: uint64(parent), c: tick}
}

// RegionClosed says that all tasks and child regions of region have ended.
func RegionClosed(region RegionID, outcome Outcome) Event {
	return Event{label: label{kind: KindRegionClosed, small: uint8(outcome)}, b: uint64(region)}
}

// RegionCancelled says that the cancellation of region started.
func RegionCancelled(region RegionID, kind CancelKind) Event {
	return Event{label: label{kind: KindRegionCancelled, small: uint8(kind)}, b: uint64(region)}
}

// WakerWake says that task was woken. It may name a task that has completed.
func WakerWake(task TaskID) Event {
	return Event{label: label{kind: KindWakerWake}, a: uint64(task)}
}

// WakerBatchWake says that count tasks were woken at once.
func WakerBatchWake(count uint32) Event {
	return Event{label: label{kind: KindWakerBatchWake}, a: uint64(count)}
}

// Checkpoint marks a synchronisation point: its number, the virtual time in nanoseconds since the start of the run,
// and how many tasks and regions are live.
func Checkpoint(sequence, timeNanos uint64, activeTasks, activeRegions uint32) Event {
	active := uint64(activeTasks)<<32 | uint64(activeRegions)
	return Event{label: label{kind: KindCheckpoint}, a: sequence, b: timeNanos, c: active}
}

// Kind returns the kind of e, 0 for the zero Event.
func (e Event) Kind() Kind { return e.kind }

// Task returns the task of a task event or WakerWake. It panics for other kinds.
func (e Event) Task() TaskID { e.need("Task", maskTask); return TaskID(e.a) }

// ChaosTask returns the task of a ChaosInjection and whether there is one. It panics for other kinds.
func (e Event) ChaosTask() (TaskID, bool) {
	e.need("ChaosTask", maskOptionalTask)
	return TaskID(e.a), e.present
}

// Region returns the region of a region event or TaskSpawned. It panics for other kinds.
func (e Event) Region() RegionID { e.need("Region", maskRegion); return RegionID(e.b) }

// Parent returns the parent of a RegionCreated and whether there is one. It panics for other kinds.
func (e Event) Parent() (RegionID, bool) {
	e.need("Parent", maskOptionalRegion)
	return RegionID(e.a), e.present
}

// Tick returns the scheduling step of TaskScheduled, TaskSpawned or RegionCreated. It panics for other kinds.
func (e Event) Tick() uint64 { e.need("Tick", maskTick); return e.c }

// Outcome returns the outcome of TaskCompleted or RegionClosed. It panics for other kinds.
func (e Event) Outcome() Outcome { e.need("Outcome", maskOutcome); return Outcome(e.small) }

// FromNanos returns the time before a TimeAdvanced. It panics for other kinds.
func (e Event) FromNanos() uint64 { e.need("FromNanos", maskOf(KindTimeAdvanced)); return e.a }

// ToNanos returns the time after a TimeAdvanced. It panics for other kinds.
func (e Event) ToNanos() uint64 { e.need("ToNanos", maskOf(KindTimeAdvanced)); return e.b }

// Timer returns the timer of a timer event. It panics for other kinds.
func (e Event) Timer() TimerID { e.need("Timer", maskTimer); return TimerID(e.a) }

// DeadlineNanos returns the deadline of a TimerCreated. It panics for other kinds.
func (e Event) DeadlineNanos() uint64 { e.need("DeadlineNanos", maskOf(KindTimerCreated)); return e.b }

// Token returns the token of an I/O event. It panics for other kinds.
func (e Event) Token() Token { e.need("Token", maskToken); return Token(e.a) }

// Readiness returns the flags of an IoReady. It panics for other kinds.
func (e Event) Readiness() Readiness { e.need("Readiness", maskReadiness); return Readiness(e.small) }

// Bytes returns the bytes of an IoResult. It panics for other kinds.
func (e Event) Bytes() int64 { e.need("Bytes", maskBytes); return int64(e.b) }

// IOErrorKind returns the kind of error of an IoError. It panics for other kinds.
func (e Event) IOErrorKind() IOErrorKind {
	e.need("IOErrorKind", maskIOErrorKind)
	return IOErrorKind(e.small)
}

// Value returns the value of an RngSeed or RngValue. It panics for other kinds.
func (e Event) Value() uint64 { e.need("Value", maskOf(KindRngSeed)|maskOf(KindRngValue)); return e.a }

// ChaosKind returns the kind of fault of a ChaosInjection. It panics for other kinds.
func (e Event) ChaosKind() ChaosKind { e.need("ChaosKind", maskChaosKind); return ChaosKind(e.small) }

// ChaosData returns the data of a ChaosInjection. It panics for other kinds.
func (e Event) ChaosData() uint64 { e.need("ChaosData", maskOf(KindChaosInjection)); return e.b }

// CancelKind returns the severity of a RegionCancelled. It panics for other kinds.
func (e Event) CancelKind() CancelKind {
	e.need("CancelKind", maskCancelKind)
	return CancelKind(e.small)
}

// Count returns the number of tasks of a WakerBatchWake. It panics for other kinds.
func (e Event) Count() uint32 { e.need("Count", maskOf(KindWakerBatchWake)); return uint32(e.a) }

// Sequence returns the number of a Checkpoint. It panics for other kinds.
func (e Event) Sequence() uint64 { e.need("Sequence", maskOf(KindCheckpoint)); return e.a }

// TimeNanos returns the virtual time of a Checkpoint. It panics for other kinds.
func (e Event) TimeNanos() uint64 { e.need("TimeNanos", maskOf(KindCheckpoint)); return e.b }

// ActiveTasks returns the number of live tasks of a Checkpoint. It panics for other kinds.
func (e Event) ActiveTasks() uint32 {
	e.need("ActiveTasks", maskOf(KindCheckpoint))
	return uint32(e.c >> 32)
}

// ActiveRegions returns the number of open regions of a Checkpoint. It panics for other kinds.
func (e Event) ActiveRegions() uint32 {
	e.need("ActiveRegions", maskOf(KindCheckpoint))
	return uint32(e.c)
}

// The kinds that have a field of the given type, computed from the table.
var (
	maskTask           = maskOfType(TypeTask)
	maskOptionalTask   = maskOfType(TypeOptionalTask)
	maskRegion         = maskOfType(TypeRegion)
	maskOptionalRegion = maskOfType(TypeOptionalRegion)
	maskTick           = maskOfType(TypeTick)
	maskOutcome        = maskOfType(TypeOutcome)
	maskTimer          = maskOfType(TypeTimer)
	maskToken          = maskOfType(TypeToken)
	maskReadiness      = maskOfType(TypeReadiness)
	maskBytes          = maskOfType(TypeBytes)
	maskIOErrorKind    = maskOfType(TypeIOErrorKind)
	maskChaosKind      = maskOfType(TypeChaosKind)
	maskCancelKind     = maskOfType(TypeCancelKind)
)

func maskOfType(t FieldType) (s KindSet) {
	for k := range Kinds() {
		for _, f := range table[k].fields {
			if f.Type == t {
				s |= maskOf(k)
			}
		}
	}
	return s
}

// need panics unless the kind of e is in s.
func (e Event) need(accessor string, s KindSet) {
	if s&maskOf(e.kind) == 0 {
		wrongAccessor(accessor, e.kind)
	}
}

//go:noinline
func wrongAccessor(accessor string, k Kind) {
	panic("event: " + accessor + " called on a " + k.String() + " event")
}

// get returns the bits of a field.
func (e *Event) get(s slot) uint64 {
	switch s {
	case slotA:
		return e.a
	case slotB:
		return e.b
	case slotC:
		return e.c
	case slotCHigh:
		return e.c >> 32
	case slotCLow:
		return uint64(uint32(e.c))
	default:
		return uint64(e.small)
	}
}

// set stores the bits of a field; the caller has checked their range.
func (e *Event) set(f Field, bits uint64, present bool) {
	if types[f.Type].optional {
		e.present = present
	}
	e.put(f.slot, bits)
}

func (e *Event) put(s slot, bits uint64) {
	switch s {
	case slotA:
		e.a = bits
	case slotB:
		e.b = bits
	case slotC:
		e.c = bits
	case slotCHigh:
		e.c |= bits << 32
	case slotCLow:
		e.c |= bits
	default:
		e.small = uint8(bits)
	}
}

// value returns the value of a field that the kind of e has.
func (e *Event) value(f Field) Value {
	return Value{typ: f.Type, present: e.present || !types[f.Type].optional, bits: e.get(f.slot)}
}

// Fields yields the fields of e with their values in wire order; none for the zero Event.
func (e Event) Fields() iter.Seq2[Field, Value] {
	return func(yield func(Field, Value) bool) {
		for _, f := range table[e.kind].fields {
			if !yield(f, e.value(f)) {
				return
			}
		}
	}
}

// String returns e on one line for people, such as "TaskSpawned task=T1 region=R0 at_tick=4".
func (e Event) String() string {
	var b strings.Builder
	b.WriteString(e.kind.String())
	for f, v := range e.Fields() {
		b.WriteByte(' ')
		b.WriteString(f.Name)
		b.WriteByte('=')
		b.WriteString(v.String())
	}
	return b.String()
}

// EstimatedSize returns the size of e in bytes by the schema's table, at most 25. It is a planning figure, not the
// length of an encoding.
func (e Event) EstimatedSize() int {
	if e.present {
		return int(table[e.kind].size) + 8
	}
	return int(table[e.kind].size)
}
