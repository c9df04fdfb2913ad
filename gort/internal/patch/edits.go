package patch

import (
	"slices"
	"strings"
)

// An edit changes one place of one file of the standard library. The place is a function or a type, and in it either
// the start of the body or a text that occurs exactly once. The table repeats nothing of Go's source except that text.
type edit struct {
	versions versions
	file     string // below GOROOT/src
	fn       string // "f", "(*T).m", "type T"; "methods" for every exported method of the file
	anchor   string // "" for the start of the body
	how      placement
	text     string
}

// versions is the list of Go versions to which an edit applies: all, or a list such as "1.26 1.27".
type versions string

// all are the versions that [supported] lists.
const all versions = ""

// has reports whether a version is among v, such as "go1.26".
func (v versions) has(version string) bool {
	return v == all || slices.Contains(strings.Fields(string(v)), strings.TrimPrefix(version, "go"))
}

// placement is the place of the text of an edit relative to its anchor.
type placement uint8

const (
	before placement = iota // before the anchor
	after                   // after the anchor
	swap                    // in place of the anchor
)

// point is a preemption point inside the runtime.
const point = "if rprOn { rprPoint() };"

// afterPoint is a preemption point inside the runtime behind an operation that has had a point before it.
const afterPoint = "if rprOn { rprAfterPoint() };"

// sendPoint is the preemption point of a send on the channel c, and receivePoint that of a receive.
const (
	sendPoint    = "if rprOn { rprChanPoint(c, block, rprDoesOfferSend) };"
	receivePoint = "if rprOn { rprChanPoint(c, block, rprDoesOfferRecv) };"
)

// closePoint is that of closing the channel c.
const closePoint = "if rprOn { rprPointAt(uintptr(unsafe.Pointer(c)), rprsSync) };"

// lockPoint is a preemption point of an operation on an object of package sync, and sharedPoint that of one that others
// of its kind do not mind. atomicPoint is that of a method of package sync/atomic.
const (
	lockPoint   = "reprisePointOn({receiver}, 2);"
	sharedPoint = "reprisePointOn({receiver}, 0);"
	atomicPoint = "reprisePointOn({receiver}, repriseKind{method});"
)

// userPoint is a preemption point in another package, which has the declaration of an addition.
const userPoint = "reprisePoint();"

// userAfterPoint is an afterPoint in package sync.
const userAfterPoint = "repriseAfterPoint();"

// listTouch is for operations on the list l of those that wait for a sync.Cond.
const listTouch = "if rprOn { rprTouchObject(uintptr(unsafe.Pointer(l))) };"

// poolTouch is for operations on the sync.Pool p.
const poolTouch = "repriseTouchObject(uintptr(unsafe.Pointer({receiver})));"

// ignoreLate starts what replaces a panic of package testing after the end of a test, if only control keeps the process
// alive.
const ignoreLate = "if sync.RepriseGone() { "

// begins is where a run begins if the program has no TestMain, see rprMain.
const begins = "sync.RepriseBegins();"

// enter starts a system call that may have to give up the processor at once.
const enter = "if repriseBlocks(trap, a2) { repriseEnterBlock() } else { runtime_entersyscall() }"

// edits is the whole table.
var edits = []edit{
	// The identity of goroutines and timers.
	{all, "runtime/runtime2.go", "type g", "parentGoid ", before, "rpr rprG\n"},
	{all, "runtime/time.go", "type timer", "period int64", after, "\nrprID uint64\nrprOwner uint32\n"},

	// Start.
	{all, "runtime/proc.go", "schedinit", "randinit()", before, "rprInit();"},
	{all, "runtime/proc.go", "schedinit", "if procresize(procs) != nil {", before,
		"if rprOn || rprHelps { procs = rprSetup() };"},
	{all, "runtime/proc.go", "main", "fn := main_main", before,
		"if rprOn { rprMain() } else if rprHelps { rprHelperBegins() };"},
	{all, "testing/testing.go", "(*T).Run", "// Record the stack trace at the", before, begins},
	{all, "testing/testing.go", "(*M).Run", "fuzzTargetsRan, fuzzTargetsOk := run", before, begins},
	{all, "runtime/debug.go", "GOMAXPROCS", "", before, "if rprOn || rprHelps { return rprProcs(n) };"},
	{all, "runtime/debug.go", "NumCPU", "", before, "if rprOn || rprHelps { return rprProcs(0) };"},

	// Scheduling.
	{all, "runtime/proc.go", "newproc1", "releasem(mp)", before,
		"if rprOn { rprNewG(newg, callergp, callerpc) } else if rprHelps { rprHelpG(newg, callergp) };"},
	{all, "runtime/proc.go", "newproc", "", before, point},
	{all, "runtime/proc.go", "newproc", "})", after, ";" + point}, // the child may run before its parent continues
	{all, "runtime/proc.go", "gdestroy", "", before, "if rprOn { rprEnded(gp) };"},
	{all, "runtime/proc.go", "park_m", "\tschedule()", before, "if rprOn { rprParked(gp) };"},
	{all, "runtime/proc.go", "goschedImpl", "", before, "if rprOn { rprYielded(gp, preempted) };"},
	{all, "runtime/proc.go", "goyield_m", "", before, "if rprOn { rprYielded(gp, false) };"},
	{all, "runtime/proc.go", "findRunnable", "if *cgo_yield != nil {", before,
		"if rprOn { if gp := rprFind(pp); gp != nil { return gp, false, false }; if !sched.disable.user { goto top } };"},
	{all, "runtime/proc.go", "runqput", "", before, "if rprOn && rprPut(gp) { return };"},
	{all, "runtime/proc.go", "globrunqput", "", before, "if rprOn && rprPut(gp) { return };"},
	{all, "runtime/proc.go", "runqempty", "", before, "if rprOn && rpr.n > 0 { return false };"},
	{all, "runtime/proc.go", "injectglist", "", before, "if rprOn { rprInject(glist); return };"},
	{all, "runtime/proc.go", "startm", "notewakeup(&nmp.park)", swap, "rprWakeM(nmp)"},
	{all, "runtime/proc.go", "wakep", "", before, "if rprOn && sched.npidle.Load() == 0 { return };"},
	{all, "runtime/proc.go", "preemptone", "", before, "if rprOn && !rpr.force { return false };"},
	{all, "runtime/proc.go", "sysmon", "usleep(delay)", before,
		"if rprOn { rprSysmon(); continue }; if rprHelps { rprHelperLook() };"},
	{all, "runtime/proc.go", "findRunnable", "pp.schedtick%61", swap, "rprSchedTick(pp)%61"},
	{all, "runtime/proc.go", "execute", "mp.p.ptr().schedtick++", after, "; if rprHelps { rprHelperRuns(gp) }"},
	{all, "runtime/proc.go", "retake", "pd.schedwhen+forcePreemptNS", swap, "pd.schedwhen+rprSlice()"},
	{all, "runtime/signal_unix.go", "doSigPreempt", "", before, "if rprOn { rprStartSysmon() };"},
	{all, "runtime/mgc.go", "gcStart", "", before, "if rprOn { rprEnter(); defer rprLeave() };"},
	{all, "runtime/mgc.go", "GC", "", before, "if rprOn { rprEnter(); defer rprLeave() };"},

	// Time.
	{all, "runtime/time_nofake.go", "nanotime", "", before, "if rprOn { return rprNano() };"},
	{all, "runtime/lock_futex.go", "notetsleep_internal", "deadline := nanotime()", swap, "deadline := nanotime1()"},
	{all, "runtime/lock_futex.go", "notetsleep_internal", "now := nanotime()", swap, "now := nanotime1()"},
	{all, "runtime/time.go", "time_runtimeNow", "return time_now()", before,
		"if rprOn { return rprWall() }; if rprHelps { return rprShifted() };"},
	{all, "runtime/time.go", "time_runtimeNano", "return nanotime()", before, "if rprOn { return rprReadClock() };"},
	{all, "runtime/time.go", "(*timer).modify", "pending := t.when > 0", after, ";if rprOn { rprTimerSet(t, when) }"},
	{all, "runtime/time.go", "(*timer).stop", "pending := t.when > 0", after, ";if rprOn { rprTimerStop(t) }"},
	{all, "runtime/time.go", "(*timer).unlockAndRun", "t.when = next", before, "if rprOn { rprTimerFire(t, next) };"},
	{all, "runtime/time.go", "(*timer).unlockAndRun", "f(arg, seq, delay)",
		before, "if rprOn { rpr.owner = t.rprOwner };"},
	{all, "runtime/time.go", "(*timer).unlockAndRun", "f(arg, seq, delay)", after, ";if rprOn { rpr.owner = 0 }"},

	// Randomness.
	{all, "runtime/rand.go", "rand", "", before, "if rprOn || rprHelps { if gp := getg(); rprDraws(gp) { return rprRand(gp) } };"},
	{all, "runtime/select.go", "selectgo", "cheaprandn(", swap, "rprCheapN("},
	{all, "runtime/time.go", "(*timer).maybeAdd", "cheaprand()", swap, "rprTimerRand()"},
	{all, "crypto/internal/sysrand/rand.go", "Read", "", before, "if repriseFill(b) { return };"},
	{all, "math/rand/rand.go", "runtime_rand", "runtime_rand runtime.rand", swap, "runtime_rand runtime.rprUserRand"},
	{all, "os/tempfile.go", "runtime_rand", "runtime_rand runtime.rand", swap, "runtime_rand runtime.rprNameRand"},
	{all, "math/rand/v2/rand.go", "runtime_rand", "runtime_rand runtime.rand", swap, "runtime_rand runtime.rprUserRand"},

	// The outside.
	{all, "syscall/syscall_linux.go", "RawSyscall", "", before,
		"if repriseRaw(trap) { if r, e, done := repriseNet(trap, a1, a2, a3, 0, 0, 0); done { return r, 0, Errno(e) } };"},
	{all, "syscall/syscall_linux.go", "RawSyscall", "return RawSyscall6(", swap,
		"repriseSends(trap); r1, r2, err = RawSyscall6("},
	{all, "syscall/syscall_linux.go", "RawSyscall", "a2, a3, 0, 0, 0)", after, "; repriseSent(trap, a1, a2); return"},
	{all, "syscall/syscall_linux.go", "Syscall", "", before,
		"if r, e, done := repriseNet(trap, a1, a2, a3, 0, 0, 0); done { return r, 0, Errno(e) };repriseSyscall(trap, a1);"},
	{all, "syscall/syscall_linux.go", "Syscall6", "", before,
		"if r, e, done := repriseNet(trap, a1, a2, a3, a4, a5, a6); done { return r, 0, Errno(e) };" +
			"repriseSyscall(trap, a1);"},
	{all, "syscall/syscall_linux.go", "Syscall", "runtime_entersyscall()", swap, enter},
	{all, "syscall/syscall_linux.go", "Syscall6", "runtime_entersyscall()", swap, enter},

	{all, "syscall/syscall_linux.go", "Syscall", "runtime_exitsyscall()", after,
		";repriseAfter(trap, a1, a2, a3, 0, 0, 0, r1, uintptr(err))"},
	{all, "syscall/syscall_linux.go", "Syscall6", "runtime_exitsyscall()", after,
		";repriseAfter(trap, a1, a2, a3, a4, a5, a6, r1, uintptr(err))"},
	{all, "runtime/proc.go", "syscall_runtime_BeforeFork", "", before, "if rprOn { rprForks() };"},
	{all, "syscall/exec_unix.go", "forkExec", "acquireForkLock()", before, "repriseGoReal();"},
	{all, "syscall/exec_unix.go", "forkExec", "// Read child error status", before, "repriseChild(pid);"},
	{all, "runtime/netpoll.go", "poll_runtime_pollReset", "", before,
		"if rprOn { rprPoint(); rprPrepares(pd, mode); rprPoll(pd, mode) };"},
	{all, "runtime/netpoll.go", "poll_runtime_pollWait", "", before,
		"if rprOn { if code, done := rprPollTaped(pd, mode); done { return code }; rprPoll(pd, mode) };"},
	{all, "runtime/netpoll.go", "netpollblockcommit", "netpollAdjustWaiters(1)", swap,
		"netpollAdjustWaiters(rprWaits(gp)); gp.rpr.polls = uintptr(gpp)"},
	{all, "runtime/netpoll.go", "netpollunblock", "for {", before,
		"if rprOn && !ioready { if gp := rprWoken(gpp); gp != nil { return gp } };"},
	{all, "runtime/netpoll.go", "netpollunblock", "*delta -= 1", swap,
		"*delta -= rprWaits((*g)(unsafe.Pointer(old)))"},
	{all, "runtime/netpoll_epoll.go", "netpollopen", "", before, "if rprOn && rprPollOpen(fd, pd) { return 0 };"},
	{all, "runtime/netpoll_epoll.go", "netpollclose", "", before, "if rprOn && rprPollClose(fd) { return 0 };"},
	{all, "runtime/os_linux.go", "fcntl", "", before,
		"if r, e, done := rprFcntlOf(fd, cmd, arg); done { return r, e };"},

	{all, "runtime/runtime.go", "syscall_runtime_envs", "", before, "if rprOn { return rprEnvs() };"},
	{all, "syscall/env_unix.go", "Getenv", "", before, "repriseAsks(key);"},
	{all, "syscall/env_unix.go", "Environ", "", before, "repriseAsks(\"\");"},
	{all, "syscall/exec_unix.go", "forkExec", "SlicePtrFromStrings(attr.Env)", swap,
		"SlicePtrFromStrings(repriseChildEnv(argv0, attr.Env))"},

	{all, "runtime/sigqueue.go", "sigsend", "return true // signal already in queue", before,
		"if rprOn { rprSignalled() };"},
	{all, "runtime/sigqueue.go", "sigsend", "// Notify receiver", before,
		"if rprOn { rprSignalled() };"},
	{all, "runtime/sigqueue.go", "signalWaitUntilIdle", "", before, "if rprOn { rprSignalsIdle(); return };"},

	// The end.
	{all, "runtime/proc.go", "os_beforeExit", "", before, "if rprOn { rprExit(int32(exitCode)) };"},
	{all, "runtime/panic.go", "fatalpanic", "", before, "if rprOn { rprFailed(rprEndPanic) };"},
	{all, "runtime/panic.go", "fatal", "", before, "if rprOn { rprFailed(rprEndFatal) };"},
	{all, "runtime/panic.go", "throw", "", before, "if rprOn { rprFailed(rprEndThrow) };"},

	// Holders of locks.
	{all, "runtime/sema.go", "semacquire1", "root.queue(addr, s, lifo)", before,
		"gp.rpr.uses = uintptr(unsafe.Pointer(addr));"},
	{all, "runtime/sema.go", "notifyListWait", "", before, "getg().rpr.uses = uintptr(unsafe.Pointer(l));" + listTouch},

	// What operations use that have no point of their own.
	{all, "runtime/sema.go", "semacquire1", "", before, "if rprOn { rprTouchObject(uintptr(unsafe.Pointer(addr))) };"},
	{all, "runtime/sema.go", "semrelease1", "", before, "if rprOn { rprTouchObject(uintptr(unsafe.Pointer(addr))) };"},
	{all, "runtime/sema.go", "notifyListAdd", "", before, listTouch},
	{all, "runtime/sema.go", "notifyListNotifyAll", "", before, listTouch},
	{all, "runtime/sema.go", "notifyListNotifyOne", "", before, listTouch},
	{all, "runtime/debug.go", "NumGoroutine", "", before, "if rprOn { rprTouchAnything() };"},
	{all, "runtime/mprof.go", "Stack", "", before, "if rprOn { rprTouchAnything() };"},
	{all, "sync/mutex.go", "(*Mutex).Lock", "m.mu.Lock()", after, ";repriseHeldMutex(m)"},
	{all, "sync/mutex.go", "(*Mutex).TryLock", "m.mu.TryLock()", swap, "repriseTriedMutex(m, m.mu.TryLock())"},
	{all, "sync/mutex.go", "(*Mutex).Unlock", "", before, userPoint + "repriseReleasedMutex(m);"},
	{all, "sync/rwmutex.go", "(*RWMutex).RLock", "rw.readerCount.Add(1)", swap,
		"repriseReader(rw, rw.readerCount.Add(1))"},
	{all, "sync/rwmutex.go", "(*RWMutex).RLock", "(&rw.readerSem, false, 0)", after, ";repriseReads(rw, false)"},
	{all, "sync/rwmutex.go", "(*RWMutex).TryRLock", "return true", before, "repriseReads(rw, c == 0);"},
	{all, "sync/rwmutex.go", "(*RWMutex).RUnlock", "rw.readerCount.Add(-1)",
		swap, "repriseReaderLeaves(rw, rw.readerCount.Add(-1))"},
	{all, "sync/rwmutex.go", "(*RWMutex).Lock", "r != 0 && rw.readerWait.Add(r) != 0", swap,
		"repriseWriter(rw, r != 0 && rw.readerWait.Add(r) != 0)"},
	{all, "sync/rwmutex.go", "(*RWMutex).Lock", "rw.w.Lock()", after, ";repriseWrites(rw, false)"},
	{all, "sync/rwmutex.go", "(*RWMutex).Lock", "(&rw.writerSem, false, 0)", after, ";repriseWrites(rw, true)"},
	{all, "sync/rwmutex.go", "(*RWMutex).TryLock", "return true", before, "repriseWrites(rw, true);"},

	// Failures and ends of tests.
	{all, "testing/testing.go", "(*common).Fail", "", before, "sync.RepriseFail();"},
	{all, "testing/testing.go", "(*common).Fail", `panic("Fail in`, before, ignoreLate + "return };"},
	{all, "testing/testing.go", "(*common).log", `panic("Log in`, before, ignoreLate + "return };"},
	{all, "testing/testing.go", "(*common).Output", `panic("Output called`, before, ignoreLate + "return io.Discard };"},
	{"1.25 1.26", "testing/testing.go", "(*outputWriter).Write", `panic("Write called`, before,
		ignoreLate + "return len(p), nil };"},
	{"1.27", "testing/testing.go", "(*outputWriter).write", `panic("Write called`, before,
		ignoreLate + "return len(p), nil };"},
	{all, "testing/testing.go", "tRunner", "t.report() // Report", before, "sync.RepriseReports();"},
	{all, "testing/testing.go", "tRunner", "t.signal <- signal", before, "sync.RepriseTestEnds();"},

	// Preemption points.
	{all, "runtime/chan.go", "chansend", "", before, sendPoint},
	{all, "runtime/chan.go", "chanrecv", "", before, receivePoint},
	{all, "runtime/chan.go", "closechan", "", before, closePoint},
	{all, "runtime/select.go", "selectgo", "", before,
		point + "if rprOn { rprOffers(cas0, nsends, nrecvs); rprTouchCases(cas0, nsends+nrecvs) };"},
	{all, "runtime/time.go", "timeSleep", "", before, point},
	{all, "runtime/proc.go", "Gosched", "", before, point},
	{all, "sync/mutex.go", "(*Mutex).Lock", "", before, lockPoint},
	{all, "sync/mutex.go", "(*Mutex).TryLock", "", before, lockPoint},
	{all, "sync/mutex.go", "(*Mutex).Unlock", "m.mu.Unlock()", after, ";" + lockPoint},
	{all, "sync/rwmutex.go", "(*RWMutex).RLock", "", before, sharedPoint},
	{all, "sync/rwmutex.go", "(*RWMutex).TryRLock", "", before, sharedPoint},
	{all, "sync/rwmutex.go", "(*RWMutex).RUnlock", "", before, sharedPoint},
	{all, "sync/rwmutex.go", "(*RWMutex).Lock", "", before, lockPoint},
	{all, "sync/rwmutex.go", "(*RWMutex).TryLock", "", before, lockPoint},
	{all, "sync/rwmutex.go", "(*RWMutex).Unlock", "", before, lockPoint},
	{all, "sync/waitgroup.go", "(*WaitGroup).Add", "", before, lockPoint},
	{all, "sync/waitgroup.go", "(*WaitGroup).Wait", "", before, lockPoint},
	{all, "sync/once.go", "(*Once).Do", "", before, lockPoint},
	{all, "sync/cond.go", "(*Cond).Wait", "", before, lockPoint},
	{all, "sync/cond.go", "(*Cond).Signal", "", before, lockPoint},
	{all, "sync/cond.go", "(*Cond).Broadcast", "", before, lockPoint},
	{all, "sync/map.go", "methods", "", before, lockPoint},
	{all, "sync/pool.go", "(*Pool).Get", "", before, userPoint + poolTouch},
	{all, "sync/pool.go", "(*Pool).Put", "", before, userPoint + poolTouch},
	{all, "sync/atomic/type.go", "methods", "", before, atomicPoint},
	{all, "sync/atomic/value.go", "methods", "", before, atomicPoint},

	// Points after operations that make other goroutines ready, which may then run before the next line of the program.
	{all, "runtime/chan.go", "chansend1", "true, sys.GetCallerPC())", after, ";" + afterPoint},
	{all, "runtime/chan.go", "chanrecv1", "chanrecv(c, elem, true)", after, ";" + afterPoint},
	{all, "runtime/chan.go", "chanrecv2", "chanrecv(c, elem, true)", after, ";" + afterPoint},
	{all, "runtime/chan.go", "selectnbsend", "return chansend(", swap, "selected = chansend("},
	{all, "runtime/chan.go", "selectnbsend", "false, sys.GetCallerPC())", after,
		";if rprOn { rprTried(c, selected, rprDoesTookSend) };" + afterPoint + "return"},
	{all, "runtime/chan.go", "selectnbrecv", "return chanrecv(c, elem, false)", swap,
		"selected, received = chanrecv(c, elem, false);" +
			"if rprOn { rprTried(c, selected, rprDoesTookRecv) };" + afterPoint + "return"},
	{all, "runtime/chan.go", "closechan", "for !glist.empty() {", before,
		"if rprOn { rprReadyAll(&glist); rprAfterPoint(); return };"},
	{all, "runtime/select.go", "selectgo", "// lock all the channels", before,
		"if rprOn { rprReadyCases(cas0, nsends, nrecvs); rprChooseCase(cas0, nsends, nrecvs, pollorder) };"},
	{all, "runtime/select.go", "selectgo", "return casi, recvOK", before,
		"if rprOn { rprTook(c, casi, nsends) };" + afterPoint},
	{all, "runtime/time.go", "newTimer", "", before, "if rprOn { rprDetail(rprDoesTimer, 0) };"},
	{all, "runtime/time.go", "newTimer", "t.init = true", after, ";" + afterPoint},
	{all, "runtime/time.go", "stopTimer", "t.stop()", swap, "rprTimerStopped(t.stop())"},
	{all, "runtime/time.go", "resetTimer", "", before, "if rprOn { rprDetail(rprDoesTimer, 0) };"},
	{all, "runtime/time.go", "resetTimer", "return t.reset(when, period)", swap,
		"pending := t.reset(when, period);" + afterPoint + "return pending"},
	{all, "sync/rwmutex.go", "(*RWMutex).rUnlockSlow", "(&rw.writerSem, false, 1)", after, ";" + userAfterPoint},
	{all, "sync/waitgroup.go", "(*WaitGroup).Add", "(&wg.sema, false, 0)", after, ";" + userAfterPoint},
	{all, "sync/cond.go", "(*Cond).Signal", "NotifyOne(&c.notify)", after, ";" + userAfterPoint},
	{all, "sync/cond.go", "(*Cond).Broadcast", "NotifyAll(&c.notify)", after, ";" + userAfterPoint},
}

// A declaration is a file that is added to the standard library.
type declaration struct{ file, text string }

// declarations are the files that are added to packages other than runtime.
var declarations = []declaration{
	{"sync/zreprise.go", pointDeclaration("sync", "runtime.rprPoint") + objectPointDeclaration + `
//go:linkname repriseAfterPoint runtime.rprAfterPoint
func repriseAfterPoint()

//go:linkname repriseTouchObject runtime.rprTouchObject
func repriseTouchObject(object uintptr)

//go:linkname repriseHeld runtime.rprHeld
func repriseHeld(lock uintptr)

//go:linkname repriseReleased runtime.rprReleased
func repriseReleased(lock uintptr)

//go:linkname repriseNoteReader runtime.rprReads
func repriseNoteReader(lock uintptr, alone bool)

//go:linkname repriseNoteLeaving runtime.rprReaderLeaves
func repriseNoteLeaving(lock uintptr, last bool)

//go:linkname repriseNoteWriter runtime.rprWrites
func repriseNoteWriter(lock uintptr, now bool)

//go:linkname repriseFail runtime.rprNoteFail
func repriseFail()

//go:linkname repriseTestEnds runtime.rprTestEnds
func repriseTestEnds()

// RepriseFail is called when a test is marked as failed.
func RepriseFail() { repriseFail() }

//go:linkname repriseGone runtime.rprGone
func repriseGone() bool

// RepriseGone reports whether the process called os.Exit some time ago and would not be there without control.
func RepriseGone() bool { return repriseGone() }

//go:linkname repriseBegins runtime.rprBegins
func repriseBegins()

// RepriseBegins is called before package testing starts the tests.
func RepriseBegins() { repriseBegins() }

//go:linkname repriseReports runtime.rprReports
func repriseReports()

// RepriseReports is called when a test has ended, before its result is printed.
func RepriseReports() { repriseReports() }

// RepriseTestEnds is called when a test function has returned and its goroutine is about to report that and to end.
func RepriseTestEnds() { repriseTestEnds() }

func repriseHeldMutex(m *Mutex) { repriseHeld(uintptr(unsafe.Pointer(m))) }

func repriseTriedMutex(m *Mutex, ok bool) bool {
	if ok {
		repriseHeldMutex(m)
	}
	return ok
}

func repriseReleasedMutex(m *Mutex) { repriseReleased(uintptr(unsafe.Pointer(m))) }

func repriseReads(rw *RWMutex, alone bool) { repriseNoteReader(uintptr(unsafe.Pointer(rw)), alone) }

func repriseReader(rw *RWMutex, readers int32) int32 {
	if readers >= 0 {
		repriseReads(rw, readers == 1)
	}
	return readers
}

func repriseReaderLeaves(rw *RWMutex, readers int32) int32 {
	repriseNoteLeaving(uintptr(unsafe.Pointer(rw)), readers == 0 || readers == -rwmutexMaxReaders)
	return readers
}

func repriseWriter(rw *RWMutex, waits bool) bool {
	repriseWrites(rw, !waits)
	return waits
}

func repriseWrites(rw *RWMutex, now bool) { repriseNoteWriter(uintptr(unsafe.Pointer(rw)), now) }
`},
	{"sync/atomic/zreprise.go", pointDeclaration("atomic", "runtime.rprPoint") + objectPointDeclaration + `
// What the methods do to their value: the numbers of strategy.OpKind.
const (
	repriseKindLoad           = 0
	repriseKindStore          = 1
	repriseKindSwap           = 1
	repriseKindCompareAndSwap = 1
	repriseKindAdd            = 1
	repriseKindAnd            = 1
	repriseKindOr             = 1
)
`},
	{"syscall/zreprise.go", `package syscall

import _ "unsafe"

//go:linkname repriseSyscall runtime.rprSyscall
func repriseSyscall(trap, a1 uintptr)

//go:linkname repriseBlocks runtime.rprBlocks
func repriseBlocks(trap, a2 uintptr) bool

//go:linkname repriseRaw runtime.rprRaw
func repriseRaw(trap uintptr) bool

//go:linkname repriseSends runtime.rprSends
func repriseSends(trap uintptr)

//go:linkname repriseSent runtime.rprSent
func repriseSent(trap, a1, a2 uintptr)

//go:linkname repriseNet runtime.rprNet
func repriseNet(trap, a1, a2, a3, a4, a5, a6 uintptr) (r, errno uintptr, done bool)

//go:linkname repriseGoReal runtime.rprGoReal
func repriseGoReal()

//go:linkname repriseAfter runtime.rprAfter
func repriseAfter(trap, a1, a2, a3, a4, a5, a6, r1, errno uintptr)

//go:linkname repriseChild runtime.rprChild
func repriseChild(pid int)

//go:linkname repriseAsks runtime.rprAsks
func repriseAsks(name string)

//go:linkname repriseChildVariable runtime.rprChildVariable
func repriseChildVariable(line string) (string, bool)

//go:linkname repriseHelperVariable runtime.rprHelperVariable
func repriseHelperVariable(program string) string

// repriseChildEnv returns the environment that a child process gets.
func repriseChildEnv(program string, env []string) []string {
	list := make([]string, 0, len(env)+1)
	if line := repriseHelperVariable(program); line != "" {
		list = append(list, line) // the first of a name counts
	}
	for _, line := range env {
		if line, ok := repriseChildVariable(line); ok {
			list = append(list, line)
		}
	}
	return list
}

//go:linkname repriseEnterBlock runtime.entersyscallblock
func repriseEnterBlock()
`},
	{"crypto/internal/sysrand/zreprise.go", `package sysrand

import _ "unsafe"

//go:linkname repriseFill runtime.rprFill
func repriseFill(b []byte) bool
`},
}

// objectPointDeclaration declares a preemption point of an operation on an object. The address is no pointer, so that
// the object does not escape.
const objectPointDeclaration = `
//go:linkname reprisePointAt runtime.rprPointAt
func reprisePointAt(object uintptr, kind uint8)

func reprisePointOn[T any](object *T, kind uint8) { reprisePointAt(uintptr(unsafe.Pointer(object)), kind) }
`

// pointDeclaration declares a preemption point of the runtime in another package.
func pointDeclaration(pkg, point string) string {
	return "package " + pkg + `

import "unsafe"

var _ unsafe.Pointer

//go:linkname reprisePoint ` + point + `
func reprisePoint()
`
}
