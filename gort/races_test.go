//go:build linux && (amd64 || arm64)

package gort

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// buildRaces builds the tests of testdata/races with points at accesses to memory.
func buildRaces(t testing.TB) *Binary {
	t.Helper()
	dir := filepath.Join("testdata", "races")
	patterns := []string{"example.com/races/...", "example.com/races_test"}
	b, err := Build(t.Context(), dir, ".", BuildConfig{Cache: cacheDir(t), Memory: patterns})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// runsToRace returns how many runs it takes until a test has a data race, which replays; 0 if no run has one.
func runsToRace(t *testing.T, b *Binary, test string, most int) int {
	t.Helper()
	r, err := b.Runner(test, Control{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	for n := range most {
		o, err := r.Run(t.Context(), Control{Seed: uint64(n), Memory: true})
		if err != nil {
			t.Fatal(err)
		}
		if o.Class() != "data race" {
			if o.Verdict != Passed && o.Verdict != Failed && o.Verdict != Crashed { // a race on a map can show as a fatal error
				t.Fatalf("seed %d: %v\n%s", n, o.Verdict, o.Output)
			}
			continue
		}
		again, err := r.Run(t.Context(), Control{Choices: o.Recording.Choices()})
		if err != nil {
			t.Fatal(err)
		}
		if again.Failure() != o.Failure() || again.Recording.Hash != o.Recording.Hash {
			t.Errorf("seed %d: replayed it goes another way (%v): %s\n%s", n, again.Mismatch, again.Failure(), o.Failure())
		}
		return n + 1
	}
	return 0
}

// TestRaces compares with what the race detector of Go says of testdata/races: each race is found, and replays; in none
// of the twins is anything found. TestRacesDetector checks that side.
func TestRaces(t *testing.T) {
	b := buildRaces(t)
	tests, err := b.Tests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clean := 40
	if slow {
		clean = 5000
	}
	found := 0
	for _, test := range tests {
		if !strings.HasSuffix(test, "Race") {
			if n := runsToRace(t, b, test, clean); n > 0 {
				t.Errorf("%s: a false alarm in run %d", test, n)
			}
			continue
		}
		n := runsToRace(t, b, test, 100)
		if n == 0 {
			t.Errorf("%s: not found in 100 runs", test)
		}
		if n == 1 {
			found++
		}
	}
	t.Logf("%d races, %d of them found in the first run", len(tests)/2, found)
}

// TestIntrinsics: packages without points at accesses to memory call what are instructions elsewhere. Some functions of
// the library are nothing but instructions.
func TestIntrinsics(t *testing.T) {
	b, err := Build(t.Context(), filepath.Join("testdata", "races"), ".",
		BuildConfig{Cache: cacheDir(t), Memory: []string{"example.com/none"}})
	if err != nil {
		t.Fatal(err)
	}
	o := mustRun(t, b, "TestDigestFixed", Control{Memory: true})
	if err := b.Close(); err != nil || o.Verdict != Passed {
		t.Errorf("%s, %v\n%s", o.Verdict, err, o.Output)
	}
}

// TestRaceStacks checks that a race names lines of the program for both accesses, also for the methods of sync/atomic,
// and for each the calls that led there.
func TestRaceStacks(t *testing.T) {
	b := buildRaces(t)
	for _, test := range []struct {
		name string
		runs int // both orders of the accesses occur in as many
		want []string
	}{
		{"TestAtomicMethodRace", 30, []string{
			"data race: atomic write at stacks_test.go:12 races.(*meter).count, previous write at stacks_test.go:14 races.(*meter).clear",
			"data race: write at stacks_test.go:14 races.(*meter).clear, previous atomic write at stacks_test.go:12 races.(*meter).count",
		}},
		{"TestStackRace", 10, []string{
			"  read: called at stacks_test.go:42 races.(*ledger).book\n  called at stacks_test.go:45 races.(*ledger).day\n" +
				"  previous write: called at stacks_test.go:42 races.(*ledger).book\n  called at stacks_test.go:45 races.(*ledger).day",
		}},
	} {
		r := mustRunner(t, b, test.name, Control{})
		found := map[string]bool{}
		for seed := range uint64(test.runs) {
			text := mustAgain(t, r, Control{Seed: seed, Memory: true}).Failure()
			for _, want := range test.want {
				found[want] = found[want] || strings.Contains(text, want)
			}
			if strings.Contains(text, "/atomic") || strings.Contains(text, "not known") {
				t.Errorf("%s, seed %d: %s", test.name, seed, text)
			}
		}
		for want, ok := range found {
			if !ok {
				t.Errorf("%s: in no run: %s", test.name, want)
			}
		}
	}
}

// TestRacesDetector checks that testdata/races/detector.txt, what the race detector of Go has found in 20 runs, names
// all races and none of their twins. With REPRISE_GORT_SLOW=1, where there is a C compiler, it is asked again.
func TestRacesDetector(t *testing.T) {
	dir := filepath.Join("testdata", "races")
	b, err := os.ReadFile(filepath.Join(dir, "detector.txt"))
	if err != nil {
		t.Fatal(err)
	}
	listed := strings.Fields(string(b))
	if slow {
		cmd := exec.CommandContext(t.Context(), "go", "test", "-race", "-count=20", ".")
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput() // it fails: there are races
		var found []string
		for _, m := range regexp.MustCompile(`--- FAIL: (\w+)`).FindAllSubmatch(out, -1) {
			found = append(found, string(m[1]))
		}
		slices.Sort(found)
		if found = slices.Compact(found); !slices.Equal(found, listed) {
			t.Errorf("go test -race finds\n%s\nwant\n%s\n%s", found, listed, out)
		}
	}
	for _, test := range listed {
		if !strings.HasSuffix(test, "Race") {
			t.Errorf("%s is not named as a race", test)
		}
	}
	if len(listed) < 40 {
		t.Errorf("%d races; the corpus has at least 40", len(listed))
	}
}
