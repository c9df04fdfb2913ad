// Package gotest holds the verb test, which runs go test under many seeds and collects findings, and the hidden verb
// exec-test, which go test starts in the place of a test binary.
package gotest

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/strategy"
)

// testFlag is a flag of test that takes a value.
type testFlag struct {
	name  string
	usage string
	set   func(o *gotest.Options, value string)
	form  string                  // a valid value, "" if usage says that
	valid func(value string) bool // nil: every value is
	bare  bool                    // without a value it means true
}

// setting is a flag that the tests get as an environment variable.
func setting(s *wire.Setting, usage string) testFlag {
	set := func(o *gotest.Options, value string) { o.Env = append(o.Env, s.Assign(value)) }
	return testFlag{s.Flag, usage, set, s.Form, s.Valid, s.Bare}
}

var testFlags = []testFlag{
	setting(wire.Seeds.Setting, "N"),
	setting(wire.Budget.Setting, "D"),
	setting(wire.Seed.Setting, "S[,S]"),
	setting(wire.Strategy.Setting, "NAME"),
	setting(wire.Leaks.Setting, strings.Join(wire.LeakModes, "|")),
	setting(wire.Determinism.Setting, "true|false"),
	setting(wire.Minimize.Setting, "D|off"),
	{"memory", "auto|on|off|PATTERN", func(o *gotest.Options, v string) { o.Memory = v }, gotest.MemoryForm,
		gotest.ValidMemory, false},
	clockFlag(),
	artifactsFlag(),
	setting(wire.MaxVirtual.Setting, "D"),
	setting(wire.MaxReal.Setting, "D"),
	setting(wire.MaxRecords.Setting, "N"),
	setting(wire.MaxDecisions.Setting, "N"),
	{"junit", "FILE", func(o *gotest.Options, v string) { o.JUnit = v }, "", nil, false},
	{"markdown", "FILE", func(o *gotest.Options, v string) { o.Markdown = v }, "", nil, false},
	{"jsonl", "FILE", func(o *gotest.Options, v string) { o.JSONL = v }, "", nil, false},
}

// strategyHelp describes each strategy in a line.
func strategyHelp() string {
	var b strings.Builder
	for _, name := range strategy.Names() {
		fmt.Fprintf(&b, "%23s%-13s%s\n", "", name, strategy.Find(name).About)
	}
	return b.String()
}

// clockFlag is the flag of wire.Clock. All tests get the same time for now.
func clockFlag() testFlag {
	f := setting(wire.Clock.Setting, "TIME|now")
	set := f.set
	f.set = func(o *gotest.Options, v string) {
		if t, err := wire.Clock.Parse("", v); err == nil {
			v = wire.ClockText(t)
		}
		set(o, v)
	}
	return f
}

// artifactsFlag is the flag of wire.Artifacts. Tests run in the folders of their packages, so they get an absolute
// path.
func artifactsFlag() testFlag {
	f := setting(wire.Artifacts.Setting, "FOLDER")
	set := f.set
	f.set = func(o *gotest.Options, v string) {
		if abs, err := filepath.Abs(v); err == nil {
			v = abs
		}
		set(o, v)
	}
	return f
}

var testHelp = `Run the tests of any packages with go test, each test function under many seeds: of goroutine schedules, of virtual
time and of random numbers. Nothing in the packages changes. Every run is recorded; one that fails is saved, replayed
twice, and told with the schedule that led to it and the commands that reproduce it. Failures of one cause, by their
signature, are one finding: its report is printed once.

  --seeds N          how many seeds a test runs: 100 otherwise, 10 with -short, and no more than fit in 10 seconds
  --budget D         how long a test runs seeds, such as 30s
  --seed S[,S]       run only these seeds
  --strategy NAME    how the next goroutine or task is chosen:
` + strategyHelp() + `  --leaks WHAT       of goroutines that a passing test leaves waiting for ever: auto (the default) fails if one waits
                     for a lock, a wait group, a cond or a receiver, or if one is left under some seeds and not under
                     others, and reports the rest; fail, report, off
  --memory WHAT      preemption points at plain reads and writes of memory, and a race detector: auto (the default) in
                     half of the runs, for the packages of the main module; on, in all; off; or a pattern of
                     packages, such as golang.org/x/sync/..., besides the main module. It needs no C, and stands
                     back for -race and -gcflags
  --clock TIME|now   when the clock of a run starts: a fixed instant of this year otherwise. The recording and the
                     command that reproduces a run hold it
  --determinism      run each passing seed twice and tell the first difference
  --minimize D       how long to look for the smallest run that fails in the same way, for each finding: 10s otherwise;
                     off for not at all. The original recording is kept beside it
  --artifacts FOLDER where traces and reports go
  --max-virtual D    how much virtual time a run may take: 70m otherwise
  --max-real D       how much real time a run may take: 1m otherwise
  --max-records N    how many records of a run are kept, of 32 bytes each: 4194304 otherwise; a report tells the start of a
                     longer run
  --max-decisions N  how many decisions a run may take: 10000000 otherwise
  --junit FILE       write the results as JUnit XML
  --markdown FILE    write a summary in Markdown
  --jsonl FILE       write a JSON object for each finding, a line each

All other arguments go to go test: packages, -run, -race, -short, -tags, -timeout and so on. -count N above 1 means
--seeds N. -p N bounds the runs of all packages at a time, which are as many as processors otherwise, and -parallel N
those of one package, which also pass it on to t.Parallel. -timeout bounds what the tests of a package take together, and if it is not 10m, also each run (0: no
bound), which otherwise gets a minute. With -bench, -fuzz, -list, -c, -exec, -overlay, coverage or profiles go test
runs as it does without reprise. -json prints the events of go test, and the report on standard error; -v also prints
what the tests print. So it does, with a note, where tests cannot be controlled: that takes Linux on amd64
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
			if own := gotest.BeforeArgs(args); slices.Contains(own, "--help") || slices.Contains(own, "-h") {
				return cmd.Help()
			}
			o, err := parseTestArgs(args)
			if err != nil {
				return err
			}
			return o.Run(cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	return cmd
}

// NewExec is the command that go test starts in the place of a test binary.
func NewExec() *cobra.Command {
	return &cobra.Command{
		Use:                "exec-test BINARY [flags of a test binary]",
		Short:              "Run a test binary under control, for the flag -exec of go test; use test",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if gotest.Main(args, wire.Strip(os.Environ()), cmd.OutOrStdout()) != 0 {
				return base.Found()
			}
			return nil
		},
	}
}

// parseTestArgs takes the flags of test out of the arguments, up to -args.
func parseTestArgs(args []string) (o gotest.Options, err error) {
	own := gotest.BeforeArgs(args)
	behind := args[len(own):]
	for args = own; len(args) > 0; {
		arg := args[0]
		args = args[1:]
		name, value, given := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		i := slices.IndexFunc(testFlags, func(f testFlag) bool { return f.name == name })
		if i < 0 || !strings.HasPrefix(arg, "-") {
			if meant := mistyped(arg, name); meant != "" {
				return o, base.Usage("unknown flag %s; did you mean --%s? A flag of the tests themselves goes behind -args",
					arg, meant)
			}
			o.Args = append(o.Args, arg)
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
	o.Args = append(o.Args, behind...)
	return o, nil
}

// mistyped returns the flag of test that an argument resembles, "" if it is no flag, one of go test, or resembles none.
func mistyped(arg, name string) string {
	if !strings.HasPrefix(arg, "-") || slices.Contains(goTestFlags, strings.TrimPrefix(name, "test.")) {
		return ""
	}
	for _, f := range testFlags {
		if len(name) > 3 && distance(name, f.name) <= 2 {
			return f.name
		}
	}
	return ""
}

// goTestFlags are the flags of go test that resemble one of test, or that test does not know otherwise: see "go help
// testflag".
var goTestFlags = strings.Fields("json list fuzz run race msan asan cover trace tags timeout short shuffle skip vet parallel mod work")

// distance is how many letters must be put in, left out or changed to make b of a: the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
