package gort

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/prose"
)

// exampleFailure describes how the output of the first example function that failed differs from what its comment
// says, nil if no example failed for that reason. The lines are those of the output of a test binary.
func exampleFailure(lines []string) []string {
	start := slices.IndexFunc(lines, func(l string) bool {
		m := result.FindStringSubmatch(l)
		return m != nil && m[2] == "FAIL" && strings.HasPrefix(m[3], "Example")
	})
	if start < 0 || start+1 == len(lines) || lines[start+1] != "got:" {
		return nil
	}
	lines = lines[start+2:]
	if end := slices.IndexFunc(lines, chatter.MatchString); end >= 0 {
		lines = lines[:end]
	}
	middle := slices.IndexFunc(lines, func(l string) bool { return l == "want:" || l == "want (unordered):" })
	if middle < 0 {
		return nil
	}
	got, want := scrubbed(lines[:middle]), scrubbed(lines[middle+1:])
	told := []string{firstDifference(got, want)}
	if lines[middle] != "want:" {
		told[0] = surplus(got, want)
	}
	for _, part := range [][]string{append([]string{"got:"}, got...), append([]string{lines[middle]}, want...)} {
		for i, line := range cast.Clip(part, maxFailureLines/2-1) {
			if i > 0 {
				line = "  " + line
			}
			told = append(told, line)
		}
	}
	return told
}

// scrubbed returns the lines of an output without those that are empty at its start and its end.
func scrubbed(lines []string) (list []string) {
	text := strings.TrimSpace(strings.Join(lines, "\n"))
	if text == "" {
		return nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		list = append(list, cast.Scrub(line))
	}
	return list
}

// firstDifference describes the first line in which an output differs from the expected one.
func firstDifference(got, want []string) string {
	for i, w := range want {
		switch {
		case i >= len(got):
			return fmt.Sprintf("the output ends before line %d, %s", i+1, quoted(w))
		case got[i] != w:
			return fmt.Sprintf("line %d of the output is %s, not %s", i+1, quoted(got[i]), quoted(w))
		}
	}
	if len(got) == len(want) {
		return "the output differs"
	}
	return fmt.Sprintf("the output has a line %d, %s", len(want)+1, quoted(got[len(want)]))
}

// surplus is firstDifference for an example whose lines may come in any order.
func surplus(got, want []string) string {
	rest := slices.Clone(got)
	for _, w := range want {
		i := slices.Index(rest, w)
		if i < 0 {
			return "the output lacks the line " + quoted(w)
		}
		rest = slices.Delete(rest, i, i+1)
	}
	if len(rest) == 0 {
		return "the output differs"
	}
	return "the output has the line " + quoted(rest[0]) + " too often"
}

// quoted quotes a line of an output.
func quoted(line string) string { return fmt.Sprintf("%q", prose.Cut(line, longestHeadline/2)) }
