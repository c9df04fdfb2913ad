package divergence_test

import (
	"io"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/sourcetest"
)

// aligned feeds actual to an Aligner over expected.
func aligned(t rapid.TB, expected, actual []event.Event, window int) divergence.Stats {
	t.Helper()
	a := divergence.NewAligner(cursor(expected...), window)
	for _, e := range actual {
		a.Feed(e)
	}
	stats, err := a.Finish()
	if err != nil {
		t.Fatalf("Finish fails with %v", err)
	}
	return stats
}

// wantPartition checks that every event of both runs is counted once.
func wantPartition(t rapid.TB, s divergence.Stats, expected, actual int) {
	t.Helper()
	if n := s.Matched + s.Inserted + s.Reordered + s.Changed; n != uint64(actual) {
		t.Errorf("the counts %+v make %d actual events, want %d", s, n, actual)
	}
	if n := s.Matched + s.Deleted + s.Reordered + s.Changed; n != uint64(expected) {
		t.Errorf("the counts %+v make %d expected events, want %d", s, n, expected)
	}
	if f := s.Fidelity(); f < 0 || f > 1 || (f == 1) != (s.Matched == uint64(expected) && s.Matched == uint64(actual)) {
		t.Errorf("the counts %+v give the fidelity %v", s, f)
	}
}

// edits is the number of insertions and deletions in an alignment.
func edits(s divergence.Stats) uint64 { return s.Inserted + s.Deleted + 2*(s.Changed+s.Reordered) }

// lcs is the length of the longest common subsequence by its quadratic definition.
func lcs(a, b []event.Event) uint64 {
	row := make([]uint64, len(b)+1)
	for _, x := range a {
		diagonal := uint64(0)
		for j, y := range b {
			above := row[j+1]
			if divergence.Comparable(x) == divergence.Comparable(y) {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}

// fewEvents draws runs in which most events come again and again: the hardest to align.
var fewEvents = rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 3), func(n int) event.Event {
	return event.RngValue(uint64(n))
}), 0, 40)

// TestAlignerAgainstLCS has runs shorter than the window: the alignment must be a shortest one.
func TestAlignerAgainstLCS(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		expected, actual := fewEvents.Draw(t, "expected"), fewEvents.Draw(t, "actual")
		s := aligned(t, expected, actual, 64)
		wantPartition(t, s, len(expected), len(actual))
		if want := uint64(len(expected)+len(actual)) - 2*lcs(expected, actual); edits(s) != want {
			t.Fatalf("%d insertions and deletions, want %d: %+v", edits(s), want, s)
		}
	})
}

// edited returns a copy of run with k events inserted or deleted.
func edited(t *rapid.T, run []event.Event, k int) []event.Event {
	run = slices.Clone(run)
	for range k {
		i := rapid.IntRange(0, len(run)).Draw(t, "where")
		if i < len(run) && rapid.Bool().Draw(t, "delete") {
			run = slices.Delete(run, i, i+1)
		} else {
			run = slices.Insert(run, i, event.RngValue(rapid.Uint64Range(0, 5).Draw(t, "value")))
		}
	}
	return run
}

// TestAlignerRecovers has runs of which one arises from the other by as many edits as the window is wide.
func TestAlignerRecovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := rapid.IntRange(1, 8).Draw(t, "window")
		alphabet := rapid.SampledFrom([]uint64{1, 2, 3, 8, 1000}).Draw(t, "alphabet")
		run := rapid.SliceOfN(rapid.Map(rapid.Uint64Range(0, alphabet), event.RngValue), 0, 16*window).Draw(t, "run")
		k := rapid.IntRange(0, window).Draw(t, "edits")
		actual := edited(t, run, k)
		s := aligned(t, run, actual, window)
		wantPartition(t, s, len(run), len(actual))
		if edits(s) > uint64(k) || s.GaveUp {
			t.Fatalf("%d edits were made, and found: %+v", k, s)
		}
	})
}

// TestAlignerCounts shows what is made of each way in which runs can differ.
func TestAlignerCounts(t *testing.T) {
	draw, timer := event.RngValue, func(n uint64) event.Event { return event.TimerFired(event.TimerID(n)) }
	run := events{draw(1), draw(2), draw(3), draw(4), draw(5), draw(6)}
	for _, c := range []struct {
		name             string
		expected, actual events
		want             divergence.Stats
	}{
		{"nothing", nil, nil, divergence.Stats{}},
		{"equal", run, run, divergence.Stats{Matched: 6}},
		{"inserted", run, slices.Insert(slices.Clone(run), 2, timer(1), timer(2)), divergence.Stats{Matched: 6, Inserted: 2}},
		{"deleted", run, slices.Delete(slices.Clone(run), 1, 4), divergence.Stats{Matched: 3, Deleted: 3}},
		{"changed", run, events{draw(1), draw(2), draw(9), draw(4), draw(5), draw(6)},
			divergence.Stats{Matched: 5, Changed: 1}},
		{"changed at the end", run, events{draw(1), draw(2), draw(3), draw(4), draw(5), draw(9)},
			divergence.Stats{Matched: 5, Changed: 1}},
		{"another kind", run, events{draw(1), draw(2), timer(3), draw(4), draw(5), draw(6)},
			divergence.Stats{Matched: 5, Inserted: 1, Deleted: 1}},
		{"one kind in two places", events{draw(1), timer(1), timer(2), draw(2)}, events{timer(1), draw(9), timer(2), draw(2)},
			divergence.Stats{Matched: 3, Inserted: 1, Deleted: 1}},
		{"swapped", run, events{draw(1), draw(3), draw(2), draw(4), draw(5), draw(6)},
			divergence.Stats{Matched: 5, Reordered: 1}},
		{"late", run, events{draw(1), draw(3), draw(4), draw(5), draw(2), draw(6)},
			divergence.Stats{Matched: 5, Reordered: 1}},
		{"early", run, events{draw(1), draw(5), draw(2), draw(3), draw(4), draw(6)},
			divergence.Stats{Matched: 5, Reordered: 1}},
		{"more at the end", run, append(slices.Clone(run), timer(1)), divergence.Stats{Matched: 6, Inserted: 1}},
		{"less at the end", run, run[:4], divergence.Stats{Matched: 4, Deleted: 2}},
		{"ticks do not count", events{event.TaskScheduled(t1, 1), event.TaskSpawned(t1, r1, 2),
			event.RegionCreated(r1, r0, 3), event.RootRegionCreated(r1, 4), event.Checkpoint(1, 2, 3, 4)},
			events{event.TaskScheduled(t1, 5), event.TaskSpawned(t1, r1, 6), event.RegionCreated(r1, r0, 7),
				event.RootRegionCreated(r1, 8), event.Checkpoint(5, 6, 7, 8)},
			divergence.Stats{Matched: 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := aligned(t, c.expected, c.actual, 4); got != c.want {
				t.Errorf("the alignment is %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestAlignerTellsAtOnce follows the verdicts, and what is expected next, event by event.
func TestAlignerTellsAtOnce(t *testing.T) {
	draw := event.RngValue
	a := divergence.NewAligner(cursor(draw(0), draw(1), draw(2), draw(3), draw(4), event.TaskScheduled(t1, 7)), 0)
	for _, c := range []struct {
		feed  event.Event
		want  divergence.Verdict
		next  event.Event
		index uint64
		open  int // how many expected events can still come
	}{
		{draw(0), divergence.Verdict{Match: divergence.Matched}, draw(1), 1, 5},
		{draw(9), divergence.Verdict{Match: divergence.Inserted}, draw(1), 1, 5},
		{draw(2), divergence.Verdict{Match: divergence.Matched, Skipped: 1}, draw(3), 3, 4},
		{draw(3), divergence.Verdict{Match: divergence.Matched}, draw(4), 4, 3},
		{draw(1), divergence.Verdict{Match: divergence.Reordered, By: 3}, draw(4), 4, 2},
		{draw(4), divergence.Verdict{Match: divergence.Matched}, event.TaskScheduled(t1, 7), 5, 1},
	} {
		if got := a.Feed(c.feed); got != c.want {
			t.Errorf("the verdict on %v is %+v, want %+v", c.feed, got, c.want)
		}
		next, ok := a.Expect()
		if open := slices.Collect(a.Unmatched()); next != c.next || !ok || a.Index() != c.index || len(open) != c.open ||
			open[0] != c.next {
			t.Errorf("after %v %v at %d is expected, %v can come; want %v at %d, %d events", c.feed, next, a.Index(),
				open, c.next, c.index, c.open)
		}
	}
	if got, want := a.Stats(), (divergence.Stats{Matched: 4, Inserted: 1, Reordered: 1}); got != want {
		t.Errorf("the counts so far are %+v, want %+v", got, want)
	}
	a.Feed(event.TaskScheduled(t1, 9))
	if e, ok := a.Expect(); ok {
		t.Errorf("at the end %v is expected", e)
	}
	if f := a.Stats().Fidelity(); f != 5.5/7 {
		t.Errorf("the fidelity is %v", f)
	}
}

// TestAlignerGivesUp feeds events that nobody expects: as many as the window are borne, one more is not.
func TestAlignerGivesUp(t *testing.T) {
	const window = 5
	run := make(events, 40)
	for i := range run {
		run[i] = event.RngValue(uint64(i))
	}
	for strangers, want := range map[int]divergence.Stats{
		window:     {Matched: 40, Inserted: window},
		window + 1: {Matched: 3, Inserted: 37 + window + 1, Deleted: 37, GaveUp: true, GaveUpAt: 3 + window},
	} {
		actual := slices.Insert(slices.Clone(run), 3, slices.Repeat(events{event.TimerFired(1)}, strangers)...)
		if got := aligned(t, run, actual, window); got != want {
			t.Errorf("%d events too many give %+v, want %+v", strangers, got, want)
		}
	}
	a := divergence.NewAligner(cursor(run...), window)
	for range window + 1 {
		a.Feed(event.TimerFired(1))
	}
	if v := a.Feed(run[0]); v.Match != divergence.GaveUp {
		t.Errorf("after giving up the verdict is %v", v)
	}
	if _, ok := a.Expect(); ok || len(slices.Collect(a.Unmatched())) != 0 {
		t.Error("after giving up something is expected")
	}
}

// TestAlignerStreams aligns long runs that differ all the time in a window that they need: the memory stays bounded,
// and so does what is read ahead.
func TestAlignerStreams(t *testing.T) {
	const window, n = 8, 20_000
	read := &reads{n: n}
	a := divergence.NewAligner(read, window)
	for i := range uint64(n) {
		if held := a.Held(); held > 16*window*16*window {
			t.Fatalf("after event %d %d events and cells are kept", i, held)
		}
		if i%3 == 0 {
			a.Feed(event.TimerFired(1))
		}
		if i%7 != 0 {
			a.Feed(event.RngValue(i))
		}
		if ahead := read.at - int(i); ahead > 8*window {
			t.Fatalf("after event %d %d events are read ahead", i, ahead)
		}
	}
	s, err := a.Finish()
	if want := (divergence.Stats{Matched: n - (n+6)/7, Inserted: (n + 2) / 3, Deleted: (n + 6) / 7}); s != want ||
		err != nil {
		t.Errorf("the alignment is %+v, %v; want %+v", s, err, want)
	}
}

// reads is a source of n random values that counts what was read.
type reads struct{ n, at int }

func (r *reads) Metadata() event.Metadata { return event.NewMetadata(0) }

func (r *reads) Next() (event.Event, error) {
	if r.at == r.n {
		return event.Event{}, io.EOF
	}
	r.at++
	return event.RngValue(uint64(r.at - 1)), nil
}

// TestAlignerForgets aligns equal runs, of which nothing needs to be kept.
func TestAlignerForgets(t *testing.T) {
	a := divergence.NewAligner(&reads{n: 5000}, 8)
	for i := range uint64(5000) {
		a.Feed(event.RngValue(i))
		if held := a.Held(); held > 0 {
			t.Fatalf("after event %d %d events are kept", i, held)
		}
	}
}

func TestAlignerOfFailingSource(t *testing.T) {
	run := events{event.RngValue(1), event.RngValue(2), event.RngValue(3)}
	for n := range len(run) + 1 {
		for _, actual := range []events{run, {event.TimerFired(1)}, nil} {
			_, err := divergence.Align(&sourcetest.Failing{Source: cursor(run...), Calls: n}, cursor(actual...), 0, nil)
			if err != sourcetest.Err {
				t.Errorf("an expected source whose call %d fails gives the error %v", n, err)
			}
			if n <= len(actual) {
				_, err = divergence.Align(cursor(run...), &sourcetest.Failing{Source: cursor(actual...), Calls: n}, 0, nil)
				if err != sourcetest.Err {
					t.Errorf("an actual source whose call %d fails gives the error %v", n, err)
				}
			}
		}
	}
	same := cursor(run...)
	if _, err := divergence.Align(same, same, 0, nil); err == nil {
		t.Error("one source for both runs gives no error")
	}
}

func TestAlignerMisuse(t *testing.T) {
	wantPanic(t, "divergence: NewAligner with a window of -1; the maximum is 1024",
		func() { divergence.NewAligner(cursor(), -1) })
	wantPanic(t, "divergence: NewAligner with a window of 1025; the maximum is 1024",
		func() { divergence.NewAligner(cursor(), 1025) })
	a := divergence.NewAligner(cursor(), 0)
	for range 2 {
		if s, err := a.Finish(); s != (divergence.Stats{}) || err != nil || s.Fidelity() != 1 {
			t.Errorf("Finish of nothing gives %+v, %v", s, err)
		}
	}
	wantPanic(t, "divergence: Aligner.Feed called after Finish", func() { a.Feed(event.RngValue(1)) })
	for m, want := range map[divergence.Match]string{
		divergence.Matched: "matched", divergence.Reordered: "reordered", divergence.Inserted: "inserted",
		divergence.GaveUp: "gave-up", 9: "match(9)",
	} {
		if m.String() != want {
			t.Errorf("Match %d is %q, want %q", m, m, want)
		}
	}
}

// TestDivergenceAlign aligns what follows a divergence: it must give what aligning the whole runs gives.
func TestDivergenceAlign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run := rapid.SliceOfN(rapid.Map(rapid.Uint64Range(0, 1000), event.RngValue), 1, 60).Draw(t, "run")
		actual := edited(t, run, rapid.IntRange(1, 5).Draw(t, "edits"))
		e, a := cursor(run...), cursor(actual...)
		d := compare(t, e, a)
		if d == nil {
			return
		}
		if err := d.Align(e, a, 3); err != nil {
			t.Fatal(err)
		}
		want, err := divergence.Align(e, a, 3, nil)
		if err != nil {
			t.Fatal(err)
		}
		if *d.Rest != want {
			t.Fatalf("from the divergence at %d on the runs align as %+v, as a whole as %+v", d.Index, *d.Rest, want)
		}
	})
	run := events{event.RngValue(1), event.RngValue(2)}
	d := compare(t, cursor(run...), cursor(run[:1]...))
	if err := d.Align(cursor(run...), cursor(), 0); err == nil {
		t.Error("Align of other sources than were compared gives no error")
	}
}

// TestAlignmentOfAPrefix has one run that goes on long after the other: swapped, the counts are swapped, and neither
// way gives up.
func TestAlignmentOfAPrefix(t *testing.T) {
	var run events
	for i := range uint64(2000) {
		run = append(run, event.RngValue(i))
	}
	whole := func(expected, actual events) divergence.Stats {
		s, err := divergence.Align(cursor(expected...), cursor(actual...), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	there, back := whole(run[:200], run), whole(run, run[:200])
	if want := (divergence.Stats{Matched: 200, Inserted: 1800}); there != want {
		t.Errorf("the counts are %v, want %v", there, want)
	}
	if want := (divergence.Stats{Matched: 200, Deleted: 1800}); back != want {
		t.Errorf("swapped, the counts are %v, want %v", back, want)
	}
}
