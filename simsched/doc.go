// Package simsched is a simulated scheduler: it runs a concurrent program on one thread, in virtual time, as a function
// of the program and of the choices made for it.
//
// [Run] starts the main task. Tasks are coroutines; exactly one runs at a time. Every operation of this package that
// another task can notice (locking, sending, spawning, sleeping, I/O, …) begins with a scheduling point, where any
// ready task may be chosen to run next; between two points a task is not interrupted. All choices go through one
// [Chooser], and everything that happens goes to one [Observer] as an [event.Event], so that a run can be recorded and
// replayed. Queries of the state (Now, Done, Len, Err, Readiness, …), random draws, and the reports of an I/O
// operation are not scheduling points.
//
// # Rules
//
// Objects made from a [Sim] belong to it and must be used only by its tasks, during its run. A task must not block
// on anything outside the package (a real channel, a real lock, time.Sleep), and must take time and randomness only
// from the Sim. Neither a task nor the goroutine that calls Run may call runtime.LockOSThread. Misuse that can be
// detected panics with a message that names the method and the rule. Use by a real goroutine, or by a task of
// another run, is detected only if [Config.CheckGoroutines] is set, which package simtest does in the first run of a
// test. Package simtest also finds a task that blocks outside the simulation.
//
// Libraries that start goroutines of their own, such as net/http, gRPC and database/sql, do not work in a simulation.
// Call their handlers directly, or write an ordinary test: `reprise test` controls its goroutines, and simulates the
// network between them.
//
// Virtual time starts at 2000-01-01 UTC. It moves only when no task is ready, to the next deadline. Events state it
// in nanoseconds since the start.
//
// # Contents
//
// Tasks in regions with cancellation, contexts, finalizers; Mutex, RWMutex, Cond, Once, WaitGroup, Semaphore, Atomic,
// Chan, Select; Timer, Ticker, AfterFunc; random streams; an I/O reactor with Pipe; hosts in a network with Listen,
// Dial and ListenPacket; faults by [Chaos]. Package simdisk, below this one, has a disk.
//
// # Ends
//
// A run ends when all tasks have ended; when no task can ever run again ([ErrDeadlock], or [ErrLeak] if the main
// task has already returned); after [Config.MaxSteps] steps ([ErrStepLimit]); or when the Observer returns an
// error. Tasks that are still parked at that time are unwound as by runtime.Goexit: their deferred calls run,
// operations that would block end the call, and no goroutine is left.
//
// A panic ends its task with [event.OutcomePanicked] and is always part of the error of Run, except a panic in a
// deferred call of a task that is unwound at the end.
package simsched
