package gotest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/minimize"
)

// minimize replaces the first failing run of each signature by the smallest that fails in the same way.
func (c *search) minimize(ctx context.Context, workers []explore.Subject) {
	if c.minimal == 0 {
		return
	}
	var subjects []minimize.Subject
	for _, w := range workers {
		subjects = append(subjects, w)
	}
	for _, r := range c.campaign.Failing {
		if ctx.Err() != nil || !shrinks(r) {
			continue
		}
		if err := c.shrink(ctx, subjects, r); err != nil {
			r.Finding.Note(fmt.Sprintf("it could not be made smaller: %v", err))
		}
	}
}

// shrinks reports whether a failing run can be made smaller. The run of a test that does not end cannot.
func shrinks(r *explore.Run) bool {
	d := detailOf(r)
	return r.Finding.Like == "" && r.Finding.Verdict == finding.Reproduced && r.Recorded != nil && !d.CutOff() &&
		d.Verdict != gort.TimedOut && d.Verdict != gort.Limited
}

// shrink replaces one failing run. The original trace is kept beside that of the smallest run.
func (c *search) shrink(ctx context.Context, subjects []minimize.Subject, r *explore.Run) error {
	deadline := c.now().Add(c.minimal)
	if !c.deadline.IsZero() && c.deadline.Before(deadline) {
		deadline = c.deadline
	}
	limited, cancel := context.WithTimeout(ctx, max(deadline.Sub(c.now()), 0)+time.Second)
	defer cancel()
	original := *r
	m, err := minimize.Run(limited, minimize.Config{Now: c.now, Deadline: deadline}, subjects, &original)
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return nil
	case err != nil:
		return err
	}
	f := r.Finding
	f.Minimal = m.Describe("decision")
	if m.Run == &original {
		return nil
	}
	if f.Trace != "" {
		kept := strings.TrimSuffix(f.Trace, testpath.Ext) + originalMark + testpath.Ext
		if err := os.Rename(f.Trace, kept); err != nil {
			return err
		}
		if err := c.replays.save(ctx, f, detailOf(m.Run).Outcome); err != nil {
			return errors.Join(err, os.Rename(kept, f.Trace))
		}
		f.Original = kept
	}
	r.Detail, r.Script, r.Length = m.Run.Detail, m.Run.Script, m.Run.Length
	f.Failure = detailOf(r).Failure()
	return nil
}

// originalMark stands before the extension of the trace of a run that was made smaller.
const originalMark = ".original"
