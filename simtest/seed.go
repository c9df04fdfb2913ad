package simtest

import (
	"flag"
	"hash/fnv"
	"regexp"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/testpath"
)

// deriveSeed returns a seed of a test: a function of its name and the number of the seed, the same on every machine. The
// name is hashed by FNV-1a, and the sum with the number is mixed by SplitMix64.
func deriveSeed(test string, number int) uint64 {
	h := fnv.New64a()
	h.Write([]byte(test))
	return mix(h.Sum64() + uint64(number)*0x9e3779b97f4a7c15)
}

// mix is the output function of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

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
			s.seed, s.named = readSeed(m[1])
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

// runPattern is the pattern of -run that selects one test and a subtest of it, "" for none.
func runPattern(test, subtest string) string {
	parts := strings.Split(test, "/")
	if subtest != "" {
		parts = append(parts, subtest)
	}
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// seedName is how the subtest of a seed is called.
func seedName(seed uint64) string { return testpath.Seed(seed) }
