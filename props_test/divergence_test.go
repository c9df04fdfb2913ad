package props_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

func traceOf(md event.Metadata, events []event.Event) *event.Trace {
	tr := event.NewTrace(md)
	for _, e := range events {
		tr.Append(e)
	}
	return tr
}

func compare(t *rapid.T, expected, actual *event.Trace) *divergence.Divergence {
	d, err := divergence.Compare(source.FromTrace(expected), source.FromTrace(actual))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// oneChange makes a single change at index at and returns the changed events with the relation that it makes.
func oneChange(t *rapid.T, run []event.Event, at int) ([]event.Event, divergence.Relation) {
	changed := slices.Clone(run)
	other := run[rapid.IntRange(0, len(run)-1).Draw(t, "other")]
	switch rapid.SampledFrom([]string{"alter", "drop", "insert", "swap", "cut"}).Draw(t, "change") {
	case "alter":
		changed[at] = alter(t, run[at])
		return changed, divergence.RelationChanged
	case "drop":
		return slices.Delete(changed, at, at+1), divergence.RelationMissing
	case "insert":
		return slices.Insert(changed, at, other), divergence.RelationExtra
	case "swap":
		if at+1 < len(changed) {
			changed[at], changed[at+1] = changed[at+1], changed[at]
		}
		return changed, divergence.RelationReordered
	default:
		return changed[:at], divergence.RelationEndedEarly
	}
}

// TestSingleChange makes one change to the recording of a random program: the index must be exact, and the relation
// right. Where a run repeats itself two relations can explain the same; then the one that is reported must explain all
// that Describe is shown.
func TestSingleChange(t *testing.T) {
	told := map[divergence.Relation]int{}
	ambiguous := 0
	rapid.Check(t, func(t *rapid.T) {
		tr, _ := draw(t).record()
		run := tr.Slice(0, tr.Len())
		changed, want := oneChange(t, run, rapid.IntRange(1, len(run)-1).Draw(t, "where"))
		at := firstDifference(tr, traceOf(tr.Metadata, changed))
		d := compare(t, tr, traceOf(tr.Metadata, changed))
		if at < 0 {
			if d != nil {
				t.Fatalf("equal events diverge: %s", d.Summary())
			}
			return
		}
		if d == nil || d.Index != uint64(at) {
			t.Fatalf("the runs part at event %d, the divergence is %v", at, d)
		}
		told[d.Relation]++
		if d.Relation != want {
			ambiguous++
			if !explains(d, run[at:], changed[at:]) {
				t.Fatalf("the change is %s at event %d, the report says %s %d:\n%s", want, at, d.Relation, d.Count,
					report.Of(d).Text())
			}
		}
	})
	for _, r := range []divergence.Relation{divergence.RelationChanged, divergence.RelationMissing,
		divergence.RelationExtra,
		divergence.RelationReordered, divergence.RelationEndedEarly} {
		if told[r] == 0 {
			t.Errorf("the relation %s was never reported: the property says too little", r)
		}
	}
	if all := told[divergence.RelationMissing] + told[divergence.RelationExtra] +
		told[divergence.RelationReordered]; ambiguous > all {
		t.Errorf("%d of the changes were reported as another relation: the property says too little", ambiguous)
	}
}

// explains says by its definition whether a relation turns one run into the other, as far as Describe can see.
func explains(d *divergence.Divergence, expected, actual []event.Event) bool {
	k := d.Count
	switch d.Relation {
	case divergence.RelationEndedEarly:
		return len(expected) == 0 || len(actual) == 0
	case divergence.RelationMissing:
		return alike(expected[k:], actual)
	case divergence.RelationExtra:
		return alike(expected, actual[k:])
	case divergence.RelationChanged:
		return alike(expected[1:], actual[1:])
	case divergence.RelationReordered:
		late := k < len(actual) && alike(expected[1:], slices.Delete(slices.Clone(actual), k, k+1))
		early := k < len(expected) && alike(slices.Delete(slices.Clone(expected), k, k+1), actual[1:])
		return late || early
	}
	return false
}

func alike(a, b []event.Event) bool {
	n := divergence.Lookahead - 1
	if len(a) < n/2 && len(b) < n/2 && len(a) != len(b) {
		return false
	}
	for i := range min(len(a), len(b), n/2) {
		if divergence.Comparable(a[i]) != divergence.Comparable(b[i]) {
			return false
		}
	}
	return true
}

// TestReportsMirror compares the runs of one program under two strategies, and one run with itself changed, both ways.
func TestReportsMirror(t *testing.T) {
	mirror := map[divergence.Relation]divergence.Relation{
		divergence.RelationMissing: divergence.RelationExtra, divergence.RelationExtra: divergence.RelationMissing,
	}
	rules := map[string]string{}
	for r := range divergence.Rules() {
		rules[r.Name] = r.Mirror
	}
	seen := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		a, _ := d.record()
		cfg := d.config()
		cfg.Chooser = simsched.NewRandom(d.seed + 1)
		b, _ := recorder.Run(cfg, d.program.body)
		if rapid.Bool().Draw(t, "changed") {
			b = change(t, a)
		}
		there, back := compare(t, a, b), compare(t, b, a)
		if (there == nil) != (back == nil) {
			t.Fatalf("one way there is a divergence, the other way not: %v, %v", there, back)
		}
		if there == nil {
			return
		}
		seen[there.Cause.Rule] = true
		relation := there.Relation
		if m := mirror[relation]; m != "" {
			relation = m
		}
		if back.Relation != relation || back.Count != there.Count || back.Category != there.Category ||
			back.Index != there.Index {
			t.Fatalf("the reports do not mirror each other:\n%s\n%s", report.Of(there).Text(), report.Of(back).Text())
		}
		if rules[there.Cause.Rule] != back.Cause.Rule {
			t.Fatalf("the causes do not mirror each other:\n%s\n%s", report.Of(there).Text(), report.Of(back).Text())
		}
		wantMirroredRest(t, a, b)
	})
	if len(seen) < 5 {
		t.Errorf("only the causes %v were seen: the property says too little", seen)
	}
}

// wantMirroredRest aligns two runs both ways: an alignment of at most a window of edits is as good the other way.
func wantMirroredRest(t *rapid.T, a, b *event.Trace) {
	edits := func(expected, actual *event.Trace) uint64 {
		s, err := divergence.Align(source.FromTrace(expected), source.FromTrace(actual), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		n := s.Inserted + s.Deleted + 2*(s.Changed+s.Reordered)
		if s.GaveUp && n <= divergence.DefaultWindow {
			t.Fatalf("given up after %d edits: %v", n, s)
		}
		return n
	}
	there, back := edits(a, b), edits(b, a)
	if there != back && min(there, back) <= divergence.DefaultWindow {
		t.Fatalf("one way the alignment has %d edits, the other way %d", there, back)
	}
}

// TestAlignerRecoversRecordings edits the recording of a random program in up to a window of places: all the rest must
// be found again.
func TestAlignerRecoversRecordings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr, _ := draw(t).record()
		run := tr.Slice(0, tr.Len())
		changed := slices.Clone(run)
		k := rapid.IntRange(0, 16).Draw(t, "edits")
		for range k {
			i := rapid.IntRange(0, len(changed)).Draw(t, "where")
			if i < len(changed) && rapid.Bool().Draw(t, "delete") {
				changed = slices.Delete(changed, i, i+1)
			} else {
				changed = slices.Insert(changed, i, run[rapid.IntRange(0, len(run)-1).Draw(t, "other")])
			}
		}
		s, err := divergence.Align(source.FromTrace(tr), source.FromTrace(traceOf(tr.Metadata, changed)), 16, nil)
		if err != nil {
			t.Fatal(err)
		}
		if found := s.Inserted + s.Deleted + 2*(s.Changed+s.Reordered); found > uint64(k) || s.GaveUp {
			t.Fatalf("%d edits were made, and found: %v", k, s)
		}
	})
}

// TestOwnRunIsCanonical compares a recording with itself, and with one of another order where that is told.
func TestOwnRunIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr, _ := draw(t).record()
		d, err := divergence.CompareCanonical(source.FromTrace(tr), source.FromTrace(tr))
		if err != nil || d != nil {
			t.Fatalf("a run is not equivalent to itself: %v, %v", d, err)
		}
		changed := change(t, tr)
		d, err = divergence.CompareCanonical(source.FromTrace(tr), source.FromTrace(changed))
		if err != nil {
			t.Fatal(err)
		}
		if firstDifference(tr, changed) < 0 && d != nil {
			t.Fatalf("equal runs are not equivalent: %s", report.OfCanonical(d).Text())
		}
	})
}
