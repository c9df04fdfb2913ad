package divergence

import (
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// DefaultWindow is the default window of an [Aligner], in events.
const DefaultWindow = 64

// MaxWindow is the largest window of an [Aligner], in events. Its memory grows with the square of the window.
const MaxWindow = 1024

// Match is the result of aligning an event of the actual run.
type Match uint8

// The matches. After GaveUp an Aligner returns only GaveUp.
const (
	Matched   Match = iota // it is an expected event, in order
	Reordered              // it is an expected event that was skipped before
	Inserted               // it is not expected
	GaveUp                 // the Aligner has given up
)

var matchNames = [...]string{"matched", "reordered", "inserted", "gave-up"}

// String returns the name of m.
func (m Match) String() string {
	if int(m) < len(matchNames) {
		return matchNames[m]
	}
	return fmt.Sprintf("match(%d)", uint8(m))
}

// Verdict is what is known of an event when it arrives. Later events can show that another alignment is better, so
// the sum of verdicts can differ from [Stats], which is authoritative.
type Verdict struct {
	Match   Match
	Skipped int // Matched: number of expected events that were skipped to reach it
	By      int // Reordered: number of expected events by which it came too late
}

// Stats counts the events of two aligned runs. Every actual event is one of Matched, Inserted, Reordered and
// Changed; every expected event is one of Matched, Deleted, Reordered and Changed.
type Stats struct {
	Matched   uint64 // in both runs, in the same order
	Inserted  uint64 // in the actual run only
	Deleted   uint64 // in the expected run only
	Reordered uint64 // in both runs, at most a window apart, in another order
	Changed   uint64 // in the same place, of one kind, with other values
	GaveUp    bool   // the runs had nothing in common for too long; later events were not aligned
	GaveUpAt  uint64 // if GaveUp: index of the last actual event that was aligned
}

// Fidelity measures how much two runs have in common, from 0 to 1: the part of the alignment's places that match,
// where an event in another order counts half. It is 1 if and only if all events match in order. Two runs without
// events have fidelity 1.
func (s Stats) Fidelity() float64 {
	all := s.Matched + s.Inserted + s.Deleted + s.Reordered + s.Changed
	if all == 0 {
		return 1
	}
	return (float64(s.Matched) + float64(s.Reordered)/2) / float64(all)
}

// String returns the counts in one sentence.
func (s Stats) String() string {
	text := fmt.Sprintf("fidelity %.3f: %d events match, %d inserted, %d deleted, %d changed, %d reordered",
		s.Fidelity(), s.Matched, s.Inserted, s.Deleted, s.Changed, s.Reordered)
	if s.GaveUp {
		text += fmt.Sprintf("; given up at event %d of the actual run", s.GaveUpAt)
	}
	return text
}

// Comparable returns e without the fields that depend on other events: an at_tick, which an inserted step shifts in
// all later events, and all fields of a checkpoint, which count what happened before. The [Aligner] and the
// canonical comparison treat events as equal if their Comparables are equal.
func Comparable(e event.Event) event.Event {
	switch e.Kind() {
	case event.KindTaskScheduled:
		return event.TaskScheduled(e.Task(), 0)
	case event.KindTaskSpawned:
		return event.TaskSpawned(e.Task(), e.Region(), 0)
	case event.KindRegionCreated:
		if parent, ok := e.Parent(); ok {
			return event.RegionCreated(e.Region(), parent, 0)
		}
		return event.RootRegionCreated(e.Region(), 0)
	case event.KindCheckpoint:
		return event.Checkpoint(0, 0, 0, 0)
	}
	return e
}

// Aligner aligns a run, event by event, with the events of an expected source, in which events may be missing,
// changed or in another order. It finds the alignment with the fewest insertions and deletions. From each event
// that does not match it uses dynamic programming over a band around the best alignment so far (after Ukkonen,
// Algorithms for Approximate String Matching, 1985), until all promising alignments have joined. Elsewhere it
// compares one event with one.
//
// The guarantee: if one run arises from the other by k insertions and deletions, and k is at most the window, then
// the insertions and deletions found, with a change or a reordering counted as two, are at most k, whatever the
// events. If the alignments take longer than 16 windows to join, as in runs that repeat themselves all the time,
// the best one so far is taken, and the guarantee starts anew there.
//
// It gives up when more actual events in a row than the window have no counterpart in the expected run. Memory is
// bounded by the window, whatever the length of the runs. An Aligner is made by [NewAligner]; it is not safe for
// concurrent use.
type Aligner struct {
	src    source.Source
	window int
	err    error // error of src
	ended  bool  // whether src has no more events

	recorded []event.Event // expected events from index first
	first    uint64
	head     uint64 // index of the next expected event
	fed      uint64 // number of actual events so far
	lonely   int    // number of actual events in a row without a match
	tally    tally
	band     band
	finished bool
	whole    bool      // do not give up after the end of the expected run, because all results are wanted
	rows     func(Row) // receives the alignment as it becomes known; may be nil
}

// NewAligner returns an Aligner over the events of expected from its current position. A window of 0 means
// [DefaultWindow]. It panics if the window is negative or larger than [MaxWindow].
func NewAligner(expected source.Source, window int) *Aligner {
	if window < 0 || window > MaxWindow {
		panic(fmt.Sprintf("divergence: NewAligner with a window of %d; the maximum is %d", window, MaxWindow))
	}
	if window == 0 {
		window = DefaultWindow
	}
	return &Aligner{src: expected, window: window, tally: tally{window: uint64(window)}}
}

// fill reads expected events up to and including index, and reports whether there are that many.
func (a *Aligner) fill(index uint64) bool {
	for !a.ended && index >= a.first+uint64(len(a.recorded)) {
		e, err := a.src.Next()
		if err != nil {
			a.ended = true
			if err != io.EOF {
				a.err = err
			}
			break
		}
		a.recorded = append(a.recorded, e)
	}
	return index < a.first+uint64(len(a.recorded))
}

// at returns the Comparable of the expected event with an index, which must have been filled.
func (a *Aligner) at(index uint64) event.Event { return Comparable(a.recorded[index-a.first]) }

// drop forgets the expected events before index, if it saves enough.
func (a *Aligner) drop(index uint64) {
	if n := int(index - a.first); n == len(a.recorded) || n > 4*a.window {
		a.recorded, a.first = slices.Delete(a.recorded, 0, n), index
	}
}

// accept takes actual as the next expected event if it is that event.
func (a *Aligner) accept(actual event.Event) bool {
	if !a.fill(a.head) {
		return false
	}
	e := a.recorded[a.head-a.first]
	if e != actual && Comparable(e) != Comparable(actual) {
		return false
	}
	if a.rows != nil {
		a.rows(Row{Expected: e, Actual: actual, ExpectedAt: a.head, ActualAt: a.fed - 1})
	}
	a.head++
	a.drop(a.head)
	a.tally.stats.Matched++
	a.lonely = 0
	return true
}

// Expect returns the next expected event, as it was recorded, and whether there is one. It is the event after the
// last one of the best alignment so far.
func (a *Aligner) Expect() (event.Event, bool) {
	index := a.Index()
	if a.tally.stats.GaveUp || !a.fill(index) {
		return event.Event{}, false
	}
	return a.recorded[index-a.first], true
}

// Index returns the index of the event that Expect returns, counted from the position of the source at the start.
func (a *Aligner) Index() uint64 {
	if a.band.active {
		return a.band.best
	}
	return a.head
}

// Unmatched yields the expected events that can still come, as they were recorded: first up to a window of events
// from Index on, in order, then the skipped ones, oldest first, without their ticks. Feed must not be called during
// the iteration.
func (a *Aligner) Unmatched() iter.Seq[event.Event] {
	return func(yield func(event.Event) bool) {
		if a.tally.stats.GaveUp {
			return
		}
		for i := a.Index(); i < a.Index()+uint64(a.window) && a.fill(i); i++ {
			if !yield(a.recorded[i-a.first]) {
				return
			}
		}
		for _, l := range a.preview(false).missing {
			if !yield(l.e) {
				return
			}
		}
	}
}

// Err returns the error of the source, or nil if there is none.
func (a *Aligner) Err() error { return a.err }

// Feed takes the next event of the actual run. It panics after Finish.
func (a *Aligner) Feed(actual event.Event) Verdict {
	if a.finished {
		panic("divergence: Aligner.Feed called after Finish")
	}
	a.fed++
	switch {
	case a.tally.stats.GaveUp:
		a.tally.stats.Inserted++
		if a.rows != nil {
			a.rows(Row{Actual: actual, ActualAt: a.fed - 1})
		}
		return Verdict{Match: GaveUp}
	case a.band.active:
	case a.accept(actual):
		return Verdict{}
	default:
		a.open()
	}
	return a.settle(Comparable(actual), actual)
}

// settle feeds the Comparable e to the band and returns the verdict.
func (a *Aligner) settle(e, recorded event.Event) Verdict {
	before := a.band.best
	a.step(e)
	a.band.recorded = append(a.band.recorded, recorded)
	v := Verdict{Match: Inserted}
	if a.band.stepInto() == stepMatch {
		v = Verdict{Match: Matched, Skipped: max(0, int(a.band.best)-1-int(before))}
	} else if by, ok := a.late(e); ok {
		v = Verdict{Match: Reordered, By: by}
	}
	a.lonely++
	if v.Match != Inserted {
		a.lonely = 0
	}
	switch {
	case a.lonely > a.window && !(a.whole && a.ended):
		a.giveUp()
	case a.band.joined() || len(a.band.rows) >= 16*a.window:
		a.close(a.band.best)
	}
	return v
}

// late searches for e among the expected events that the best alignment has skipped.
func (a *Aligner) late(e event.Event) (by int, ok bool) {
	t := a.tally.clone()
	before := t.stats.Reordered
	ops := a.trace(a.band.best)
	t.add(ops[:len(ops)-1])
	i := find(t.missing, e)
	if i < 0 {
		return 0, false
	}
	by = int(a.band.best - t.missing[i].at)
	t.add(ops[len(ops)-1:])
	return by, t.stats.Reordered > before
}

// giveUp ends the alignment at the last event.
func (a *Aligner) giveUp() {
	a.close(a.band.best)
	a.tally.stats.GaveUp, a.tally.stats.GaveUpAt = true, a.fed-1
}

// preview returns the tally as if the best alignment so far were final. If change is false, it does not look for
// changed events, which can still turn out to be in another order.
func (a *Aligner) preview(change bool) tally {
	if !a.band.active {
		return a.tally
	}
	t := a.tally.clone()
	t.add(a.trace(a.band.best))
	if change {
		t.change()
	}
	return t
}

// Stats returns the counts so far. Expected events from Index on are not included.
func (a *Aligner) Stats() Stats { return a.preview(true).stats }

// Finish ends the actual run, reads the remaining expected events, which count as deleted, and returns the final
// counts. The error is that of the source.
func (a *Aligner) Finish() (Stats, error) {
	if a.finished {
		return a.tally.stats, a.err
	}
	a.finished = true
	if a.band.active {
		a.take(a.band.last())
	}
	for ; a.fill(a.head); a.head++ {
		if a.rows != nil {
			a.rows(Row{Expected: a.recorded[a.head-a.first], ExpectedAt: a.head})
		}
		a.tally.add([]op{{stepDelete, a.at(a.head), a.head}})
		a.drop(a.head)
	}
	a.tally.change()
	return a.tally.stats, a.err
}

// reach returns the index after the last expected event that has been read.
func (a *Aligner) reach() uint64 { return a.first + uint64(len(a.recorded)) }

// open starts the band at the head.
func (a *Aligner) open() {
	width := uint64(2*a.window + 1)
	for i := a.head; i < a.head+width && a.fill(i); i++ {
	}
	a.band.open(a.head, min(a.head+width, a.reach()))
	a.extend()
}

// step adds the row of e to the band.
func (a *Aligner) step(e event.Event) {
	b := &a.band
	half := uint64(2*a.window + 1)
	from := b.from // never moves back, even if best does
	if b.best > b.start+half {
		from = max(b.from, b.best-half)
	}
	to := b.best + half
	for i := b.to; i < to && a.fill(i); i++ {
	}
	to = max(min(to, a.reach()), b.to)
	a.extend()
	b.step(e, from, to)
}

// extend adds the expected events that have been read to the band.
func (a *Aligner) extend() {
	b := &a.band
	for i := b.start + uint64(len(b.expected)); i < a.reach(); i++ {
		b.expected = append(b.expected, a.at(i))
	}
}

// trace returns the steps of the alignment that ends at expected index end.
func (a *Aligner) trace(end uint64) []op {
	return a.band.trace(end, func(index uint64) event.Event { return a.at(index) })
}

// report passes the steps of the band on as rows.
func (a *Aligner) report(ops []op) {
	actualAt := a.fed - uint64(len(a.band.recorded))
	recorded := a.band.recorded
	for _, o := range ops {
		r := Row{ExpectedAt: o.at, ActualAt: actualAt}
		if o.step != stepInsert {
			r.Expected = a.recorded[o.at-a.first]
		}
		if o.step != stepDelete {
			r.Actual, recorded = recorded[0], recorded[1:]
			actualAt++
		}
		a.rows(r)
	}
}

// close makes the alignment that ends at expected index end final and continues from there.
func (a *Aligner) close(end uint64) {
	a.take(end)
	a.tally.change()
	a.tally.expire(a.head)
}

// take adds the alignment that ends at expected index end to the tally.
func (a *Aligner) take(end uint64) {
	ops := a.trace(end)
	if a.rows != nil {
		a.report(ops)
	}
	a.tally.add(ops)
	a.head = end
	a.band.close()
	a.drop(a.head)
}
