package simsched

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// callDepth is how many program counters are kept a task: enough to get out of this package.
const callDepth = 8

// capture notes where t stands. It costs a walk over a few frames and is made only if Config.CallSites asks for it;
// names and lines are looked up when a report needs them.
func (t *Task) capture() {
	if t.calls == nil {
		t.calls = new([callDepth]uintptr)
	}
	clear(t.calls[:])
	runtime.Callers(3, t.calls[:])
}

// ourPackages are what the names of the functions begin with that stand between a program and its events.
var ourPackages = func() (prefixes []string) {
	pc, _, _, _ := runtime.Caller(0)
	name := runtime.FuncForPC(pc).Name()
	module := name[:strings.LastIndex(name, "/simsched.")]
	for _, p := range []string{"simsched", "recorder", "replayer", "simtest"} {
		prefixes = append(prefixes, module+"/"+p+".")
	}
	return append(prefixes, "iter.", "runtime.", "math/rand/v2.")
}()

// standardRoot is the folder of the standard library's source, through which a program may reach this package, as it
// does through the methods of a *rand.Rand. It is "" in a program that was built with -trimpath.
var standardRoot = func() string {
	var calls [1]uintptr
	runtime.Callers(0, calls[:])
	f, _ := runtime.CallersFrames(calls[:]).Next()
	return f.File[:max(0, strings.LastIndex(f.File, "runtime/"))]
}()

// ours reports whether a frame stands between a program and its events.
func ours(f *runtime.Frame) bool {
	if strings.HasSuffix(f.File, "_test.go") {
		return false
	}
	prefix := func(p string) bool { return strings.HasPrefix(f.Function, p) }
	return slices.ContainsFunc(ourPackages, prefix) || standardRoot != "" && strings.HasPrefix(f.File, standardRoot)
}

// line returns the first place outside this package where t stands, "" if it is not known.
func (t *Task) line() string {
	if t.calls == nil {
		return ""
	}
	return firstLine(t.calls[:])
}

// firstLine returns the first place in the program, "" if there is none.
func firstLine(calls []uintptr) string {
	frames := runtime.CallersFrames(calls)
	for {
		f, more := frames.Next()
		if f.Function != "" && !ours(&f) {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}

// Caller returns the place in the program from which the caller is reached, such as "bank.go:25"; "" if there is none.
// An [Observer] that asks during Observe learns where the event comes from, unless the event is of the scheduler alone:
// TaskScheduled, TimeAdvanced, TimerFired. It takes about a microsecond.
func Caller() string {
	var calls [4 * callDepth]uintptr
	return firstLine(calls[:runtime.Callers(2, calls[:])])
}

// CallSite returns where in the code a task last came to a scheduling point, such as "bank.go:25", under the conditions
// of [Sim.TaskName]. It is "" unless Config.CallSites is set.
func (s *Sim) CallSite(id event.TaskID) string {
	if t := s.task(id); t != nil {
		return t.line()
	}
	return ""
}
