package gotest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/record"
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

// countedRunner counts the runs.
type countedRunner struct {
	runner
	ran func()
}

func (r countedRunner) Run(ctx context.Context, c gort.Control) (*gort.Outcome, error) {
	r.ran()
	return r.runner.Run(ctx, c)
}

// TestResumeOrders: a search for all orders that was interrupted goes on where it was, and shows the same in the end.
func TestResumeOrders(t *testing.T) {
	const test, source = "TestOrders", `package m

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestOrders(t *testing.T) {
	var a, b atomic.Int32
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			a.Add(1)
			b.Add(1)
			a.Add(1)
		})
	}
	all.Wait()
}
`
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/m\n\ngo 1.25\n", "m_test.go": source} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := gort.Build(t.Context(), dir, ".", gort.BuildConfig{Memory: []string{"example.com/m"}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	p, err := inspect(b.Path, b.Dir, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	run := func(dir, env string, after int) (told string, runs int) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		set, err := newSettings(nil, environment("EXHAUSTIVE=orders MEMORY=auto MINIMIZE=off ARTIFACTS="+dir+env))
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		s := &session{settings: set, program: p, out: &printer{w: &out}, processors: 1, now: time.Now}
		s.open = func(function string, c gort.Control) (runner, error) {
			r, err := p.Runner(function, c)
			return countedRunner{r, func() {
				if runs++; runs == after {
					cancel()
				}
			}}, err
		}
		s.search(test, 1).run(ctx)
		return out.String(), runs
	}
	line := regexp.MustCompile("reprise.exhaustive (.*)\n")
	want, all := run(t.TempDir(), "", 0)
	shown := line.FindStringSubmatch(want)
	if shown == nil || !strings.HasPrefix(shown[1], "every order of operations passes") || all < 20 {
		t.Fatalf("%d runs:\n%s", all, want)
	}
	kept, made := t.TempDir(), 0
	for _, after := range []int{all / 3, all / 3, 0} { // interrupted twice
		told, runs := run(kept, " RESUME=true", after)
		if made += runs; after > 0 {
			if !strings.Contains(told, "--resume goes on from here") {
				t.Fatalf("interrupted after %d runs:\n%s", runs, told)
			}
			continue
		}
		if got := line.FindStringSubmatch(told); got == nil || got[1] != shown[1] {
			t.Errorf("resumed:\n%s\nwant %q", told, shown[1])
		}
	}
	if made > all+4 { // the first one and the one that was interrupted are made again
		t.Errorf("%d runs in all, want about %d", made, all)
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
	f.Add([]byte("\"\"\n{\"n\":1,\"steps\":{\"numbers\":[5,6],\"list\":[0,0,2,0,1,0,1,1,2,1,0,2]}}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for n, run := range readProgress(bytes.NewReader(b), "") {
			if n <= 0 || !run.valid() {
				t.Errorf("%+v was read", run)
			}
			if run.Steps == nil {
				continue
			}
			steps, err := run.Steps.Steps()
			if again := record.KeepSteps(steps); err == nil && len(again.List) != len(run.Steps.List) {
				t.Errorf("%+v are the steps %+v", run.Steps, steps)
			}
		}
	})
}
