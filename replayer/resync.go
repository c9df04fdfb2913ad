package replayer

import (
	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// align compares an event of the run with what of the recording has not come yet.
func (x *execution) align(e event.Event) {
	if x.mismatch == nil {
		x.compareHead(&e)
	} else {
		x.mismatch.follow(x.sim, e)
	}
	v := x.aligner.Feed(e)
	if x.failed = x.aligner.Err(); x.failed == nil && v.Match == divergence.GaveUp {
		x.goLive()
	}
}

// compareHead notes the first difference, with which the alignment begins; actual is nil at the end of the run.
func (x *execution) compareHead(actual *event.Event) {
	expected, more := x.aligner.Expect()
	switch {
	case x.aligner.Err() != nil:
		return
	case more && actual != nil && divergence.Comparable(expected) == divergence.Comparable(*actual):
		return
	case !more && actual == nil:
		return
	}
	m := &mismatch{Mismatch: x.progress.Mismatch()}
	for e := range x.aligner.Unmatched() {
		if m.Expected = append(m.Expected, e); len(m.Expected) == divergence.Lookahead {
			break
		}
	}
	x.note(m, actual)
}

// realign answers a choice with the first event still to come that can be its outcome.
func (x *execution) realign(c *simsched.Choice) uint64 {
	next, more := x.aligner.Expect()
	if answer, ok := answer(c, &next); ok {
		return answer
	}
	for e := range x.aligner.Unmatched() {
		if answer, ok := answer(c, &e); ok {
			return answer
		}
		if c.Point == simsched.PointFault && faultless(e.Kind()) {
			break
		}
	}
	if more && c.Point == simsched.PointFault {
		return 0
	}
	return x.forked.Choose(c)
}

// faultless reports whether an event of kind k can be the one that follows where no fault was injected, so that a fault
// that comes after it was injected elsewhere.
func faultless(k event.Kind) bool {
	return k == event.KindTaskScheduled || k == event.KindIoResult || k == event.KindIoError
}

// aligned ends the alignment and takes its counts into the result.
func (x *execution) aligned(r *Result) {
	if x.mismatch == nil && x.failed == nil {
		x.compareHead(nil)
	}
	stats, err := x.aligner.Finish()
	if x.failed == nil {
		x.failed = err
	}
	if stats.GaveUp && x.mode != live {
		x.goLive()
		r.Live, r.LiveAt = true, x.liveAt
	}
	r.Stats, r.Fidelity, r.Events = stats, stats.Fidelity(), stats.Matched
}
