package story

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/tracefile"
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
	locked := s.lockedAtEnd()
	groups := who.Groups(inside)
	for _, g := range groups[:min(len(groups), maxGroups)] {
		s.writeStack(&b, g, locked)
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
	maxGroups  = 12 // places in a report
	maxObjects = 4  // objects of each for which goroutines wait
	maxStack   = 6  // frames of each
)

// writeStack writes the goroutines of a group, which share one stack.
func (s *Story) writeStack(b *strings.Builder, g cast.Group, locked map[lockOf]string) {
	who := s.who
	fmt.Fprintf(b, "%s\n", who.Heading(g))
	fmt.Fprintf(b, "  %s%s\n", who.State(g.First), since(locked[lockOf{g.First.Object, g.First.Holder}]))
	for _, w := range g.Waits[:min(len(g.Waits), maxObjects)] {
		for _, text := range s.partners(w) {
			fmt.Fprintf(b, "  %s\n", text)
		}
	}
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

// lockedAtEnd returns the lines at which the locks that are held at the end of the run were taken.
func (s *Story) lockedAtEnd() map[lockOf]string {
	locked := map[lockOf]string{}
	for _, m := range s.moments {
		locks(locked, m)
	}
	return locked
}

// partners says, for a goroutine that waits to send on a channel or to receive from one, which others have ever been
// able to do the opposite, where, and whether they have ended. It returns nothing for other waits, and if that is not
// known.
func (s *Story) partners(w cast.Waiting) (list []string) {
	verbs := map[string][]string{
		"chan send":    {"receives from", "takes the case that receives from", tracefile.OfferReceive},
		"chan receive": {"sends on", "takes the case that sends on", tracefile.OfferSend, "closes"},
	}[w.Reason]
	if verbs == nil || w.Object == "" || !s.detailed() {
		return nil
	}
	last := map[uint32]moment{}
	var order []uint32
	for _, m := range s.moments {
		if m.object.Name != w.Object || m.g == w.ID || !slices.ContainsFunc(verbs, m.does) {
			continue
		}
		if _, found := last[m.g]; !found {
			order = append(order, m.g)
		}
		last[m.g] = m
	}
	for _, g := range order[:min(len(order), maxPartners)] {
		m, state := last[g], "has ended"
		if slices.ContainsFunc(s.left, func(w cast.Waiting) bool { return w.ID == g }) {
			state = "is still there"
		}
		if m.does(tracefile.OfferSend) || m.does(tracefile.OfferReceive) {
			m.reason = s.otherCase(m)
		}
		list = append(list, fmt.Sprintf("%s %s %s, and %s", s.who.Title(g), m.reason, bracketed(m.place), state))
	}
	if len(order) == 0 {
		list = append(list, fmt.Sprintf("no other goroutine has ever tried to %s %s",
			map[string]string{"chan send": "receive from", "chan receive": "send on"}[w.Reason], w.Object))
	}
	return list
}

// maxPartners is the maximum number of goroutines that are named as possible partners of one that waits.
const maxPartners = 4

// otherCase describes a select that offered something with a channel and did something else.
func (s *Story) otherCase(offer moment) string {
	text := strings.Replace(offer.reason, "offers", "offered", 1) + " in a select"
	from := slices.IndexFunc(s.moments, func(m moment) bool {
		return m.kind == happens && m.g == offer.g && m.time == offer.time && m.reason == offer.reason
	})
	for _, m := range s.moments[max(from, 0):] {
		if m.g == offer.g && m.kind == happens && strings.HasPrefix(m.reason, "takes the ") {
			return text + ", which " + strings.Replace(m.reason, "takes", "took", 1)
		}
	}
	return text
}

// detailed reports whether the recording tells what goroutines did.
func (s *Story) detailed() bool {
	return slices.ContainsFunc(s.moments, func(m moment) bool { return m.kind == happens && m.place != "" })
}
