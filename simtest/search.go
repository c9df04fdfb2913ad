package simtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/finding"
	front "github.com/reprise-go/reprise/internal/replay"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/minimize"
	"github.com/reprise-go/reprise/simsched"
)

// filed is the failing run of a trace file, for a search that the command has asked for.
type filed struct {
	*search
	run *explore.Run
	cfg minimize.Config
}

var _ front.Failing = (*filed)(nil)

// searchFile makes the search that the command has asked for, among the runs that fail like the one in a file.
func searchFile(t testing.TB, path string, body func(*simsched.Sim) error, s *settings) {
	t.Helper()
	f := &filed{search: newSearch(t, body, *s)}
	defer f.watch.Close()
	now := time.Now
	f.cfg = minimize.Config{Now: now, Deadline: now().Add(s.asked.Search.Budget)}
	err := f.load(path)
	if err != nil {
		err = s.asked.Fail(err)
	} else {
		err = s.asked.RunSearch(context.Background(), f)
	}
	if err != nil {
		t.Errorf("simtest: %v", err)
	}
}

// load replays the run of a file. The error has the exit code of the command.
func (s *filed) load(path string) error {
	p := &replay{program: s.program, settings: &s.settings, path: path}
	result, err := p.run()
	var diverged *divergence.Error
	switch {
	case errors.As(err, &diverged):
		return base.Failed(fmt.Errorf("the program does not fit the recording any more: %w", err))
	case err != nil:
		return err
	case result.Err == nil:
		return base.Failed(errors.New("the run does not fail"))
	case p.marked:
		return base.Failed(errors.New("the body marks the test itself as failed, which can be seen only once in a process; " +
			"let it return an error"))
	}
	f := &failing{
		Finding: finding.Finding{Name: testpath.Seed(p.seed), Seed: p.seed, Verdict: finding.Reproduced},
		failure: result.Err, trace: p.witness.rec.Trace(), witness: p.witness,
	}
	s.run = &explore.Run{Plan: explore.Plan{Seed: p.seed}, Recorded: f}
	f.report(s.run)
	again, err := s.Run(context.Background(), explore.Plan{Seed: p.seed, Choices: f})
	s.run.Script, s.run.Length = again.Script, again.Length
	return err
}

// Minimize implements [front.Failing].
func (s *filed) Minimize(ctx context.Context) (*minimize.Result, error) {
	m, err := minimize.Run(ctx, s.cfg, []minimize.Subject{s.search}, s.run)
	if err != nil {
		return nil, base.Failed(err)
	}
	s.run = m.Run
	return m, nil
}

// Save implements [front.Failing].
func (s *filed) Save(_ context.Context, path string, why *minimize.Why) error {
	f := s.run.Detail.(*failing)
	if run, err := f.witness.explained(why); err == nil && why != nil { // else the answer says why
		decided := run.Cause(why.Text("decision"), why.Curve)
		f.witness.rec.NoteEnd(decided.Notes())
	}
	return f.witness.write(path, f.failure)
}

// Explain implements [front.Failing].
func (s *filed) Explain(ctx context.Context) (*minimize.Why, error) {
	w, err := minimize.Explain(ctx, s.cfg, []minimize.Subject{s.search}, s.run,
		decisionsOf(s.run.Detail.(*failing).trace))
	if err != nil {
		return nil, base.Failed(err)
	}
	return w, nil
}

// Units implements [front.Failing].
func (s *filed) Units() (turn, length string) { return "decision", "event" }

// Tell implements [front.Failing].
func (s *filed) Tell(why *minimize.Why, lines int) (failure, critical, schedule string, err error) {
	f := s.run.Detail.(*failing)
	schedule, decided := f.witness.tell(why, lines)
	return f.Failure, decided.Text, schedule, nil
}
