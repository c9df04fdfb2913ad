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
			return thisBuild.file(f.Function, f.File) + ":" + strconv.Itoa(f.Line)
		}
		if !more {
			return ""
		}
	}
}

// build is what the names of files are worked out from.
type build struct {
	module string // the path of the main module; "" if it is not known
	main   string // the import path of package main; "" if it is not known
}

// thisBuild is that of this process.
var thisBuild = func() (b build) {
	if info, ok := debug.ReadBuildInfo(); ok {
		b.module = info.Main.Path
		if inside(info.Path, b.module) {
			b.main = info.Path
		}
	}
	return b
}()

// file names a source file by the folder of its package, which the name of a function in it tells: the path from the root of
// the main module, or the import path in other modules. The path on the machine that built the program is left out.
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

// inside reports whether an import path is one of a package in a folder of a module.
func inside(importPath, module string) bool {
	return module != "" && strings.HasPrefix(importPath, module+"/")
}

// packageOf returns the import path of the package of a function, such as "example.org/bank" for
// "example.org/bank.(*Clerk).Run.func1".
func packageOf(function string) string {
	if i := strings.IndexAny(function, "[("); i >= 0 {
		function = function[:i] // what follows can have slashes
	}
	start := strings.LastIndex(function, "/") + 1
	if dot := strings.Index(function[start:], "."); dot >= 0 {
		function = function[:start+dot]
	}
	return strings.ReplaceAll(function, "%2e", ".") // a dot in the last part
}

// Caller returns the place in the program from which the caller is reached, such as "internal/cli/bank.go:25"; "" if there is
// none. The path begins at the root of the main module. A file of another module begins with the import path of its package,
// and if the build does not tell the folder of package main, nothing stands before its files. It takes about a microsecond.
// See [Sim.EventSite] for the place of an event.
func Caller() string {
	var calls [4 * callDepth]uintptr
	return firstLine(calls[:runtime.Callers(2, calls[:])])
}

// EventSite returns where in the program an event comes from, in the form of [Caller]; it must be asked by an [Attacher] while
// it observes the event. That is where the running task is, or at its end where it last came to a scheduling point; for a
// TaskScheduled where the chosen task goes on. The latter two are known only if Config.CallSites is set. It is "" for what is
// not known, for what comes before the first turn of a task, and for what happens by itself: virtual time moves, timers fire
// and wake tasks, checkpoints are made.
func (s *Sim) EventSite(e event.Event) string {
	switch e.Kind() {
	case event.KindTaskScheduled:
		return s.CallSite(e.Task())
	case event.KindTimeAdvanced, event.KindTimerFired, event.KindCheckpoint:
		return ""
	}
	if s.firing || s.current == nil {
		return ""
	}
	if site := Caller(); site != "" {
		return site
	}
	return s.current.line()
}

// CallSite returns where in the code a task last came to a scheduling point, in the form of [Caller], under the conditions
// of [Sim.TaskName]. It is "" unless Config.CallSites is set.
func (s *Sim) CallSite(id event.TaskID) string {
	if t := s.task(id); t != nil {
		return t.line()
	}
	return ""
}
