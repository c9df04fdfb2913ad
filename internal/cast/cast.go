// Package cast describes the goroutines or tasks of a run: by path, function and origin, by what they wait for and by
// the holder of it. It must not know how a run is recorded or read.
package cast

import (
	"fmt"
	"slices"
	"strings"
)

// Goroutine describes a goroutine or task.
type Goroutine struct {
	ID     uint32
	Parent uint32 // 0 for the first
	Path   string // such as "0.2.1"
	Start  string // the function in which it started; "" for a task
	Site   string // the line of the go statement, "file:line function"
}

// Name returns the path and the function for people, such as "0.2.1 queue.(*Queue).run".
func (g Goroutine) Name() string { return strings.TrimSpace(g.Path + " " + Working(g.Start, g.Site)) }

// Waiting is a goroutine or task that existed at the end of a run.
type Waiting struct {
	Goroutine
	Reason string // what it waits for; "" if it could have run
	Where  string // the line, "file:line function"
	Stack  string // such a line for each frame of the program and the library, innermost first; "" if it could have run
	Test   bool   // it was started by a test or by what a test started
	Kept   bool   // code that may still run reaches what it waits for, so that it may go on some day
	Object string // the lock or channel that it waits for, by a name that is unique within the run; "" if unknown
	Holder uint32 // number of the goroutine that keeps it from the lock it waits for; 0 if it is unknown or no lock
}

// Leaked reports whether w belongs to a test and can never continue: it waits for something that neither a timer nor
// the outside will end, and that no code which may still run reaches. Locks and counters of package sync count even if
// code reaches them: everything else is at rest, and another goroutine would have to give them back.
func (w Waiting) Leaked() bool {
	return w.Test && !slices.Contains(passing, w.Reason) && (!w.Kept || slices.Contains(certain, w.Reason))
}

// passing lists the reasons that end by themselves, certain those that do not end once everything else is at rest.
var (
	passing = []string{"", "sleep", "timer", "IO wait"}
	certain = []string{
		"sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock", "sync.WaitGroup.Wait", "sync.Cond.Wait",
	}
)

// Cast holds the goroutines of a run and their names.
type Cast struct {
	List []Goroutine // by number; 0 is empty
	test []bool      // whether a test started it, directly or through other goroutines
	fn   []string    // the most specific function that describes its work, as in a traceback
	left map[uint32]Waiting
}

// New returns the cast of a run, given its goroutines by number and those that were left at its end.
func New(list []Goroutine, left []Waiting) *Cast {
	c := &Cast{List: list, left: map[uint32]Waiting{}}
	for _, g := range c.List {
		c.test = append(c.test, StartsTest(g.Start) || int(g.Parent) < len(c.test) && g.Parent > 0 && c.test[g.Parent])
		c.fn = append(c.fn, g.Start)
	}
	for _, w := range left {
		c.left[w.ID] = w
		if int(w.ID) < len(c.fn) && (Library(c.fn[w.ID]) || strings.Contains(c.fn[w.ID], ".gowrap")) {
			if fn := outermost(w.Stack, c.fn[w.ID]); fn != "" {
				c.fn[w.ID] = fn
			}
		}
	}
	return c
}

// Rename sets the function that describes the work of a goroutine, where the one in which it started does not: because
// it only carries the arguments of a go statement, or because it belongs to the library.
func (c *Cast) Rename(g uint32, fn string) {
	if int(g) < len(c.fn) && (Library(c.fn[g]) || strings.Contains(c.fn[g], ".gowrap")) && !StartsTest(c.fn[g]) {
		c.fn[g] = fn
	}
}

// Path names a goroutine by its path.
func (c *Cast) Path(g uint32) string {
	switch {
	case g == 0:
		return "the runtime"
	case int(g) >= len(c.List):
		return fmt.Sprintf("g%d", g) // the recording was full when it started
	}
	return c.List[g].Path
}

// InTest reports whether a test started a goroutine, directly or through other goroutines.
func (c *Cast) InTest(g uint32) bool { return int(g) < len(c.test) && c.test[g] }

// Tests counts the goroutines that belong to a test.
func (c *Cast) Tests() (n int) {
	for _, test := range c.test {
		if test {
			n++
		}
	}
	return n
}

// Start returns the most specific function that describes a goroutine's work, as in a traceback, or "" if unknown.
func (c *Cast) Start(g uint32) string {
	if int(g) < len(c.fn) {
		return c.fn[g]
	}
	return ""
}

// Label describes a goroutine by its function, or as a test.
func (c *Cast) Label(g uint32) string {
	fn := c.Start(g)
	if StartsTest(fn) {
		return "(test)"
	}
	site := ""
	if int(g) < len(c.List) && !StartsTest(c.List[g].Start) {
		site = c.List[g].Site
	}
	return Working(fn, site)
}

// Title names a goroutine by path and function, "0.2.1 queue.(*Queue).run", or as "0.0 (test)".
func (c *Cast) Title(g uint32) string { return strings.TrimSpace(c.Path(g) + " " + c.Label(g)) }

// brief names a goroutine by its path, and adds whether it is a test.
func (c *Cast) brief(g uint32) string {
	if int(g) < len(c.List) && StartsTest(c.List[g].Start) {
		return c.Path(g) + " (test)"
	}
	return c.Path(g)
}

// Paths lists goroutines by their paths, at most three, for people.
func (c *Cast) Paths(list []uint32) string {
	const most = 3
	var names []string
	for _, g := range list[:min(len(list), most)] {
		names = append(names, c.Path(g))
	}
	if n := len(list) - most; n > 0 {
		names = append(names, fmt.Sprintf("%d more", n))
	}
	return Enumerate(names)
}
