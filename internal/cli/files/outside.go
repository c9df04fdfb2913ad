package files

import (
	"fmt"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/tracefile"
)

// outsideStats counts what a recording has of what the run took from outside.
type outsideStats struct {
	Sockets int    `json:"sockets"`
	Pipes   int    `json:"pipes"`
	Files   int    `json:"files"`
	Calls   int    `json:"calls"`
	Bytes   uint64 `json:"bytes"`
	Missing uint64 `json:"missing"` // calls at the end of the run that had no room
}

// outsideOf counts what a recording has from outside, after all events have been read; nil if it has nothing. What is
// malformed is not counted.
func outsideOf(in *base.Input) *outsideStats {
	type object struct {
		count  *int
		number uint64
	}
	s, seen := &outsideStats{}, map[object]bool{}
	s.Missing, _ = in.EachCall(func(c tracefile.Call) bool {
		o := object{&s.Sockets, c.Object}
		switch what := record.CallKind(c.What); what {
		case record.CallPipe:
			o.count = &s.Pipes
			s.Bytes += uint64(len(c.Data))
		case record.CallRead:
			s.Bytes += uint64(len(c.Data))
		case record.CallOpen, record.CallFile:
			o.count = &s.Files
		}
		s.Calls++
		if !seen[o] {
			seen[o] = true
			*o.count++
		}
		return true
	})
	if *s == (outsideStats{}) {
		return nil
	}
	return s
}

// String returns the counts in words.
func (s *outsideStats) String() string {
	text := fmt.Sprintf("%s in %s of %s, %s and %s of the module", prose.Count(int(s.Bytes), "byte"),
		prose.Count(s.Calls, "call"), prose.Count(s.Sockets, "socket"), prose.Count(s.Pipes, "pipe"),
		prose.Count(s.Files, "file"))
	if s.Missing > 0 {
		text += fmt.Sprintf("; there was no room for the %d that follow", s.Missing)
	}
	return text
}

// outsideText returns what a recording has from outside in words, "" if it has nothing.
func outsideText(in *base.Input) string {
	if s := outsideOf(in); s != nil {
		return s.String()
	}
	return ""
}
