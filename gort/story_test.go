package gort

import "github.com/reprise-go/reprise/internal/story"

// Schedule is that of the story that a trace file of the run tells, "" if it tells none.
func (o *Outcome) Schedule(most int) string {
	s, err := story.Of(o)
	if err != nil {
		return ""
	}
	return s.Schedule(most)
}

// Stacks is that of the story that a trace file of the run tells, "" if it tells none.
func (o *Outcome) Stacks() string {
	s, err := story.Of(o)
	if err != nil {
		return ""
	}
	return s.Stacks()
}
