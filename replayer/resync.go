package replayer

import (
	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
)

// align compares an event of the run with the recorded events that have not occurred yet.
func (x *execution) align(e event.Event) {
	if x.mismatch != nil {
		x.mismatch.follow(x.sim, e)
	} else if x.compareHead(&e); x.mismatch == nil && x.named != nil {
		x.compareName(e)
	}
	v := x.guide.feed(e)
	if x.failed = x.guide.aligner.Err(); x.failed == nil && v.Match == divergence.GaveUp {
		x.goLive()
	}
}

// compareHead records the first difference, at which the alignment begins. actual is nil at the end of the run.
func (x *execution) compareHead(actual *event.Event) {
	expected, more := x.guide.aligner.Expect()
	switch {
	case x.guide.aligner.Err() != nil:
		return
	case more && actual != nil && divergence.Comparable(expected) == divergence.Comparable(*actual):
		return
	case !more && actual == nil:
		return
	}
	m := &mismatch{Mismatch: x.progress.Mismatch()}
	for e := range x.guide.aligner.Unmatched() {
		if m.Expected = append(m.Expected, e); len(m.Expected) == divergence.Lookahead {
			break
		}
	}
	x.note(m, actual)
}

// aligned ends the alignment and takes its counts into the result.
func (x *execution) aligned(r *Result) {
	if x.mismatch == nil && x.failed == nil {
		x.compareHead(nil)
	}
	stats, err := x.guide.aligner.Finish()
	if x.failed == nil {
		x.failed = err
	}
	if stats.GaveUp && x.mode != live {
		x.goLive()
		r.Live, r.LiveAt = true, x.liveAt
	}
	r.Stats, r.Fidelity, r.Events = stats, stats.Fidelity(), stats.Matched
}
