package gotest

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/record"
)

// unsure matches arguments in a traceback that are no longer live, so that their values are accidental.
var unsure = regexp.MustCompile(`0x[0-9a-f]+\?`)

// childish matches numbers in the output of a run that has started child processes. Children are not controlled, and
// often print addresses, durations and process numbers, which the test then logs.
var childish = regexp.MustCompile(`0x[0-9a-f]+|[0-9]+`)

// printed returns what a run printed, without what may differ between equal runs.
func printed(o *gort.Outcome) []byte {
	text := unsure.ReplaceAll(o.Output, nil)
	if o.Children > 0 {
		text = childish.ReplaceAll(text, nil)
	}
	return text
}

// equal reports whether two runs are equal, including their output. The sizes of reads may differ if the runs have
// started child processes, because those print numbers.
func equal(a, b *gort.Outcome) bool {
	alike := func(x, y record.Record) bool {
		if x.Kind == record.Read && a.Children > 0 {
			x.Val = y.Val
		}
		return x == y
	}
	return a.Verdict == b.Verdict && a.Recording.Hash == b.Recording.Hash &&
		slices.EqualFunc(a.Recording.Records, b.Recording.Records, alike) && bytes.Equal(printed(a), printed(b))
}

// unlike describes in a few lines the difference between two runs that should be equal.
func unlike(expected, actual *gort.Outcome) (string, error) {
	d, err := difference(expected, actual)
	switch {
	case err != nil:
		return "", err
	case d != nil:
		return strings.TrimRight(report.Of(d).Text(), "\n"), nil
	case expected.Verdict != actual.Verdict:
		return fmt.Sprintf("the events are the same, but the first run %s, and the second %s", expected.Verdict,
			actual.Verdict), nil
	}
	return "the events are the same, but not what is printed:\n" + lineUnlike(printed(expected), printed(actual)), nil
}

// lineUnlike returns the first lines at which two outputs differ.
func lineUnlike(expected, actual []byte) string {
	a, b := strings.Split(string(expected), "\n"), strings.Split(string(actual), "\n")
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return fmt.Sprintf("line %d is there only the second time: %q", i+1, b[i])
		case i >= len(b):
			return fmt.Sprintf("line %d is there only the first time: %q", i+1, a[i])
		case a[i] != b[i]:
			return fmt.Sprintf("line %d is first  %q\n        and then %q", i+1, a[i], b[i])
		}
	}
	return "nothing"
}
