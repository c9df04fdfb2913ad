package story

import "github.com/reprise-go/reprise/internal/cause"

// Cause returns what decided the run, around the turn s.Turning, for a trace file. The text is that of a report, and
// the curve says how many continuations of the run fail.
func (s *Story) Cause(text string, curve []cause.Sample) cause.Cause {
	c := cause.Cause{Turn: s.Turning, Text: text, Curve: curve}
	turns := s.turns()
	p, found := s.pairIn(turns)
	if !found {
		return c
	}
	add := func(i int, part string) {
		if i < len(turns) {
			t := turns[i]
			c.Pair = append(c.Pair, cause.Role{Decision: t.decision, Task: s.ids[t.g], Part: part, Place: t.stop.place})
		}
	}
	switch {
	case p.last:
		add(p.at, "is the last to run")
	case p.first:
		add(p.at, "comes first")
		if then, _ := s.overtaken(turns[p.at:], p); then > 0 {
			add(p.at+then, "comes only then")
		}
	default:
		add(p.at, "stands here")
		for _, i := range p.between {
			add(i, "runs meanwhile")
		}
		add(p.next, "goes on")
	}
	return c
}
