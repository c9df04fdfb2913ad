// Package gort runs ordinary Go tests, unmodified, from a seed. It builds the test binary of a package with a runtime
// whose scheduler asks reprise which goroutine runs next, runs test functions in that binary, and returns what
// happened. A run can be saved as a trace file, and replayed from its recorded choices.
//
//	b, err := gort.Build(ctx, dir, "./queue", gort.BuildConfig{})
//	o, err := b.Run(ctx, "TestQueue", gort.Control{Seed: 7})
//	if o.Verdict != gort.Passed {
//		err = o.Save("queue.reprise", "TestQueue", nil)
//	}
//	choices, _, err := gort.Load("queue.reprise")
//	o, err = b.Run(ctx, "TestQueue", gort.Control{Choices: choices})
//
// # How a run works
//
//  1. [Overlay] makes the files of the patched runtime, and the go command builds the test binary with them.
//  2. A [Runner] creates a file that it shares with the process of the test: a header with the settings, the recorded
//     choices of a replay, and room for records. It starts the binary with the name of the file in REPRISE_GORT.
//  3. The runtime opens the file. From then on only one goroutine runs at a time. When it stops, or is preempted at a
//     point, the runtime makes a decision: a strategy, or the next recorded choice, selects one of the ready
//     goroutines. The runtime records each decision and each other event in the file; see package internal/record.
//  4. When nothing is ready, the clock jumps to the next timer. If there is no timer, the run is a deadlock.
//  5. When the process ends, the Runner reads the records and the output and returns an [Outcome].
//
// A replay checks each decision: which goroutine stopped, why, after how many preemption points, and which goroutines
// were ready. At the first decision that does not fit the recording, the replay ends, after a few more decisions that
// show how the program continues. With Control.Resync it does not end: it looks for later choices that fit, and counts
// them in Outcome.Resync.
//
// # The patched runtime
//
// "go test -overlay" replaces files of the standard library in one build and leaves GOROOT as it is. Overlay makes the
// replacements at run time from the user's own GOROOT: a table of edits gives for each edit the file, the function
// (which is found by parsing) and a text that must occur in it exactly once. Overlay refuses a Go version that it does
// not know, or in which an edit does not find its text, with an [ErrUnsupported]. Package runtime also gets some new
// files (internal/patch/inject/*.go.txt), and four other packages get a declaration of a few lines. Without the
// environment variable REPRISE_GORT, such a binary behaves like any other.
//
// Go 1.25, 1.26 and 1.27 on linux/amd64 and linux/arm64 are supported. The tests compile and vet the code for arm64,
// but do not run it. The first build with a Go version compiles the standard library, which takes a minute; the go
// command caches it. Packages net and os/user are built without C.
//
// # What is controlled
//
//   - The schedule. One goroutine runs at a time. When it blocks, yields, ends or is preempted, the next one is chosen
//     among all that are ready: by a strategy of package strategy, or as recorded. Preemption happens only at points:
//     before and after an operation that can make another goroutine ready (channel send, receive and close, select, go,
//     Unlock, Signal, the Done that ends a Wait), after a timer is set, and before time.Sleep, runtime.Gosched, the
//     other methods of package sync, those of the types of sync/atomic, and I/O that may have to wait for the poller.
//   - Time. The clock starts at Control.Clock and advances a little with each decision, point, reading and call on a
//     file. When no goroutine is ready, it jumps to the next timer.
//   - Lateness. In half of the seeds, goroutines that are ready are late, up to three times in a run: they do not run
//     for up to Control.Slow of virtual time, while others run and timers fire. So a time-out can win a race against
//     its answer, and a sleep can end before another goroutine has run. If only late goroutines are ready, time leaps
//     to the next timer, which may be that of a channel on which no goroutine waits yet. A failure of such a run is of
//     the class "timing"; [Outcome.Timing] returns by how much a goroutine was late.
//   - Randomness. Every goroutine has a random stream of its own, which feeds math/rand, crypto/rand, map order, the
//     order of a select and the hash seeds. An additional draw in one goroutine does not affect any other goroutine.
//   - The network of the loopback addresses and of unix sockets. It is simulated inside the process unless
//     Control.RealNetwork is set: connections, datagrams and deadlines work in virtual time, ports are taken in order,
//     and the kernel sees no socket. A socket that reaches for another address, or for one without a listener in the
//     run, becomes one of the kernel. Child processes reach what the program listens on. With Control.Faults, and where
//     the test asks for it with package faults, operations meet faults.
//   - Garbage collection. It is one step of the goroutine that starts it.
//   - GOMAXPROCS and NumCPU, which are 4 or Control.Procs. Setting GOMAXPROCS changes only the number that it reports.
//
// A run begins where main.main starts or, in a binary without a TestMain, where package testing has read its flags and
// is about to start the first test. Until then, while packages are initialised, goroutines run in the order of their
// start, and random values are the same for every seed. The part of a run before the test function starts does not
// depend on the number of other test functions, so that seeds and recordings remain valid when a test is added. A
// [Runner] relies on this: it makes each run in a copy of one process that waits at this place. This gives several
// times as many runs in the same time, with the same results as separate processes.
//
// # Memory
//
// With BuildConfig.Memory, the packages that it lists are compiled with the compiler's flag -race. The runtime has
// functions of its own in the place of the race detector, which is not part of the binary, so that no C is needed. In
// runs with Control.Memory, each access to memory outside the goroutine's stack is a preemption point, and so are
// functions of sync/atomic and writes to maps. Two accesses that conflict and are not ordered by synchronisation are a
// data race: the test fails and prints both accesses in the form of "go test -race". The detector learns about
// synchronisation from the same places in the runtime and the standard library as that of Go: channels, locks, wait
// groups, once, atomics, timers, the start of goroutines, and finalizers. Its memory is limited. It forgets accesses
// when the collector has run, when more than four goroutines have accessed the same eight bytes, and beyond 4 KiB of a
// single access. It stops for the rest of a run with more than 1,000 live goroutines or 100,000 addresses at which
// goroutines synchronise. Binaries built with -race are not affected.
//
// Goroutines are named by path, like tasks in package simsched: 0.2.1 is the second child of the third child of the
// main goroutine. The parent of a goroutine that time.AfterFunc starts is the goroutine that set the timer.
//
// # What is outside
//
// Files, processes, other sockets and C are not controlled. System calls that are known to wait, such as wait4, give
// up the processor at once; any other in which its thread sleeps for 100 ms loses it. A goroutine that the network
// poller or the end of a system call makes ready is let in between two decisions. This is recorded, and a replay waits
// for it at the same place. Outcome.Admitted counts such goroutines, Outcome.Calls counts all system calls by number,
// and [Outcome.Outside] names what they reach. A run from a seed is therefore as deterministic as the outside. The
// calls on sockets outside and what is read from pipes are recorded, up to Control.RecordOutside bytes. A strict replay
// answers calls on sockets from the recording, without a socket of the kernel, and compares what is written with it; it
// reads pipes, and gives the program the recorded bytes. It compares reads of files of the module with the recording.
// [Outcome.Unlike] names the first difference, or the read that the recording lacks. A replay without such a recording
// waits for as many bytes as were read. A signal that the program sends itself arrives in the call that sends it. One
// from another process is let in in the same way as data, but its arrival in a buffered channel is not recorded. While
// a goroutine is in a system call that waits, or a child process lives, virtual time advances with real time; while one
// waits only for the poller, virtual time jumps when the poller has been quiet for some milliseconds.
//
// A thread of C code that calls Go is outside, too. While a program that exports functions to C has a thread that the
// Go runtime has not started, virtual time advances with real time, and a run in which every goroutine is blocked is no
// deadlock. What such a thread runs in Go makes no decisions; a goroutine that it makes ready is let in from outside. A
// replay lets it in at the same decision, but how far the thread has come by then depends on real time.
//
// The times of files agree with the clock: what a run writes has the virtual time of the write. Each run has its own
// folder of temporary files; Outcome.Wrote names the first file outside it that the run changed.
//
// # Limits
//
//   - Without BuildConfig.Memory, plain accesses to memory and the functions of sync/atomic are not preemption points,
//     and data races are not found. With it, the functions are points in every run, as the methods are in every build.
//   - A goroutine that passes no point for a second of processor time is preempted by force. A recording cannot
//     represent the place; Outcome.Forced counts these preemptions.
//   - The time of a garbage collection depends a little on real time, which a program can observe through finalizers
//     and sync.Pool.
//   - Arguments in a traceback that are marked "?" may differ between a run and its replay.
//   - Execution traces and CPU profiles show virtual time.
//
// # Tests
//
// "go test ./gort" uses the installed toolchain. REPRISE_GORT_SLOW=1 adds the other Go versions, which it downloads,
// linux/arm64, the race detector and more repetitions. REPRISE_GORT_MODULES=1 runs the test suites of real modules.
package gort
