package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
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
	golden.Scripts(t, testscript.Params{
		Dir: "testdata/module",
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

// runMasks are what depends on the Go version in reports of ordinary tests: its library has other lines, and passes
// other points, so that other seeds fail.
var runMasks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`0x[0-9a-f]{16}`), "0xSEED"},
	{regexp.MustCompile(`after [0-9]+ decisions?, at [0-9.]+[a-zµ]+`), "after N decisions, at TIME"},
	{regexp.MustCompile(`, [0-9]+ runs`), ", N runs"},
	{regexp.MustCompile(`[0-9]+ of [0-9]+ runs`), "N of N runs"},
	{regexp.MustCompile(`"runs":[0-9]+,"failed":[0-9]+`), `"runs":N,"failed":N`},
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

// traceFile copies the only trace file below a folder, besides originals of minimal runs: trace FOLDER FILE
func traceFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: trace FOLDER FILE")
	}
	var found []string
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == testpath.Ext && !strings.HasSuffix(path, ".original"+testpath.Ext) {
			found = append(found, path)
		}
		return err
	}))
	if len(found) != 1 {
		ts.Fatalf("trace files in %s: %v", args[0], found)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(ts.ReadFile(found[0])), 0o666))
}
