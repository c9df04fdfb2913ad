package cast

import (
	"slices"
	"strings"
)

// Frames returns the lines of a stack without the frames that are of no interest.
func Frames(stack string) (list []string) {
	for line := range strings.Lines(stack) {
		if at, fn := SplitPlace(strings.TrimSpace(line)); at != "" && !Machinery(fn) {
			list = append(list, at+" "+ShortFunc(fn))
		}
	}
	return list
}

// Group is a set of goroutines with the same place, the same origin and the same holder.
type Group struct {
	First Waiting
	ids   []uint32
	// Waits are those of the goroutines that wait for different objects, one for each object, in order.
	Waits []Waiting
}

// Groups groups the goroutines of a list, in the order of the first one of each group.
func (c *Cast) Groups(list []Waiting) (all []Group) {
	type key struct {
		label, reason, where, stack, site string
		holder                            uint32
	}
	index := map[key]int{}
	for _, w := range list {
		k := key{c.Label(w.ID), w.Reason, w.Where, w.Stack, w.Site, w.Holder}
		i, found := index[k]
		if !found {
			i = len(all)
			index[k] = i
			all = append(all, Group{First: w})
		}
		all[i].ids = append(all[i].ids, w.ID)
		if !slices.ContainsFunc(all[i].Waits, func(v Waiting) bool { return v.Object == w.Object }) {
			all[i].Waits = append(all[i].Waits, w)
		}
	}
	return all
}

// Lines describes goroutines with one line for each group.
func (c *Cast) Lines(list []Waiting) (lines []string) {
	for _, g := range c.Groups(list) {
		lines = append(lines, "  "+c.Line(g))
	}
	return lines
}

// Line describes a group in one line.
func (c *Cast) Line(g Group) string {
	return c.Heading(g) + " " + c.State(g.First) + c.Origin(g.First.ID)
}

// Heading names the goroutines of a group.
func (c *Cast) Heading(g Group) string {
	return strings.TrimSpace(c.Paths(g.ids) + " " + c.Label(g.First.ID))
}

// State describes what a goroutine waits for, where, and which goroutine holds it.
func (c *Cast) State(w Waiting) string {
	text := "is ready"
	if w.Reason != "" {
		text = "waits: " + w.Reason
	}
	if at := Spot(w.Where); at != "" {
		text += " at " + at
	}
	if h := w.Holder; h != 0 {
		text += ", " + c.heldBy(w) + " " + c.Title(h)
		if _, alive := c.left[h]; !alive {
			text += " (has ended)"
		}
	}
	return text
}

// heldBy returns the words between a goroutine that waits for a lock and its Holder. A writer that waits for an RWMutex
// keeps others from it although it does not hold it.
func (c *Cast) heldBy(w Waiting) string {
	h := c.left[w.Holder]
	if strings.Contains(h.Reason, "RWMutex.Lock") && w.Object != "" && h.Object == w.Object && h.Holder != h.ID {
		return "behind"
	}
	return "held by"
}

// HeldBy returns the words between what a task waits for and the tasks that keep it from that, if it is unknown whether
// these tasks hold it: a writer that waits for an RWMutex keeps others from it, too.
func HeldBy(reason string) string {
	if strings.Contains(reason, "RWMutex.") {
		return "held or wanted by"
	}
	return "held by"
}

// Origin describes where and by which goroutine a goroutine was started, as in ", started at queue.go:12 queue.Open
// by 0.0 (test)". It returns "" for a test and for goroutines of the runtime.
func (c *Cast) Origin(g uint32) string {
	if int(g) >= len(c.List) || c.List[g].Parent == 0 || StartsTest(c.List[g].Start) {
		return ""
	}
	text := ", started "
	if at := Spot(c.List[g].Site); at != "" {
		text += "at " + at + " "
	}
	return text + "by " + c.brief(c.List[g].Parent)
}

// WaitCycle returns goroutines that wait for each other: each waits for what the next one holds, and the last for
// the first. It returns nil if there are none. Of several cycles it returns that of the goroutine with the lowest
// number, which comes first.
func WaitCycle(list []Waiting) []uint32 {
	holder := map[uint32]uint32{}
	var ids []uint32
	for _, w := range list {
		if h := w.Holder; h != 0 {
			holder[w.ID] = h
			ids = append(ids, w.ID)
		}
	}
	slices.Sort(ids)
	return cycleIn(holder, ids)
}

// cycleIn finds a cycle in a graph in which every node has at most one edge. It searches from the given nodes, in
// order.
func cycleIn(next map[uint32]uint32, from []uint32) []uint32 {
	done := map[uint32]uint32{} // the start of the walk that visited a node
	for _, start := range from {
		node := start
		for next[node] != 0 && done[node] == 0 {
			done[node] = start
			node = next[node]
		}
		if next[node] == 0 || done[node] != start {
			continue
		}
		circle := []uint32{node}
		for n := next[node]; n != node; n = next[n] {
			circle = append(circle, n)
		}
		lowest := slices.Index(circle, slices.Min(circle))
		return append(circle[lowest:], circle[:lowest]...)
	}
	return nil
}

// Cycle describes a cycle in one line.
func (c *Cast) Cycle(circle []uint32) string {
	text := "cycle: "
	for _, g := range circle {
		text += c.Path(g) + " waits for "
	}
	return text + c.Path(circle[0])
}
