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
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "mask": maskFile, "trace": traceFile},
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
	} {
		o, err := parseTestArgs(strings.Fields(c.args))
		if err != nil || strings.Join(o.env, " ") != c.env || strings.Join(o.goArgs, " ") != c.goArgs {
			t.Errorf("%s: environment %q, arguments %q, error %v; want %q and %q", c.args, o.env, o.goArgs, err, c.env, c.goArgs)
		}
	}
	for _, args := range []string{"--seeds", "--junit=", "./... --budget"} {
		if _, err := parseTestArgs(strings.Fields(args)); err == nil {
			t.Errorf("%s: no error", args)
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
