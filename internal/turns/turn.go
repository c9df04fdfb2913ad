package turns

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/story"
)

// turnText describes the turn before a decision of the run o: what the goroutine did, why and where it stopped, and
// what happened between its stop and the decision. The text has one or more lines. It is empty for turns before the
// test.
func turnText(o *gort.Outcome, decision int) string {
	number := decision - 1
	lines := slices.Collect(strings.Lines(story.ScheduleOf(o, story.Every)))
	from := slices.IndexFunc(lines, func(line string) bool { return numberOf(line) == number })
	if number < 1 || from < 0 {
		return ""
	}
	to := from + 1
	for to < len(lines) && numberOf(lines[to]) == 0 {
		to++
	}
	return strings.Join(lines[from:to], "")
}

// numbered matches a line of a schedule that describes a turn.
var numbered = regexp.MustCompile(`^[* ] +([0-9]+) `)

// numberOf returns the number of the decision that began the turn in a line of a schedule; 0 if there is no turn in it.
func numberOf(line string) int {
	m := numbered.FindStringSubmatch(line)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // only digits match; a number that is too large is 0
	return n
}
