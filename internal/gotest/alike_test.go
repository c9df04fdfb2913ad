package gotest

import (
	"strings"
	"testing"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/record"
)

// TestPrinted checks which differences between two outputs count: not those in arguments that are no longer live, and
// not those in numbers if the runs have started child processes.
func TestPrinted(t *testing.T) {
	for _, c := range []struct {
		children int
		a, b     string
		line     string // a part of what the difference is told as; empty if there is none
	}{
		{0, "main.f(0xc000?)\n", "main.f(0xc010?)\n", ""},
		{0, "listens on 127.0.0.1:4001\n", "listens on 127.0.0.1:4002\n", "line 1 is first"},
		{1, "child 4001\n", "child 52\n", ""},
		{1, "child 4001 at 0xc0001\n", "child 52 at 0x1\n", ""},
		{1, "one\nchild 4001\n", "one\nchild is gone\n", "line 2 is first"},
		{1, "one", "one\ntwo", "line 2 is there only the second time"},
	} {
		outcome := func(text string) *gort.Outcome {
			return &gort.Outcome{Output: []byte(text), Children: c.children, Recording: &record.Recording{}}
		}
		a, b := outcome(c.a), outcome(c.b)
		if got := equal(a, b); got != (c.line == "") {
			t.Errorf("%q and %q with %d children: equal is %t", c.a, c.b, c.children, got)
		}
		if line := lineUnlike(printed(a), printed(b)); !strings.HasPrefix(line, c.line) {
			t.Errorf("%q and %q: %s, want %s", c.a, c.b, line, c.line)
		}
	}
}

// TestReadSizes checks that the sizes of reads count unless the runs have started child processes, and other records
// always.
func TestReadSizes(t *testing.T) {
	for _, c := range []struct {
		children int
		kind     record.Kind
		want     bool
	}{{0, record.Read, false}, {1, record.Read, true}, {1, record.Rand, false}} {
		outcome := func(val uint64) *gort.Outcome {
			return &gort.Outcome{Children: c.children, Recording: &record.Recording{
				Records: []record.Record{{Kind: c.kind, G: 1, Val: val}},
			}}
		}
		if got := equal(outcome(389), outcome(391)); got != c.want {
			t.Errorf("%v with %d children: equal is %t, want %t", c.kind, c.children, got, c.want)
		}
	}
}
