//go:build linux && (amd64 || arm64)

package gort

import (
	"bytes"
	"slices"
	"testing"

	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/tracefile"
)

// TestPostponed checks that an operation is noted when it happens: not before its goroutine is preempted at the point
// in front of it, but before it is preempted at a point behind it.
func TestPostponed(t *testing.T) {
	texts := []string{"", "testing.tRunner", "a.go:7 m.f", "sync/atomic.AddInt64", "a.go:9 m.f"}
	for _, c := range []struct {
		name  string
		site  uint32 // of the preemption
		apart int64  // its distance from the record of the operation
		want  []tracefile.Act
	}{
		{"in front of it", 2, 20, []tracefile.Act{tracefile.ActStop, tracefile.ActDo}},
		{"behind it", 2, 40, []tracefile.Act{tracefile.ActDo, tracefile.ActStop}},
		{"at the next line", 4, 20, []tracefile.Act{tracefile.ActDo, tracefile.ActStop}},
	} {
		o := &Outcome{Verdict: Passed, Recording: &record.Recording{Texts: texts, Records: []record.Record{
			{Kind: record.Spawn, G: 1, Points: 1},
			{Kind: record.Sched, G: 1, N: 1},
			{Kind: record.Begin, G: 1},
			{Kind: record.Does, G: 1, Site: 2, Points: 3, Time: 1000},
			{Kind: record.Preempt, G: 1, Site: c.site, Time: 1000 + c.apart},
			{Kind: record.Sched, G: 1, N: 1, Val: 1, Points: 1, Reason: record.WhyPreempt, Time: 2000},
			{Kind: record.End, G: 1, Time: 3000},
		}}}
		var b bytes.Buffer
		if err := o.Encode(&b); err != nil {
			t.Fatal(err)
		}
		all, end := notesIn(t, b.Bytes())
		var got []tracefile.Act
		for _, n := range append(all, end...) {
			if n.Act == tracefile.ActStop || n.Act == tracefile.ActDo {
				got = append(got, n.Act)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: the notes are %v, want %v", c.name, got, c.want)
		}
	}
}
