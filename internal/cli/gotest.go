package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// testOptions are the flags of test.
type testOptions struct {
	env      []string // KEY=VALUE for the tests
	junit    string   // files to write, "" for none
	markdown string
	jsonl    string
	goArgs   []string // for go test
}

// testFlag is a flag of test that takes a value.
type testFlag struct {
	name  string
	usage string
	set   func(o *testOptions, value string)
	valid func(value string) bool // nil: every value is
}

// inEnv is a flag that the tests get as an environment variable.
func inEnv(key string) func(*testOptions, string) {
	return func(o *testOptions, value string) { o.env = append(o.env, key+"="+value) }
}

var testFlags = []testFlag{
	{"seeds", "N", inEnv("REPRISE_SEEDS"), func(v string) bool { n, err := strconv.Atoi(v); return err == nil && n > 0 }},
	{"budget", "D", inEnv("REPRISE_BUDGET"), func(v string) bool { d, err := time.ParseDuration(v); return err == nil && d > 0 }},
	{"seed", "S[,S]", inEnv("REPRISE_SEED"), nil},
	{"determinism", "true|false", inEnv("REPRISE_DETERMINISM"), func(v string) bool { return v == "true" || v == "false" }},
	{"artifacts", "FOLDER", func(o *testOptions, v string) {
		if abs, err := filepath.Abs(v); err == nil {
			v = abs
		}
		inEnv("REPRISE_ARTIFACTS")(o, v)
	}, nil},
	{"junit", "FILE", func(o *testOptions, v string) { o.junit = v }, nil},
	{"markdown", "FILE", func(o *testOptions, v string) { o.markdown = v }, nil},
	{"jsonl", "FILE", func(o *testOptions, v string) { o.jsonl = v }, nil},
}

func newTest() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test [packages and flags of go test] [--seeds N | --budget D] ...",
		Short: "Run go test with many seeds, and collect what fails: one finding a cause",
		Long: "Run go test with the environment of package simtest set, and collect the failing runs of all packages. Failures\n" +
			"of one cause, by their signature, are one finding: its report is printed once. The other arguments go to go test.\n\n" +
			"  --seeds N          how many seeds a test runs\n" +
			"  --budget D         how long a test runs seeds, such as 30s\n" +
			"  --seed S[,S]       run only these seeds\n" +
			"  --determinism B    make each passing run twice more and compare them: true or false\n" +
			"  --artifacts FOLDER where traces and reports go\n" +
			"  --junit FILE       write the results as JUnit XML\n" +
			"  --markdown FILE    write a summary in Markdown\n" +
			"  --jsonl FILE       write a JSON object for each finding, a line each\n\n" +
			"Where GITHUB_ACTIONS is true, findings are also annotated, and the summary is added to GITHUB_STEP_SUMMARY.\n" +
			"The exit code is 1 if a test fails or a package does not build, 2 for wrong use.",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if slices.Contains(args, "--help") || slices.Contains(args, "-h") {
				return cmd.Help()
			}
			o, err := parseTestArgs(args)
			if err != nil {
				return err
			}
			return o.run(cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	return cmd
}

// parseTestArgs takes the flags of test out of the arguments, up to -args.
func parseTestArgs(args []string) (o testOptions, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "-args" || arg == "--args" {
			o.goArgs = append(append(o.goArgs, arg), args...)
			break
		}
		name, value, given := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		i := slices.IndexFunc(testFlags, func(f testFlag) bool { return f.name == name })
		if i < 0 || !strings.HasPrefix(arg, "--") {
			o.goArgs = append(o.goArgs, arg)
			continue
		}
		if !given {
			if len(args) == 0 {
				return o, usage("--%s needs a value: --%s %s", name, name, testFlags[i].usage)
			}
			value, args = args[0], args[1:]
		}
		if f := testFlags[i]; value == "" || f.valid != nil && !f.valid(value) {
			return o, usage("--%s %q: it must be --%s %s", name, value, name, f.usage)
		}
		testFlags[i].set(&o, value)
	}
	return o, nil
}

// run runs go test and reports.
func (o *testOptions) run(stdout, stderr io.Writer) error {
	p := newProgress(stderr, "test")
	r := newTestResults(p.say)
	err := o.goTest(r, stderr)
	p.done()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 2 && len(r.packages) == 0:
		return usage("go test: wrong use, see above")
	case err != nil && exit == nil:
		return failed(err)
	}
	r.settle()
	var b bytes.Buffer
	r.text(&b)
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		r.annotate(&b)
	}
	if _, werr := stdout.Write(b.Bytes()); werr != nil {
		return failed(werr)
	}
	if werr := o.write(r); werr != nil {
		return failed(werr)
	}
	if err != nil {
		return found()
	}
	return nil
}

// goTest runs go test and gives its events to r.
func (o *testOptions) goTest(r *testResults, stderr io.Writer) error {
	cmd := exec.Command("go", append([]string{"test", "-json"}, o.goArgs...)...)
	cmd.Env, cmd.Stderr = append(os.Environ(), o.env...), stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line)
		}
		if err != nil {
			break
		}
	}
	return cmd.Wait()
}

// write writes the files that were asked for.
func (o *testOptions) write(r *testResults) error {
	for _, f := range []struct {
		path  string
		write func(io.Writer) error
	}{{o.junit, r.junit}, {o.markdown, r.markdown}, {o.jsonl, r.jsonl}} {
		if f.path != "" {
			if err := toFile(f.path, f.write); err != nil {
				return err
			}
		}
	}
	summary := os.Getenv("GITHUB_STEP_SUMMARY")
	if summary == "" || os.Getenv("GITHUB_ACTIONS") != "true" {
		return nil
	}
	f, err := os.OpenFile(summary, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(r.markdown(f), f.Close())
}

// testEvent is a line of go test -json, see `go doc test2json`.
type testEvent struct {
	Action     string
	Package    string
	ImportPath string // of a package that does not build
	Test       string
	Elapsed    float64
	Output     string
	Key, Value string // of an attribute
}

// testResult is what is known of a test, or, with an empty Test, of a package.
type testResult struct {
	pkg, test string
	action    string // pass, fail or skip; "" if it has not ended
	elapsed   float64
	output    strings.Builder
	attrs     map[string]string
}

// finding is a cause of failures: all that have one signature.
type testFinding struct {
	Schema    int      `json:"schema"`
	Signature string   `json:"signature"`
	Class     string   `json:"class"`
	Verdict   string   `json:"verdict"`
	Failure   string   `json:"failure"`
	Package   string   `json:"package"`
	Test      string   `json:"test"`
	Seed      string   `json:"seed"`
	Event     string   `json:"event"`
	Trace     string   `json:"trace"`
	Reproduce string   `json:"reproduce"`
	Also      []string `json:"also"` // the other tests and subtests that fail for this cause
	Report    string   `json:"report"`

	first *testResult
}

// testResults collects what go test says.
type testResults struct {
	say      func(format string, args ...any)
	results  map[[2]string]*testResult
	order    []*testResult // as they were first heard of
	packages map[string]bool
	build    strings.Builder // output of packages that do not build

	findings []*testFinding // by package and test, after settle
	others   []*testResult  // tests and packages that fail without a finding
	done     int            // packages
}

func newTestResults(say func(string, ...any)) *testResults {
	return &testResults{say: say, results: map[[2]string]*testResult{}, packages: map[string]bool{}}
}

// line takes a line of go test -json. What is none goes to the output of builds.
func (r *testResults) line(line []byte) {
	var e testEvent
	if json.Unmarshal(line, &e) != nil {
		r.build.Write(line)
		return
	}
	if e.Action == "build-output" {
		r.build.WriteString(e.Output)
	}
	if e.Package == "" {
		return
	}
	r.packages[e.Package] = true
	t := r.result(e.Package, e.Test)
	switch e.Action {
	case "output":
		t.output.WriteString(e.Output)
	case "attr":
		t.attrs[e.Key] = e.Value
	case "pass", "fail", "skip":
		t.action, t.elapsed = e.Action, e.Elapsed
		if e.Test == "" {
			r.done++
		}
		r.say("%d packages, %d done: %s", len(r.packages), r.done, strings.TrimSpace(e.Package+" "+e.Test))
	}
}

func (r *testResults) result(pkg, test string) *testResult {
	key := [2]string{pkg, test}
	t := r.results[key]
	if t == nil {
		t = &testResult{pkg: pkg, test: test, attrs: map[string]string{}}
		r.results[key] = t
		r.order = append(r.order, t)
	}
	return t
}

// settle works out the findings.
func (r *testResults) settle() {
	slices.SortStableFunc(r.order, func(a, b *testResult) int { return strings.Compare(a.pkg, b.pkg) })
	bySignature := map[string]*testFinding{}
	explained := map[*testResult]bool{}
	for _, t := range r.order {
		sign := t.attrs["reprise.signature"]
		if sign == "" || t.action == "pass" {
			continue
		}
		r.explain(t, explained)
		if f := bySignature[sign]; f != nil {
			f.Also = append(f.Also, t.pkg+" "+t.test)
			continue
		}
		f := newTestFinding(t)
		bySignature[sign] = f
		r.findings = append(r.findings, f)
	}
	for _, t := range r.order {
		if t.action != "pass" && t.action != "skip" && !explained[t] && !r.hasFailingPart(t) {
			r.others = append(r.others, t)
		}
	}
}

// explain notes that a finding is why t, the tests that it is a part of, and its package fail.
func (r *testResults) explain(t *testResult, explained map[*testResult]bool) {
	explained[t] = true
	for name := t.test; name != ""; {
		name = name[:max(0, strings.LastIndexByte(name, '/'))]
		if up := r.results[[2]string{t.pkg, name}]; up != nil {
			explained[up] = true
		}
	}
}

// hasFailingPart reports whether a test that is a part of t fails, so that t itself need not be told of.
func (r *testResults) hasFailingPart(t *testResult) bool {
	return slices.ContainsFunc(r.order, func(u *testResult) bool {
		return u != t && u.pkg == t.pkg && u.action != "pass" && u.action != "skip" && (t.test == "" || strings.HasPrefix(u.test, t.test+"/"))
	})
}

func newTestFinding(t *testResult) *testFinding {
	a := func(key string) string { return t.attrs["reprise."+key] }
	return &testFinding{
		Schema: 1, Signature: a("signature"), Class: a("class"), Verdict: a("verdict"), Failure: a("failure"), Package: t.pkg, Test: t.test,
		Seed: a("seed"), Event: a("event"), Trace: a("trace"), Reproduce: a("reproduce"), Also: []string{}, Report: t.text(), first: t,
	}
}

// text is the output of a test without what go test adds.
func (t *testResult) text() string {
	var b strings.Builder
	for line := range strings.Lines(t.output.String()) {
		trimmed := strings.TrimLeft(line, " ")
		if strings.HasPrefix(line, "=== ") || strings.HasPrefix(trimmed, "--- ") {
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}
