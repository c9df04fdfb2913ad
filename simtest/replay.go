package simtest

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// Replay runs body as a trace file has recorded it, a path from the folder of the package, and fails t at the first event
// that differs, if the run fails, and if the file cannot be read or is of another test. It runs no seeds and writes
// nothing. Of the options it heeds [Sim] and [Strategy].
func Replay(t testing.TB, path string, body func(*simsched.Sim) error, opts ...Option) {
	t.Helper()
	s, err := newSettings(t, opts)
	if err != nil {
		fatal(t, err)
	}
	replayFile(t, path, body, &s)
}

// replaySettings say how a trace that is replayed alone is treated. They are given by `reprise replay`, in the environment.
type replaySettings struct {
	policy  replayer.Policy
	window  int
	index   uint64 // of policy prefix
	seed    uint64 // of what goes on live
	to      uint64 // stop there and tell where the run stands
	stops   bool   // to is set
	step    bool   // by commands on standard input
	breakAt []uint64
}

// read reads the environment.
func (r *replaySettings) read() error {
	policy := replayer.Strict.String()
	err := errors.Join(
		read(wire.Policy, &policy),
		read(wire.Window, &r.window),
		read(wire.Fork, &r.index),
		read(wire.ForkSeed, &r.seed),
		read(wire.To, &r.to),
		read(wire.Break, &r.breakAt),
		read(wire.Step, &r.step),
	)
	r.policy = replayer.Policy(slices.Index(wire.Policies, policy))
	_, by := given(wire.To.Setting)
	r.stops = by != ""
	if r.policy == replayer.Resync && r.window == 0 {
		r.window = pinWindow
	}
	return err
}

// replay is the replay of one file.
type replay struct {
	program
	settings *settings
	path     string
	policy   replaySettings

	seed    uint64
	witness *witness
	marked  bool // the body has marked the test as failed
}

// run replays the file. The failure of the run is Result.Err.
func (p *replay) run() (replayer.Result, error) {
	f, cfg, err := p.open()
	if err != nil {
		return replayer.Result{}, err
	}
	defer f.Close() // of a file that was only read
	failed := p.t.Failed()
	result, err := replayer.Run(f, cfg, p.witness.rec.Body(p.body))
	var diverged *divergence.Error
	if err != nil && !errors.As(err, &diverged) {
		return result, fmt.Errorf("%s: %w", p.path, err)
	}
	result.Err = p.judge(result.Err, failed)
	p.marked = !failed && p.t.Failed()
	return result, err
}

// open opens the file and makes the settings of its replay.
func (p *replay) open() (*source.File, replayer.Config, error) {
	f, err := source.Open(p.path, source.Config{})
	if err != nil {
		return nil, replayer.Config{}, err
	}
	if err := sameTest(p.t, p.path, f); err != nil {
		_ = f.Close() // of a file that was only read
		return nil, replayer.Config{}, err
	}
	id := identity(p.t, p.settings)
	p.seed, p.witness = f.Metadata().Seed, newWitness(f.Metadata(), id)
	cfg := replayer.Config{
		Sim: p.settings.sim, Policy: p.policy.policy, Window: p.policy.window, Index: p.policy.index, Seed: p.policy.seed,
		BreakAt: p.policy.breakAt, Recorded: p.settings.strategy, Identity: id,
		Reproduce: "reprise replay " + prose.ShellQuote(p.path),
	}
	if cfg.Policy != replayer.Strict {
		cfg.Strategy = p.settings.strategy
	}
	cfg.Sim.Observer, cfg.Sim.CallSites = p.witness, true
	return f, cfg, nil
}

// replayFile replays a file alone and tells how that went.
func replayFile(t testing.TB, path string, body func(*simsched.Sim) error, s *settings) {
	t.Helper()
	p := &replay{program: program{t: t, body: body, leakMode: s.leaks}, settings: s, path: path, policy: s.replay}
	switch {
	case p.policy.step:
		p.stepThrough(t, os.Stdin, t.Output())
		return
	case p.policy.stops:
		p.stopAt(t)
		return
	}
	result, err := p.run()
	p.leave()
	t.Attr(wire.AttrReplay.Name, outcomeOf(p.policy.policy, result, err))
	var diverged *divergence.Error
	switch {
	case errors.As(err, &diverged):
		t.Errorf("%s: the program has changed since the recording, or is not deterministic:\n%s%s", path,
			prose.Indent(strings.TrimRight(report.Of(diverged.Divergence).Text(), "\n")), warned(result))
	case err != nil:
		t.Errorf("simtest: %v", err)
	case result.Err != nil:
		t.Errorf("%s: %s, and the run fails:\n%s%s", path, matched(p.policy.policy, result), prose.Indent(prose.Clip(result.Err.Error(), maxFailureLines)),
			p.lastEvents()+warned(result))
	default:
		t.Logf("%s: %s, and the run passes%s", path, matched(p.policy.policy, result), warned(result))
	}
}

// outcomeOf is the value of wire.AttrReplay for a replay.
func outcomeOf(policy replayer.Policy, r replayer.Result, err error) string {
	switch {
	case errors.Is(err, divergence.ErrDiverged):
		return wire.ReplayDiverged
	case err != nil:
		return wire.ReplayUnreadable
	case policy == replayer.Resync && r.First != nil:
		return wire.ReplayChanged
	case r.Live && r.Err != nil:
		return wire.ReplayLiveFailed
	case r.Live:
		return wire.ReplayLive
	}
	return wire.ReplayEqual
}

// matched tells how much of a recording a replay has matched.
func matched(policy replayer.Policy, r replayer.Result) string {
	switch {
	case policy == replayer.Resync && r.First != nil:
		return fmt.Sprintf("the program has changed since the recording: %v, fidelity %.2f, first at %s", r.Stats, r.Fidelity, r.First.Summary())
	case r.Live:
		return fmt.Sprintf("%d events match, the run went on live from event %d to %d", r.Events, r.LiveAt, r.Emitted)
	}
	return fmt.Sprintf("all %d events match", r.Events)
}

// warned are the warnings of a replay.
func warned(r replayer.Result) string {
	text := ""
	for _, w := range r.Warnings {
		text += "\nnote: " + w
	}
	return text
}

// lastEvents are the events at the end of the run.
func (p *replay) lastEvents() string {
	return "\n" + p.witness.last() + "\n" + prose.Indent(strings.Join(p.witness.tail, "\n"))
}

// stopAt replays up to an event and tells where the run stands.
func (p *replay) stopAt(t testing.TB) {
	t.Helper()
	f, cfg, err := p.open()
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	defer f.Close() // of a file that was only read
	r, err := replayer.New(f, cfg, p.witness.rec.Body(p.body))
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	defer r.Close() // ends the run
	if _, err := r.RunTo(replayer.AtIndex(p.policy.to)); err != nil {
		t.Attr(wire.AttrReplay.Name, wire.ReplayDiverged)
		t.Errorf("%s: event %d is never reached: %v", p.path, p.policy.to, err)
		return
	}
	t.Attr(wire.AttrReplay.Name, wire.ReplayStopped)
	t.Logf("%s: after event %d, at %v:\n%s%s", p.path, p.policy.to, r.State().Time,
		strings.TrimRight(tasksText(r), "\n"), p.lastEvents())
}
