package watchdog

import (
	"path"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// goroutine is a goroutine as runtime.Stack shows it.
type goroutine struct {
	id, parent uint64 // parent is 0 if unknown
	waits      string // what it waits for, or how it runs
	lines      []string
}

// task is a goroutine in which a task is blocked.
type task goroutine

var (
	header  = regexp.MustCompile(`^goroutine ([0-9]+) [^[]*\[([^],]+)`)
	creator = regexp.MustCompile(`^created by .* in goroutine ([0-9]+)$`)
)

// runTask is the function of simsched in which every task runs.
const runTask = "/simsched.(*Sim).runTask("

// standing is the function of replayer in which a run waits for the next action of its driver.
const standing = "/replayer.(*gate).stop("

// outside lists prefixes of the waits of goroutines in which a task of a simulation never is by itself.
var outside = []string{"chan receive", "chan send", "select", "sleep", "sync.", "semacquire", "IO wait"}

// blocked returns the running task of the run made by a goroutine, if the task is blocked outside the simulation;
// otherwise nil.
func blocked(run uint64) *task {
	all := parse(stacks())
	parents := map[uint64]uint64{}
	for _, g := range all {
		parents[g.id] = g.parent
	}
	for _, g := range all {
		waits := slices.ContainsFunc(outside, func(wait string) bool { return strings.HasPrefix(g.waits, wait) })
		if waits && g.calls(runTask) && !g.calls(standing) && descends(parents, g.id, run) {
			return (*task)(&g)
		}
	}
	return nil
}

// calls reports whether a function is on the stack.
func (g *goroutine) calls(function string) bool {
	return slices.ContainsFunc(g.lines, func(line string) bool { return strings.Contains(line, function) })
}

// descends reports whether a goroutine was started by another one, directly or through others.
func descends(parents map[uint64]uint64, id, ancestor uint64) bool {
	for range len(parents) {
		if id = parents[id]; id == ancestor || id == 0 {
			break
		}
	}
	return id == ancestor
}

// stacks returns the stacks of all goroutines.
func stacks() string {
	for size := 1 << 20; ; size *= 2 {
		b := make([]byte, size)
		if n := runtime.Stack(b, true); n < size || size >= 1<<28 {
			return string(b[:n])
		}
	}
}

// current returns the number of the calling goroutine.
func current() uint64 {
	var b [64]byte
	all := parse(string(b[:runtime.Stack(b[:], false)]))
	return all[0].id
}

func parse(text string) (all []goroutine) {
	for part := range strings.SplitSeq(text, "\n\n") {
		lines := strings.Split(part, "\n")
		m := header.FindStringSubmatch(lines[0])
		if m == nil {
			continue
		}
		g := goroutine{waits: m[2], lines: lines[1:]}
		g.id, _ = strconv.ParseUint(m[1], 10, 64)
		for _, line := range lines {
			if m := creator.FindStringSubmatch(line); m != nil {
				g.parent, _ = strconv.ParseUint(m[1], 10, 64)
			}
		}
		all = append(all, g)
	}
	return all
}

// Frame is a call on a stack.
type Frame struct {
	Function string // with the path of its package
	Site     string // base name of the file, and line
}

// String returns the place and the function.
func (f Frame) String() string { return f.Site + " " + path.Base(f.Function) }

// frames returns the frames of the task itself, innermost first, without those of the runtime, the standard library
// and simsched.
func (t *task) frames() (list []Frame) {
	for i := 0; i+1 < len(t.lines) && !strings.Contains(t.lines[i], runTask); i += 2 {
		function := t.lines[i]
		if end := strings.LastIndexByte(function, '('); end > 0 {
			function = function[:end]
		}
		if strings.HasPrefix(function, "runtime.") || strings.HasPrefix(function, "internal/") ||
			strings.Contains(function, "/simsched.") {
			continue
		}
		site, _, _ := strings.Cut(strings.TrimSpace(t.lines[i+1]), " ")
		list = append(list, Frame{function, path.Base(site)})
	}
	return list
}
