package simtest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/prose"
	front "github.com/reprise-go/reprise/internal/replay"
	"github.com/reprise-go/reprise/internal/story"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// Replay runs body as recorded in a trace file, whose path is relative to the folder of the package. It fails t at
// the first event that differs, if the run fails, or if the file cannot be read or is of another test. It runs no
// seeds and writes nothing. Of the options it uses [Sim] and [Strategy].
func Replay(t testing.TB, path string, body func(*simsched.Sim) error, opts ...Option) {
	t.Helper()
	s, err := newSettings(t, opts)
	if err != nil {
		fatal(t, err)
	}
	replayFile(t, path, body, &s)
}

// replay is the replay of one file.
type replay struct {
	program
	settings *settings
	path     string
	how      front.Settings

	seed    uint64
	before  string // the failure at the end of the recording, "" if it has none
	witness *witness
	marked  bool // whether the body has marked the test as failed

	progress simsched.Progress // of the run of a session
}

// run replays the file. The failure of the run is Result.Err.
func (p *replay) run() (replayer.Result, error) {
	in, cfg, err := p.open()
	if err != nil {
		return replayer.Result{}, err
	}
	defer in.Close()
	failed := p.t.Failed()
	result, err := watched(p.watch, cfg.Sim, func(sim simsched.Config) (replayer.Result, error) {
		cfg.Sim = sim
		return replayer.Run(in.Cursor(), cfg, p.witness.rec.Body(p.body))
	})
	var diverged *divergence.Error
	if err != nil && !errors.As(err, &diverged) {
		return result, fmt.Errorf("%s: %w", p.path, err)
	}
	result.Err = p.judge(result.Err, failed)
	p.marked = !failed && p.t.Failed()
	return result, err
}

// open opens the file and makes the settings of its replay.
func (p *replay) open() (*base.Input, replayer.Config, error) {
	in, err := base.OpenInput(nil, p.path, source.Config{})
	if err != nil {
		return nil, replayer.Config{}, err
	}
	if err := sameTest(p.t, p.path, in); err != nil {
		in.Close()
		return nil, replayer.Config{}, err
	}
	id := identity(p.t, p.settings)
	if end, ok := in.End(); ok {
		p.before = end.Message
	}
	p.seed, p.witness = in.Metadata().Seed, newWitness(in.Metadata(), id)
	cfg := p.how.Config(p.settings.sim)
	cfg.Recorded, cfg.Identity = p.settings.strategy, id
	if cfg.Policy != replayer.Strict {
		cfg.Strategy = p.settings.live()
	}
	cfg.Sim.Observer, cfg.Sim.CallSites, cfg.Sim.CheckGoroutines = p.witness, true, true
	return in, cfg, nil
}

// replayFile replays one file, and reports the result to t or, if the command requested the replay, to the command.
func replayFile(t testing.TB, path string, body func(*simsched.Sim) error, s *settings) {
	t.Helper()
	if s.asked != nil && s.asked.Search != nil {
		searchFile(t, path, body, s)
		return
	}
	p := &replay{program: newProgram(t, body, s), settings: s, path: path, how: front.Settings{
		Name: path, Path: path, Format: "text", Reproduce: "reprise replay " + prose.ShellQuote(path),
	}}
	defer p.watch.Close()
	asked := s.asked
	if asked != nil {
		p.how = asked.Settings
	}
	session, err := p.session()
	switch {
	case err != nil && asked != nil:
		err = asked.Fail(err)
	case err != nil:
	case asked != nil:
		if err = p.watch.Do(&p.progress, func() error { return asked.Run(session) }); isBlocked(err) {
			err, session = asked.Fail(base.Failed(err)), nil // which cannot be closed
		}
	case !p.tell(t, session):
		session = nil
	}
	if session != nil {
		_ = session.Driver.Close() // always nil
		session.Recording.Close()
	}
	if err != nil {
		t.Errorf("simtest: %v", err)
	}
	p.leave()
}

// tell replays the file and reports the result to t. The return value states whether the session can be closed.
func (p *replay) tell(t testing.TB, s *front.Session) bool {
	t.Helper()
	var text strings.Builder
	s.Stdout = &text
	err := p.watch.Do(&p.progress, s.Run)
	if isBlocked(err) {
		t.Errorf("simtest: %s: %v", p.path, err)
		return false
	}
	var coded *base.ExitError
	result, parted := s.Driver.Run() // it is over
	switch {
	case errors.As(err, &coded) && coded.Err != nil:
		t.Errorf("simtest: %v", err)
	case errors.Is(parted, divergence.ErrDiverged):
		t.Errorf("%s: the program has changed since the recording, or is not deterministic:\n%s",
			p.path, prose.Indent(strings.TrimRight(text.String(), "\n")))
	case err != nil || result.Err != nil:
		t.Error(strings.TrimRight(text.String(), "\n"))
	default:
		t.Log(strings.TrimRight(text.String(), "\n"))
	}
	return true
}

// session opens the file and prepares its replay by the front of package replay.
func (p *replay) session() (*front.Session, error) {
	in, cfg, err := p.open()
	if err != nil {
		return nil, err
	}
	d := &driver{replay: p, failed: p.t.Failed()}
	d.recent.make = func() *witness { return newWitness(in.Metadata(), cfg.Identity) }
	cfg.Sim.Observer, cfg.Sim.Progress = &d.recent, &p.progress
	s := &front.Session{Settings: p.how, Recording: in, Stdin: os.Stdin, Stdout: p.t.Output(), Stderr: os.Stderr}
	if d.Replayer, err = replayer.New(in.Cursor(), cfg, d.body); err != nil {
		err = s.Refused(err)
		in.Close()
		return nil, err
	}
	s.Driver = d
	return s, nil
}

// driver is the driver of a test, whose runs can also fail by what the body does to the test.
type driver struct {
	*replayer.Replayer
	replay *replay
	failed bool // the test had failed before
	recent afresh
}

var _ replayer.Driver = (*driver)(nil)

// body runs the body of the test, recorded by the witness of the execution.
func (d *driver) body(s *simsched.Sim) error { return d.recent.rec.Body(d.replay.body)(s) }

// Run implements [replayer.Driver].
func (d *driver) Run() (replayer.Result, error) {
	result, err := d.Replayer.Run()
	result.Err = d.replay.judge(result.Err, d.failed)
	if w := d.recent.witness; w != nil {
		lines := storyLines
		if d.replay.how.All {
			lines = story.Every
		}
		result.Story = "the schedule up to the end of it:\n" +
			prose.Indent(strings.TrimRight(w.schedule(result.Err != nil, 0, lines), "\n")) + "\n"
	}
	return result, err
}

// afresh observes each execution of a program by a new witness.
type afresh struct {
	*witness
	make func() *witness
}

// Attach implements [simsched.Attacher].
func (a *afresh) Attach(*simsched.Sim) {
	a.witness = a.make()
}
