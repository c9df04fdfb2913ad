package simtest

import (
	"flag"
	"regexp"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/testpath"
)

// selection says what the flags -run and -skip of go test mean for the subtests of a test.
type selection struct {
	filtered bool   // they may leave some out
	seed     uint64 // the one that -run names, if one
	named    bool
}

var seedPattern = regexp.MustCompile(`^\^?seed=(0[xX][0-9a-fA-F]{16})\$?$`)

// selected reads the flags.
func selected(t testing.TB) selection {
	run, skip := testFlag("run"), testFlag("skip")
	depth := strings.Count(t.Name(), "/") + 1
	parts := elements(run)
	s := selection{filtered: len(parts) > depth || skip != ""}
	if len(parts) > depth {
		if m := seedPattern.FindStringSubmatch(parts[depth]); m != nil {
			s.seed, s.named = testpath.ParseSeed(m[1])
		}
	}
	return s
}

// testFlag returns a flag of package testing, "" if it is not set.
func testFlag(name string) string {
	if f := flag.Lookup("test." + name); f != nil {
		return f.Value.String()
	}
	return ""
}

// elements splits a pattern of -run at the slashes that are not in brackets, as package testing does.
func elements(pattern string) (list []string) {
	square, round, from := 0, 0, 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '[':
			square++
		case c == ']':
			square = max(square-1, 0)
		case c == '(' && square == 0:
			round++
		case c == ')' && square == 0:
			round--
		case c == '/' && square == 0 && round == 0:
			list, from = append(list, pattern[from:i]), i+1
		}
	}
	return append(list, pattern[from:])
}
