package simsched

import (
	"path"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// callDepth is the number of program counters kept for a task: enough to leave the frames of this package.
const callDepth = 8

// capture records the call stack of t at a scheduling point. It walks a few frames and is called only if
// Config.CallSites is set; names and lines are resolved when a report needs them.
func (t *Task) capture() {
	if t.calls == nil {
		t.calls = new([callDepth]uintptr)
	}
	clear(t.calls[:])
	runtime.Callers(3, t.calls[:])
}

// ourPackages are the prefixes of the functions between a program and its events.
var ourPackages = func() (prefixes []string) {
	pc, _, _, _ := runtime.Caller(0)
	name := runtime.FuncForPC(pc).Name()
	module := name[:strings.LastIndex(name, "/simsched.")]
	for _, p := range []string{"simsched", "simsched/simdisk", "recorder", "replayer", "simtest"} {
		prefixes = append(prefixes, module+"/"+p+".")
	}
	return append(prefixes, "iter.", "runtime.", "math/rand/v2.")
}()

// standardRoot is the source folder of the standard library, through which a program may reach this package, for
// example by the methods of a *rand.Rand. It is "" in a program built with -trimpath.
var standardRoot = func() string {
	var calls [1]uintptr
	runtime.Callers(0, calls[:])
	f, _ := runtime.CallersFrames(calls[:]).Next()
	return f.File[:max(0, strings.LastIndex(f.File, "runtime/"))]
}()

// ours reports whether a frame lies between a program and its events.
func ours(f *runtime.Frame) bool {
	if strings.HasSuffix(f.File, "_test.go") {
		return false
	}
	prefix := func(p string) bool { return strings.HasPrefix(f.Function, p) }
	return slices.ContainsFunc(ourPackages, prefix) || standardRoot != "" && strings.HasPrefix(f.File, standardRoot)
}

// line returns the innermost place outside this package on the call stack of t, or "" if it is not known.
func (t *Task) line() string {
	if t.calls == nil {
		return ""
	}
	return firstLine(t.calls[:])
}

// firstLine returns the innermost place in the program, or "" if there is none.
func firstLine(calls []uintptr) string {
	frames := runtime.CallersFrames(calls)
	for {
		f, more := frames.Next()
		if f.Function != "" && !ours(&f) {
			return thisBuild.file(f.Function, f.File) + ":" + strconv.Itoa(f.Line)
		}
		if !more {
			return ""
		}
	}
}

// places returns the innermost places in the program on the call stack of t, at most that many, with their functions.
func (t *Task) places(most int) (list []string) {
	if t.calls == nil {
		return nil
	}
	frames := runtime.CallersFrames(t.calls[:])
	for more := true; more && len(list) < most; {
		var f runtime.Frame
		if f, more = frames.Next(); f.Function != "" && !ours(&f) {
			list = append(list, thisBuild.file(f.Function, f.File)+":"+strconv.Itoa(f.Line)+" "+f.Function)
		}
	}
	return list
}

// build holds what is needed to shorten the names of source files.
type build struct {
	module string // the path of the main module; "" if unknown
	main   string // the import path of package main; "" if unknown
}

// thisBuild describes the build of this process.
var thisBuild = func() (b build) {
	if info, ok := debug.ReadBuildInfo(); ok {
		b.module = info.Main.Path
		if inside(info.Path, b.module) {
			b.main = info.Path
		}
	}
	return b
}()

// file names a source file by the folder of its package, which the name of a function in it reveals: the path from
// the root of the main module, or the import path in other modules. The path on the machine that built the program
// is removed.
func (b build) file(function, file string) string {
	file = filepath.ToSlash(file)
	folder, base := packageOf(function), path.Base(file)
	if external, ok := strings.CutSuffix(folder, "_test"); ok && strings.HasSuffix(base, "_test.go") &&
		path.Base(path.Dir(file)) != path.Base(folder) {
		folder = external
	}
	if folder == "main" {
		folder = b.main
	}
	if folder == "" || folder == b.module {
		return base
	}
	if inside(folder, b.module) {
		folder = folder[len(b.module)+1:]
	}
	return folder + "/" + base
}

// inside reports whether an import path is that of a package of a module.
func inside(importPath, module string) bool {
	return module != "" && strings.HasPrefix(importPath, module+"/")
}

// packageOf returns the import path of the package of a function, such as "example.org/bank" for
// "example.org/bank.(*Clerk).Run.func1".
func packageOf(function string) string {
	if i := strings.IndexAny(function, "[("); i >= 0 {
		function = function[:i] // the rest may contain slashes
	}
	start := strings.LastIndex(function, "/") + 1
	if dot := strings.Index(function[start:], "."); dot >= 0 {
		function = function[:start+dot]
	}
	return strings.ReplaceAll(function, "%2e", ".") // a dot in the last path element
}

// caller returns the place in the program from which the caller was reached, in the form of [Sim.EventSite], or "" if
// there is none. It takes about a microsecond.
func caller() string {
	var calls [4 * callDepth]uintptr
	return firstLine(calls[:runtime.Callers(2, calls[:])])
}

// EventSite returns the place in the program from which an event comes, such as "internal/cli/bank.go:25". The path
// begins at the root of the main module. A file of another module begins with the import path of its package. If the
// build does not record the folder of package main, its files have no folder.
//
// Only an [Attacher] may call EventSite, while it observes the event. The place is that of the running task. At the end
// of a task it is the task's last scheduling point, and for a TaskScheduled the place where the chosen task continues;
// these two are known only if Config.CallSites is set. EventSite returns "" for an unknown place, for events before the
// first turn of a task, and for events that no task causes: virtual time advances, timers fire and wake tasks,
// checkpoints.
func (s *Sim) EventSite(e event.Event) string {
	switch e.Kind() {
	case event.KindTaskScheduled:
		return s.callSite(e.Task())
	case event.KindTimeAdvanced, event.KindTimerFired, event.KindCheckpoint:
		return ""
	}
	if s.firing || s.current == nil {
		return ""
	}
	if site := caller(); site != "" {
		return site
	}
	return s.current.line()
}

// callSite returns the place in the code of the last scheduling point of a task, in the form of [Sim.EventSite], under
// the conditions of [Sim.TaskName]. It returns "" unless Config.CallSites is set.
func (s *Sim) callSite(id event.TaskID) string {
	if t := s.task(id); t != nil {
		return t.line()
	}
	return ""
}
