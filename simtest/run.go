package simtest

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/watchdog"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/strategy"
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

// watched makes a run under watch. If a task is blocked outside the simulation the error is a [*watchdog.BlockedError],
// and what the run uses must not be used again.
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

// failing is a failing run with its replay and its finding.
type failing struct {
	finding.Finding
	failure error
	trace   *event.Trace

	witness    *witness               // of the second run; nil if there was none
	divergence *divergence.Divergence // the first event at which the second run differs; nil if none does
	second     error                  // the failure of the second run, if flaky without a divergence
	problem    error                  // the reason why the second run could not be made
	marked     bool                   // the body marked the test as failed, which it cannot do again
	pinned     string                 // the trace file that was replayed; "" if the run was made from a seed
	showed     wire.Pin               // what that replay showed
	changed    *divergence.Divergence // the first event at which the program differs from a pinned trace; nil if none
	original   *failing               // the run as found, if this is the smallest that fails alike; otherwise nil
	flags      string                 // further flags for a run of the seed, each with a space in front
}

// search makes the runs of a test, recording in the same memory each time.
type search struct {
	program
	settings
	rec     *recorder.Recorder
	order   simsched.Order
	name    func(seed uint64) string // of the run of a seed
	first   uint64                   // the first seed, whose run fills the profile
	counted bool                     // it has been made
}

var _ explore.Subject = (*search)(nil)

func newSearch(t testing.TB, body func(*simsched.Sim) error, s settings) *search {
	return &search{program: newProgram(t, body, &s), settings: s, rec: recorder.New(event.Metadata{}), name: testpath.Seed,
		first: testpath.DeriveSeed(t.Name(), 0)}
}

// chooser returns the Chooser of the run of a seed, and the profile that the run fills, nil if it fills none.
func (s *search) chooser(seed uint64) (chooser simsched.Chooser, counts *strategy.Profile) {
	if s.profile == nil || seed != s.first {
		return s.strategy(seed), nil
	}
	counts = &strategy.Profile{}
	return simsched.NewChooser(strategy.Find(strategy.Single), strategy.Config{Seed: seed, Record: counts}), counts
}

// count makes the run of the first seed if no other has been made, so that the profile is known. It returns the run if
// there can be no other, and otherwise nil; the seeds will show whether it fails.
func (s *search) count() *explore.Run {
	if s.profile == nil || s.counted {
		return nil
	}
	if r := s.attempt(explore.Plan{Seed: s.first}); r.Last || r.Skipped {
		return r
	}
	return nil
}

// Run implements [explore.Subject]. The choices of a plan are a failing run.
func (s *search) Run(_ context.Context, p explore.Plan) (*explore.Run, error) {
	if f, ok := p.Choices.(*failing); ok && p.Fork != nil {
		return s.fork(p, f), nil
	} else if ok {
		return s.again(p, f), nil
	}
	if p.Seed != s.first {
		if r := s.count(); r != nil {
			r.Plan = p
			return r, nil
		}
	}
	return s.attempt(p), nil
}

// checkEvery is how often a run checks that only its tasks use the simulation, which takes several times as long. A
// program in which another goroutine does usually does so in every run, and then in the first.
const checkEvery = 256

// attempt makes the run of a seed.
func (s *search) attempt(p explore.Plan) *explore.Run {
	r := &explore.Run{Plan: p}
	cfg := s.config(p.Seed)
	cfg.CheckGoroutines = cfg.CheckGoroutines || p.Script == nil && p.Number%checkEvery == 0
	s.rec.Reset(cfg.Metadata())
	cfg.Observer, cfg.Order = s.rec, &s.order
	var counts *strategy.Profile
	if p.Script == nil {
		cfg.Chooser, counts = s.chooser(p.Seed)
	} else {
		cfg.Chooser, cfg.Script, cfg.Observer = simsched.NewScripted(*p.Script), &r.Script, &bounded{s.rec, p.Limit}
	}
	before := s.t.Failed()
	failure := s.run(cfg)
	r.Limited = errors.Is(failure, errTooLong)
	if counts != nil && !s.counted {
		*s.profile, s.counted = *counts, true
	}
	if s.comparing && !isBlocked(failure) {
		failure = nil
	}
	if r.Skipped = s.skipped; s.skipped {
		return r
	}
	r.Length = s.rec.Trace().Len()
	if p.Script == nil {
		r.Class = s.order.Class()
	}
	if failure == nil && p.Script == nil && (s.determinism || s.comparing) {
		failure = s.twice(cfg)
	}
	if failure == nil {
		if p.Script != nil && p.Detail {
			r.Detail = s.detailed(p)
		}
		return r
	}
	f := &failing{Finding: finding.Finding{Name: s.name(p.Seed), Seed: p.Seed}, failure: failure, trace: s.rec.Trace()}
	s.rec = recorder.New(event.Metadata{}) // f keeps the memory of the trace
	f.report(r)
	var random *replayer.NondeterminismError
	switch {
	case isBlocked(failure):
		f.Verdict, r.Last = finding.Unconfirmed, true
		f.Note("the goroutine that is blocked cannot be ended and stays behind; no more runs are made")
	case errors.As(failure, &random):
		f.Verdict, f.divergence = finding.Flaky, random.Divergence
		f.Note("two more runs were made under the choices of this one, and they differ")
	default:
		r.Recorded = f
		f.marked = !before && s.t.Failed()
		r.Last = f.marked
	}
	return r
}

// detailed makes the last run again, which passed, and returns it with a witness.
func (s *search) detailed(p explore.Plan) *failing {
	f := &failing{Finding: finding.Finding{Seed: p.Seed}, trace: s.rec.Trace()}
	s.rec = recorder.New(event.Metadata{}) // f keeps the memory of the trace
	s.again(p, f)
	return f
}

// report makes r the failing run.
func (f *failing) report(r *explore.Run) {
	f.identify()
	r.Outcome, r.Finding, r.Detail = explore.Failed, &f.Finding, f
}

// again makes a failing run again from its trace.
func (s *search) again(p explore.Plan, f *failing) *explore.Run {
	r := &explore.Run{Plan: p, Digest: 1} // unequal to the digest of the first run until the replay shows otherwise
	f.witness = newWitness(f.trace.Metadata, identity(s.t, &s.settings))
	cfg := replayer.Config{Sim: s.sim}
	cfg.Sim.Observer, cfg.Sim.CallSites, cfg.Sim.Chaos.Seed = f.witness, true, 0
	cfg.Sim.Script, r.Length = &r.Script, f.trace.Len()
	result, err := watched(s.watch, cfg.Sim, func(sim simsched.Config) (replayer.Result, error) {
		cfg.Sim = sim
		return replayer.Run(source.FromTrace(f.trace), cfg, f.witness.rec.Body(s.body))
	})
	var diverged *divergence.Error
	if errors.As(err, &diverged) {
		f.divergence = diverged.Divergence
		return r
	}
	if f.problem = err; err != nil {
		return r
	}
	r.Digest = 0
	failure := s.judge(result.Err, true)
	if failure == nil && f.marked && errors.Is(f.failure, errMarked) { // which cannot be seen a second time
		failure = f.failure
	}
	switch {
	case failure == nil:
	case signature(failure) != f.Signature:
		f.second = failure
	default:
		f.failure = failure // with lines of the code, where it knows them
		r.Outcome, r.Finding = explore.Failed, &finding.Finding{Signature: f.Signature}
	}
	return r
}

// Keep implements [explore.Subject]. Traces are written with the report, because the second run records more.
func (s *search) Keep(context.Context, *explore.Run) error { return nil }

// Difference implements [explore.Subject]. It returns no text: the report describes the divergence that again found.
func (s *search) Difference(first, _ *explore.Run) (string, error) {
	first.Last = first.Last || isBlocked(first.Detail.(*failing).problem)
	return "", nil
}

// Close implements [explore.Subject].
func (s *search) Close() error {
	s.watch.Close()
	return nil
}

// twice checks whether two runs under cfg are equal.
func (s *search) twice(cfg simsched.Config) error {
	cfg.Chooser, _ = s.chooser(cfg.Seed)
	cfg.Observer = nil
	return s.watch.Run(cfg, func(cfg simsched.Config) error { return replayer.CheckDeterminism(cfg, s.body) })
}
