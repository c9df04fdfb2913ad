//go:build linux && (amd64 || arm64)

package gort

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/internal/record"
)

// looksModule makes a module, and beside it a folder with files, and returns a binary whose tests run in the module.
func looksModule(t *testing.T) (b Binary, dir string) {
	t.Helper()
	root := t.TempDir()
	b, dir = *network(t), filepath.Join(root, "outside")
	b.Dir = filepath.Join(root, "m")
	writeOld(t, filepath.Join(root, "m", "go.mod"), "module example.com/m\n")
	writeOld(t, filepath.Join(root, "m", "folder"), dir)
	writeOld(t, filepath.Join(dir, "small"), "a secret")
	writeOld(t, filepath.Join(dir, "large"), strings.Repeat("0123456789abcdef", 1<<13))
	writeOld(t, filepath.Join(dir, "empty"), "")
	for _, name := range []string{"1", "2", "3"} {
		writeOld(t, filepath.Join(dir, "sub", "f"+name), name)
	}
	if err := os.Symlink("small", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	return b, dir
}

// writeOld writes a file that is older than the runs that follow.
func writeOld(t *testing.T, path, text string) {
	t.Helper()
	then := time.Now().Add(-time.Hour)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666),
		os.Chtimes(path, then, then), os.Chtimes(filepath.Dir(path), then, then)); err != nil {
		t.Fatal(err)
	}
}

// TestLooks: files outside of the module are kept on demand, and a replay then needs none of them.
func TestLooks(t *testing.T) {
	b, dir := looksModule(t)
	var runs []*Outcome
	r := mustRunner(t, &b, "TestLooks", Control{RecordFiles: true})
	for seed := range uint64(2) {
		runs = append(runs, mustAgain(t, r, Control{Seed: seed}))
	}
	first := runs[0]
	s := first.Recording.Tape.Stored()
	if first.Verdict != Failed || !bytes.Contains(first.Output, []byte("stat link 8 -rw")) {
		t.Fatalf("%s\n%s", first.describe(), first.Output)
	}
	for _, name := range []string{"empty", "large", "small", "sub"} {
		if !slices.Contains(s.Kept, dir+"/"+name) {
			t.Errorf("%s is not on the tape: %q", name, s.Kept)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for seed, first := range runs {
		for _, choices := range kept(t, first) {
			again := mustRun(t, &b, "TestLooks", Control{Choices: choices})
			if d := tapeDiffers(first, again); d != "" {
				t.Errorf("seed %d: the replay differs in %s: %v, %q\n%s\nwant\n%s", seed, d, again.Mismatch, again.Unlike,
					again.Output, first.Output)
			}
		}
	}
}

// TestLooksCompared: without demand, no content of files outside is kept, and a replay names the file that has changed.
func TestLooksCompared(t *testing.T) {
	b, dir := looksModule(t)
	first := mustRun(t, &b, "TestLooks", Control{})
	for _, c := range first.Recording.Tape.Calls {
		if bytes.Contains(c.Data, []byte("a secret")) || c.What == record.CallHeld || c.What == record.CallKept {
			t.Errorf("a %v has %q", c.What, c.Data)
		}
	}
	if s := first.Recording.Tape.Stored(); s.Compared < 4 {
		t.Errorf("%+v on the tape", s)
	}
	again := mustRun(t, &b, "TestLooks", Control{Choices: first.Recording.Choices()})
	if d := tapeDiffers(first, again); d != "" {
		t.Errorf("the replay differs in %s: %v, %q\n%s\nwant\n%s", d, again.Mismatch, again.Unlike, again.Output,
			first.Output)
	}
	writeOld(t, filepath.Join(dir, "small"), "another secret")
	again = mustRun(t, &b, "TestLooks", Control{Choices: first.Recording.Choices()})
	if want := "small has changed since the recording, from 8 bytes to 14 bytes"; !strings.Contains(again.Unlike, want) {
		t.Errorf("%q, want %q\n%s", again.Unlike, want, again.Output)
	}
	if err := os.Remove(filepath.Join(dir, "small")); err != nil {
		t.Fatal(err)
	}
	again = mustRun(t, &b, "TestLooks", Control{Choices: first.Recording.Choices()})
	if want := "small is opened in the recording, and cannot be opened now"; !strings.Contains(again.Unlike, want) {
		t.Errorf("%q, want %q\n%s", again.Unlike, want, again.Output)
	}
}

// TestAsks: the environment is kept on demand, and a replay then has the recorded variables, but its child processes
// those of the replay.
func TestAsks(t *testing.T) {
	b := *network(t)
	with := func(list ...string) []string {
		return append(list, "PATH="+os.Getenv("PATH"), "HOME=/nowhere", "GOCOVERDIR="+t.TempDir())
	}
	b.Env = with("NETWORK_EARLY=first", "NETWORK_A=a", "NETWORK_B=b")
	none := mustRun(t, &b, "TestAsks", Control{})
	if s := none.Recording.Tape.Stored(); len(s.Variables)+len(s.Unset) > 0 {
		t.Errorf("without demand %+v", s)
	}
	r := mustRunner(t, &b, "TestAsks", Control{RecordEnv: true})
	for seed := range uint64(2) {
		first := mustAgain(t, r, Control{Seed: seed})
		s := first.Recording.Tape.Stored()
		for _, name := range []string{"NETWORK_EARLY", "NETWORK_A", "NETWORK_B"} {
			if !slices.Contains(s.Variables, name) {
				t.Errorf("%s is not on the tape: %q", name, s.Variables)
			}
		}
		if !slices.Contains(s.Unset, "NETWORK_NONE") || slices.Contains(s.Variables, "TMPDIR") {
			t.Errorf("%q are set, %q are not", s.Variables, s.Unset)
		}
		other := b
		other.Env = with("NETWORK_B=real", "NETWORK_NONE=some")
		again := mustRun(t, &other, "TestAsks", Control{Choices: first.Recording.Choices()})
		if a, b := program(first), program(again); a != b || again.Mismatch != nil {
			t.Errorf("seed %d: the replay says\n%s\nwant\n%s\n%v", seed, b, a, again.Mismatch)
		}
		if !bytes.Contains(again.Output, []byte("child own real\n")) {
			t.Errorf("seed %d: the child process of the replay has another environment:\n%s", seed, again.Output)
		}
	}
}

// program returns what the program itself has printed.
func program(o *Outcome) string {
	lines := strings.SplitAfter(string(o.Output), "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "child") }), "")
}
