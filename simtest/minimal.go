package simtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/minimize"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// bounded is the Observer of a run that is given up when it becomes too long.
type bounded struct {
	rec  *recorder.Recorder
	most int // number of events; 0 means no limit
}

var errTooLong = errors.New("the run is longer than the one that is to become smaller")

// Observe implements [simsched.Observer].
func (b *bounded) Observe(e event.Event) error {
	if b.most > 0 && b.rec.Trace().Len() >= b.most {
		return errTooLong
	}
	return b.rec.Observe(e)
}

// fork makes the first decisions of a failing run again and continues with fresh choices.
func (s *search) fork(p explore.Plan, f *failing) *explore.Run {
	r := &explore.Run{Plan: p}
	cfg := replayer.Config{
		Sim: s.sim, Policy: replayer.Prefix, Index: indexOf(f.trace, p.Fork.Decisions),
		Seed: p.Fork.Seed, Strategy: s.named(p.Strategy),
	}
	cfg.Sim.Chaos.Seed = testpath.Mix(p.Fork.Seed)
	s.rec.Reset(f.trace.Metadata)
	cfg.Sim.Observer = &bounded{s.rec, p.Limit}
	result, err := watched(s.watch, cfg.Sim, func(sim simsched.Config) (replayer.Result, error) {
		cfg.Sim = sim
		return replayer.Run(source.FromTrace(f.trace), cfg, s.body)
	})
	if r.Limited = errors.Is(result.Err, errTooLong); err != nil || r.Limited {
		return r
	}
	if failure := s.judge(result.Err, true); failure != nil {
		r.Outcome, r.Finding = explore.Failed, &finding.Finding{Signature: signature(failure)}
	}
	return r
}

// indexOf returns the number of events up to the decision after a number of decisions.
func indexOf(t *event.Trace, decisions int) uint64 {
	for i, e := range t.All() {
		if e.Kind() != event.KindTaskScheduled {
			continue
		}
		if decisions--; decisions < 0 {
			return uint64(i)
		}
	}
	return uint64(t.Len())
}

// decisionsOf counts the decisions of a run.
func decisionsOf(t *event.Trace) (n int) {
	for _, e := range t.All() {
		if e.Kind() == event.KindTaskScheduled {
			n++
		}
	}
	return n
}

// minimize replaces a failing run by the smallest that fails in the same way.
func (s *search) minimize(r *explore.Run) {
	f, ok := r.Detail.(*failing)
	if !ok || s.minimal == 0 || f.Like != "" || f.Verdict != finding.Reproduced || f.marked || r.Recorded == nil {
		return
	}
	cfg := minimize.Config{Now: time.Now, Deadline: time.Now().Add(s.minimal)}
	if at := deadline(s.t); !at.IsZero() && at.Before(cfg.Deadline) {
		cfg.Deadline = at
	}
	original := *r
	m, err := minimize.Run(context.Background(), cfg, []minimize.Subject{s}, &original)
	if err != nil {
		f.Note(fmt.Sprintf("it could not be made smaller: %v", err))
		return
	}
	f.Minimal = m.Describe("event")
	s.explain(m.Run, f)
	if m.Run == &original {
		return
	}
	was := *f
	small := m.Run.Detail.(*failing)
	f.original, f.failure, f.trace, f.witness = &was, small.failure, small.trace, small.witness
	r.Script, r.Length = m.Run.Script, m.Run.Length
}

// explain finds out what decided a smallest run.
func (s *search) explain(r *explore.Run, f *failing) {
	cfg := minimize.Config{Now: time.Now, Deadline: time.Now().Add(s.minimal)}
	w, err := minimize.Explain(context.Background(), cfg, []minimize.Subject{s}, r, decisionsOf(r.Detail.(*failing).trace))
	if err != nil {
		return // the subject of a simulated test has no errors
	}
	f.Why, f.Turning = w.Text("decision"), w.Turning()
	seen := r.Detail.(*failing).witness
	run, err := seen.explained(w)
	if err != nil {
		return // the report says so where it tells the schedule
	}
	f.Decide(finding.Decided(run.Critical()))
	decided := run.Cause(f.Why, w.Curve)
	seen.rec.NoteEnd(decided.Notes())
}
