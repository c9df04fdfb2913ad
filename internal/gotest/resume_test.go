package gotest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/strategy"
)

// TestResume: a search that was interrupted goes on where it was, and tells in the end what a search in one go tells.
func TestResume(t *testing.T) {
	failing, binary := uint64(0), filepath.Join(t.TempDir(), "m.test")
	if err := os.WriteFile(binary, []byte("a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(dir, env string, after int64) (string, int64) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var runs atomic.Int64
		f := &fakeRunner{turns: func(uint64) int { return 0 }, end: func(seed uint64) string {
			if runs.Add(1) == after {
				cancel()
			}
			if seed == failing {
				return "lost"
			}
			return ""
		}}
		s, out := fakeSession(t, f, "SEEDS=60 MINIMIZE=off ARTIFACTS="+dir+env)
		s.Path = binary
		if failing == 0 {
			failing = s.search("TestX", 1).nth(7)
		}
		s.search("TestX", 1).run(ctx)
		return out.String(), runs.Load()
	}
	whole, dir := t.TempDir(), t.TempDir()
	want, all := run(whole, "", 0)
	cut, before := run(dir, "", 40)
	if !strings.Contains(cut, "--resume goes on from here") || before >= all {
		t.Fatalf("%d of %d runs, interrupted:\n%s", before, all, cut)
	}
	got, after := run(dir, " RESUME=true", 0)
	if got = strings.ReplaceAll(got, dir, whole); !strings.Contains(got, "of the runs were made by the search that") {
		t.Errorf("resumed:\n%s", got)
	}
	var lines []string
	for line := range strings.Lines(got) {
		if !strings.Contains(line, "--resume") {
			lines = append(lines, line)
		}
	}
	if strings.Join(lines, "") != want || after > all-30 {
		t.Errorf("resumed, %d runs:\n%s\nwant, %d runs:\n%s", after, strings.Join(lines, ""), all, want)
	}
	if _, err := os.Stat(filepath.Join(testpath.Artifacts(dir, "example.com/m", "TestX"), progressFile)); err == nil {
		t.Error("the file is left although the search is complete")
	}
}

// TestProgressFile: what is kept is read, up to a line that was cut off, and not for another program.
func TestProgressFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run := passedRun{Number: rapid.IntRange(1, 1000).Draw(t, "number"), Class: rapid.Uint64().Draw(t, "class")}
		route := rapid.SliceOf(rapid.Custom(func(t *rapid.T) strategy.Branch {
			n := rapid.Uint16Range(2, 4).Draw(t, "n")
			return strategy.Branch{Taken: rapid.Uint16Range(0, n-1).Draw(t, "taken"), N: n, Costs: rapid.Bool().Draw(t, "costs")}
		})).Draw(t, "route")
		for _, b := range route {
			run.add(b)
		}
		line, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		file := append([]byte("\"key\"\n"), line...)
		got := readProgress(bytes.NewReader(file), "key")
		if len(got) != 1 || !reflect.DeepEqual(got[run.Number], run) {
			t.Errorf("%+v becomes %+v", run, got)
		}
		if got := readProgress(bytes.NewReader(file[:len(file)-1]), "key"); len(got) > 0 {
			t.Errorf("a line that is cut off becomes %+v", got)
		}
		if got := readProgress(bytes.NewReader(file), "other"); len(got) > 0 {
			t.Errorf("another program has %+v", got)
		}
	})
}

// FuzzProgress: bad input is no run, and never a panic.
func FuzzProgress(f *testing.F) {
	f.Add([]byte("\"\"\n{\"n\":3,\"branches\":[[0,2,1,7]]}\n"))
	f.Add([]byte("\"\"\n{\"n\":-3}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for n, run := range readProgress(bytes.NewReader(b), "") {
			if n <= 0 || !run.valid() {
				t.Errorf("%+v was read", run)
			}
		}
	})
}
