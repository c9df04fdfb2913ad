package simtest

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/watchdog"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// program is a body, and the test that it can mark as failed.
type program struct {
	t       testing.TB
	body    func(*simsched.Sim) error
	watch   *watchdog.Watch
	skipped bool // a task has skipped the test

	leakMode string              // a value of wire.Leaks
	leak     *simsched.LeakError // the first one that was let pass with a note
}

// newProgram returns a program, whose watch must be closed.
func newProgram(t testing.TB, body func(*simsched.Sim) error, s *settings) program {
	return program{t: t, body: body, watch: watchdog.New(), leakMode: s.leaks}
}

// watched makes a run under watch. If a task is blocked outside the simulation the error is a [*watchdog.BlockedError], and
// what the run uses must not be used again.
func watched[R any](w *watchdog.Watch, cfg simsched.Config, run func(simsched.Config) (R, error)) (R, error) {
	var result R
	err := w.Run(cfg, func(cfg simsched.Config) (err error) {
		result, err = run(cfg)
		return err
	})
	if isBlocked(err) {
		var none R // the run may still write to result
		return none, err
	}
	return result, err
}

// isBlocked reports whether a task was blocked outside the simulation.
func isBlocked(err error) bool {
	var blocked *watchdog.BlockedError
	return errors.As(err, &blocked)
}

// judge returns the failure of a run that has ended with err; failed says whether the test had failed before it. That a
// task skips the test is no failure.
func (p *program) judge(err error, failed bool) error {
	err = p.tolerate(err)
	var quit *simsched.GoexitError
	if errors.As(err, &quit) && p.t.Skipped() {
		p.skipped = true
		return nil
	}
	if err == nil && !failed && p.t.Failed() {
		return errMarked
	}
	return err
}

// tolerate returns the failure without leaked tasks, where these are no failure.
func (p *program) tolerate(err error) error {
	leak, ok := err.(*simsched.LeakError)
	switch {
	case !ok || p.leakMode != wire.LeaksReport && p.leakMode != wire.LeaksOff:
		return err
	case p.leak == nil && p.leakMode == wire.LeaksReport:
		p.leak = leak
	}
	return nil
}

// leave ends the test if a task has skipped it, as t.SkipNow does.
func (p *program) leave() {
	if p.skipped {
		runtime.Goexit()
	}
}

// run makes a run under cfg and returns its failure.
func (p *program) run(cfg simsched.Config) error {
	failed := p.t.Failed()
	return p.judge(p.watch.Run(cfg, func(cfg simsched.Config) error { return simsched.Run(cfg, p.body) }), failed)
}

// failing is a failing run and what is known of it.
type failing struct {
	finding.Finding
	failure error
	trace   *event.Trace

	witness    *witness               // of the second run; nil if there was none
	divergence *divergence.Divergence // the first event at which the second run differs; nil if none does
	second     error                  // the failure of the second run, if flaky without a divergence
	problem    error                  // why it could not be made
	input      bool                   // it is an input of a fuzz target, which go test keeps
	tainted    bool                   // the body has marked the test as failed
	pinned     string                 // the trace file that was replayed, "" if it was a seed
	changed    *divergence.Divergence // of a pinned trace, where the program has gone away from it; nil if nowhere
}

// confirm makes a failing run again from its trace. marked says that the body marks the test as failed by itself, which
// cannot be seen a second time.
func (f *failing) confirm(p *program, s *settings, marked bool) {
	f.witness = newWitness(f.trace.Metadata, identity(p.t, s))
	cfg := replayer.Config{Sim: s.sim}
	cfg.Sim.Observer, cfg.Sim.CallSites, cfg.Sim.Chaos.Seed = f.witness, true, 0
	result, err := watched(p.watch, cfg.Sim, func(sim simsched.Config) (replayer.Result, error) {
		cfg.Sim = sim
		return replayer.Run(source.FromTrace(f.trace), cfg, f.witness.rec.Body(p.body))
	})
	var diverged *divergence.Error
	if errors.As(err, &diverged) {
		f.Verdict, f.divergence = finding.Flaky, diverged.Divergence
		return
	}
	f.Verdict, f.problem = finding.Flaky, err
	again := p.judge(result.Err, true)
	switch {
	case err != nil:
	case again == nil && errors.Is(f.failure, errMarked) && marked:
		f.Verdict = finding.Reproduced
	case again == nil || signature(again) != signature(f.failure):
		f.second = again
	default:
		f.Verdict, f.failure = finding.Reproduced, again // with lines of the code, where it knows them
	}
}

// search looks for a failing seed, recording in the same memory each time.
type search struct {
	program
	settings
	rec *recorder.Recorder
}

func newSearch(t testing.TB, body func(*simsched.Sim) error, s settings) *search {
	return &search{newProgram(t, body, &s), s, recorder.New(event.Metadata{})}
}

// try runs a seed; it returns nil if that passes.
func (s *search) try(seed uint64) *failing {
	cfg := s.config(seed)
	return s.attempt(cfg, testpath.Seed(seed))
}

// attempt makes a run under cfg and, if it fails, a second one; it returns nil if the run passes.
func (s *search) attempt(cfg simsched.Config, name string) *failing {
	s.rec.Reset(cfg.Metadata())
	cfg.Observer = s.rec
	before := s.t.Failed()
	failure := s.run(cfg)
	if s.comparing && !isBlocked(failure) {
		failure = nil
	}
	if s.skipped {
		return nil
	}
	if failure == nil && (s.determinism || s.comparing) {
		failure = s.twice(cfg)
	}
	if failure == nil {
		return nil
	}
	f := &failing{Finding: finding.Finding{Name: name, Seed: cfg.Seed}, failure: failure, trace: s.rec.Trace()}
	if isBlocked(failure) {
		f.Verdict, f.tainted = finding.Unconfirmed, true
		f.Note("the goroutine that is blocked cannot be ended and stays behind; no more runs are made")
		return f
	}
	var random *replayer.NondeterminismError
	if errors.As(failure, &random) {
		f.Verdict, f.divergence = finding.Flaky, random.Divergence
		f.Note("two more runs were made under the choices of this one, and they differ")
		return f
	}
	marked := !before && s.t.Failed()
	f.confirm(&s.program, &s.settings, marked)
	if f.tainted = marked || isBlocked(f.problem); marked {
		f.Note(fmt.Sprintf("the body has marked %s itself as failed: what it logs appears once for each run, "+
			"and no more seeds are run", s.t.Name()))
	}
	return f
}

// twice looks whether two runs under cfg are equal.
func (s *search) twice(cfg simsched.Config) error {
	cfg.Chooser, cfg.Observer = s.strategy(cfg.Seed), nil
	return s.watch.Run(cfg, func(cfg simsched.Config) error { return replayer.CheckDeterminism(cfg, s.body) })
}
