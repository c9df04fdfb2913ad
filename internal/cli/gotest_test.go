package cli

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/internal/gomodule"
	"github.com/reprise-go/reprise/internal/testpath"
)

// TestModules runs the command on small modules, with the real go command: testdata/module.
func TestModules(t *testing.T) {
	module, err := gomodule.New("../..", "example.com/m")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/module",
		UpdateScripts:       *golden.Update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GITHUB_ACTIONS", "")
			env.Setenv("GITHUB_STEP_SUMMARY", "")
			env.Setenv("GITHUB_WORKSPACE", "")
			return module.Write(env.WorkDir, env.Setenv)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "mask": maskFile, "maskrun": maskRun, "trace": traceFile,
		},
	})
}

var elapsed = regexp.MustCompile(`time="[0-9.]+"|\([0-9.]+s\)|\t[0-9.]+s$`)

// maskFile writes the standard output of the last command, or a file, to a file, without times: mask FROM TO
func maskFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mask FROM TO")
	}
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(ts.ReadFile(args[0]), ts.Getenv("WORK"), "$WORK"), "\n") {
		lines = append(lines, strings.TrimRight(elapsed.ReplaceAllString(line, "TIME"), " "))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(lines, "\n")), 0o666))
}

// runMasks are what depends on the Go version in reports of ordinary tests: its library has other lines, and passes other
// points, so that other seeds fail.
var runMasks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`0x[0-9a-f]{16}`), "0xSEED"},
	{regexp.MustCompile(`after [0-9]+ decisions?, at [0-9.]+[a-zµ]+`), "after N decisions, at TIME"},
	{regexp.MustCompile(`, [0-9]+ runs`), ", N runs"},
	{regexp.MustCompile(`5 of [0-9]+ runs`), "5 of N runs"},
	{regexp.MustCompile(`(?s)(the schedule up to there:\n).*?(\n +(?:goroutines at|note:|signature))`), "$1 SCHEDULE$2"},
	{regexp.MustCompile(`(the schedule up to there:\\n).*?(\\n +(?:goroutines at|note:|signature))`), "$1 SCHEDULE$2"},
	{regexp.MustCompile(`tests="[0-9]+" failures="[0-9]+"`), `tests="N" failures="N"`},
}

// maskRun is maskFile for reports of ordinary tests: maskrun FROM TO
func maskRun(ts *testscript.TestScript, neg bool, args []string) {
	maskFile(ts, neg, args)
	text := ts.ReadFile(args[1])
	for _, m := range runMasks {
		text = m.what.ReplaceAllString(text, m.with)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o666))
}

// traceFile copies the only trace file below a folder: trace FOLDER FILE
func traceFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: trace FOLDER FILE")
	}
	var found []string
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == testpath.Ext {
			found = append(found, path)
		}
		return err
	}))
	if len(found) != 1 {
		ts.Fatalf("trace files in %s: %v", args[0], found)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(ts.ReadFile(found[0])), 0o666))
}

func TestParseTestArgs(t *testing.T) {
	for _, c := range []struct{ args, env, goArgs string }{
		{"./...", "", "./..."},
		{"--seeds 7 ./... -run X", "REPRISE_SEEDS=7", "./... -run X"},
		{"-race --budget=30s ./a --seed 0x1,2", "REPRISE_BUDGET=30s REPRISE_SEED=0x1,2", "-race ./a"},
		{"./a -args --seeds 7", "", "./a -args --seeds 7"},
		{"-seeds 7", "", "-seeds 7"},
		{"--determinism true", "REPRISE_DETERMINISM=true", ""},
		{"--determinism ./a", "REPRISE_DETERMINISM=true", "./a"},
		{"./a --determinism", "REPRISE_DETERMINISM=true", "./a"},
		{"--determinism=false", "REPRISE_DETERMINISM=false", ""},
		{"--strategy pct --leaks=report -race", "REPRISE_STRATEGY=pct REPRISE_LEAKS=report", "-race"},
	} {
		o, err := parseTestArgs(strings.Fields(c.args))
		if err != nil || strings.Join(o.env, " ") != c.env || strings.Join(o.goArgs, " ") != c.goArgs {
			t.Errorf("%s: environment %q, arguments %q, error %v; want %q and %q", c.args, o.env, o.goArgs, err, c.env, c.goArgs)
		}
	}
	for _, args := range []string{"--seeds", "--junit=", "./... --budget", "--strategy best", "--leaks", "--determinism=1"} {
		if _, err := parseTestArgs(strings.Fields(args)); err == nil {
			t.Errorf("%s: no error", args)
		}
	}
	for args, want := range map[string]string{
		"--seeds 0": "a whole number over 0", "--budget 5": "such as 30s", "--seed 1,zz": testpath.SeedForm, "--leaks no": "auto|fail",
	} {
		if _, err := parseTestArgs(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, which must have %q", args, err, want)
		}
	}
}

// runReplayOf calls replayTest as `reprise replay` does: testreplay FILE [SETTING=VALUE]...
func runReplayOf(args []string, stdout, stderr io.Writer) int {
	of, err := readOrigin(args[0])
	if err == nil {
		o := testReplay{}
		for _, arg := range args[1:] {
			name, value, _ := strings.Cut(arg, "=")
			*map[string]*string{"policy": &o.policy, "fork": &o.fork, "seed": &o.seed, "to": &o.to, "break": &o.breakAt}[name] = value
		}
		err = replayTest(stdout, stderr, args[0], of, o)
	}
	coded, ok := err.(*codedError)
	if !ok {
		return exitOK
	}
	if coded.err != nil {
		fmt.Fprintln(stderr, "reprise:", coded.err)
	}
	return coded.code
}

func TestEnvironment(t *testing.T) {
	got := testReplay{"resync", 64, "5", "6", "7", "8,9", strings.NewReader("")}.environment("/x")
	want := []string{
		"REPRISE_TRACE=/x", "REPRISE_POLICY=resync", "REPRISE_WINDOW=64", "REPRISE_FORK=5", "REPRISE_FORK_SEED=6", "REPRISE_TO=7",
		"REPRISE_BREAK=8,9", "REPRISE_STEP=true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("environment %q, want %q", got, want)
	}
	if got := withoutReprise([]string{"A=1", "REPRISE_SEED=1"}); !slices.Equal(got, []string{"A=1"}) {
		t.Errorf("environment %q", got)
	}
}

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

// TestFollow: the first signal interrupts, the second kills, and what has been printed until then is read.
func TestFollow(t *testing.T) {
	lines, signals := make(chan []byte), make(chan os.Signal)
	var passed []os.Signal
	r := newTestResults(func(string, ...any) {})
	over := make(chan bool)
	go func() {
		r.follow(lines, signals, func(s os.Signal) { passed = append(passed, s) })
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
	for test, end := range map[string]string{"TestA 100/100": "pass", "TestB 37/100": "pass", "TestC 9/100": "fail", "TestD 812": "pass", "TestE": "pass", "TestF 1/100": "skip"} {
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
	if want := "not run: p TestB\nnot run: p TestC\n0 findings in 1 package, 1 other failure, 2 tests not run\n"; !strings.HasSuffix(b.String(), want) {
		t.Errorf("%s\nwant at the end\n%s", b.String(), want)
	}
}
