package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
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
			env.Setenv("REPRISE_DLV", os.Getenv("REPRISE_DLV"))
			env.Setenv("GITHUB_ACTIONS", "")
			env.Setenv("GITHUB_STEP_SUMMARY", "")
			env.Setenv("GITHUB_WORKSPACE", "")
			return module.Write(env.WorkDir, env.Setenv)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "mask": maskFile, "maskrun": maskRun, "trace": traceFile,
			"reports": reports, "pages": pages, "maskdlv": maskDlv,
		},
		Condition: condition,
	})
}

// condition knows [dlv]: REPRISE_DLV names a dlv, as in .ci/run.
func condition(name string) (bool, error) {
	if name != "dlv" {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	return os.Getenv("REPRISE_DLV") != "", nil
}

// dlvNumbers are numbers of processes and threads in what dlv prints.
var dlvNumbers = regexp.MustCompile(`(Process|thread|PID) [0-9]+`)

// maskDlv is maskFile for what dlv prints: maskdlv FROM TO
func maskDlv(ts *testscript.TestScript, neg bool, args []string) {
	maskFile(ts, neg, args)
	text := dlvNumbers.ReplaceAllString(ts.ReadFile(args[1]), "$1 N")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o666))
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
	{regexp.MustCompile(`(?m)^coverage of .*\n`), ""},
	{regexp.MustCompile(`0x[0-9a-f]{16}`), "0xSEED"},
	{regexp.MustCompile(`after [0-9]+ decisions?, at [0-9.]+[a-zµ]+`), "after N decisions, at TIME"},
	{regexp.MustCompile(`, [0-9]+ runs`), ", N runs"},
	{regexp.MustCompile(`[0-9]+ of [0-9]+ runs`), "N of N runs"},
	{regexp.MustCompile(`"runs":[0-9]+,"failed":[0-9]+`), `"runs":N,"failed":N`},
	{regexp.MustCompile(`(?s)(the schedule up to there:\n).*?(\n +(?:goroutines at|note:|signature))`), "$1 SCHEDULE$2"},
	{regexp.MustCompile(`(the schedule up to there:\\n).*?(\\n +(?:goroutines at|note:|signature))`), "$1 SCHEDULE$2"},
	{regexp.MustCompile(`minimal run: [^\\\n]*`), "minimal run: N"},
	{regexp.MustCompile(`((?:the turn that|no single turn) decided it: )[^\\\n]*`), "$1 N"},
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

// bugLine is a comment that marks one of the lines that a report of some tests has to name.
var bugLine = regexp.MustCompile(`// BUG((?: Test[A-Za-z]+)+)$`)

// reportMasks are what changes in a report with the strategies and with Go: which seed fails, and what the run was.
var reportMasks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`0x[0-9a-f]{16}`), "0xSEED"},
	{regexp.MustCompile(`at [0-9.]+[a-zµ]+ of virtual time.*`), "at TIME of virtual time; N of N runs"},
	{regexp.MustCompile(`; was [0-9]+ .*`), "; was N"},
	{regexp.MustCompile(`(?m)^(to reproduce| +(or|why|to pin)): .*\n?`), ""},
	{regexp.MustCompile(`signature [0-9a-f]{16}`), "signature N"},
}

// told returns what a report says about how the failure came about: what decided it and the schedule, without the
// failure and the goroutines at the end.
func told(report string) string {
	_, report, _ = strings.Cut(report, "minimal run: ")
	report, _, _ = strings.Cut(report, "\ngoroutines at the end:")
	report, _, _ = strings.Cut(report, "\nsignature ")
	return report
}

// long matches the length of a minimal run of more than 1,000 decisions or events.
var long = regexp.MustCompile(`minimal run: [0-9]{4,} (decisions|events)`)

// reports checks that the reports below a folder name all lines that the sources below another mark for their tests, in
// what decided the failure or in the schedule, that half of the runs are longer than 1,000 decisions, and that these
// have tasks that share nothing with the failure. It writes the reports to a file, without what changes:
//
//	reports FOLDER SOURCES FILE
func reports(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: reports FOLDER SOURCES FILE")
	}
	found := map[string]string{} // by test
	var all strings.Builder
	count, longer := 0, 0
	walk(ts, args[0], ".txt", func(path string) {
		test := filepath.Base(filepath.Dir(path))
		text := ts.ReadFile(path)
		found[test] += told(text)
		if count++; long.MatchString(text) {
			longer++
			if !strings.Contains(text, "which share nothing with the failure") {
				ts.Logf("the report of %s has no tasks that share nothing with the failure", test)
			}
		}
		for _, m := range reportMasks {
			text = m.what.ReplaceAllString(text, m.with)
		}
		all.WriteString("== " + test + "\n" + text + "\n")
	})
	checked, missing := 0, 0
	walk(ts, args[1], ".go", func(path string) {
		for i, line := range strings.Split(ts.ReadFile(path), "\n") {
			m := bugLine.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			at := filepath.Base(path) + ":" + strconv.Itoa(i+1)
			for test := range strings.FieldsSeq(m[1]) {
				if checked++; !strings.Contains(found[test], at) {
					ts.Logf("the report of %s does not name %s:\n%s", test, at, found[test])
					missing++
				}
			}
		}
	})
	text := strings.ReplaceAll(all.String(), ts.Getenv("WORK"), "$WORK")
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(text), 0o666))
	if 2*longer < count {
		ts.Fatalf("only %d of %d runs are longer than 1,000 decisions", longer, count)
	}
	if checked == 0 || missing > 0 {
		ts.Fatalf("%d of %d lines of bugs are not named in the reports", missing, checked)
	}
}

// pages checks that below a folder there are pages, that each fits a pattern, and that none has a script of a report:
//
//	pages FOLDER PATTERN
func pages(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pages FOLDER PATTERN")
	}
	n := 0
	walk(ts, args[0], ".html", func(path string) {
		n++
		text := ts.ReadFile(path)
		if !regexp.MustCompile(args[1]).MatchString(text) || strings.Contains(text, "<script>alert") {
			ts.Fatalf("%s does not fit, or has a script of the report", path)
		}
	})
	if n == 0 {
		ts.Fatalf("there is no page below %s", args[0])
	}
}

// walk calls f for the files below a folder that have an extension, in order.
func walk(ts *testscript.TestScript, folder, ext string, f func(path string)) {
	ts.Check(filepath.WalkDir(ts.MkAbs(folder), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ext {
			f(path)
		}
		return err
	}))
}
