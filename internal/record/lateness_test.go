package record

import (
	"reflect"
	"testing"
)

// TestLateness checks which goroutines were late: from the moment at which they became ready until they ran, or until
// the end of the run, only by the time that leapt meanwhile, and in all until they stopped by themselves.
func TestLateness(t *testing.T) {
	const ms = 1_000_000
	leap := func(g uint32, at, by int64) Record { return Record{Kind: Sched, G: g, Time: at, Val: uint64(by) << 32} }
	for _, c := range []struct {
		name    string
		records []Record
		want    []Late
	}{
		{"ready before the leap", []Record{{Kind: Begin, G: 1}, {Kind: Spawn, G: 2}, leap(1, 3*ms, 2*ms), leap(2, 4*ms, 0)},
			[]Late{{2, 2 * ms, 2 * ms}}},
		{"ready after the leap", []Record{{Kind: Begin, G: 1}, {Kind: Wake, G: 2, Time: 2 * ms}, leap(2, 2*ms, 2*ms)}, nil},
		{"before main.main", []Record{{Kind: Spawn, G: 2}, leap(1, 3*ms, 2*ms), {Kind: Begin, G: 1}, leap(2, 4*ms, 0)}, nil},
		{"never runs again", []Record{{Kind: Begin, G: 1}, {Kind: Spawn, G: 2}, leap(1, 3*ms, 2*ms)},
			[]Late{{2, 2 * ms, 2 * ms}}},
		{"twice without a stop", []Record{{Kind: Begin, G: 1}, {Kind: Spawn, G: 2}, leap(1, 3*ms, 2*ms), leap(2, 4*ms, 0),
			{Kind: Preempt, G: 2, Time: 4 * ms}, leap(2, 9*ms, 3*ms), {Kind: Preempt, G: 2, Time: 9 * ms}, leap(1, 10*ms, ms)},
			[]Late{{2, 6 * ms, 3 * ms}}},
		{"twice with a stop between", []Record{{Kind: Begin, G: 1}, {Kind: Spawn, G: 2}, leap(2, 3*ms, 2*ms),
			{Kind: Block, G: 2, Time: 4 * ms}, {Kind: Wake, G: 2, Time: 4 * ms}, leap(2, 9*ms, 3*ms)},
			[]Late{{2, 3 * ms, 3 * ms}}},
		{"blocked at the end", []Record{{Kind: Begin, G: 1}, {Kind: Spawn, G: 2}, leap(2, ms, 0), {Kind: Block, G: 2},
			leap(1, 3*ms, 2*ms)}, nil},
		{"two", []Record{{Kind: Begin, G: 1}, {Kind: Spawn, G: 2}, leap(1, 3*ms, ms), {Kind: Spawn, G: 3, Time: 3 * ms},
			leap(1, 9*ms, 5*ms)}, []Late{{2, 6 * ms, 6 * ms}, {3, 5 * ms, 5 * ms}}},
	} {
		if got := (&Recording{Records: c.records}).Lateness(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
