package event

import "iter"

// Kind is the kind of an [Event]. The zero Kind is invalid. The wire number of a kind, 0 to 19, is Kind-1; see
// [Kind.Number].
type Kind uint8

// The twenty kinds, in the frozen order of the schema.
const (
	KindTaskScheduled   Kind = iota + 1 // a ready task was chosen to run
	KindTaskYielded                     // a task gave up its turn by itself
	KindTaskCompleted                   // a task ended, with an Outcome
	KindTaskSpawned                     // a task was made in a region
	KindTimeAdvanced                    // virtual time moved
	KindTimerCreated                    // a timer was set
	KindTimerFired                      // a timer reached its deadline
	KindTimerCancelled                  // a timer was stopped before its deadline
	KindIoReady                         // a token became ready, with a Readiness
	KindIoResult                        // an I/O operation moved bytes
	KindIoError                         // an I/O operation failed, with an IOErrorKind
	KindRngSeed                         // the seed of the run; at most once, first
	KindRngValue                        // a random value was handed to the program
	KindChaosInjection                  // a fault was injected, with a ChaosKind
	KindRegionCreated                   // a region was opened
	KindRegionClosed                    // a region ended, with an Outcome
	KindRegionCancelled                 // a region's cancellation started, with a CancelKind
	KindWakerWake                       // one task was woken
	KindWakerBatchWake                  // several tasks were woken at once
	KindCheckpoint                      // a synchronisation point
)

// NumKinds is the number of kinds.
const NumKinds = 20

// kindSpec is one row of the table: everything that this package knows about a kind.
type kindSpec struct {
	name   string
	size   uint8 // estimated size in bytes without optional fields
	fields []Field
}

// table describes every kind once. A new kind needs one constant, one row and one constructor; TestTable reports
// what is missing.
var table = [NumKinds + 1]kindSpec{
	KindTaskScheduled: {"TaskScheduled", 17, []Field{
		{"task", TypeTask, slotA}, {"at_tick", TypeTick, slotC}}},
	KindTaskYielded: {"TaskYielded", 9, []Field{
		{"task", TypeTask, slotA}}},
	KindTaskCompleted: {"TaskCompleted", 10, []Field{
		{"task", TypeTask, slotA}, {"outcome", TypeOutcome, slotSmall}}},
	KindTaskSpawned: {"TaskSpawned", 25, []Field{
		{"task", TypeTask, slotA}, {"region", TypeRegion, slotB}, {"at_tick", TypeTick, slotC}}},
	KindTimeAdvanced: {"TimeAdvanced", 17, []Field{
		{"from_nanos", TypeNanos, slotA}, {"to_nanos", TypeNanos, slotB}}},
	KindTimerCreated: {"TimerCreated", 17, []Field{
		{"timer_id", TypeTimer, slotA}, {"deadline_nanos", TypeNanos, slotB}}},
	KindTimerFired: {"TimerFired", 9, []Field{
		{"timer_id", TypeTimer, slotA}}},
	KindTimerCancelled: {"TimerCancelled", 9, []Field{
		{"timer_id", TypeTimer, slotA}}},
	KindIoReady: {"IoReady", 10, []Field{
		{"token", TypeToken, slotA}, {"readiness", TypeReadiness, slotSmall}}},
	KindIoResult: {"IoResult", 17, []Field{
		{"token", TypeToken, slotA}, {"bytes", TypeBytes, slotB}}},
	KindIoError: {"IoError", 10, []Field{
		{"token", TypeToken, slotA}, {"kind", TypeIOErrorKind, slotSmall}}},
	KindRngSeed: {"RngSeed", 9, []Field{
		{"seed", TypeValue, slotA}}},
	KindRngValue: {"RngValue", 9, []Field{
		{"value", TypeValue, slotA}}},
	KindChaosInjection: {"ChaosInjection", 11, []Field{
		{"kind", TypeChaosKind, slotSmall}, {"task", TypeOptionalTask, slotA}, {"data", TypeValue, slotB}}},
	KindRegionCreated: {"RegionCreated", 17, []Field{
		{"region", TypeRegion, slotB}, {"parent", TypeOptionalRegion, slotA}, {"at_tick", TypeTick, slotC}}},
	KindRegionClosed: {"RegionClosed", 10, []Field{
		{"region", TypeRegion, slotB}, {"outcome", TypeOutcome, slotSmall}}},
	KindRegionCancelled: {"RegionCancelled", 10, []Field{
		{"region", TypeRegion, slotB}, {"cancel_kind", TypeCancelKind, slotSmall}}},
	KindWakerWake: {"WakerWake", 9, []Field{
		{"task", TypeTask, slotA}}},
	KindWakerBatchWake: {"WakerBatchWake", 5, []Field{
		{"count", TypeCount, slotA}}},
	KindCheckpoint: {"Checkpoint", 25, []Field{
		{"sequence", TypeSequence, slotA}, {"time_nanos", TypeNanos, slotB},
		{"active_tasks", TypeCount, slotCHigh}, {"active_regions", TypeCount, slotCLow}}},
}

// Valid reports whether k is one of the twenty kinds.
func (k Kind) Valid() bool { return k >= 1 && k <= NumKinds }

// Number returns the frozen number of k in the schema, 0 to 19, or -1 if k is not valid.
func (k Kind) Number() int {
	if !k.Valid() {
		return -1
	}
	return int(k) - 1
}

// String returns the wire name of k, such as "TaskScheduled", or "invalid".
func (k Kind) String() string {
	if !k.Valid() {
		return "invalid"
	}
	return table[k].name
}

// Fields yields the fields of k in wire order. It yields none if k is not valid.
func (k Kind) Fields() iter.Seq[Field] {
	return func(yield func(Field) bool) {
		if !k.Valid() {
			return
		}
		for _, f := range table[k].fields {
			if !yield(f) {
				return
			}
		}
	}
}

// Kinds yields the twenty kinds in order.
func Kinds() iter.Seq[Kind] {
	return func(yield func(Kind) bool) {
		for k := Kind(1); k <= NumKinds; k++ {
			if !yield(k) {
				return
			}
		}
	}
}

// KindByName returns the kind with the given wire name. The comparison is exact.
func KindByName(name string) (Kind, bool) { return kindByName([]byte(name)) }

// kindByName finds a name in one probe of a perfect hash.
func kindByName(name []byte) (Kind, bool) {
	if len(name) < minName {
		return 0, false
	}
	k := nameTable[hashName(name, nameMultiplier)]
	return k, k != 0 && table[k].name == string(name)
}

const (
	minName       = 7 // len("RngSeed")
	nameTableBits = 6
)

// hashName maps a name of at least minName bytes to a slot of nameTable.
func hashName(name []byte, multiplier uint32) uint32 {
	n := len(name)
	x := uint32(n) | uint32(name[2])<<8 | uint32(name[n-5])<<16 | uint32(name[n-1])<<24
	return x * multiplier >> (32 - nameTableBits)
}

var nameTable, nameMultiplier = buildNameTable()

// buildNameTable looks for the first odd multiplier that puts every name in a slot of its own.
func buildNameTable() (t [1 << nameTableBits]Kind, multiplier uint32) {
search:
	for multiplier = 1; multiplier < 1<<20; multiplier += 2 {
		t = [1 << nameTableBits]Kind{}
		for k := range Kinds() {
			h := hashName([]byte(table[k].name), multiplier)
			if t[h] != 0 {
				continue search
			}
			t[h] = k
		}
		return t, multiplier
	}
	panic("event: no perfect hash for the names of the kinds")
}
