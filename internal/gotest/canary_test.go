//go:build linux && (amd64 || arm64)

package gotest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/gort"
)

// canaries are the bugs of testdata/canary.
var canaries = []bug{
	{"TestLostUpdate", []string{"test failure"}, 50},
	{"TestRace", []string{"data race"}, 20},
	{"TestMap", []string{"data race", "fatal error"}, 20},
	{"TestTwoLocks", []string{"deadlock"}, 200},
	{"TestThreeLocks", []string{"deadlock"}, 200},
	{"TestLostWakeup", []string{"deadlock"}, 100},
	{"TestOrder", []string{"test failure"}, 20},
	{"TestMissedCancel", []string{"deadlock"}, 50},
	{"TestDoubleClose", []string{"panic"}, 100},
	{"TestChildFirst", []string{"test failure"}, 100},
	{"TestTiming", []string{"timing"}, 500},
	{"TestLeakedSender", []string{"leak"}, 50},
}

// TestCanary: with the default settings each bug is found, replayed, and told as what it is, and in none of the twins
// anything is found: in 200 runs, and with REPRISE_GORT_SLOW=1 in 5,000.
func TestCanary(t *testing.T) {
	twins := 200
	if os.Getenv("REPRISE_GORT_SLOW") == "1" {
		twins = 5000
	}
	huntAll(t, buildCorpus(t, "canary"), canaries, twins)
}

// bug is a test TestXBug, which has the twin TestXFixed.
type bug struct {
	name    string   // TestX
	classes []string // of which a finding must be
	runs    int      // within which the default settings must find it
}

// huntAll checks that each bug is found and replayed, and that nothing is found in its twin.
func huntAll(t *testing.T, p *program, bugs []bug, twins int) {
	t.Helper()
	for _, c := range bugs {
		if told := hunt(t, p, c.name+"Bug", c.runs); !slices.ContainsFunc(c.classes, func(class string) bool {
			return strings.Contains(told, " reprise.class "+class+"\n")
		}) || strings.Contains(told, " reprise.verdict flaky") {
			t.Errorf("%sBug: none of %q in %d runs\n%s", c.name, c.classes, c.runs, told)
		}
		if told := hunt(t, p, c.name+"Fixed", twins); strings.Contains(told, " reprise.class ") ||
			!strings.Contains(told, "--- PASS: "+c.name+"Fixed ") {
			t.Errorf("%sFixed: it does not just pass in %d runs\n%s", c.name, twins, told)
		}
	}
}

// buildCorpus builds the tests of a folder of testdata, whose module has its name, as reprise test does.
func buildCorpus(t *testing.T, name string) *program {
	t.Helper()
	dir := filepath.Join("testdata", name)
	b, err := gort.Build(t.Context(), dir, ".", gort.BuildConfig{Memory: []string{"example.com/" + name}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	p, err := inspect(b.Path, b.Dir, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// hunt runs the seeds of a test as reprise test does, and returns what it tells of them.
func hunt(t *testing.T, p *program, test string, runs int) string {
	t.Helper()
	env := fmt.Sprintf("SEEDS=%d MEMORY=auto MINIMIZE=off ARTIFACTS=%s", runs, t.TempDir())
	set, err := newSettings(nil, environment(env))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	s := &session{settings: set, program: p, out: &printer{w: &out}, processors: runtime.GOMAXPROCS(0), now: time.Now}
	s.open = func(function string, c gort.Control) (runner, error) { return p.Runner(function, c) }
	s.search(test, 1).run(t.Context())
	return strings.ReplaceAll(out.String(), marker, "")
}
