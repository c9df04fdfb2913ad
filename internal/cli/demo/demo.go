// Package demo holds the verb demo and the programs that it demonstrates.
package demo

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// Program is a program with a bug, and the fixed program.
type Program struct {
	name   string
	story  string
	Buggy  func(*simsched.Sim) error
	Fixed  func(*simsched.Sim) error
	theFix string
}

// Config returns the settings of every run of the demo.
func (p Program) Config() simsched.Config {
	return simsched.Config{Program: "reprise demo " + p.name}
}

var Programs = []Program{{
	name: "lost-update",
	story: "Two clerks move money between two accounts. A transfer reads both balances under a lock, asks the\n" +
		"clearing house without it, and writes the new balances under the lock again. If the two overlap, one\n" +
		"of them writes what it read before the other wrote: an update is lost.",
	Buggy: lostUpdate((*bank).transfer),
	Fixed: lostUpdate((*bank).fixedTransfer),
	theFix: "The fixed program keeps the lock from the first read to the last write. So it asks the clearing house, and\n" +
		"   draws how long that takes, where the recorded run gave up the lock and let the scheduler choose again.",
}}

const maxDemoSeeds = 1000

func New() *cobra.Command {
	var out, in string
	cmd := &cobra.Command{
		Use: "demo [NAME]",
		Example: verb.Examples(
			"the whole story with one bug", "reprise demo bank",
		),
		Short: "Find a concurrency bug, record it, replay it, and see where the fixed program differs",
		Long: "Find a concurrency bug by trying seeds, record the failing run into a file in the current folder, replay it\n" +
			"twice, and see where the fixed program differs. The demos: " + strings.Join(Names(), ", ") + ".",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := demoByName(args)
			if err != nil {
				return err
			}
			d := &demo{program: p, path: p.name + string(source.Reprise), w: cmd.OutOrStdout()}
			if cmd.Flags().Changed("replay") {
				d.path = in
				return d.run(d.load, d.replay, d.diverge)
			}
			if cmd.Flags().Changed("output") {
				d.path = out
			}
			return d.run(d.find, d.record, d.replay, d.diverge)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "file for the recording (default NAME.reprise)")
	cmd.Flags().StringVar(&in, "replay", "", "replay this recording instead of searching for a failing seed")
	cmd.MarkFlagsMutuallyExclusive("output", "replay")
	return cmd
}

func demoByName(args []string) (Program, error) {
	if len(args) == 0 {
		return Programs[0], nil
	}
	for _, p := range Programs {
		if p.name == args[0] {
			return p, nil
		}
	}
	return Program{}, base.Usage("unknown demo %q; the demos are %s", args[0], strings.Join(Names(), ", "))
}

func Names() []string {
	var names []string
	for _, p := range Programs {
		names = append(names, p.name)
	}
	return names
}

// demo tells the story of one program.
type demo struct {
	program Program
	path    string
	w       io.Writer
	err     error // first error of w

	chapter int
	trace   *event.Trace
	failure error // failure of the recorded run; nil if unknown
}

// run runs the chapters. Each chapter checks what it prints.
func (d *demo) run(chapters ...func() error) error {
	if _, err := base.FormOf(d.path); err != nil {
		return err
	}
	d.say("%s\n", d.program.story)
	for _, chapter := range chapters {
		if err := chapter(); err != nil {
			return err
		}
	}
	d.say("\nThe recording is in %s. To look at it: go run ./cmd/reprise dump %s\n", d.path, d.path)
	if d.err != nil {
		return base.Failed(d.err)
	}
	return nil
}

// say prints text, and keeps the first error of the output.
func (d *demo) say(format string, args ...any) {
	if _, err := fmt.Fprintf(d.w, format, args...); d.err == nil {
		d.err = err
	}
}

// title starts a chapter.
func (d *demo) title(text string) {
	d.chapter++
	d.say("\n%d. %s\n", d.chapter, text)
}

// find tries seeds until one fails.
func (d *demo) find() error {
	d.title("Try seeds until one fails")
	cfg := d.program.Config()
	for cfg.Seed = 1; cfg.Seed <= maxDemoSeeds; cfg.Seed++ {
		d.trace, d.failure = recorder.Run(cfg, d.program.Buggy)
		if d.failure != nil {
			d.say("   seeds 1 to %d pass, seed %d fails:\n   %v\n", cfg.Seed-1, cfg.Seed, d.failure)
			return nil
		}
	}
	return base.Failed(fmt.Errorf("none of %d seeds fails", maxDemoSeeds))
}

// record repeats the failing run with names and code lines, and saves it in the file.
func (d *demo) record() error {
	d.title("Keep the recording of that run")
	cfg := d.program.Config()
	cfg.Seed = d.trace.Metadata.Seed
	r, err := recorder.NewConfig(cfg.Metadata(), recorder.Config{Sites: true, Notes: true})
	if err != nil {
		return base.Failed(err)
	}
	failure := r.Run(cfg, d.program.Buggy)
	if fmt.Sprint(failure) != fmt.Sprint(d.failure) || !r.Trace().Equal(d.trace) {
		return base.Failed(fmt.Errorf("seed %d gave another run: %v", cfg.Seed, failure))
	}
	if err := d.write(r); err != nil {
		return err
	}
	d.say("   %s: %d events, sha256 %.8x\n", d.path, d.trace.Len(), d.sum())
	return nil
}

// write writes the file. Only a trace file can store names and code lines.
func (d *demo) write(r *recorder.Recorder) error {
	if filepath.Ext(d.path) != string(source.Reprise) {
		return base.WriteTrace(d.path, r.Trace())
	}
	if err := r.WriteFile(d.path, tracefile.End{Reason: tracefile.EndFailed, Message: d.failure.Error()}); err != nil {
		return base.Failed(err)
	}
	return nil
}

// sum returns a hash of the events in their MessagePack form.
func (d *demo) sum() []byte {
	h := sha256.New()
	x := event.NewEncoder(h)
	for _, e := range d.trace.All() {
		_ = x.Encode(e) // writing to a hash never fails
	}
	_ = x.Flush() // as above
	return h.Sum(nil)
}

// load reads an existing recording.
func (d *demo) load() (err error) {
	d.trace, err = base.ReadTrace(d.path)
	return err
}

// replay replays the file twice and compares failure and events.
func (d *demo) replay() error {
	d.title("Replay it from the file: no seed, no strategy, every event checked")
	for _, name := range []string{"first", "second"} {
		again := recorder.New(d.trace.Metadata)
		result, err := d.replayFile(d.program.Buggy, again)
		if err != nil {
			return d.notReplayed(err)
		}
		if d.failure == nil {
			d.failure = result.Err
		}
		if fmt.Sprint(result.Err) != fmt.Sprint(d.failure) || !again.Trace().Equal(d.trace) {
			return base.Failed(fmt.Errorf("the %s replay ended with %v after %d events", name, result.Err, result.Events))
		}
		d.say("   %s replay: %d of %d events match, and it fails the same way:\n   %v\n",
			name, result.Events, d.trace.Len(), result.Err)
	}
	return nil
}

// replayFile replays the file against a program.
func (d *demo) replayFile(body func(*simsched.Sim) error, observer simsched.Observer) (replayer.Result, error) {
	f, err := source.Open(d.path, source.Config{})
	if err != nil {
		return replayer.Result{}, base.BadInput(err)
	}
	defer f.Close() // it was only read
	cfg := replayer.Config{Sim: d.program.Config(), Reproduce: "reprise demo --replay " + d.path}
	cfg.Sim.Observer = observer
	return replayer.Run(f, cfg, body)
}

// notReplayed returns the reason why a recording could not be replayed against its program.
func (d *demo) notReplayed(err error) error {
	var diverged *divergence.Error
	switch {
	case errors.Is(err, replayer.ErrProgram):
		return base.BadInput(fmt.Errorf("%s: %w", d.path, err))
	case errors.As(err, &diverged):
		d.say("%s", report.Of(diverged.Divergence).Text())
	}
	return base.Failed(fmt.Errorf("%s: %w", d.path, err))
}

// diverge replays the file against the fixed program.
func (d *demo) diverge() error {
	d.title("Replay it against the fixed program")
	d.say("   %s\n\n", d.program.theFix)
	_, err := d.replayFile(d.program.Fixed, nil)
	var diverged *divergence.Error
	if !errors.As(err, &diverged) {
		return base.Failed(fmt.Errorf("the fixed program did not diverge from the recording: %v", err))
	}
	d.say("%s", report.Of(diverged.Divergence).Text())
	return nil
}
