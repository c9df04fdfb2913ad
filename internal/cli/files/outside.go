package files

import (
	"fmt"
	"strings"

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
		x := record.Call{
			What: record.CallKind(c.What), Object: uint32(c.Object), Hash: c.Hash, Address: c.Address, Data: c.Data,
		}
		if c.Error > 0 {
			x.Result = -1
		}
		s.Add(&x)
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
	if s.Compared > 0 {
		text += fmt.Sprintf("; size and date of %s outside of it", prose.Count(s.Compared, "file"))
	}
	if s.Missing > 0 {
		text += fmt.Sprintf("; there was no room for the %d that follow", s.Missing)
	}
	return text
}

// keptTexts lists by name what the recording has of the user's files and environment, so that it is seen before the
// file is given away.
func keptTexts(s *record.Stored) (list []string) {
	for _, part := range []struct {
		what  string
		names []string
	}{
		{"content of %s outside of the module: ", s.Kept}, {"values of %s of the environment: ", s.Variables},
		{"that %s of the environment are not set: ", s.Unset},
	} {
		noun := "variable"
		if part.what[0] == 'c' {
			noun = "file"
		}
		if n := len(part.names); n > 0 {
			list = append(list, fmt.Sprintf(part.what, prose.Count(n, noun))+strings.Join(part.names, ", "))
		}
	}
	return list
}
