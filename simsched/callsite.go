package simsched

import (
	"fmt"
	"path/filepath"
	"runtime"
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

// packagePrefix is what the names of this package's functions begin with.
var packagePrefix = func() string {
	pc, _, _, _ := runtime.Caller(0)
	name := runtime.FuncForPC(pc).Name()
	return name[:strings.LastIndex(name, "/simsched.")+len("/simsched.")]
}()

// line returns the first place outside this package where t stands, "" if it is not known.
func (t *Task) line() string {
	if t.calls == nil {
		return ""
	}
	frames := runtime.CallersFrames(t.calls[:])
	for {
		f, more := frames.Next()
		ours := strings.HasPrefix(f.Function, packagePrefix) && !strings.HasSuffix(f.File, "_test.go")
		if f.Function != "" && !ours {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}

// CallSite returns where in the code a task last came to a scheduling point, such as "bank.go:25", under the conditions
// of [Sim.TaskName]. It is "" unless Config.CallSites is set.
func (s *Sim) CallSite(id event.TaskID) string {
	if t := s.task(id); t != nil {
		return t.line()
	}
	return ""
}
