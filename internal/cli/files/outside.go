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
	Calls   int    `json:"calls"`
	Bytes   uint64 `json:"bytes"`
	Missing uint64 `json:"missing"` // calls at the end of the run that had no room
}

// outsideOf counts what a recording has from outside, after all events have been read; nil if it has nothing. What is
// malformed is not counted.
func outsideOf(in *base.Input) *outsideStats {
	type object struct {
		pipe   bool
		number uint64
	}
	s, seen := &outsideStats{}, map[object]bool{}
	s.Missing, _ = in.EachCall(func(c tracefile.Call) bool {
		what := record.CallKind(c.What)
		s.Calls++
		if what == record.CallRead || what == record.CallPipe {
			s.Bytes += uint64(len(c.Data))
		}
		if o := (object{what == record.CallPipe, c.Object}); !seen[o] {
			seen[o] = true
			if o.pipe {
				s.Pipes++
			} else {
				s.Sockets++
			}
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
	text := fmt.Sprintf("%s in %s of %s and %s", prose.Count(int(s.Bytes), "byte"), prose.Count(s.Calls, "call"),
		prose.Count(s.Sockets, "socket"), prose.Count(s.Pipes, "pipe"))
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
