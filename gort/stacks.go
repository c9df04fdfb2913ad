package gort

import (
	"fmt"
	"slices"
	"strings"
)

// Stacks describes, for people, the goroutines that existed at the end of the run, if the runtime recorded them:
// for each goroutine of the test its path and function, what it waits for and where, which goroutine started it and
// where, and some frames of its stack. Goroutines at the same place are described once. The text ends with a
// newline unless it is "".
func (o *Outcome) Stacks() string {
	who := newCast(o)
	var b strings.Builder
	var inside, outside []Waiting
	for _, w := range o.Left {
		if w.Test {
			inside = append(inside, w)
		} else if !strings.Contains(w.Stack, " testing.(*M).Run\n") { // the main goroutine, which waits for the test
			outside = append(outside, w)
		}
	}
	if circle := waitCycle(o.Left); len(circle) > 0 {
		b.WriteString(who.cycle(circle) + "\n")
	}
	groups := who.groups(inside)
	for _, g := range groups[:min(len(groups), maxGroups)] {
		who.writeStack(&b, g)
	}
	if n := len(groups) - maxGroups; n > 0 {
		fmt.Fprintf(&b, "and %d more at other places\n", n)
	}
	for _, g := range who.groups(outside) {
		fmt.Fprintf(&b, "outside of the test: %s\n", who.line(g))
	}
	return b.String()
}

const (
	maxGroups = 12 // places in a report
	maxStack  = 6  // frames of each
)

// writeStack writes the goroutines of a group, which share one stack.
func (c *cast) writeStack(b *strings.Builder, g group) {
	fmt.Fprintf(b, "%s\n", c.heading(g))
	fmt.Fprintf(b, "  %s\n", c.state(g.first))
	if origin := c.origin(g.first.ID); origin != "" {
		fmt.Fprintf(b, "  %s\n", strings.TrimPrefix(origin, ", "))
	}
	frames := frames(g.first.Stack)
	if len(frames) == 1 && frames[0] == spot(g.first.Where) {
		return // it has been told
	}
	for _, f := range clip(frames, maxStack) {
		fmt.Fprintf(b, "    %s\n", f)
	}
}

// frames returns the lines of a stack without the frames that are of no interest.
func frames(stack string) (list []string) {
	for line := range strings.Lines(stack) {
		if at, fn := splitPlace(strings.TrimSpace(line)); at != "" && !machinery(fn) {
			list = append(list, at+" "+shortFunc(fn))
		}
	}
	return list
}

// group is a set of goroutines with the same place, the same origin and the same holder.
type group struct {
	first Waiting
	ids   []uint32
}

// groups groups the goroutines of a list, in the order of the first one of each group.
func (c *cast) groups(list []Waiting) (all []group) {
	type key struct {
		label, reason, where, stack, site string
		holder                            uint32
	}
	index := map[key]int{}
	for _, w := range list {
		k := key{c.label(w.ID), w.Reason, w.Where, w.Stack, w.Site, w.Holder}
		i, found := index[k]
		if !found {
			i = len(all)
			index[k] = i
			all = append(all, group{first: w})
		}
		all[i].ids = append(all[i].ids, w.ID)
	}
	return all
}

// lines describes goroutines with one line for each group.
func (c *cast) lines(list []Waiting) (lines []string) {
	for _, g := range c.groups(list) {
		lines = append(lines, "  "+c.line(g))
	}
	return lines
}

// line describes a group in one line.
func (c *cast) line(g group) string {
	return c.heading(g) + " " + c.state(g.first) + c.origin(g.first.ID)
}

// heading names the goroutines of a group.
func (c *cast) heading(g group) string {
	return strings.TrimSpace(c.paths(g.ids) + " " + c.label(g.first.ID))
}

// state describes what a goroutine waits for, where, and which goroutine holds it.
func (c *cast) state(w Waiting) string {
	text := "is ready"
	if w.Reason != "" {
		text = "waits: " + w.Reason
	}
	if at := spot(w.Where); at != "" {
		text += " at " + at
	}
	if h := w.Holder; h != 0 {
		text += ", held by " + c.title(h)
	}
	return text
}

// origin describes where and by which goroutine a goroutine was started, as in ", started at queue.go:12 queue.Open
// by 0.0 (test)". It returns "" for a test and for goroutines of the runtime.
func (c *cast) origin(g uint32) string {
	if int(g) >= len(c.list) || c.list[g].Parent == 0 || startsTest(c.list[g].Start) {
		return ""
	}
	text := ", started "
	if at := spot(c.list[g].Site); at != "" {
		text += "at " + at + " "
	}
	return text + "by " + c.brief(c.list[g].Parent)
}

// waitCycle returns goroutines that wait for each other: each waits for what the next one holds, and the last for
// the first. It returns nil if there are none. Of several cycles it returns that of the goroutine with the lowest
// number, which comes first.
func waitCycle(list []Waiting) []uint32 {
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

// cycle describes a cycle in one line.
func (c *cast) cycle(circle []uint32) string {
	text := "cycle: "
	for _, g := range circle {
		text += c.path(g) + " waits for "
	}
	return text + c.path(circle[0])
}
