package simsched

import (
	"fmt"
	"path"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
)

// goroutines are the goroutines of a run: those of coroutines, and the one that calls Run, with a nil coroutine. They
// are asked by goroutines that are none of them, while the run goes on.
type goroutines struct {
	mu    sync.Mutex
	of    map[uint64]*coroutine // by goroutineID
	ended atomic.Bool           // the run has ended: every goroutine may ask for what is left of it
}

// add adds the calling goroutine.
func (g *goroutines) add(c *coroutine) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.of == nil {
		g.of = map[uint64]*coroutine{}
	}
	g.of[goroutineID()] = c
}

// caller returns the coroutine of the calling goroutine, and whether that belongs to the run.
func (g *goroutines) caller() (c *coroutine, known bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, known = g.of[goroutineID()]
	return c, known
}

// check refuses an operation that is called by a goroutine that is not the running task, if the run looks for that. It
// lets pass what timers do, since they fire between two turns. A goroutine that does not belong to the run is refused
// before anything is read that the run may change meanwhile.
func (s *Sim) check(op string) {
	if s.goroutines == nil {
		return
	}
	c, known := s.goroutines.caller()
	if known && (s.firing || s.inHook || s.unwinding || s.current == nil || s.current.co == nil || s.current.co == c) {
		return
	}
	s.refuse("simsched: " + op + " called by a goroutine that is not the running task" + origin() +
		": only tasks may use the objects of a Sim, and Sim.Go starts them")
}

// origin says where the calling goroutine is and where it was started, " at x_test.go:12, started at x_test.go:10 by
// shop.TestX", as far as its stack tells.
func origin() string {
	var calls [32]uintptr
	var text string
	if at := firstLine(calls[:runtime.Callers(2, calls[:])]); at != "" {
		text = " at " + at
	}
	_, by, found := strings.Cut(string(debug.Stack()), "\ncreated by ")
	fn, line, _ := strings.Cut(by, "\n\t")
	fn, _, _ = strings.Cut(fn, " in goroutine ")
	if line, _, _ = strings.Cut(line, " +0x"); found {
		text += fmt.Sprintf(", started at %s by %s", filepath.Base(strings.TrimSpace(line)), path.Base(fn))
	}
	return text
}

// refuse panics with a text for a goroutine that is no task. The run fails with it as well, because the goroutine may
// belong to a library that recovers panics.
func (s *Sim) refuse(text string) {
	text += libraries
	s.foreign.CompareAndSwap(nil, &text)
	panic(text)
}

// libraries says what to do with a program that comes here by a library with goroutines of its own.
const libraries = "; net/http, gRPC, database/sql and other libraries that start goroutines do not work inside of a " +
	"simulation: call their handlers directly and speak over connections in tasks, or write an ordinary test, without a " +
	"Sim, and run it with reprise test, which simulates the network between its goroutines"

// goroutineID returns the number of the calling goroutine, read from the head of its stack trace, "goroutine 7 [".
func goroutineID() (id uint64) {
	var buf [32]byte
	for _, c := range buf[len("goroutine "):runtime.Stack(buf[:], false)] {
		if c < '0' || c > '9' {
			break
		}
		id = 10*id + uint64(c-'0')
	}
	return id
}
