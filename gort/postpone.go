package gort

import "github.com/reprise-go/reprise/internal/record"

// pointNanos is the virtual time that an operation at a preemption point takes.
const pointNanos = 20

// postponed reports whether record i is an operation that has not happened yet, because its goroutine stopped at the
// point before it. Such an operation is noted when the goroutine goes on, unless the note about the stop says it all:
//
//   - preempted at the point before the operation, whose time is at most a point apart: noted later;
//   - blocked in a send, a receive, or a lock whose writer waits for the readers: noted later;
//   - blocked in another operation, such as Wait: not noted.
func (t *translator) postponed(i int) bool {
	r := &t.r.Records[i]
	if r.Kind != record.Does || i+1 == len(t.r.Records) {
		return false
	}
	next := &t.r.Records[i+1]
	if next.G != r.G || t.r.Place(next.Site) != t.r.Place(r.Site) {
		return false
	}
	switch {
	case next.Kind == record.Preempt && r.Reason == record.DoesOther:
		if next.Time-r.Time > pointNanos {
			return false
		}
		t.held[r.G] = r
		return true
	case next.Kind == record.Block && r.Reason == record.DoesLock && uint32(next.Val) == uint32(r.Val):
		t.held[r.G] = r
		return true
	case next.Kind == record.Block && r.Reason == record.DoesOther:
		switch t.r.Text(r.Points) {
		case "runtime.chansend", "runtime.chanrecv":
			t.held[r.G] = r
		}
		return true
	}
	return false
}

// resume notes what the goroutine of the last decision does first, if that was postponed. r is the record that follows
// the decision.
func (t *translator) resume(r *record.Record) {
	if t.chosen != nil {
		if held := t.held[t.chosen.G]; held != nil {
			again := *held
			again.Time = t.chosen.Time
			t.note(&again)
			delete(t.held, t.chosen.G)
		}
		t.chosen = nil
	}
	if r.Kind == record.Sched {
		t.chosen = r
	}
}
