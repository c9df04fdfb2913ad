package divergence_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
)

// word makes a run of one random value a letter.
func word(letters string) (run events) {
	for _, r := range letters {
		run = append(run, event.RngValue(uint64(r)))
	}
	return run
}

// TestRelation gives runs as words, a letter an event. Each is tried both ways.
func TestRelation(t *testing.T) {
	long := "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ"
	for _, c := range []struct {
		expected, actual, want string
	}{
		{"a", "b", "changed-value 0 "},
		{"ax", "bx", "changed-value 0 "},
		{"a" + long, "b" + long, "changed-value 0 "},
		{"a" + long, long, "missing 1 "},
		{"abc" + long, long, "missing 3 "},
		{long[:5] + "x", "x", "missing 5 "}, // up to the end of the run
		{"ab" + long, "ba" + long, "reordered 1 "},
		{"abc" + long, "cab" + long, "reordered 2 "}, // an event comes early
		{"abc" + long, "bca" + long, "reordered 2 "}, // an event comes late
		{"abcdef" + long, "fabcde" + long, "reordered 5 "},
		{"axyz", "bxyw", "changed-value 0 "},  // nothing fits
		{"axb1", "byya2", "reordered 2 "},     // nothing fits, but both have both
		{"abcdq", "bcdxyz", "missing 1 "},     // three events are enough
		{"abcq", "bcxyz", "changed-value 0 "}, // two are not
		{"abc", "bc", "missing 1 "},           // unless they are all there is
		{"a", "", "ended-early 0 actual"},
		{"aab" + long, "ab" + long, "missing 1 "}, // from the second event on
	} {
		expected, actual := word("."+c.expected), word("."+c.actual)
		for _, swap := range []bool{false, true} {
			want := c.want
			if swap {
				expected, actual = actual, expected
				var relation, side string
				var count int
				_, _ = fmt.Sscanf(want, "%s %d %s", &relation, &count, &side) // the side is mostly not there
				want = fmt.Sprintf("%s %d %s", mirrors[relation], count, mirrors[side])
			}
			d := compare(t, cursor(expected...), cursor(actual...))
			if got := fmt.Sprintf("%s %d %s", d.Relation, d.Count, d.Side); got != want {
				t.Errorf("%q against %q (swapped: %v) is %q, want %q", c.expected, c.actual, swap, got, want)
			}
		}
	}
}

// TestRelationOfPeriodicRuns has runs of which either could lack an event: the events decide, so that the report of the
// swapped runs is the mirror.
func TestRelationOfPeriodicRuns(t *testing.T) {
	x, y := slices.Repeat(word("xy"), 40), slices.Repeat(word("yx"), 40)
	there, back := compare(t, cursor(x...), cursor(y...)), compare(t, cursor(y...), cursor(x...))
	if there.Relation != "missing" || back.Relation != "extra" || there.Count != 1 || back.Count != 1 {
		t.Errorf("the relations are %s %d and %s %d, want missing 1 and extra 1", there.Relation, there.Count, back.Relation,
			back.Count)
	}
}

// TestRelationIgnoresTicks has an event more, which shifts every tick after it.
func TestRelationIgnoresTicks(t *testing.T) {
	var expected events
	actual := events{event.TimerFired(1)}
	for i := range uint64(40) {
		task := event.NewTaskID(uint32(i%7), 0)
		expected = append(expected, event.TaskScheduled(task, i))
		actual = append(actual, event.TaskScheduled(task, i+1))
	}
	if d := compare(t, cursor(expected...), cursor(actual...)); d.Relation != divergence.RelationExtra || d.Count != 1 {
		t.Errorf("the relation is %s %d, want extra 1", d.Relation, d.Count)
	}
	onlyTick := compare(t, cursor(expected...), cursor(append(events{event.TaskScheduled(t0, 9)}, expected[1:]...)...))
	if onlyTick.Relation != divergence.RelationChanged {
		t.Errorf("another tick alone is %s, want changed", onlyTick.Relation)
	}
}
