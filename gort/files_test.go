//go:build linux && (amd64 || arm64)

package gort

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/tracefile"
)

// linesOf returns what follows a word at the start of lines of an output.
func linesOf(o *Outcome, word string) (list []string) {
	for line := range strings.Lines(string(o.Output)) {
		if rest, ok := strings.CutPrefix(line, word+" "); ok {
			list = append(list, strings.TrimSpace(rest))
		}
	}
	return list
}

// TestClock checks where the clock of a run and of its child starts, and that a recording tells.
func TestClock(t *testing.T) {
	given := time.Date(1999, time.May, 3, 12, 1, 2, 0, time.UTC)
	for _, test := range []struct {
		clock time.Time
		want  string
	}{{time.Time{}, "2026-11-17T10:24"}, {given, "1999-05-03T12:01"}} {
		o := mustRun(t, corpus(t), "TestClockStart", Control{Clock: test.clock})
		list := linesOf(o, "clock")
		if len(list) != 2 || !strings.HasPrefix(list[0], test.want) || !strings.HasPrefix(list[1], test.want) {
			t.Errorf("the clock says %q, want %s twice\n%s", list, test.want, o.Output)
		}
		path := filepath.Join(t.TempDir(), "run.reprise")
		if err := o.Save(path, "", tracefile.Identity{}); err != nil {
			t.Fatal(err)
		}
		_, id, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if clock, ok := wire.ParseClock(id[tracefile.KeyClock]); !ok || !clock.Equal(or(test.clock, defaultClock)) {
			t.Errorf("the recording has %q: %v", id[tracefile.KeyClock], clock)
		}
	}
}

// TestFileTimes checks that the times of files and the clock agree, in copies of a process and outside of them.
func TestFileTimes(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestFileTimes", Control{})
	for seed := range uint64(5) {
		r.alone = seed == 0
		if o := mustAgain(t, r, Control{Seed: seed}); o.Verdict != Passed {
			t.Errorf("seed %d: %s\n%s", seed, o.Verdict, o.Output)
		}
	}
}

// TestFileNames checks that calls on files take virtual time, the same in each run, and that names which contain the
// time differ.
func TestFileNames(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestFileNames", Control{})
	const want = "times 5.1µs 5.1µs 5.12µs 100.1µs 5.1µs 100.12µs 100.1µs 500.1µs 120ns  100ns"
	for seed := range uint64(10) {
		r.alone = seed == 0
		o := mustAgain(t, r, Control{Seed: seed})
		if o.Verdict != Passed || !strings.Contains(string(o.Output), want) {
			t.Errorf("seed %d: %s, want %q\n%s", seed, o.Verdict, want, o.Output)
		}
		again := mustAgain(t, r, Control{Choices: o.Recording.Choices()})
		if a, b := o.Recording.Records, again.Recording.Records; !slices.Equal(a, b) {
			t.Errorf("seed %d: the replay has other records than the run: %d and %d", seed, len(a), len(b))
		}
	}
}

// TestChildSlow checks that a time-out does not leap while a child lives, and that a replay waits for the child.
func TestChildSlow(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestChildSlow", Control{})
	for seed := range uint64(3) {
		o := mustAgain(t, r, Control{Seed: seed})
		if o.Verdict != Passed || len(linesOf(o, "child")) != 1 {
			t.Errorf("seed %d: %s\n%s", seed, o.Verdict, o.Output)
		}
		if p := mustAgain(t, r, Control{Choices: o.Recording.Choices()}); p.Verdict != Passed {
			t.Errorf("seed %d, replay: %s %v\n%s", seed, p.Verdict, p.Mismatch, p.Output)
		}
	}
}

// TestTempNames checks that names of temporary files take no random number from the program.
func TestTempNames(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	few := mustRun(t, corpus(t), "TestTempNames", Control{Seed: 7})
	t.Setenv("TEMP_NAMES", "5")
	many := mustRun(t, corpus(t), "TestTempNames", Control{Seed: 7})
	if a, b := linesOf(few, "random"), linesOf(many, "random"); len(a) != 1 || len(b) != 1 || a[0] != b[0] {
		t.Errorf("with one name %q, with five %q\n%s", a, b, many.Output)
	}
}

// TestWrote checks that a run tells of the files that other runs see too, and of no others.
func TestWrote(t *testing.T) {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for test, want := range map[string]string{"TestWritesHere": filepath.Join(dir, "testdata", "corpus", "written.tmp"),
		"TestFileTimes": "", "TestTempNames": ""} { // lint: order does not matter because each is checked by itself
		if o := mustRun(t, corpus(t), test, Control{}); o.Wrote != want {
			t.Errorf("%s wrote %q, want %q\n%s", test, o.Wrote, want, o.Output)
		}
	}
}
