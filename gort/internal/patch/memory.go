package patch

// memoryEdits are the additional edits for builds in which accesses to memory are preemption points and races are
// found. With the flag -race of the go command, which adds Go's own race detector, most of them have no effect, because
// they are in files for builds without it.
var memoryEdits = append(mapEdits(), []edit{
	{all, "runtime/proc.go", "schedinit", "randinit()", before, "if rprOn { rprRaceInit() };"},
	{all, "runtime/proc.go", "newproc1", "releasem(mp)", before, "if rprOn { rprRaceName(newg) };"},
	{all, "runtime/mgc.go", "gcStart", "", before, "if rprOn { rprRaceCollected() };"},
	// With a race detector, Put drops values at random.
	{all, "sync/pool.go", "(*Pool).Put", "runtime_randn(4) == 0", swap, "false"},

	// A sync.Map counts as one object in the class of a run, see order.go.txt.
	{all, "sync/map.go", "methods", "", before, mapUse},
	{all, "sync/map.go", "(*Map).Range", "m.m.Range(f)", swap, "m.m.Range(repriseOutside(m, f))"},

	// The functions of sync/atomic get bodies, see atomic.go.txt.
	{all, "sync/atomic/type.go", "methods", "", before, methodHook},
	{all, "sync/atomic/value.go", "methods", "", before, methodHook},
	{all, "sync/atomic/doc.go", wholeFile, "\npackage atomic", before, "\n//go:build race\n"},
	{all, "sync/atomic/doc_64.go", wholeFile, "//go:build !(", swap, "//go:build race && !("},

	// The functions of sync/atomic on pointers. No other goroutine may run between a write barrier and its store, so the
	// point is before both, and the store does not call another function of sync/atomic, which would be a point as well.
	{all, "runtime/atomic_pointer.go", wholeFile, `"internal/runtime/atomic"`, after, "\n\"internal/runtime/sys\"\n"},
	{all, "runtime/atomic_pointer.go", "sync_atomic_StorePointer", "", before, pointerPoint + pointerStore},
	{all, "runtime/atomic_pointer.go", "sync_atomic_StorePointer", "sync_atomic_StoreUintptr(", swap,
		"atomic.Storeuintptr("},
	{all, "runtime/atomic_pointer.go", "sync_atomic_SwapPointer", "", before, pointerPoint + pointerUpdate},
	{all, "runtime/atomic_pointer.go", "sync_atomic_SwapPointer", "sync_atomic_SwapUintptr(", swap, "atomic.Xchguintptr("},
	{all, "runtime/atomic_pointer.go", "sync_atomic_CompareAndSwapPointer", "", before, pointerPoint + pointerUpdate},
	{all, "runtime/atomic_pointer.go", "sync_atomic_CompareAndSwapPointer", "sync_atomic_CompareAndSwapUintptr(", swap,
		"atomic.Casuintptr("},

	// A function that only exists as instructions, which the compiler does not use in the packages of the program.
	{"1.26 1.27", "crypto/internal/constanttime/constant_time.go", "boolToUint8",
		`panic("unreachable; must be intrinsicified")`, swap, "if b { return 1 }; return 0"},

	// Operations that write a map. The point is between the places at which the map is marked as being written, so that a
	// concurrent operation on the map ends the process.
	{all, "internal/runtime/maps/map.go", "(*Map).PutSlot", mapWriting, after, mapPoint},
	{all, "internal/runtime/maps/map.go", "(*Map).Delete", mapWriting, after, mapPoint},
	{all, "internal/runtime/maps/map.go", "(*Map).Clear", mapWriting, after, mapPoint},
}...)

// mapEdits returns the edits of the functions that assign to a map, whose files have other names in Go 1.25.
func mapEdits() (list []edit) {
	for _, f := range []struct{ file, fn string }{
		{"runtime", "runtime_mapassign"},
		{"runtime_fast32", "runtime_mapassign_fast32"}, {"runtime_fast32", "runtime_mapassign_fast32ptr"},
		{"runtime_fast64", "runtime_mapassign_fast64"}, {"runtime_fast64", "runtime_mapassign_fast64ptr"},
		{"runtime_faststr", "runtime_mapassign_faststr"},
	} {
		path := "internal/runtime/maps/" + f.file
		list = append(list, edit{"1.25", path + "_swiss.go", f.fn, mapWriting, after, mapPoint},
			edit{"1.26 1.27", path + ".go", f.fn, mapWriting, after, mapPoint})
	}
	return list
}

// mapUse tells of the begin and the end of an operation on a sync.Map.
const mapUse = "defer repriseUsed({receiver}, repriseUse{method}, repriseUsed({receiver}, repriseUse{method}, true));"

// methodHook calls the function for a method of a type of sync/atomic.
const methodHook = "repriseMethod{method}(unsafe.Pointer({receiver}), 0);"

// pointerPoint is a preemption point of a function that changes a pointer.
const pointerPoint = "if rprOn { rprPointAt(uintptr(unsafe.Pointer(ptr)), rprsStore) };"

// pointerStore and pointerUpdate tell the race detector of an operation on a pointer: the compiler adds no calls to
// package runtime, in which these functions are.
const (
	pointerStore  = "if rprOn { rprAtomicStore(unsafe.Pointer(ptr), sys.GetCallerPC()) };"
	pointerUpdate = "if rprOn { rprAtomicUpdate(unsafe.Pointer(ptr), sys.GetCallerPC()) };"
)

// mapWriting is the statement by which an operation marks a map as being written, and mapPoint the point after it.
const (
	mapWriting = "m.writing ^= 1 // toggle, see comment on writing"
	mapPoint   = "\n\treprisePoint()"
)

// memoryFiles are the files that these builds replace as a whole, each with the injected file that replaces it.
var memoryFiles = []struct{ file, injected string }{
	{"runtime/race0.go", "race"},
	{"runtime/zreprise_order.go", "order"},
	{"internal/race/norace.go", "norace"},
	{"sync/atomic/zreprise_atomic.go", "atomic"},
}

// memoryDeclarations are the additional declarations of these builds.
var memoryDeclarations = []declaration{
	{"sync/atomic/asm.s", "// Empty: the functions are in Go.\n"},
	{"sync/zreprise_map.go", `package sync

import "unsafe"

// The kinds of the operations on a Map: 0 reads, and 2 changes it; see order.go.txt.
const (
	repriseUseLoad             = 0
	repriseUseRange            = 0
	repriseUseStore            = 2
	repriseUseClear            = 2
	repriseUseLoadOrStore      = 2
	repriseUseLoadAndDelete    = 2
	repriseUseDelete           = 2
	repriseUseSwap             = 2
	repriseUseCompareAndSwap   = 2
	repriseUseCompareAndDelete = 2
)

//go:linkname repriseMapUsed runtime.rprMapUsed
func repriseMapUsed(addr uintptr, kind uint8, inside bool) (before bool)

func repriseUsed(m *Map, kind uint8, inside bool) (before bool) {
	return repriseMapUsed(uintptr(unsafe.Pointer(m)), kind, inside)
}

// repriseOutside returns f for Range: what it calls is not a part of the operation.
func repriseOutside(m *Map, f func(key, value any) bool) func(key, value any) bool {
	return func(key, value any) bool {
		defer repriseUsed(m, repriseUseRange, repriseUsed(m, repriseUseRange, false))
		return f(key, value)
	}
}
`},
	{"internal/runtime/maps/zreprise.go", pointDeclaration("maps", "runtime.rprMapPoint")},
}
