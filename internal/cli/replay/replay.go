// Package replay holds the verbs that run a recording again: replay, to its end, to an event or step by step, and pin,
// which keeps the trace of a failing test as a regression test.
package replay

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/demo"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// replayOptions are the flags of replay.
type replayOptions struct {
	base.ReportOptions
	policy  string
	window  int
	fork    uint64
	seed    uint64
	to      string
	breakAt uint64
	step    bool
	fixed   bool

	given  func(flag string) bool
	target *replayer.Target // of to or breakAt; nil for the end
}

const replayHelp = `Replay a recording against its program: without its seed, every event checked. The program is a demo, or the
test that the file names, of package simtest or an ordinary one: that is built as it is now and run in a process of its own.

Without --to, --break and --step the replay goes on to the end. The exit code is 0 if the run equals its recording,
even if the recorded run failed, and 1 if they differ. Policies say what happens where they part:

  strict    the replay ends, and the difference is reported (the default)
  resync    it goes on, finds within --window events where the two meet again, and counts what differs
  prefix    the first --fork events are replayed, then the run goes on live, under random choices from --seed
  past-end  strict as long as the recording goes, then live, under random choices from --seed

--fork alone means --policy prefix. A run that has gone on live is a run of its own: exit code 1 if it fails.

--to TARGET stops where the run meets the target, and shows how it stands: at the event itself, before what that event
tells of has had its effect. If the run never gets there the exit code is 1. A target is

  N, index=N        the event with an index, from 0
  tick=N, time=D    the first event in a scheduling step, or at a virtual time such as 1.5s, or behind it
  task=T            the next time that a task is chosen: T1 or T1g2, a path such as 0.2.1, or its name
  kind=K            the next event of a kind, such as TimerFired

--break N is --to N for a debugger: replayer.Breakpoint is called at event N, on the stack of the task that makes it.

  dlv exec reprise -- replay FILE --break 42
  break github.com/reprise-go/reprise/replayer.Breakpoint
  condition 1 index == 42
  continue

--step reads commands from standard input, one a line, from a terminal or a pipe; "help" lists them. With --to or --break
it starts there. Its exit code is 1 if the run and its recording parted, or a target was never met. A wrong command ends
a script with exit code 2.

The formats of --to and --break are text and json, that of --step is text. FILE may be -, but not with these three: they
read the recording more than once.

For a test of package simtest the target of --to is the index of an event, the format is text, --step starts at the first
event and knows fewer commands, and there is no --fixed.

An ordinary test has every format, and neither --step nor --break nor --fixed. The target of --to is the index of an event;
the run stops at the first decision from there on. --fork counts events too, and what is live begins behind the last
decision among them. --window counts decisions. What the test prints comes before the report, or on standard error where
the report is for machines.

The demos are `

func New() *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "Replay a recording, to its end, to an event, or step by step",
		Long:  replayHelp + strings.Join(demo.Names(), ", ") + ".",
		Args:  verb.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(args[0]); err != nil {
				return err
			}
			r := &replay{
				replayOptions: o, path: args[0],
				stdin: cmd.InOrStdin(), stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr(),
			}
			return r.run()
		},
	}
	o.define(cmd)
	return cmd
}

// define defines the flags.
func (o *replayOptions) define(cmd *cobra.Command) {
	o.ReportOptions.Define(cmd.Flags(), base.ReportFormats)
	fs := cmd.Flags()
	fs.StringVar(&o.policy, "policy", "strict", "where the run and the recording part: strict, resync, prefix, past-end")
	fs.IntVar(&o.window, "window", 0, "how far resync looks, in events (default 64)")
	fs.Uint64Var(&o.fork, "fork", 0, "how many events prefix replays before the run goes on live")
	fs.Uint64Var(&o.seed, "seed", 0, "the seed of what goes on live")
	fs.StringVar(&o.to, "to", "", "stop at a target and show how the run stands")
	fs.Uint64Var(&o.breakAt, "break", 0, "stop at an event, and in a debugger at replayer.Breakpoint")
	fs.BoolVar(&o.step, "step", false, "read commands from standard input")
	fs.BoolVar(&o.fixed, "fixed", false, "replay against the fixed program of the demo")
	cmd.MarkFlagsMutuallyExclusive("to", "break")
	o.given = fs.Changed
}

// defaultWindow is that of resync, in events.
const defaultWindow = 64

// validate checks what the flags say and fills the defaults.
func (o *replayOptions) validate(path string) error {
	if err := o.Check(base.ReportFormats); err != nil {
		return err
	}
	if o.given("fork") && !o.given("policy") {
		o.policy = replayer.Prefix.String()
	}
	if err := o.checkPolicy(); err != nil {
		return err
	}
	if o.given("to") {
		t, err := parseTarget(o.to)
		if err != nil {
			return err
		}
		o.target = &t
	}
	if o.given("break") {
		t := replayer.AtIndex(o.breakAt)
		o.target = &t
	}
	switch {
	case path == base.Stdio && (o.step || o.target != nil):
		return base.Usage("--to, --break and --step read the recording more than once, which standard input does not allow")
	case o.step && o.Format != "text":
		return base.Usage("--step has no format but text")
	case o.target != nil && o.Format != "text" && o.Format != "json":
		return base.Usage("--to and --break have no format but text and json")
	}
	return nil
}

// policies are the names of the policies.
var policies = []string{
	replayer.Strict.String(), replayer.Resync.String(), replayer.Prefix.String(), replayer.PastEnd.String(),
}

// checkPolicy checks the policy and the flags that belong to one.
func (o *replayOptions) checkPolicy() error {
	p := replayer.Policy(slices.Index(policies, o.policy))
	switch {
	case !slices.Contains(policies, o.policy):
		return base.Usage("unknown policy %q; the policies are %s", o.policy, strings.Join(policies, ", "))
	case o.given("window") && p != replayer.Resync:
		return base.Usage("--window is for --policy resync, not %v", p)
	case o.given("window") && (o.window < 1 || o.window > replayer.MaxWindow):
		return base.Usage("--window %d is not from 1 to %d", o.window, replayer.MaxWindow)
	case o.given("fork") && p != replayer.Prefix:
		return base.Usage("--fork is for --policy prefix, not %v", p)
	case !o.given("fork") && p == replayer.Prefix:
		return base.Usage("--policy prefix needs --fork, the number of events to replay")
	case o.given("seed") && p == replayer.Strict:
		return base.Usage("--seed is for what goes on live, and nothing does under --policy strict")
	}
	if p == replayer.Resync && o.window == 0 {
		o.window = defaultWindow
	}
	return nil
}

// command returns the command line that replays path under the options.
func (o *replayOptions) command(path string) string {
	line := "reprise replay " + base.PlainOrQuoted(path)
	add := func(flag, value string) {
		if o.given(flag) {
			line += " --" + flag + value
		}
	}
	add("fixed", "")
	add("policy", " "+o.policy)
	add("window", " "+strconv.Itoa(o.window))
	add("fork", " "+strconv.FormatUint(o.fork, 10))
	add("seed", " "+strconv.FormatUint(o.seed, 10))
	return line
}

// replay is one run of the command. It knows the recording before it knows the program.
type replay struct {
	replayOptions
	path           string
	stdin          io.Reader
	stdout, stderr io.Writer

	in   *base.Input
	cfg  replayer.Config
	body func(*simsched.Sim) error
}

// ways are the ways to replay a recording, each for the recordings of one sort of program. The first that knows the
// program replays it; each may rely on options that make sense, and on an input that nothing has been read from.
var ways = []func(*replay) (known bool, err error){(*replay).demo, (*replay).ordinary, (*replay).goTest}

// run opens the recording and looks its program up.
func (r *replay) run() (err error) {
	if r.in, err = base.OpenInput(r.stdin, r.path, source.Config{}); err != nil {
		return err
	}
	defer r.in.Close()
	for _, way := range ways {
		if known, err := way(r); known {
			return err
		}
	}
	return r.in.Bad(fmt.Errorf("%w: %.60q is no program that this command can run; it runs tests that use package "+
		"simtest, and the demos: %s. To replay any other, call replayer.Run with the recording and the program in Go code",
		replayer.ErrProgram, r.in.Metadata().Description, strings.Join(demo.Names(), ", ")))
}

// demo replays the recording of a demo, in this process.
func (r *replay) demo() (known bool, err error) {
	i := slices.IndexFunc(demo.Programs, func(p demo.Program) bool { return p.Config().Program == r.in.Metadata().Description })
	if i < 0 {
		return false, nil
	}
	r.body = demo.Programs[i].Buggy
	if r.fixed {
		r.body = demo.Programs[i].Fixed
	}
	r.cfg = r.settings(demo.Programs[i].Config())
	return true, r.here()
}

// settings are those of the replay of a run under cfg.
func (r *replay) settings(cfg simsched.Config) replayer.Config {
	cfg.CallSites = r.step || r.target != nil
	c := replayer.Config{
		Sim: cfg, Policy: replayer.Policy(slices.Index(policies, r.policy)), Window: r.window, Index: r.fork, Seed: r.seed,
		Reproduce: r.command(r.path),
	}
	if r.given("break") {
		c.BreakAt = []uint64{r.breakAt}
	}
	return c
}

// here replays in this process what cfg and body say.
func (r *replay) here() error {
	if !r.step && r.target == nil {
		result, err := replayer.Run(r.in.Cursor(), r.cfg, r.body)
		return r.report(result, err)
	}
	if r.in.File == nil {
		return base.Usage("%s is no file: --to, --break and --step read the recording more than once", r.in.Name)
	}
	run, err := replayer.New(r.in.Cursor(), r.cfg, r.body)
	if err != nil {
		return r.refused(err)
	}
	defer run.Close() // its error is always nil
	v, err := r.newView(run)
	if err != nil {
		return err
	}
	defer v.close()
	if r.step {
		return newDebugger(r, v).run()
	}
	return r.stop(v)
}

// report reports a replay to the end.
func (r *replay) report(result replayer.Result, err error) error {
	o := r.outcome(result)
	if failure := o.take(err); failure != nil {
		return r.refused(failure)
	}
	return r.conclude(o)
}

// conclude writes how a replay to the end went, and gives the exit code.
func (r *replay) conclude(o *outcome) error {
	if err := r.Render(r.stdout, o); err != nil {
		return base.Failed(err)
	}
	if o.found() {
		return base.Found()
	}
	return nil
}

// atTarget goes to the target.
func (r *replay) atTarget(v *view) (*stand, error) {
	s, err := v.runTo(*r.target)
	if err == nil {
		err = v.whole(s)
	}
	if err != nil {
		return nil, r.refused(err)
	}
	return s, nil
}

// stop goes to the target and shows how the run stands there.
func (r *replay) stop(v *view) error {
	s, err := r.atTarget(v)
	if err != nil {
		return err
	}
	return r.show(s)
}

// show writes how a run stands, and gives the exit code.
func (r *replay) show(s *stand) error {
	if err := r.Render(r.stdout, s); err != nil {
		return base.Failed(err)
	}
	if !s.reached {
		return base.Found()
	}
	return nil
}

// refused gives an error that is no divergence its exit code.
func (r *replay) refused(err error) error {
	var coded *base.ExitError
	switch {
	case errors.As(err, &coded):
		return err
	case errors.Is(err, replayer.ErrConfig):
		return base.Usage("--fork %d: %w", r.fork, err) // all else has been checked
	}
	return r.in.Bad(err)
}

// divergenceOf returns the divergence that err is, nil if it is none.
func divergenceOf(err error) *divergence.Divergence {
	var diverged *divergence.Error
	if errors.As(err, &diverged) {
		return diverged.Divergence
	}
	return nil
}
