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
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/fault"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/strategy"
)

// testFlag is a flag of test that takes a value.
type testFlag struct {
	name  string
	usage string // the value in a word, as in --seeds N
	help  string
	set   func(o *gotest.Options, value string)
	form  string                  // a valid value, "" if usage says that
	valid func(value string) bool // nil: every value is
	bare  bool                    // without a value it means true
}

// setting is a flag that the tests get as an environment variable.
func setting(s *wire.Setting, usage, help string) testFlag {
	set := func(o *gotest.Options, value string) { o.Env = append(o.Env, s.Assign(value)) }
	return testFlag{s.Flag, usage, help, set, s.Form, s.Valid, s.Bare}
}

// file is a flag that names a file to be written.
func file(name, help string, field func(o *gotest.Options) *string) testFlag {
	return testFlag{name: name, usage: "FILE", help: help, set: func(o *gotest.Options, v string) { *field(o) = v }}
}

// testFlags are the flags that test has besides those of go test: the one source of its parser, help, completion and
// manual page.
var testFlags = []testFlag{
	setting(wire.Seeds.Setting, "N",
		`how many seeds a test runs: 100 otherwise and as many more as
fit in 2 seconds, unless all runs are alike; 10 with -short;
and no more than fit in 10 seconds`),
	setting(wire.Budget.Setting, "D", "how long a test runs seeds, such as 30s"),
	setting(wire.UntilCovered.Setting, "P", `run seeds until less than a part of further runs, such as 1%,
would show another order of operations, by an estimate`),
	setting(wire.Exhaustive.Setting, "[K]", `run every schedule with at most K preemptions, those with fewer
first, until one fails; 2 without a number, or all; or, with
"orders", one schedule of each order of the operations that
depend on each other. Not all is enumerated: see docs/zero.md`),
	setting(wire.Resume.Setting, "BOOL", `go on with a search that was interrupted or ended by time:
runs that have passed are not made again`),
	setting(wire.Seed.Setting, "S[,S]", "run only these seeds"),
	setting(wire.Shard.Setting, "I/N", `run the part I of N of the seeds, for N machines: all parts
together run what one machine would run. Each part may take
the whole --budget. Pins run in the first part`),
	setting(wire.Strategy.Setting, "NAME", "how the next goroutine or task is chosen:\n"+strategyHelp()),
	setting(wire.Leaks.Setting, "WHAT", `of goroutines that a passing test leaves waiting for ever, for
a lock, a wait group or a cond, or for something that no code
which may still run reaches: auto (the default) and fail, the run
fails; report, it passes with a note; off`),
	setting(wire.Slow.Setting, "D", `below which lateness a failure counts that needs a goroutine
to be late, such as 20ms: 10ms otherwise, 0 for none, any.
One that needs more is a note`),
	setting(wire.Together.Setting, "BOOL", `run all tests of a package in one process, as go test does,
for tests that need their neighbours or run in parallel`),
	setting(wire.Determinism.Setting, "BOOL", "run each passing seed twice and tell the first difference"),
	setting(wire.Minimize.Setting, "D", `how long to look for the smallest run that fails in the same
way, for each finding: 10s otherwise; off for not at all. The
original recording is kept beside it`),
	{"memory", "WHAT", `preemption points at plain reads and writes of memory, and
a race detector: auto (the default) in half of the runs,
for the packages of the main module; on, in all; off; or a
pattern of packages, such as golang.org/x/sync/..., besides
the main module. It needs no C, and stands back for -race
and -gcflags`, func(o *gotest.Options, v string) { o.Memory = v }, gotest.MemoryForm, gotest.ValidMemory, false},
	setting(wire.Network.Setting, "WHAT", `connections between goroutines of a test, over loopback
addresses and unix sockets: simulated (the default) inside
the process, in virtual time; real, by the kernel`),
	setting(wire.Faults.Setting, "WHAT", `faults of the simulated network, and of a hundred operations
that could meet one, how many do: net, all kinds, 2%; net=5%;
or some of the kinds, such as short,latency=5%:
`+faultsHelp()),
	setting(wire.RecordOutside.Setting, "WHAT", `how much a recording keeps of what a run takes from sockets
and pipes outside, so that a replay needs no server: 1MiB
otherwise, 64MiB at most; off for nothing. Files are only
compared. files keeps the content of those outside of the
module, too, and env the variables of the environment that
the test asks for: 4MiB,files,env. Both may be secret;
reprise stats lists what a recording has`),
	clockFlag(),
	artifactsFlag(),
	setting(wire.MaxVirtual.Setting, "D", "how much virtual time a run may take: 70m otherwise"),
	setting(wire.MaxReal.Setting, "D", "how much real time a run may take: 1m otherwise"),
	setting(wire.MaxRecords.Setting, "N", `how many records of a run are kept, of 32 bytes each:
4194304 otherwise; a report tells the start of a longer run`),
	setting(wire.MaxDecisions.Setting, "N", "how many decisions a run may take: 10000000 otherwise"),
	{"results", "FOLDER", `write the results of all tests to FOLDER/results.jsonl, for
reprise report; recordings go there, too, unless --artifacts
says otherwise`, func(o *gotest.Options, v string) { o.Results = v }, "", nil, false},
	{"fail", "WHAT", `which failures make the exit code 1: any (the default), or
broken: only packages that do not build and tests that fail
without a finding, for shards whose findings reprise report
judges. Annotations are left to that, too`, func(o *gotest.Options, v string) { o.OnlyBroken = v == "broken" },
		"any or broken", func(v string) bool { return v == "any" || v == "broken" }, false},
	{"changed", "REV", `test only the packages that differ from a revision of git, and
those that import one of them`, func(o *gotest.Options, v string) { o.Changed = v }, "", nil, false},
	{"html", "BOOL", `draw a page beside the recording of each finding, with its
report, as reprise view does`, func(o *gotest.Options, v string) { o.HTML = v == "true" }, "true or false",
		func(v string) bool { return v == "true" || v == "false" }, true},
	file("junit", "write the results as JUnit XML", func(o *gotest.Options) *string { return &o.JUnit }),
	file("markdown", "write a summary in Markdown", func(o *gotest.Options) *string { return &o.Markdown }),
	file("jsonl", "write a JSON object for each finding", func(o *gotest.Options) *string { return &o.JSONL }),
}

// strategyHelp describes each strategy in a line.
func strategyHelp() string {
	var b strings.Builder
	for _, name := range strategy.Names() {
		fmt.Fprintf(&b, "  %-13s%s\n", name, strategy.Find(name).About)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// faultsHelp describes each kind of fault in a line.
func faultsHelp() string {
	about := [...]string{"a read or write moves fewer bytes than it could", "a connection is reset", "a dial is refused",
		"data or a datagram takes longer: up to 41ms", "data takes much longer: up to 102s",
		"few bytes a second pass a connection from here on", "a datagram is lost",
		"nothing passes from or to an address for up to 41s"}
	var b strings.Builder
	for i, name := range fault.Names() {
		fmt.Fprintf(&b, "  %-13s%s\n", name, about[i])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// clockFlag is the flag of wire.Clock. All tests get the same time for now.
func clockFlag() testFlag {
	f := setting(wire.Clock.Setting, "TIME", `when the clock of a run starts, or now: a fixed instant of
this year otherwise. The recording and the command that
reproduces a run hold it`)
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
	f := setting(wire.Artifacts.Setting, "FOLDER", `where traces and reports go: otherwise to a folder of the user
among the temporary ones, such as /tmp/reprise-1000, which a
container loses`)
	set := f.set
	f.set = func(o *gotest.Options, v string) {
		if abs, err := filepath.Abs(v); err == nil {
			v = abs
		}
		set(o, v)
	}
	return f
}

var testHelp = `Run the tests of any packages with go test, and each test function under many seeds, which select the goroutine
schedule, virtual time and random numbers. The packages are not changed. Every run is recorded. A run that fails is
saved, replayed twice, and reported with the schedule that led to the failure and the commands that reproduce it.
Failures with the same cause, according to their signature, are one finding with one report.

All other arguments are passed to go test: packages, -run, -race, -short, -tags, -timeout and so on. -count N above 1
means --seeds N. -p N limits the number of runs of all packages at a time (default: the number of processors), and
-parallel N that of one package as well as the parallel tests within a run. -timeout limits the total time of the tests
of a package, and if it is not 10m, also the time of each run (0: no limit), which is a minute by default. -json prints
the events of go test, and the report on standard error. -v also prints the output of the tests.

With -bench, -fuzz, -list, -c, -exec, -overlay or profiles, go test runs as it does without reprise; coverage is
refused. Go test also runs as usual, with a note, if tests cannot be controlled: that requires Linux on amd64 or arm64,
and Go 1.25 to 1.27. The first use with a Go version compiles the standard library, which takes a minute.

Each test function runs in a process of its own, unless --together is given. So does each test of a suite of testify,
which -run can select. A failing run is repeated alone, because copies of a test that run at the same time can disturb
each other. If they do, the seeds of the test run one at a time. Tests that use package rapid do not leave failure files
behind.

Packages that use package simtest run as before, with the flags --seeds, --budget, --seed, --strategy, --leaks,
--determinism and --artifacts. Leaked tasks fail a simulated run with --leaks auto, too.

If GITHUB_ACTIONS is true, findings are also annotated, and the summary is added to GITHUB_STEP_SUMMARY.
The exit code is 1 if a test fails or a package does not build, 2 for wrong use.`

func New() *cobra.Command {
	cmd := &cobra.Command{
		Use: "test [packages and flags of go test] [--seeds N | --budget D] ...",
		Example: verb.Examples(
			"all packages", "reprise test ./...",
			"one test, for a minute", "reprise test ./cache -run '^TestOnce$' --budget 1m",
			"in CI", "reprise test ./... --seeds 1000 --artifacts failing --junit report.xml",
			"with the race detector of Go", "reprise test -race ./...",
			"for other tools that read go test -json", "gotestsum --raw-command -- reprise test -json ./...",
		),
		Short:              "Run go test with many seeds, and collect what fails: one finding a cause",
		Long:               testHelp,
		DisableFlagParsing: true, DisableFlagsInUseLine: true,
		ValidArgsFunction: complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			own := gotest.BeforeArgs(args)
			if slices.ContainsFunc([]string{"--help", "-help", "-h"}, func(h string) bool { return slices.Contains(own, h) }) {
				return cmd.Help()
			}
			o, err := ParseArgs(args)
			if err != nil {
				return err
			}
			return o.Run(cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	for _, f := range testFlags {
		flag := cmd.Flags().VarPF(form(f.usage), f.name, "", f.help)
		if f.bare {
			flag.NoOptDefVal = "true"
		}
	}
	return cmd
}

// form is the value of a flag in help, completion and the manual page: the word for it. Values are parsed by
// ParseArgs, since the flags stand among those of go test.
type form string

var _ pflag.Value = form("")

func (form) String() string   { return "" }
func (form) Set(string) error { return nil }

func (f form) Type() string {
	if f == "BOOL" { // which help leaves out
		return "bool"
	}
	return string(f)
}

// complete completes flags: those of test, and those of go test with one dash.
func complete(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if !strings.HasPrefix(word, "-") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var list []cobra.Completion
	for _, f := range testFlags {
		first, _, _ := strings.Cut(f.help, "\n")
		list = append(list, cobra.CompletionWithDesc("--"+f.name, first))
	}
	for _, name := range goTestFlags {
		list = append(list, cobra.CompletionWithDesc("-"+name, "see go help testflag and go help build"))
	}
	list = slices.DeleteFunc(list, func(c cobra.Completion) bool { return !strings.HasPrefix(c, word) })
	return list, cobra.ShellCompDirectiveNoFileComp
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

// ParseArgs takes the flags of test out of the arguments, up to -args.
func ParseArgs(args []string) (o gotest.Options, err error) {
	own := gotest.BeforeArgs(args)
	behind := args[len(own):]
	for args = own; len(args) > 0; {
		arg := args[0]
		args = args[1:]
		name, value, given := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		i := slices.IndexFunc(testFlags, func(f testFlag) bool { return f.name == name })
		if i < 0 || !strings.HasPrefix(arg, "-") {
			if meant := mistyped(arg, name); meant != "" {
				return o, base.Usage("unknown flag %s; did you mean %s? A flag of the tests themselves goes behind -args",
					arg, meant)
			}
			o.Args = append(o.Args, arg)
			continue
		}
		switch f := testFlags[i]; {
		case given:
		case f.bare && (len(args) == 0 || !f.valid(args[0])):
			if len(args) > 0 && f.resembles(args[0]) {
				return o, base.Usage("--%s %q: it must be %s; a package in a folder of that name is ./%s", name, args[0], f.form,
					args[0])
			}
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
	if err := o.Conflict(); err != nil {
		return o, base.Usage("%v", err)
	}
	return o, nil
}

// resembles reports whether a word behind a flag that may stand alone is a mistyped value and no package: a number, or
// nearly a value that the form names.
func (f testFlag) resembles(word string) bool {
	if word == "" || strings.ContainsAny(word, "./") || strings.HasPrefix(word, "-") {
		return false
	}
	named := strings.FieldsFunc(f.form, func(r rune) bool { return r == ' ' || r == ',' })
	named = slices.DeleteFunc(named, func(s string) bool { return !f.valid(s) })
	return unicode.IsDigit(rune(word[0])) || prose.Closest(word, named) != ""
}

// mistyped returns the flag that an argument resembles, with its dashes, "" if it is no flag, one of go test, or
// resembles none.
func mistyped(arg, name string) string {
	name = strings.TrimPrefix(name, "test.")
	if !strings.HasPrefix(arg, "-") || slices.Contains(goTestFlags, name) {
		return ""
	}
	var own []string
	for _, f := range testFlags {
		own = append(own, f.name)
	}
	if meant := prose.Closest(name, own); meant != "" {
		return "--" + meant
	}
	if meant := prose.Closest(name, goTestFlags); meant != "" {
		return "-" + meant
	}
	return ""
}

// goTestFlags are the flags of go test: see "go help build" and "go help testflag".
var goTestFlags = strings.Fields(`C a args asan asmflags bench benchmem benchtime blockprofile blockprofilerate buildmode
	buildvcs c compiler count cover covermode coverpkg coverprofile cpu cpuprofile exec failfast fullpath fuzz
	fuzzminimizetime fuzztime gccgoflags gcflags gocoverdir installsuffix json ldflags linkshared list memprofile
	memprofilerate mod modcacherw modfile msan mutexprofile mutexprofilefraction n o outputdir overlay p parallel pgo pkgdir
	race run short shuffle skip tags timeout toolexec trace trimpath v vet work x`)
