package base

import (
	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/internal/story"
	"github.com/reprise-go/reprise/source"
)

// TellTurns adds to the divergence of two recordings what tasks do in their turns, if both are of ordinary programs and
// begin with the start of the run. It adds nothing if the notes of a recording are damaged. line returns the text of a
// source line of the actual run, as in [story.Story].
func TellTurns(d *divergence.Divergence, expected, actual *source.File, line func(place string) string) {
	if !source.Ordinary(expected) || !source.Ordinary(actual) || source.First(expected)+source.First(actual) > 0 {
		return
	}
	e, err := readStory(expected)
	if err != nil {
		return
	}
	a, err := readStory(actual)
	if err != nil {
		return
	}
	a.SourceLine = line
	if p := story.Part(e, a); p != nil {
		d.Time = p.Time
		d.Turns = &divergence.Turns{
			Number: p.Turn, Expected: p.Expected, Actual: p.Actual, Table: p.Table, Operation: p.Operation,
		}
	}
}

// readStory reads a file from its start.
func readStory(f *source.File) (*story.Story, error) {
	if err := source.Rewind(f); err != nil {
		return nil, err
	}
	return story.Read(&f.Stream)
}
