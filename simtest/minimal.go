package simtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/minimize"
	"github.com/reprise-go/reprise/recorder"
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
	if m.Run == &original {
		return
	}
	was := *f
	small := m.Run.Detail.(*failing)
	f.original, f.failure, f.trace, f.witness = &was, small.failure, small.trace, small.witness
	r.Script, r.Length = m.Run.Script, m.Run.Length
}
