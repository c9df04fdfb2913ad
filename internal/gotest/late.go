package gotest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
)

// A run in which goroutines were late may fail because of that, or it might have failed without. Three steps decide
// between the two:
//
//  1. Run gives the run the class "timing", and leaves it to Keep whether it is a failure (explore.Doubtful).
//  2. Keep, for the first run of a signature, searches for a run that fails in the same way with less lateness. If one
//     fails without any, it takes the place of the first run and is an ordinary failure. Otherwise the run with the
//     least lateness takes its place. It is a failure if that lateness is below --slow, and a note if it is not.
//  3. After all seeds, judgeTiming drops findings of the class if an ordinary failing run of another seed shows that
//     the failure does not need lateness.

// defaultSlow is the lateness below which a failure counts unless --slow says otherwise. RATIONALE.md says why.
const defaultSlow = 10 * time.Millisecond

// The bounds of the search for a run with less lateness.
const (
	soonestRuns  = 60
	soonestSeeds = 40 // of these runs, those of other seeds
	soonestTime  = 5 * time.Second
	soonestLeast = 12 // runs, however long they take
)

// slowest is gort.Control.Slow: goroutines may be late for longer than what counts, for the sake of the notes.
func (s *settings) slowest() time.Duration {
	if s.slow <= 100*time.Millisecond {
		return 0
	}
	return s.slow
}

// lateBound is the lateness below which a failure counts: --slow, less a hundredth. The search for the least lateness
// is no more exact, and a goroutine that is slower than a sleep of 10 ms is late by 10 ms less what the program does in
// the meantime.
func (s *settings) lateBound() time.Duration { return s.slow - s.slow/100 }

// doubt leaves it to Keep what a run means that fails after goroutines were late.
func (w *subject) doubt(r *explore.Run, o *gort.Outcome) {
	if r.Outcome == explore.Failed && o.Timing() != nil {
		r.Outcome, r.Common = explore.Doubtful, true
	}
}

// settle decides what a failing run with late goroutines means, and replaces it by the run with the least lateness. It
// reports whether the failure is already known as an ordinary one.
func (w *subject) settle(ctx context.Context, r *explore.Run) (known bool) {
	f, without := r.Finding, detailOf(r).Timing().Without
	if first := w.ordinary[without]; first != nil {
		joins(r, first)
		f.Verdict = first.Finding.Verdict
		return true
	}
	d := detailOf(r)
	d.Outcome = w.soonest(ctx, d.Outcome)
	r.Detail, r.Digest, r.Loose = d, d.Recording.Hash, d.Forced > 0
	r.Recorded = recorded{d.Recording.Choices(), d.CutOff()}
	f.Class, f.Failure, f.Signature, f.Parts = d.Class(), d.Failure(), d.Signature(), d.Parts()
	t := d.Timing()
	switch {
	case t == nil:
		r.Outcome, r.Common = w.judge(d.Outcome), false
	case t.By < w.lateBound():
		r.Outcome = explore.Failed
	default:
		r.Outcome = explore.Noted
		f.Note(fmt.Sprintf("no run with less lateness was found; one below %v would count as a failure (--%s)", w.lateBound(),
			wire.Slow.Flag))
	}
	return false
}

// soonest looks for a run that fails as o does after less lateness, and returns the one with the least that it finds.
func (w *subject) soonest(ctx context.Context, o *gort.Outcome) *gort.Outcome {
	s := &soonest{subject: w, ctx: ctx, best: o, by: o.Timing().By, without: o.Timing().Without, start: w.now()}
	s.withLeapsOf(0)
	s.shorterLeaps()
	s.shorter()
	s.otherSeeds()
	s.shorterLeaps()
	return s.best
}

// soonest is the search for a run with less lateness.
type soonest struct {
	*subject
	ctx     context.Context
	best    *gort.Outcome
	by      time.Duration // lateness of best; 0 ends the search
	without string        // signature of the failure if it does not need lateness
	start   time.Time
	runs    int
}

// try makes a run, and keeps it if it fails in the same way with less lateness. It reports whether it does.
func (s *soonest) try(control gort.Control) bool {
	long := s.runs >= soonestLeast && s.now().Sub(s.start) > soonestTime
	if s.by == 0 || s.runs == soonestRuns || long || s.ctx.Err() != nil {
		return false
	}
	s.runs++
	o, err := s.make(s.ctx, control, false)
	if err != nil {
		s.runs = soonestRuns
		return false
	}
	by, without := time.Duration(0), o.Signature()
	if t := o.Timing(); t != nil {
		by, without = t.By, t.Without
	}
	if without != s.without || by >= s.by {
		return false
	}
	s.best, s.by = o, by
	return true
}

// withLeapsOf makes the same choices with leaps of time that are cut to a length, and reports whether that is kept.
func (s *soonest) withLeapsOf(length uint64) bool {
	control := s.control(s.best.Recording.Seed)
	choices := *s.best.Recording.Choices()
	choices.Records = slices.Clone(choices.Records)
	for i := range choices.Records {
		if r := &choices.Records[i]; r.Kind == record.Sched && r.Val>>32 > length {
			r.Val = r.Val&(1<<32-1) | length<<32
		}
	}
	control.Choices, control.Resync = &choices, leapWindow
	return s.try(control)
}

// shorterLeaps bisects between no leaps and the longest leap of the run, with the same choices, down to a hundredth.
func (s *soonest) shorterLeaps() {
	for passes := uint64(0); ; {
		longest := uint64(0)
		for _, r := range s.best.Recording.Choices().Records {
			if r.Kind == record.Sched {
				longest = max(longest, r.Val>>32)
			}
		}
		if longest <= passes+1+longest/100 {
			return
		}
		if length := passes + (longest-passes)/2; !s.withLeapsOf(length) {
			passes = length
		}
	}
}

// leapWindow is how many choices are looked at to find one that fits where time did not leap.
const leapWindow = 32

// shorter bisects between no lateness and that of the run at once, with runs of the same seed, down to a hundredth.
func (s *soonest) shorter() {
	timing := s.best.Timing()
	if timing == nil {
		return
	}
	control := s.control(s.best.Recording.Seed)
	for passes, fails := time.Duration(0), timing.Once; fails-passes > 1+fails/100; {
		if control.Late = passes + (fails-passes)/2; s.try(control) {
			fails = control.Late
		} else {
			passes = control.Late
		}
	}
}

// otherSeeds makes runs of other seeds, without lateness and with less than the least so far.
func (s *soonest) otherSeeds() {
	for i := range soonestSeeds {
		control := s.control(testpath.DeriveSeed(s.function+" with less lateness", i))
		if control.Late = -1; i%2 == 1 {
			control.Late = s.by - 1
		}
		s.try(control)
	}
}

// judgeTiming drops findings of class "timing" if a run failed in the same way in which no goroutine was late.
func (c *search) judgeTiming() {
	all := c.campaign
	merge := func(list []*explore.Run) []*explore.Run {
		return slices.DeleteFunc(list, func(r *explore.Run) bool {
			if r.Finding.Class != finding.Timing {
				return false
			}
			first := c.ordinary[detailOf(r).Timing().Without]
			if first == nil {
				return false
			}
			first.Finding.Failed += r.Finding.Failed
			joins(r, first)
			return r.Finding.Passes || first.Outcome != explore.Failed
		})
	}
	all.Failing = merge(all.Failing)
	all.Notes = merge(all.Notes)
}

// joins makes a run one of the failing runs that another is the first of.
func joins(r, first *explore.Run) {
	f := r.Finding
	g := first.Finding
	f.Class, f.Failure, f.Signature, f.Parts, f.Like = g.Class, g.Failure, g.Signature, g.Parts, g.Name
	r.Outcome, r.Common = first.Outcome, false
}
