package story

import (
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
)

// calledFrom names the callers of a place.
func calledFrom(stack []string) string {
	var callers []string
	for _, frame := range stack {
		if spot := cast.Spot(frame); spot != "" {
			callers = append(callers, spot)
		}
	}
	if len(callers) == 0 {
		return ""
	}
	return ", called from " + strings.Join(callers, ", ")
}

// maxQuoted is the maximum number of characters of a source line in a report.
const maxQuoted = 56

// quoted returns the source text of a place in quotes, with a space in front, or "" if it is not known.
func (s *Story) quoted(place string) string {
	if s.SourceLine == nil {
		return ""
	}
	if text := s.SourceLine(place); len(text) > 2 { // such as the brace at which a deferred call is made
		if r := []rune(text); len(r) > maxQuoted {
			text = string(r[:maxQuoted-1]) + "…"
		}
		return " `" + text + "`"
	}
	return ""
}

// bracketed returns the line of a place in brackets, "" if there is none.
func bracketed(place string) string {
	if line := cast.ShortSite(place); line != "" {
		return "(" + line + ")"
	}
	return ""
}
