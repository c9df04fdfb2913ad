package replay

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/prose"
	front "github.com/reprise-go/reprise/internal/replay"
	"github.com/reprise-go/reprise/replayer"
)

// options are the flags of replay.
type options struct {
	base.ReportOptions
	front.Settings // Format and Color are filled in by settings
	policy         string
	breakAt        uint64
	fixed          bool
	more           gotest.Given

	given func(flag string) bool
}

// define defines the flags.
func (o *options) define(cmd *cobra.Command) {
	fs := cmd.Flags()
	o.ReportOptions.Define(fs, base.ReportFormats)
	fs.StringVar(&o.policy, "policy", "strict",
		"where the run and the recording part: "+strings.Join(front.Policies, ", "))
	fs.IntVar(&o.Window, "window", 0, "how far resync looks, in events (default 64)")
	fs.Uint64Var(&o.Fork, "fork", 0, "how many events prefix replays before the run goes on live")
	fs.Uint64Var(&o.Seed, "seed", 0, "the seed of what goes on live")
	fs.StringVar(&o.To, "to", "", "stop at a target and show how the run stands")
	fs.Uint64Var(&o.breakAt, "break", 0, "stop at an event, and in a debugger at replayer.Breakpoint")
	fs.BoolVar(&o.Step, "step", false, "read commands from standard input")
	fs.StringVar(&o.Expect, "expect", "", "exit with 0 if the run ends so: fail or pass")
	fs.BoolVar(&o.All, "all", false, "print every turn, and in an ordinary test all that each goroutine did in it")
	fs.BoolVar(&o.fixed, "fixed", false, "replay against the fixed program of the demo")
	fs.StringVar(&o.more.Network, "network", "", "refuse a recording that was made with another network: simulated, real")
	defineGiven(cmd, &o.more)
	cmd.MarkFlagsMutuallyExclusive("to", "break")
	o.given = fs.Changed
}

// defineGiven defines the flags for what is not taken from a file.
func defineGiven(cmd *cobra.Command, more *gotest.Given) {
	cmd.Flags().StringArrayVar(&more.Flags, "build", nil, "a flag for the build of the test, such as -ldflags=-w")
	cmd.Flags().StringArrayVar(&more.Args, "arg", nil, "an argument for the test binary, such as -update")
}

// defaultWindow is that of resync, in events.
const defaultWindow = 64

// settings checks what the flags say and returns what they mean for the recording at a path.
func (o *options) settings(path string, stdin io.Reader, stdout io.Writer) (front.Settings, error) {
	s := o.Settings
	if err := o.ReportOptions.Check(base.ReportFormats); err != nil {
		return s, err
	}
	if o.given("fork") && !o.given("policy") {
		o.policy = replayer.Prefix.String()
	}
	if o.given("expect") && !o.given("policy") && !o.given("fork") {
		o.policy = replayer.Resync.String()
	}
	if err := o.checkPolicy(); err != nil {
		return s, err
	}
	s.Name, s.Path, s.Reproduce = path, path, o.command(path)
	if path == base.Stdio {
		s.Name = "standard input"
	}
	if s.Policy = o.replayPolicy(); s.Policy == replayer.Resync && s.Window == 0 {
		s.Window = defaultWindow
	}
	if o.given("break") {
		s.Break = &o.breakAt
	}
	if o.given("to") && o.To == "" {
		_, err := front.ParseTarget("")
		return s, err
	}
	s.Format, s.Color, s.Prompt = o.ReportOptions.Format, o.Colored(stdout), base.IsDevice(stdin)
	return s, s.Check()
}

// replayPolicy returns the policy by its name.
func (o *options) replayPolicy() replayer.Policy {
	return replayer.Policy(slices.Index(front.Policies, o.policy))
}

// checkPolicy checks the policy and the flags that belong to one.
func (o *options) checkPolicy() error {
	p := o.replayPolicy()
	switch {
	case !slices.Contains(front.Policies, o.policy):
		return base.Usage("unknown policy %q; the policies are %s", o.policy, strings.Join(front.Policies, ", "))
	case o.given("window") && p != replayer.Resync:
		return base.Usage("--window is for --policy resync, not %v", p)
	case o.given("window") && (o.Window < 1 || o.Window > replayer.MaxWindow):
		return base.Usage("--window %d is not from 1 to %d", o.Window, replayer.MaxWindow)
	case o.given("fork") && p != replayer.Prefix:
		return base.Usage("--fork is for --policy prefix, not %v", p)
	case !o.given("fork") && p == replayer.Prefix:
		return base.Usage("--policy prefix needs --fork, the number of events to replay")
	case o.given("seed") && p == replayer.Strict:
		return base.Usage("--seed is for what goes on live, and nothing does under --policy strict")
	}
	return nil
}

// command returns the command line that replays path under the options.
func (o *options) command(path string) string {
	line := "reprise replay " + prose.ShellQuote(path)
	add := func(flag, value string) {
		if o.given(flag) {
			line += " --" + flag + value
		}
	}
	add("fixed", "")
	add("policy", " "+o.policy)
	add("window", " "+strconv.Itoa(o.Window))
	add("fork", " "+strconv.FormatUint(o.Fork, 10))
	add("expect", " "+o.Expect)
	add("seed", " "+strconv.FormatUint(o.Seed, 10))
	return line
}
