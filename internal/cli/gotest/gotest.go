// Package gotest holds the verb test, which runs go test under many seeds and collects findings, and the hidden verb
// exec-test, which go test starts in the place of a test binary.
package gotest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/ordinary"
	"github.com/reprise-go/reprise/internal/wire"
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
	form  string                  // a valid value, "" if usage says that
	valid func(value string) bool // nil: every value is
	bare  bool                    // without a value it means true
}

// setting is a flag that the tests get as an environment variable.
func setting(s *wire.Setting, usage string) testFlag {
	set := func(o *testOptions, value string) { o.env = append(o.env, s.Assign(value)) }
	return testFlag{s.Flag, usage, set, s.Form, s.Valid, s.Bare}
}

var testFlags = []testFlag{
	setting(wire.Seeds.Setting, "N"),
	setting(wire.Budget.Setting, "D"),
	setting(wire.Seed.Setting, "S[,S]"),
	strategyFlag(),
	setting(wire.Leaks.Setting, strings.Join(wire.LeakModes, "|")),
	setting(wire.Determinism.Setting, "true|false"),
	artifactsFlag(),
	{"junit", "FILE", func(o *testOptions, v string) { o.junit = v }, "", nil, false},
	{"markdown", "FILE", func(o *testOptions, v string) { o.markdown = v }, "", nil, false},
	{"jsonl", "FILE", func(o *testOptions, v string) { o.jsonl = v }, "", nil, false},
}

// strategyFlag is the flag of wire.Strategy, whose values are the names of the strategies.
func strategyFlag() testFlag {
	f := setting(wire.Strategy.Setting, strings.Join(ordinary.Strategies, "|"))
	f.form = wire.Alternatives(ordinary.Strategies)
	f.valid = func(v string) bool { return slices.Contains(ordinary.Strategies, v) }
	return f
}

// artifactsFlag is the flag of wire.Artifacts. Tests run in the folders of their packages, so they get an absolute path.
func artifactsFlag() testFlag {
	f := setting(wire.Artifacts.Setting, "FOLDER")
	set := f.set
	f.set = func(o *testOptions, v string) {
		if abs, err := filepath.Abs(v); err == nil {
			v = abs
		}
		set(o, v)
	}
	return f
}

const testHelp = `Run the tests of any packages with go test, each test function under many seeds: of goroutine schedules, of virtual
time and of random numbers. Nothing in the packages changes. Every run is recorded; one that fails is saved, replayed
twice, and told with the schedule that led to it and the commands that reproduce it. Failures of one cause, by their
signature, are one finding: its report is printed once.

  --seeds N          how many seeds a test runs: 100 otherwise, 10 with -short, and no more than fit in 10 seconds
  --budget D         how long a test runs seeds, such as 30s
  --seed S[,S]       run only these seeds
  --strategy NAME    how goroutines are chosen: random, or pct for priorities with a few changes
  --leaks WHAT       of goroutines that a passing test leaves waiting for ever: auto (the default) fails if it does
                     so under some seeds and not under others, and reports them otherwise; fail, report, off
  --determinism      run each passing seed twice and tell the first difference
  --artifacts FOLDER where traces and reports go
  --junit FILE       write the results as JUnit XML
  --markdown FILE    write a summary in Markdown
  --jsonl FILE       write a JSON object for each finding, a line each

All other arguments go to go test: packages, -run, -race, -short, -tags, -timeout and so on. -count N above 1 means
--seeds N. -timeout bounds what the tests of a package take together, and if it is not 10m, also each run (0: no
bound), which otherwise gets a minute. With -bench, -fuzz, -list, -c, -exec, -overlay, coverage or profiles go test
runs as it does without reprise. So it does, with a note, where tests cannot be controlled: that takes Linux on amd64
or arm64, and Go 1.25 to 1.27. The first use with a Go version compiles the standard library, which takes a minute.

Packages that use package simtest run as before, with the same flags from --seeds to --artifacts. Leaked tasks fail a
simulated run under --leaks auto too.

Where GITHUB_ACTIONS is true, findings are also annotated, and the summary is added to GITHUB_STEP_SUMMARY.
The exit code is 1 if a test fails or a package does not build, 2 for wrong use.`

func New() *cobra.Command {
	cmd := &cobra.Command{
		Use:                "test [packages and flags of go test] [--seeds N | --budget D] ...",
		Short:              "Run go test with many seeds, and collect what fails: one finding a cause",
		Long:               testHelp,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if own := beforeArgs(args); slices.Contains(own, "--help") || slices.Contains(own, "-h") {
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

// beforeArgs returns the arguments before -args; those behind it belong to the test binary.
func beforeArgs(args []string) []string {
	if i := slices.IndexFunc(args, func(arg string) bool { return arg == "-args" || arg == "--args" }); i >= 0 {
		return args[:i]
	}
	return args
}

// parseTestArgs takes the flags of test out of the arguments, up to -args.
func parseTestArgs(args []string) (o testOptions, err error) {
	own := beforeArgs(args)
	behind := args[len(own):]
	for args = own; len(args) > 0; {
		arg := args[0]
		args = args[1:]
		name, value, given := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		i := slices.IndexFunc(testFlags, func(f testFlag) bool { return f.name == name })
		if i < 0 || !strings.HasPrefix(arg, "--") {
			o.goArgs = append(o.goArgs, arg)
			continue
		}
		switch f := testFlags[i]; {
		case given:
		case f.bare && (len(args) == 0 || args[0] != "true" && args[0] != "false"):
			value = "true"
		case len(args) == 0:
			return o, base.Usage("--%s needs a value: --%s %s", name, name, f.usage)
		default:
			value, args = args[0], args[1:]
		}
		if f := testFlags[i]; value == "" || f.valid != nil && !f.valid(value) {
			return o, base.Usage("--%s %q: it must be %s", name, value, cmp.Or(f.form, f.usage))
		}
		testFlags[i].set(&o, value)
	}
	o.goArgs = append(o.goArgs, behind...)
	return o, nil
}

// run runs go test and reports.
func (o *testOptions) run(stdout, stderr io.Writer) error {
	p := base.NewProgress(stderr, "test")
	r := newTestResults(p.Say)
	err := o.goTest(context.Background(), r, stderr)
	p.Done()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 2 && len(r.packages) == 0:
		return base.Usage("go test: wrong use, see above")
	case err != nil && exit == nil:
		return base.Failed(err)
	}
	r.settle()
	var b bytes.Buffer
	r.text(&b)
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		r.annotate(&b)
	}
	if _, werr := stdout.Write(b.Bytes()); werr != nil {
		return base.Failed(werr)
	}
	if werr := o.write(r); werr != nil {
		return base.Failed(werr)
	}
	if err != nil {
		return base.Found()
	}
	return nil
}

// write writes the files that were asked for.
func (o *testOptions) write(r *testResults) error {
	for _, f := range []struct {
		path  string
		write func(io.Writer) error
	}{{o.junit, r.junit}, {o.markdown, r.markdown}, {o.jsonl, r.jsonl}} {
		if f.path != "" {
			if err := base.ToFile(f.path, f.write); err != nil {
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
