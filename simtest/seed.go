package simtest

import (
	"flag"
	"regexp"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
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
	parts := testpath.SplitPattern(run, '/')
	s := selection{filtered: len(parts) > depth || skip != ""}
	if len(parts) > depth {
		if m := seedPattern.FindStringSubmatch(parts[depth]); m != nil {
			s.seed, s.named = wire.ParseSeed(m[1])
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
