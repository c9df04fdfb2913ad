package gotest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestGoFlags(t *testing.T) {
	got := goFlags(strings.Fields("./... -run X --count=1 -test.bench=. -v -args -cover"))
	if want := []string{"run", "count", "bench", "v"}; !slices.Equal(got, want) {
		t.Errorf("flags %q, want %q", got, want)
	}
}

// TestWrapperFlag: go test splits the flag at spaces, and takes what is in quotes as it is.
func TestWrapperFlag(t *testing.T) {
	args := os.Args
	defer func() { os.Args = args }()
	for path, want := range map[string]string{
		"/bin/sh":   "-exec=/bin/sh exec-test",
		"a b/sh":    "-exec='DIR/a b/sh' exec-test",
		"it's/sh":   `-exec="DIR/it's/sh" exec-test`,
		`a"b/sh`:    `-exec='DIR/a"b/sh' exec-test`,
		`it's "/sh`: "",
	} {
		dir := t.TempDir()
		os.Args = []string{path}
		if !strings.HasPrefix(path, "/") {
			os.Args[0] = filepath.Join(dir, path)
			if err := os.MkdirAll(filepath.Dir(os.Args[0]), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(os.Args[0], []byte("#!/bin/sh\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		got, err := wrapperFlag()
		if got = strings.ReplaceAll(got, dir, "DIR"); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %s, error %v; want %s", path, got, err, want)
		}
	}
}

// TestFollowSignals: the first signal interrupts; SIGQUIT, a second one and the end of the time that the tests have
// kill.
func TestFollowSignals(t *testing.T) {
	for name, c := range map[string]struct {
		signals []os.Signal
		late    bool
		want    []os.Signal
	}{
		"quit":      {[]os.Signal{syscall.SIGQUIT}, false, []os.Signal{os.Kill}},
		"terminate": {[]os.Signal{syscall.SIGTERM}, false, []os.Signal{os.Interrupt}},
		"late":      {[]os.Signal{os.Interrupt}, true, []os.Signal{os.Interrupt, os.Kill}},
	} {
		lines, signals, late := make(chan []byte), make(chan os.Signal), make(chan time.Time)
		passed := make(chan os.Signal, 9)
		r := newTestResults(func(string, ...any) {})
		over := make(chan bool)
		go func() {
			after := func(time.Duration) <-chan time.Time { return late }
			r.follow(lines, signals, after, func(s os.Signal) { passed <- s })
			over <- true
		}()
		for _, s := range c.signals {
			signals <- s
		}
		if c.late {
			late <- time.Time{}
		}
		for _, want := range c.want {
			if got := <-passed; got != want {
				t.Errorf("%s: %v passed on, want %v", name, got, want)
			}
		}
		close(lines)
		<-over
		if len(passed) > 0 || !r.interrupted {
			t.Errorf("%s: %d more signals, interrupted %t", name, len(passed), r.interrupted)
		}
	}
}

// TestFollow: the first signal interrupts, the second kills, and what has been printed until then is read.
func TestFollow(t *testing.T) {
	lines, signals := make(chan []byte), make(chan os.Signal)
	var passed []os.Signal
	r := newTestResults(func(string, ...any) {})
	over := make(chan bool)
	go func() {
		r.follow(lines, signals, time.After, func(s os.Signal) { passed = append(passed, s) })
		over <- true
	}()
	lines <- []byte(`{"Action":"attr","Package":"p","Test":"TestX","Key":"reprise.progress","Value":"3/100"}`)
	signals <- os.Interrupt
	lines <- []byte(`{"Action":"fail","Package":"p","Test":"TestX"}`)
	signals <- os.Interrupt
	close(lines)
	<-over
	if !slices.Equal(passed, []os.Signal{os.Interrupt, os.Kill}) || r.last != "p TestX" {
		t.Errorf("passed on %v, last %q", passed, r.last)
	}
	if got := r.summary(); got != "0 findings in 1 package, interrupted" {
		t.Errorf("summary %q", got)
	}
}

// TestExtent: runs of ordinary tests are counted, and those that time has ended.
func TestExtent(t *testing.T) {
	r := newTestResults(func(string, ...any) {})
	for test, end := range map[string]string{"TestA 100/100": "pass", "TestB 37/100": "pass", "TestC 9/100": "fail",
		"TestD 812": "pass", "TestE": "pass", "TestF 1/100": "skip"} {
		name, runs, _ := strings.Cut(test, " ")
		if runs != "" {
			r.line([]byte(`{"Action":"attr","Package":"p","Test":"` + name + `","Key":"reprise.runs","Value":"` + runs + `"}`))
		}
		r.line([]byte(`{"Action":"` + end + `","Package":"p","Test":"` + name + `"}`))
	}
	want := "0 findings in 1 package; 5 ordinary tests, 959 runs; time has ended 1 test: --seeds N or --budget D runs more"
	if got := r.summary(); got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
}

// TestSimulatedRuns: the runs of all calls of package simtest count, in a test and in its subtests; with -count those
// of the last time.
func TestSimulatedRuns(t *testing.T) {
	r := newTestResults(func(string, ...any) {})
	for _, line := range []string{
		"run TestA", "attr TestA reprise.simulated 7", "run TestA", // the first of two times
		"attr TestA reprise.simulated 30", "attr TestA reprise.coverage 30/5/2",
		"attr TestA reprise.simulated 12", "attr TestA reprise.coverage 12/3/1",
		"run TestA/b", "attr TestA/b reprise.simulated 8", "attr TestA/b reprise.coverage 8/2/1",
		"attr TestAB reprise.simulated 100", "attr TestB reprise.runs 3/3",
	} {
		e := append(strings.Fields(line), "", "")
		r.line(fmt.Appendf(nil, `{"Action":%q,"Package":"p","Test":%q,"Key":%q,"Value":%q}`, e[0], e[1], e[2], e[3]))
	}
	const want = "0 findings in 1 package; 1 ordinary test, 3 runs; 3 simulated tests, 150 runs"
	if got := r.summary(); got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
	c := r.counts(r.result("p", "TestA"))
	if c.Runs != 50 || c.Classes != 10 || c.Once != 4 || *c.Unseen != 0.08 {
		t.Errorf("the test function has %+v", c)
	}
}

// TestNotRun: tests for which there was no time are told of although others are why the package fails.
func TestNotRun(t *testing.T) {
	r := newTestResults(func(string, ...any) {})
	for _, line := range []string{
		`{"Action":"output","Package":"p","Test":"TestA","Output":"reprise: not run: nothing\n"}`,
		`{"Action":"fail","Package":"p","Test":"TestA"}`,
		`{"Action":"output","Package":"p","Output":"reprise: not run: TestB, TestC\n"}`,
		`{"Action":"fail","Package":"p"}`,
	} {
		r.line([]byte(line))
	}
	r.settle()
	var b strings.Builder
	r.text(&b)
	const want = "not run: p TestB\nnot run: p TestC\n0 findings in 1 package, 1 other failure, 2 tests not run\n"
	if !strings.HasSuffix(b.String(), want) {
		t.Errorf("%s\nwant at the end\n%s", b.String(), want)
	}
}

// TestCutOff: a test that an interrupt ended is named, and is no failure.
func TestCutOff(t *testing.T) {
	r := newTestResults(func(string, ...any) {})
	for _, line := range []string{
		`{"Action":"output","Package":"p","Test":"TestA","Output":"    --resume goes on from here\n    interrupted after 3 seeds\n"}`,
		`{"Action":"fail","Package":"p","Test":"TestA"}`,
		`{"Action":"run","Package":"p","Test":"TestB"}`,
		`{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:1: wrong\n"}`,
		`{"Action":"fail","Package":"p","Test":"TestC"}`,
		`{"Action":"fail","Package":"p"}`,
	} {
		r.line([]byte(line))
	}
	r.interrupted = true
	r.settle()
	var b strings.Builder
	r.text(&b)
	const want = "FAIL p TestC\n    c_test.go:1: wrong\ninterrupted: p TestA\n" +
		"    --resume goes on from here\n    interrupted after 3 seeds\n" +
		"interrupted: p TestB\n0 findings in 1 package, 1 other failure, interrupted; --resume goes on from there\n"
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
}

// TestTagsOfGoflags: build tags of GOFLAGS stay in force, because the command passes tags of its own, which would
// replace them.
func TestTagsOfGoflags(t *testing.T) {
	for value, want := range map[string][]string{
		"":                               nil,
		"-mod=mod -race":                 nil,
		"-tags=a,b":                      {"-tags=a,b"},
		"-mod=mod  --tags=a\t-race":      {"--tags=a"},
		"'-tags=a b' -v":                 {"-tags=a b"},
		`"-ldflags=-X a.b=-tags=c" -v`:   nil,
		`"-ldflags=-s -tags=c" -tags=d`:  {"-tags=d"},
		"-tags":                          nil,
		"-mytags=a":                      nil,
		"'-tags=a":                       {"-tags=a"},
		`'-asmflags=-D "X"' "-tags=a,b"`: {"-tags=a,b"},
	} {
		if got := tagsOf(value); !slices.Equal(got, want) {
			t.Errorf("GOFLAGS=%s has the tags %q, want %q", value, got, want)
		}
	}
	t.Setenv("GOFLAGS", "-tags=first")
	if got := goflags(t.Context()); got != "-tags=first" {
		t.Errorf("GOFLAGS is %q", got)
	}
	for args, want := range map[string]string{"./x": "-tags=first,netgo,osusergo",
		"-tags=own": "-tags=own,netgo,osusergo"} {
		c, plain, err := (&Options{Args: []string{args}}).goRun(t.Context(), false)
		if err != nil || plain == "" && !slices.Contains(c.args, want) {
			t.Errorf("go test %s gets %q, error %v; want %s", args, c.args, err, want)
		}
		if err := os.RemoveAll(c.tmp); err != nil {
			t.Error(err)
		}
	}
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOENV", filepath.Join(t.TempDir(), "env"))
	if err := os.WriteFile(os.Getenv("GOENV"), []byte("GOFLAGS=-tags=second\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := goflags(t.Context()); got != "-tags=second" {
		t.Errorf("GOFLAGS of go env -w is %q", got)
	}
}
