// Package gort runs ordinary Go tests, unmodified, from a seed: it builds the test binary of a package with a
// runtime whose scheduler asks reprise which goroutine runs next, runs each test function in a process of its own,
// and gives back what happened. A run that failed replays from its recorded choices, and is saved as a trace file.
//
//	b, err := gort.Build(ctx, dir, "./queue", gort.BuildConfig{})
//	o, err := b.Run(ctx, "TestQueue", gort.Control{Seed: 7})
//	if o.Verdict != gort.Passed {
//		err = o.Save("queue.reprise", "TestQueue", nil)
//	}
//	choices, _, err := gort.Load("queue.reprise")
//	o, err = b.Run(ctx, "TestQueue", gort.Control{Choices: choices})
//
// A replay checks each decision: who stopped and why, after how many preemption points, and who was ready. Where the
// program does not fit the recording the replay ends, after some decisions more to show what came instead; with
// Control.Resync it goes on, looks for choices that fit, and tells how many did.
//
// # How the runtime gets there
//
// "go test -overlay" replaces files of the standard library in one build, without a change to GOROOT. [Overlay] cuts
// them at run time from the user's own GOROOT: a table of edits names a file, a function in it (found by parsing) and
// a text that must occur there exactly once. A Go version that is not known, or in which an edit does not find its
// place, is refused with an [ErrUnsupported]. Besides the edits some files are added to package runtime
// (internal/patch/inject/*.go.txt) and a declaration of a few lines to four other packages. Without the environment
// variable REPRISE_GORT, which names the shared file, a binary built that way behaves as an ordinary one.
//
// Go 1.25, 1.26 and 1.27 on linux/amd64 and linux/arm64 are supported; the second is compiled and vetted by the
// tests and not run. The first build with a Go version compiles the standard library, which takes a minute; the go
// command caches it. Packages net and os/user are built without C.
//
// # What is controlled
//
//   - Who runs. One goroutine runs at a time. When it blocks, yields, ends or is preempted, the next one is chosen
//     among all that are ready: at random, by priorities ([PCT]), or as recorded. Preemption happens only at points:
//     channel send, receive and close, select, go (before and after), time.Sleep, the methods of package sync and of
//     the types of sync/atomic, and I/O that may have to wait for the poller.
//   - Time. The clock starts at 2000-01-01 and moves by itself a little at each decision, point and reading. When
//     nobody is ready it jumps to the next timer. With Control.Leap it may also leap to a timer that is due soon
//     although goroutines are ready, as if they were slow, which is how a time-out wins a race against its answer;
//     but not to the end of a time.Sleep, which many tests take for a barrier.
//   - Randomness. Every goroutine has a stream of its own, of which math/rand, crypto/rand, map order, the order of
//     a select and the hash seeds are taken. One more draw in one goroutine shifts no other.
//   - Garbage collection. It is one step of the goroutine that starts it.
//   - GOMAXPROCS and NumCPU say 4, or Control.Procs; setting the first has no effect but that it says the new
//     number.
//
// Until main.main starts, while packages are initialised, goroutines run in the order of their start, and what is
// random is the same for every seed. What comes before a test function starts does not depend on how many others there
// are, so that a seed and a recording survive that a test is added. A [Runner] makes use of that: it makes each run in
// a copy of a process that stands there, and so makes several times as many in the same time, with the same results as
// processes of their own.
//
// # Memory
//
// With BuildConfig.Memory the packages that it names are compiled with the compiler's flag -race, and the runtime has
// functions of its own in the place of the race detector, which is not part of the binary: no C is needed. In runs
// with Control.Memory each access to memory outside of the goroutine's stack is a preemption point, as are functions
// of sync/atomic and writes to maps, and a data race is found whenever two accesses of a run conflict and nothing
// orders them: the test fails, and prints both accesses in the form of "go test -race". The detector knows what orders
// accesses from the same places in the runtime and the standard library as that of Go (channels, locks, wait groups,
// once, atomics, timers, the start of goroutines, finalizers). It forgets accesses when the collector has run, when
// more than four goroutines have accessed the same eight bytes, and beyond 4 KiB of a single access; it ends for the
// rest of a run with more than 1,000 live goroutines or 100,000 addresses at which goroutines synchronise. Binaries
// built with -race are not affected.
//
// Goroutines are named by path, as tasks are in package simsched: 0.2.1 is the second child of the third child of
// main. The parent of a goroutine that time.AfterFunc starts is the goroutine that set the timer.
//
// # What the tests need
//
// "go test ./gort" tests with the toolchain at hand. REPRISE_GORT_SLOW=1 adds the other Go versions, which it
// downloads, linux/arm64, the race detector and more repetitions; REPRISE_GORT_MODULES=1 runs the suites of real
// modules.
//
// # What is outside
//
// Files, sockets, processes and C are not controlled. System calls that are known to wait, such as wait4, give up
// the processor at once; any other that takes 100 ms loses it. A goroutine that the network poller or the end of a
// system call makes ready is let in between two decisions; that is recorded as an [Admit], and a replay waits for it
// at the same place. Outcome.Admitted counts them, Outcome.Calls all system calls by number, and Outcome.Outside
// names what they reach. A run of a seed is then as deterministic as the outside: in practice it is with sockets of
// a process to itself, and is not with child processes. Its replay waits where the recording waited; what is read
// from outside is not recorded, so that other data make another run. A signal is let in the same way, but its
// arrival in a buffered channel is not recorded. While a goroutine is in a system call that waits, virtual time goes
// with real time; while one waits for the poller only, it jumps when the poller has been quiet for some
// milliseconds.
//
// # What is not seen
//
//   - Without BuildConfig.Memory, plain accesses to memory and the functions of sync/atomic have no preemption point,
//     and data races are not found.
//   - A goroutine that passes no point for a second of real time is preempted by force, which no recording can hold:
//     Outcome.Forced counts it.
//   - When the collector runs depends a little on real time; a program can notice it through finalizers and
//     sync.Pool.
//   - Arguments in a traceback that are marked "?" may differ between a run and its replay.
//   - Execution traces and CPU profiles show virtual time.
package gort
