// Package replay holds the verbs that run a recording again: replay, to its end, to an event or step by step, and pin,
// which keeps the trace of a failing test as a regression test.
//
// The verb replay finds the program of a recording and makes a driver for it, or asks the test binary of a simulated
// program to do so. All else is the work of package internal/replay.
package replay

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/demo"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/gotest"
	front "github.com/reprise-go/reprise/internal/replay"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

const replayHelp = `Replay a recording against its program: without its seed, every event checked. The program is a demo,
or the test that the file names, of package simtest or an ordinary one. The test is built as it is now and run in a
process of its own.

Without --to, --break and --step the replay goes on to the end. The exit code is 0 if the run equals its recording,
even if the recorded run failed, and 1 if they differ. Policies say what happens where they part:

  strict    the replay ends, and the difference is reported (the default)
  resync    it goes on, finds within --window events where the two meet again, and counts what differs
  prefix    the first --fork events are replayed, then the run goes on live, under random choices from --seed
  past-end  strict as long as the recording goes, then live, under random choices from --seed

--fork alone means --policy prefix. A run that has gone on live is a run of its own: exit code 1 if it fails.

--expect fail (or pass) makes the exit code the answer to one question: 0 if the run fails (or passes), 1 if it does not.
What was changed in the program since may make the run another one, so --policy is resync unless given. A program that
does not build, a test that is gone, or a run that passes with less than half in common with the recording is exit
code 125, as git bisect wants it:

  git bisect run reprise replay --expect pass FILE

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
it starts there. A step of a simulated program is an event. The exit code is 1 if the run and its recording parted, or a
target was never met. A wrong command ends a script with exit code 2.

Every format goes with --to and --break; that of --step is text. FILE may be -, but not with these three: they read the
recording more than once. The recording of a test must be a file: its process reads it again.

A recording may come from a stranger. So only a test of the main module, or workspace, of the current folder is run, and
of the recorded flags only those are taken from the file that can name no file, no program and no place. The others are
shown; --build FLAG and --arg ARG give them, each any number of times.

What a test prints comes before the report, or on standard error where the report is for machines.

A step of an ordinary test is the turn of a goroutine: it stops at the first decision of the scheduler at or behind a
target. --fork counts events, and what is live begins behind the last decision among them. --window counts decisions.
There is no --break: the test runs in a process of its own, which does not call replayer.Breakpoint.

The demos are `

func New() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use: "replay FILE",
		Example: verb.Examples(
			"to the end", "reprise replay run.reprise",
			"to an event, with the state there", "reprise replay --to 120 run.reprise",
			"event by event", "reprise replay --step run.reprise",
		),
		Short: "Replay a recording, to its end, to an event, or step by step",
		Long:  replayHelp + strings.Join(demo.Names(), ", ") + ".",
		Args:  verb.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r := &replay{fixed: o.fixed, given: o.more, Streams: verb.StreamsOf(cmd)}
			var err error
			if r.Settings, err = o.settings(args[0], r.Stdin, r.Stdout); err != nil {
				return err
			}
			return o.answer(r.run())
		},
	}
	o.define(cmd)
	return cmd
}

// unanswered is the exit code of a replay that cannot answer the question of --expect; git bisect then skips the
// commit.
const unanswered = 125

// answer gives an error that keeps --expect from an answer its exit code.
func (o *options) answer(err error) error {
	var coded *base.ExitError
	if o.Expect != "" && errors.As(err, &coded) && coded.Err != nil {
		return &base.ExitError{Code: unanswered, Err: coded.Err}
	}
	return err
}

// replay is one run of the command. It knows the recording before it knows the program.
type replay struct {
	front.Settings
	search *front.Search // what to do instead of a replay; nil for a replay
	fixed  bool
	given  gotest.Given
	verb.Streams

	in *base.Input
}

// ways are the ways to replay a recording, each for the recordings of one sort of program. The first that knows the
// program replays it; each may rely on settings that make sense, and on an input that nothing has been read from.
var ways = []func(*replay) (known bool, err error){(*replay).demo, (*replay).ordinary, (*replay).simulated}

// run opens the recording and looks its program up.
func (r *replay) run() (err error) {
	if r.in, err = base.OpenInput(r.Stdin, r.Path, source.Config{}); err != nil {
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

// session returns the session of a replay in this process; its driver is missing.
func (r *replay) session() *front.Session {
	return &front.Session{Settings: r.Settings, Recording: r.in, Stdin: r.Stdin, Stdout: r.Stdout, Stderr: r.Stderr}
}

// demo replays the recording of a demo, in this process.
func (r *replay) demo() (known bool, err error) {
	i := slices.IndexFunc(demo.Programs, func(p demo.Program) bool {
		return p.Config().Program == r.in.Metadata().Description
	})
	if i < 0 {
		return false, nil
	}
	body := demo.Programs[i].Buggy
	if r.fixed {
		body = demo.Programs[i].Fixed
	}
	return true, r.here(demo.Programs[i].Config(), body)
}

// here replays a program of this process.
func (r *replay) here(cfg simsched.Config, body func(*simsched.Sim) error) error {
	s := r.session()
	d, err := replayer.New(r.in.Cursor(), r.Config(cfg), body)
	if err != nil {
		return s.Refused(err)
	}
	defer d.Close() // its error is always nil
	s.Driver = d
	return s.Run()
}

// ofTest checks what the recordings of tests have in common.
func (r *replay) ofTest(what string) error {
	switch {
	case r.fixed:
		return base.Usage("--fixed is for recordings of the demos; %s is of %s", r.Name, what)
	case r.Path == base.Stdio:
		return base.Usage("the recording of a test must be a file: its process reads it again")
	}
	return nil
}
