package patch

// memoryEdits are the edits for builds in which accesses to memory are preemption points and races are found, besides
// those of all builds. Under the flag -race of the go command, which brings a race detector of its own, most of them
// have no effect: they are in files for builds without.
var memoryEdits = []edit{
	{all, "runtime/proc.go", "schedinit", "randinit()", before, "if rprOn { rprRaceInit() };"},
	{all, "runtime/proc.go", "main", "fn := main_main", before, "if rprOn { rprRaceBegin() };"},
	{all, "runtime/proc.go", "newproc1", "releasem(mp)", before, "if rprOn { rprRaceName(newg) };"},
	{all, "runtime/mgc.go", "gcStart", "", before, "if rprOn { rprRaceCollected() };"},
	// drops values at random under a race detector
	{all, "sync/pool.go", "(*Pool).Put", "runtime_randn(4) == 0", swap, "false"},

	// The functions of sync/atomic get bodies, see atomic.go.txt.
	{all, "sync/atomic/type.go", "methods", "", before, methodHook},
	{all, "sync/atomic/value.go", "methods", "", before, methodHook},
	{all, "sync/atomic/doc.go", wholeFile, "\npackage atomic", before, "\n//go:build race\n"},
	{all, "sync/atomic/doc_64.go", wholeFile, "//go:build !(", swap, "//go:build race && !("},

	// The functions of sync/atomic on pointers. Between a write barrier and its store nothing else may run, so the point
	// comes first, and the store is no call of another function of sync/atomic, which has a point too.
	{all, "runtime/atomic_pointer.go", "sync_atomic_StorePointer", "", before, point},
	{all, "runtime/atomic_pointer.go", "sync_atomic_StorePointer", "sync_atomic_StoreUintptr(", swap,
		"atomic.Storeuintptr("},
	{all, "runtime/atomic_pointer.go", "sync_atomic_SwapPointer", "", before, point},
	{all, "runtime/atomic_pointer.go", "sync_atomic_SwapPointer", "sync_atomic_SwapUintptr(", swap, "atomic.Xchguintptr("},
	{all, "runtime/atomic_pointer.go", "sync_atomic_CompareAndSwapPointer", "", before, point},
	{all, "runtime/atomic_pointer.go", "sync_atomic_CompareAndSwapPointer", "sync_atomic_CompareAndSwapUintptr(", swap,
		"atomic.Casuintptr("},

	// Inside the operations that write a map, while its flag says so: another operation on the map then ends the process.
	{all, "internal/runtime/maps/map.go", "(*Map).PutSlot", mapWriting, after, mapPoint},
	{all, "internal/runtime/maps/map.go", "(*Map).Delete", mapWriting, after, mapPoint},
	{all, "internal/runtime/maps/map.go", "(*Map).Clear", mapWriting, after, mapPoint},
	{"1.25", "internal/runtime/maps/runtime_swiss.go", "runtime_mapassign", mapWriting, after, mapPoint},
	{"1.25", "internal/runtime/maps/runtime_fast32_swiss.go", "runtime_mapassign_fast32", mapWriting, after, mapPoint},
	{"1.25", "internal/runtime/maps/runtime_fast32_swiss.go", "runtime_mapassign_fast32ptr", mapWriting, after, mapPoint},
	{"1.25", "internal/runtime/maps/runtime_fast64_swiss.go", "runtime_mapassign_fast64", mapWriting, after, mapPoint},
	{"1.25", "internal/runtime/maps/runtime_fast64_swiss.go", "runtime_mapassign_fast64ptr", mapWriting, after, mapPoint},
	{"1.25", "internal/runtime/maps/runtime_faststr_swiss.go", "runtime_mapassign_faststr", mapWriting, after, mapPoint},
	{"1.26 1.27", "internal/runtime/maps/runtime.go", "runtime_mapassign", mapWriting, after, mapPoint},
	{"1.26 1.27", "internal/runtime/maps/runtime_fast32.go", "runtime_mapassign_fast32", mapWriting, after, mapPoint},
	{"1.26 1.27", "internal/runtime/maps/runtime_fast32.go", "runtime_mapassign_fast32ptr", mapWriting, after, mapPoint},
	{"1.26 1.27", "internal/runtime/maps/runtime_fast64.go", "runtime_mapassign_fast64", mapWriting, after, mapPoint},
	{"1.26 1.27", "internal/runtime/maps/runtime_fast64.go", "runtime_mapassign_fast64ptr", mapWriting, after, mapPoint},
	{"1.26 1.27", "internal/runtime/maps/runtime_faststr.go", "runtime_mapassign_faststr", mapWriting, after, mapPoint},
}

// methodHook calls the function for a method of a type of sync/atomic.
const methodHook = "repriseMethod{method}(unsafe.Pointer({receiver}), 0);"

// mapWriting is where an operation on a map notes that it writes, and mapPoint the point behind it.
const (
	mapWriting = "m.writing ^= 1 // toggle, see comment on writing"
	mapPoint   = "\n\treprisePoint()"
)

// memoryFiles are the files of these builds that are not edited but written, and the injected file that each is made
// of.
var memoryFiles = []struct{ file, injected string }{
	{"runtime/race0.go", "race"},
	{"internal/race/norace.go", "norace"},
	{"sync/atomic/zreprise_atomic.go", "atomic"},
}

// memoryDeclarations are added as declarations are.
var memoryDeclarations = []declaration{
	{"sync/atomic/asm.s", "// Empty: the functions are in Go.\n"},
	{"internal/runtime/maps/zreprise.go", pointDeclaration("maps", "runtime.rprMapPoint")},
}
