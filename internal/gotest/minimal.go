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

// minimize replaces the first failing run of each signature by the smallest that fails in the same way, and finds out
// what decided it.
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
		if _, err := c.shrink(ctx, subjects, r); err != nil && !isOver(err) {
			r.Finding.Note(fmt.Sprintf("it could not be made smaller: %v", err))
		}
	}
}

// isOver reports whether the time for something has passed.
func isOver(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// bounds returns the bounds of a search that may take some time.
func (c *search) bounds(
	ctx context.Context, most time.Duration,
) (context.Context, context.CancelFunc, minimize.Config) {
	deadline := c.now().Add(most)
	if !c.deadline.IsZero() && c.deadline.Before(deadline) {
		deadline = c.deadline
	}
	limited, cancel := context.WithTimeout(ctx, max(deadline.Sub(c.now()), 0)+time.Second)
	return limited, cancel, minimize.Config{Now: c.now, Deadline: deadline}
}

// shrinks reports whether a failing run can be made smaller. The run of a test that does not end cannot.
func shrinks(r *explore.Run) bool {
	d := detailOf(r)
	return r.Finding.Like == "" && r.Finding.Verdict == finding.Reproduced && r.Recorded != nil && !d.CutOff() &&
		d.Verdict != gort.TimedOut && d.Verdict != gort.Limited
}

// shrink replaces one failing run, and explains it. It returns what it has found.
func (c *search) shrink(ctx context.Context, subjects []minimize.Subject, r *explore.Run) (*Smallest, error) {
	c.origin = originOf(r)
	if e := c.facts.exam(r); e != nil && e.Smallest != nil {
		if ok, err := c.shrinkAs(ctx, subjects, r, e.Smallest); ok || err != nil {
			return e.Smallest, err
		}
	}
	limited, cancel, cfg := c.bounds(ctx, c.minimal)
	defer cancel()
	original := c.asRecorded(r)
	m, err := minimize.Run(limited, cfg, subjects, &original)
	if err != nil {
		return nil, err
	}
	found := &Smallest{Minimal: m.Describe("decision")}
	r.Finding.Minimal = found.Minimal
	small := *m.Run
	if m.Run != &original {
		found.Script, found.Limit = small.Plan.Script, small.Limit
	}
	if found.Why, err = c.explain(ctx, subjects, r.Finding, &small, nil); err != nil && !isOver(err) {
		return nil, err
	}
	return found, c.replace(ctx, r, &small, found.Script != nil)
}

// asRecorded returns a failing run with the seed of its recording: a run of another seed may have taken its place, see
// soonest. Its random values are those of that seed.
func (c *search) asRecorded(r *explore.Run) explore.Run {
	same := *r
	if c.origin != nil {
		same.Seed = c.origin.Seed
	}
	return same
}

// originOf returns the recording of a run, from which runs by scripts take what came from outside.
func originOf(r *explore.Run) *gort.Choices {
	all, _ := r.Recorded.(recorded)
	return all.Choices
}

// explain makes a smallest run again, recording all that the goroutines do, and finds out what decided it, unless known
// tells it. It returns nil if the run does something else.
func (c *search) explain(ctx context.Context, subjects []minimize.Subject, f *finding.Finding, r *explore.Run,
	known *minimize.Why) (w *minimize.Why, err error) {
	limited, cancel, cfg := c.bounds(ctx, c.minimal)
	defer cancel()
	again := explore.Plan{Number: r.Number, Seed: r.Seed, Choices: r.Recorded, Detail: true}
	detailed, err := subjects[0].Run(limited, again)
	if err != nil {
		return nil, err
	}
	if detailed.Finding == nil || detailed.Finding.Signature != f.Signature || detailed.Digest != r.Digest {
		return nil, nil
	}
	r.Detail, r.Recorded = detailed.Detail, detailed.Recorded
	c.origin = originOf(r)
	if known != nil {
		if ok, err := known.Again(limited, cfg, subjects, r); ok || err != nil {
			w = known
		}
	}
	if w == nil {
		if w, err = minimize.Explain(limited, cfg, subjects, r, detailOf(r).Recording.Decisions()); err != nil {
			return nil, err
		}
	}
	f.Why, f.Turning = w.Text("turn"), w.Turning()
	told, err := storyOf(r, w)
	if err != nil {
		return nil, err
	}
	f.Decide(finding.Decided(told.Critical()))
	decided := told.Cause(f.Why, w.Curve)
	detailOf(r).AtEnd = decided.Notes()
	return w, nil
}

// replace puts the smallest run in the place of a failing run. The original trace is kept beside the new one if that is
// of another run.
func (c *search) replace(ctx context.Context, r, small *explore.Run, other bool) error {
	f := r.Finding
	if f.Trace != "" {
		kept := strings.TrimSuffix(f.Trace, testpath.Ext) + originalMark + testpath.Ext
		if err := os.Rename(f.Trace, kept); err != nil {
			return err
		}
		if err := c.replays.save(ctx, f, detailOf(small).Outcome); err != nil {
			return errors.Join(err, os.Rename(kept, f.Trace))
		}
		f.Original = kept
		if !other {
			f.Original = ""
			if err := os.Remove(kept); err != nil {
				return err
			}
		}
	}
	r.Detail, r.Script, r.Length = small.Detail, small.Script, small.Length
	f.Failure = detailOf(r).Failure()
	return nil
}

// originalMark stands before the extension of the trace of a run that was made smaller.
const originalMark = ".original"
