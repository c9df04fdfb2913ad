// Package simsched is a simulated scheduler: it runs a concurrent program on one thread, in virtual time, as a function
// of the program and of the choices made for it.
//
// [Run] starts the main task. Tasks are coroutines; exactly one runs at a time. Every operation of this package that
// another task can notice (locking, sending, spawning, sleeping, I/O, …) begins with a scheduling point, where any ready
// task may be chosen to run next; between two points a task is not interrupted. All choices go through one [Chooser],
// and everything that happens goes to one [Observer] as an [event.Event], so that a run can be recorded and replayed.
// Looks at the state of things (Now, Done, Len, Err, Readiness, …), random draws, and the reports of an I/O operation
// are no scheduling points.
//
// # Rules
//
// Objects made from a [Sim] belong to it and must be used only by its tasks, during its run. A task must not block on
// anything outside the package (a real channel, a real lock, time.Sleep), and must draw time and randomness from the
// Sim only. A task must not call runtime.LockOSThread, and neither may the goroutine that calls Run.
// Misuse that can be seen panics with a message that names the method and the rule; use by a real goroutine, or by a task
// of another run, is seen only if [Config.CheckGoroutines] asks for it. A task that blocks outside the simulation is
// found by package watchdog.
//
// Virtual time starts at 2000-01-01 UTC. It moves only when no task is ready, to the next deadline. Events give it in
// nanoseconds since the start.
//
// # What is there
//
// Tasks in regions with cancellation, contexts, finalizers; Mutex, RWMutex, Cond, Once, WaitGroup, Semaphore, Atomic,
// Chan, Select; Timer, Ticker, AfterFunc; random streams; an I/O reactor with Pipe; hosts in a network with Listen, Dial
// and ListenPacket; Disk; faults by [Chaos].
//
// # Ends
//
// A run ends when all tasks have ended; when no task can run again ([ErrDeadlock], or [ErrLeak] if the main task has
// returned already); after [Config.MaxSteps] steps ([ErrStepLimit]); or when the Observer returns an error. Tasks that
// are still parked then are unwound as by runtime.Goexit: their deferred calls run, operations that would block end
// the call, and no goroutine is left.
//
// A panic ends its task with [event.OutcomePanicked] and is always part of the error of Run, except for one in a deferred
// call of a task that is unwound at the end.
package simsched
