package gort

// An edit changes one place of one file of the standard library. The place is a function or a type, and in it either
// the start of the body or a text that occurs exactly once. What Go's source says is never repeated here beyond that
// text.
type edit struct {
	file   string // below GOROOT/src
	fn     string // "f", "(*T).m", "type T"; "methods" for every exported method of the file
	anchor string // "" for the start of the body
	how    placement
	text   string
}

// placement says where the text of an edit goes.
type placement uint8

const (
	before placement = iota // before the anchor
	after                   // behind the anchor
	swap                    // in place of the anchor
)

// point is a preemption point inside the runtime.
const point = "if rprOn { rprPoint() };"

// userPoint is a preemption point in another package, which has the declaration of an addition.
const userPoint = "reprisePoint();"

// enter starts a system call that may have to give up the processor at once.
const enter = "if repriseBlocks(trap, a2) { repriseEnterBlock() } else { runtime_entersyscall() }"

// edits is the whole table. Every row holds for every version that [supported] lists.
var edits = []edit{
	// The identity of goroutines and timers.
	{"runtime/runtime2.go", "type g", "parentGoid ", before, "rpr rprG\n"},
	{"runtime/time.go", "type timer", "period int64", after, "\nrprID uint64\nrprOwner uint32\n"},

	// Start.
	{"runtime/proc.go", "schedinit", "randinit()", before, "rprInit();"},
	{"runtime/proc.go", "schedinit", "if procresize(procs) != nil {", before, "if rprOn { procs = rprSetup() };"},
	{"runtime/proc.go", "main", "fn := main_main", before, "if rprOn { rprBegin() };"},
	{"runtime/debug.go", "GOMAXPROCS", "", before, "if rprOn { return rprProcs(n) };"},
	{"runtime/debug.go", "NumCPU", "", before, "if rprOn { return rprProcs(0) };"},

	// Who runs.
	{"runtime/proc.go", "newproc1", "releasem(mp)", before, "if rprOn { rprNewG(newg, callergp, callerpc) };"},
	{"runtime/proc.go", "newproc", "", before, point},
	{"runtime/proc.go", "gdestroy", "", before, "if rprOn { rprEnded(gp) };"},
	{"runtime/proc.go", "park_m", "\tschedule()", before, "if rprOn { rprParked(gp) };"},
	{"runtime/proc.go", "goschedImpl", "", before, "if rprOn { rprYielded(gp, preempted) };"},
	{"runtime/proc.go", "goyield_m", "", before, "if rprOn { rprYielded(gp, false) };"},
	{"runtime/proc.go", "findRunnable", "if *cgo_yield != nil {", before,
		"if rprOn { if gp := rprFind(pp); gp != nil { return gp, false, false }; if !sched.disable.user { goto top } };"},
	{"runtime/proc.go", "runqput", "", before, "if rprOn && rprPut(gp) { return };"},
	{"runtime/proc.go", "globrunqput", "", before, "if rprOn && rprPut(gp) { return };"},
	{"runtime/proc.go", "runqempty", "", before, "if rprOn && rpr.n > 0 { return false };"},
	{"runtime/proc.go", "injectglist", "", before, "if rprOn { rprInject(glist); return };"},
	{"runtime/proc.go", "startm", "notewakeup(&nmp.park)", swap, "rprWakeM(nmp)"},
	{"runtime/proc.go", "wakep", "", before, "if rprOn && sched.npidle.Load() == 0 { return };"},
	{"runtime/proc.go", "preemptone", "", before, "if rprOn && !rpr.force { return false };"},
	{"runtime/proc.go", "sysmon", "usleep(delay)", before, "if rprOn { rprSysmon(); continue };"},
	{"runtime/signal_unix.go", "doSigPreempt", "", before, "if rprOn { rprStartSysmon() };"},
	{"runtime/mgc.go", "gcStart", "", before, "if rprOn { rprEnter(); defer rprLeave() };"},
	{"runtime/mgc.go", "GC", "", before, "if rprOn { rprEnter(); defer rprLeave() };"},

	// Time.
	{"runtime/time_nofake.go", "nanotime", "", before, "if rprOn { return rprNano() };"},
	{"runtime/lock_futex.go", "notetsleep_internal", "deadline := nanotime()", swap, "deadline := nanotime1()"},
	{"runtime/lock_futex.go", "notetsleep_internal", "now := nanotime()", swap, "now := nanotime1()"},
	{"runtime/time.go", "time_runtimeNow", "return time_now()", before, "if rprOn { return rprWall() };"},
	{"runtime/time.go", "time_runtimeNano", "return nanotime()", before, "if rprOn { return rprReadClock() };"},
	{"runtime/time.go", "(*timer).modify", "pending := t.when > 0", after, ";if rprOn { rprTimerSet(t, when) }"},
	{"runtime/time.go", "(*timer).stop", "pending := t.when > 0", after, ";if rprOn { rprTimerStop(t) }"},
	{"runtime/time.go", "(*timer).unlockAndRun", "t.when = next", before, "if rprOn { rprTimerFire(t, next) };"},
	{"runtime/time.go", "(*timer).unlockAndRun", "f(arg, seq, delay)", before, "if rprOn { rpr.owner = t.rprOwner };"},
	{"runtime/time.go", "(*timer).unlockAndRun", "f(arg, seq, delay)", after, ";if rprOn { rpr.owner = 0 }"},

	// Randomness.
	{"runtime/rand.go", "rand", "", before, "if rprOn { if gp := getg(); gp.rpr.id != 0 { return rprRand(gp) } };"},
	{"runtime/select.go", "selectgo", "cheaprandn(", swap, "rprCheapN("},
	{"runtime/time.go", "(*timer).maybeAdd", "cheaprand()", swap, "rprTimerRand()"},
	{"crypto/internal/sysrand/rand.go", "Read", "", before, "if repriseFill(b) { return };"},
	{"math/rand/rand.go", "runtime_rand", "runtime_rand runtime.rand", swap, "runtime_rand runtime.rprUserRand"},
	{"math/rand/v2/rand.go", "runtime_rand", "runtime_rand runtime.rand", swap, "runtime_rand runtime.rprUserRand"},

	// The outside.
	{"syscall/syscall_linux.go", "Syscall", "", before, "repriseSyscall(trap, a1);"},
	{"syscall/syscall_linux.go", "Syscall6", "", before, "repriseSyscall(trap, a1);"},
	{"syscall/syscall_linux.go", "Syscall", "runtime_entersyscall()", swap, enter},
	{"syscall/syscall_linux.go", "Syscall6", "runtime_entersyscall()", swap, enter},

	{"runtime/netpoll.go", "poll_runtime_pollReset", "", before, "if rprOn { rprPoint(); rprPoll() };"},
	{"runtime/netpoll.go", "poll_runtime_pollWait", "", before, "if rprOn { rprPoll() };"},

	// The end.
	{"runtime/proc.go", "os_beforeExit", "", before, "if rprOn { rprExit(int32(exitCode)) };"},
	{"runtime/panic.go", "fatalpanic", "", before, "if rprOn { rprFailed(rprEndPanic) };"},
	{"runtime/panic.go", "fatal", "", before, "if rprOn { rprFailed(rprEndFatal) };"},
	{"runtime/panic.go", "throw", "", before, "if rprOn { rprFailed(rprEndThrow) };"},

	// Who holds what.
	{"runtime/sema.go", "semacquire1", "root.queue(addr, s, lifo)", before, "gp.rpr.sema = uintptr(unsafe.Pointer(addr));"},
	{"sync/mutex.go", "(*Mutex).Lock", "m.mu.Lock()", after, ";repriseHeldMutex(m)"},
	{"sync/mutex.go", "(*Mutex).TryLock", "m.mu.TryLock()", swap, "repriseTriedMutex(m, m.mu.TryLock())"},
	{"sync/rwmutex.go", "(*RWMutex).RLock", "rw.readerCount.Add(1)", swap, "repriseReader(rw, rw.readerCount.Add(1))"},
	{"sync/rwmutex.go", "(*RWMutex).RLock", "(&rw.readerSem, false, 0)", after, ";repriseReader(rw, 0)"},
	{"sync/rwmutex.go", "(*RWMutex).TryRLock", "return true", before, "repriseReader(rw, 0);"},
	{"sync/rwmutex.go", "(*RWMutex).RUnlock", "rw.readerCount.Add(-1)", swap, "repriseReaderLeaves(rw, rw.readerCount.Add(-1))"},

	// What a test says of itself.
	{"testing/testing.go", "(*common).Fail", "", before, "sync.RepriseFail();"},

	// Preemption points.
	{"runtime/chan.go", "chansend", "", before, point},
	{"runtime/chan.go", "chanrecv", "", before, point},
	{"runtime/chan.go", "closechan", "", before, point},
	{"runtime/select.go", "selectgo", "", before, point},
	{"runtime/time.go", "timeSleep", "", before, point},
	{"sync/mutex.go", "(*Mutex).Lock", "", before, userPoint},
	{"sync/mutex.go", "(*Mutex).TryLock", "", before, userPoint},
	{"sync/mutex.go", "(*Mutex).Unlock", "m.mu.Unlock()", after, ";" + userPoint},
	{"sync/rwmutex.go", "(*RWMutex).RLock", "", before, userPoint},
	{"sync/rwmutex.go", "(*RWMutex).TryRLock", "", before, userPoint},
	{"sync/rwmutex.go", "(*RWMutex).RUnlock", "", before, userPoint},
	{"sync/rwmutex.go", "(*RWMutex).Lock", "", before, userPoint},
	{"sync/rwmutex.go", "(*RWMutex).TryLock", "", before, userPoint},
	{"sync/rwmutex.go", "(*RWMutex).Unlock", "", before, userPoint},
	{"sync/waitgroup.go", "(*WaitGroup).Add", "", before, userPoint},
	{"sync/waitgroup.go", "(*WaitGroup).Wait", "", before, userPoint},
	{"sync/once.go", "(*Once).Do", "", before, userPoint},
	{"sync/cond.go", "(*Cond).Wait", "", before, userPoint},
	{"sync/cond.go", "(*Cond).Signal", "", before, userPoint},
	{"sync/cond.go", "(*Cond).Broadcast", "", before, userPoint},
	{"sync/map.go", "methods", "", before, userPoint},
	{"sync/pool.go", "(*Pool).Get", "", before, userPoint},
	{"sync/pool.go", "(*Pool).Put", "", before, userPoint},
	{"sync/atomic/type.go", "methods", "", before, userPoint},
	{"sync/atomic/value.go", "methods", "", before, userPoint},
}

// declarations are the files that are added to packages other than runtime.
var declarations = []struct{ file, text string }{
	{"sync/zreprise.go", pointDeclaration("sync") + `
//go:linkname repriseHeld runtime.rprHeld
func repriseHeld(lock uintptr)

//go:linkname repriseReleased runtime.rprReleased
func repriseReleased(lock uintptr)

//go:linkname repriseFail runtime.rprNoteFail
func repriseFail()

// RepriseFail is called when a test is marked as failed.
func RepriseFail() { repriseFail() }

func repriseHeldMutex(m *Mutex) { repriseHeld(uintptr(unsafe.Pointer(m))) }

func repriseTriedMutex(m *Mutex, ok bool) bool {
	if ok {
		repriseHeldMutex(m)
	}
	return ok
}

func repriseReader(rw *RWMutex, readers int32) int32 {
	if readers >= 0 {
		repriseHeld(uintptr(unsafe.Pointer(rw)) + 1)
	}
	return readers
}

func repriseReaderLeaves(rw *RWMutex, readers int32) int32 {
	repriseReleased(uintptr(unsafe.Pointer(rw)) + 1)
	return readers
}
`},
	{"sync/atomic/zreprise.go", pointDeclaration("atomic")},
	{"syscall/zreprise.go", `package syscall

import _ "unsafe"

//go:linkname repriseSyscall runtime.rprSyscall
func repriseSyscall(trap, a1 uintptr)

//go:linkname repriseBlocks runtime.rprBlocks
func repriseBlocks(trap, a2 uintptr) bool

//go:linkname repriseEnterBlock runtime.entersyscallblock
func repriseEnterBlock()
`},
	{"crypto/internal/sysrand/zreprise.go", `package sysrand

import _ "unsafe"

//go:linkname repriseFill runtime.rprFill
func repriseFill(b []byte) bool
`},
}

func pointDeclaration(pkg string) string {
	return "package " + pkg + `

import "unsafe"

var _ unsafe.Pointer

//go:linkname reprisePoint runtime.rprPoint
func reprisePoint()
`
}
