package story

import (
	"fmt"
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
)

// Stacks describes, for people, the goroutines or tasks that existed at the end of the run, if the recording has them:
// for each goroutine of the test its path and function, what it waits for and where, which goroutine started it and
// where, and some frames of its stack. Goroutines at the same place are described once. The text ends with a
// newline unless it is "".
func (s *Story) Stacks() string {
	who := s.who
	var b strings.Builder
	var inside, outside []cast.Waiting
	for _, w := range s.left {
		if w.Test {
			inside = append(inside, w)
		} else if !strings.Contains(w.Stack, " testing.(*M).Run\n") { // the main goroutine, which waits for the test
			outside = append(outside, w)
		}
	}
	if circle := cast.WaitCycle(s.left); len(circle) > 0 {
		b.WriteString(who.Cycle(circle) + "\n")
	}
	groups := who.Groups(inside)
	for _, g := range groups[:min(len(groups), maxGroups)] {
		writeStack(who, &b, g)
	}
	if n := len(groups) - maxGroups; n > 0 {
		fmt.Fprintf(&b, "and %d more at other places\n", n)
	}
	for _, g := range who.Groups(outside) {
		fmt.Fprintf(&b, "outside of the test: %s\n", who.Line(g))
	}
	return b.String()
}

const (
	maxGroups = 12 // places in a report
	maxStack  = 6  // frames of each
)

// writeStack writes the goroutines of a group, which share one stack.
func writeStack(who *cast.Cast, b *strings.Builder, g cast.Group) {
	fmt.Fprintf(b, "%s\n", who.Heading(g))
	fmt.Fprintf(b, "  %s\n", who.State(g.First))
	if origin := who.Origin(g.First.ID); origin != "" {
		fmt.Fprintf(b, "  %s\n", strings.TrimPrefix(origin, ", "))
	}
	frames := cast.Frames(g.First.Stack)
	if len(frames) == 1 && frames[0] == cast.Spot(g.First.Where) {
		return // the schedule contains it
	}
	for _, f := range cast.Clip(frames, maxStack) {
		fmt.Fprintf(b, "    %s\n", f)
	}
}
