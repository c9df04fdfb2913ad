package files

import (
	"fmt"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/tracefile"
)

// outsideOf counts what a recording has of what the run took from outside, after all events have been read; nil if it
// has nothing. What is malformed is not counted.
func outsideOf(in *base.Input) *record.Stored {
	s := &record.Stored{}
	s.Missing, _ = in.EachCall(func(c tracefile.Call) bool {
		s.Add(record.CallKind(c.What), c.Object, len(c.Data))
		return true
	})
	if s.Calls == 0 && s.Missing == 0 {
		return nil
	}
	return s
}

// outsideText returns the counts of outsideOf in words, "" if the recording has nothing.
func outsideText(s *record.Stored) string {
	if s == nil {
		return ""
	}
	text := fmt.Sprintf("%s in %s of %s, %s and %s of the module", prose.Count(int(s.Bytes), "byte"),
		prose.Count(s.Calls, "call"), prose.Count(s.Sockets, "socket"), prose.Count(s.Pipes, "pipe"),
		prose.Count(s.Files, "file"))
	if s.Missing > 0 {
		text += fmt.Sprintf("; there was no room for the %d that follow", s.Missing)
	}
	return text
}
