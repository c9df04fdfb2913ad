package simtest

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/internal/gomodule"
)

// TestScripts runs tests that use this package with the real go test, in modules of their own, and compares what it
// prints. Each file of testdata/script is a module example.com/m.
func TestScripts(t *testing.T) {
	module, err := gomodule.New("..", "example.com/m")
	if err != nil {
		t.Fatal(err)
	}
	golden.Scripts(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: func(env *testscript.Env) error { return module.Write(env.WorkDir, env.Setenv) },
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"mask": mask},
	})
}

// masks are what differs from run to run in the output of go test.
var masks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\(\d+\.\d\ds\)`), "(TIME)"},
	{regexp.MustCompile(`(?m)^((ok  |FAIL)\t.*\t)(\d+\.\d+s|\(cached\))`), "${1}TIME"},
	{regexp.MustCompile(`"Time":"[^"]*",|,"Elapsed":[0-9.]+`), ""},
	{regexp.MustCompile(`reprise-\d+/`), "reprise-UID/"},
	{regexp.MustCompile(`goroutine \d+`), "goroutine N"},
	{regexp.MustCompile(`(?m)^(-test\.shuffle) \d+`), "$1 N"},
}

// mask writes the output of the last command to a file, without what differs from run to run: mask FILE
func mask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mask FILE")
	}
	text := strings.ReplaceAll(ts.ReadFile("stdout"), ts.Getenv("WORK"), "$WORK")
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.with)
	}
	var lines []string // go test ends some lines of a log with spaces, which do not stay in a script
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(lines, "\n")), 0o666))
}
