package simsched

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// Blocked is a task that waits for something that can no longer happen: a node of the wait-for graph.
type Blocked struct {
	Task     event.TaskID
	Name     string
	Path     string         // see Task.Path
	WaitsFor string         // such as `for mutex "a" held by T2 worker`
	HeldBy   []event.TaskID // the tasks that could end the wait: the edges of the graph; empty if unknown
	Line     string         // its place in the code, such as "internal/cli/bank.go:25"; "" unless Config.CallSites is set

	// LostWakeup is true if it waits for a signal that was given when no task was waiting.
	LostWakeup bool
}

// WaitGraph shows why no task can run again.
type WaitGraph struct {
	Blocked []Blocked        // every live task, in order of index
	Cycles  [][]event.TaskID // tasks that wait for each other: each waits for the next, the last for the first
	Regions []OpenRegion     // every open region except the root, in order of index
}

// OpenRegion is a region that has not closed.
type OpenRegion struct {
	ID    event.RegionID
	Name  string
	Tasks int // number of live tasks, without those of the regions inside it
}

// DeadlockError reports that no task of the run can ever run again. It is [ErrDeadlock].
type DeadlockError struct{ WaitGraph }

// Error lists the tasks, one a line, and then the cycles.
func (e *DeadlockError) Error() string {
	return fmt.Sprintf("simsched: deadlock: %d tasks wait and none can go on%s", len(e.Blocked), e.list())
}

// Is reports whether target is [ErrDeadlock].
func (e *DeadlockError) Is(target error) bool { return target == ErrDeadlock }

// LeakError reports that the main task has returned and the remaining tasks can never run again. It is [ErrLeak].
type LeakError struct{ WaitGraph }

// Error lists the tasks, one a line, then the cycles and the open regions.
func (e *LeakError) Error() string {
	text := fmt.Sprintf("simsched: leaked tasks: the main task has returned, %d tasks wait for ever%s", len(e.Blocked),
		e.list())
	for _, r := range e.Regions {
		text += fmt.Sprintf("\n\topen: region %v %s with %d tasks", r.ID, r.Name, r.Tasks)
	}
	return text
}

// Is reports whether target is [ErrLeak].
func (e *LeakError) Is(target error) bool { return target == ErrLeak }

func (g *WaitGraph) list() string {
	var b strings.Builder
	for _, t := range g.Blocked {
		fmt.Fprintf(&b, "\n\t%v %s waits %s", t.Task, t.Name, t.WaitsFor)
		if t.Line != "" {
			fmt.Fprintf(&b, ", at %s", t.Line)
		}
	}
	for _, cycle := range g.Cycles {
		b.WriteString("\n\tcycle:")
		for _, id := range cycle {
			fmt.Fprintf(&b, " %v waits for", id)
		}
		fmt.Fprintf(&b, " %v", cycle[0])
	}
	return b.String()
}

// holder is a blocker that knows the tasks that can end the wait.
type holder interface{ holders() []*Task }

// loser is a blocker that knows whether a wake came too early.
type loser interface{ lostWakeup() bool }

// stuck returns the error for a run in which no task can run again.
func (s *Sim) stuck() error {
	var g WaitGraph
	for i := range s.tasks.slots {
		if t := s.tasks.slots[i].value; !t.done {
			g.Blocked = append(g.Blocked, t.blocked())
			if s.noter != nil {
				s.left = append(s.left, Left{t.id, t.wait()})
			}
		}
	}
	for i := range s.regions.slots {
		if r := s.regions.slots[i].value; r != s.root && !r.closed {
			g.Regions = append(g.Regions, OpenRegion{r.id, r.name, len(r.members)})
		}
	}
	g.findCycles()
	if s.main.done {
		return &LeakError{g}
	}
	return &DeadlockError{g}
}

func (t *Task) blocked() Blocked {
	b := Blocked{Task: t.id, Name: t.name, Path: t.Path(), WaitsFor: t.blockedOn.waitsFor(), HeldBy: t.heldBy(),
		Line: t.line()}
	if l, ok := t.blockedOn.(loser); ok {
		b.LostWakeup = l.lostWakeup()
	}
	return b
}

// findCycles walks the graph depth first, in the order of Blocked. Each edge back to the path is a cycle.
func (g *WaitGraph) findCycles() {
	index := map[event.TaskID]int{}
	for i, b := range g.Blocked {
		index[b.Task] = i
	}
	visited := make([]bool, len(g.Blocked))
	type frame struct{ node, edge int }
	for start := range g.Blocked {
		if visited[start] {
			continue
		}
		visited[start] = true
		path := []frame{{node: start}}
		for len(path) > 0 {
			top := &path[len(path)-1]
			edges := g.Blocked[top.node].HeldBy
			if top.edge == len(edges) {
				path = path[:len(path)-1]
				continue
			}
			next, ok := index[edges[top.edge]]
			top.edge++
			if !ok {
				continue
			}
			if at := slices.IndexFunc(path, func(f frame) bool { return f.node == next }); at >= 0 {
				var cycle []event.TaskID
				for _, f := range path[at:] {
					cycle = append(cycle, g.Blocked[f.node].Task)
				}
				g.Cycles = append(g.Cycles, cycle)
			} else if !visited[next] {
				visited[next] = true
				path = append(path, frame{node: next})
			}
		}
	}
}

func (m *Mutex) holders() []*Task {
	if m.holder == nil {
		return nil
	}
	return []*Task{m.holder}
}

func (t *joining) holders() []*Task { return []*Task{(*Task)(t)} }

func (r *closing) holders() []*Task { return r.members }

func (rw *RWMutex) holders() []*Task { return rw.by }

func (rw *reading) holders() []*Task { return rw.writers.holders() }

func (c *Cond) lostWakeup() bool { return c.missed > 0 }
