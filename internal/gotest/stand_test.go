package gotest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/record"
)

// TestStands stops runs at each of their decisions and checks what is said of the goroutines against what the runtime
// says: who is there, how many are ready, and who waits.
func TestStands(t *testing.T) {
	held := false
	tests := []string{"TestLostUpdateBug", "TestTimerBug", "TestContextLeakBug"}
	for range 40 {
		tests = append(tests, "TestLockOrderBug") // under some seeds, one waits for a lock
	}
	for i, test := range tests {
		whole := mustRun(t, corpus(t, ""), test, gort.Control{Seed: uint64(7 + i)})
		for steps := uint64(3); steps <= whole.Recording.Steps; steps++ {
			o := mustRun(t, corpus(t, ""), test, gort.Control{Choices: whole.Recording.Choices(), MaxSteps: steps})
			list, ready := Stands(o)
			last := slices.IndexFunc(o.Recording.Records, func(r record.Record) bool { return r.Kind == record.Left }) - 1
			if last < 0 || o.Verdict != gort.Limited {
				t.Fatalf("%s, decision %d: the run %v, with %d goroutines left", test, steps, o.Verdict, len(o.Left))
			}
			decision := o.Recording.Records[last]
			if len(ready)+1 != int(decision.N) || slices.Contains(ready, decision.G) {
				t.Errorf("%s, decision %d: besides goroutine %d are ready %v, but %d were", test, steps, decision.G, ready,
					decision.N)
			}
			if len(list) != len(o.Left) {
				t.Errorf("%s, decision %d: %d goroutines, want %d", test, steps, len(list), len(o.Left))
			}
			for _, s := range list {
				held = held || s.Holder != 0
				could := s.Runs || slices.Contains(ready, s.ID)
				if s.Runs != (s.ID == decision.G) || could != (s.Waits == "") || !could && s.Where == "" {
					t.Errorf("%s, decision %d: %+v, ready %v, decision %+v", test, steps, s, ready, decision)
				}
			}
		}
	}
	if !held {
		t.Error("nobody waits for a lock that another goroutine has")
	}
}

// TestStandsOfRecords checks the order of who is ready, and where each stands, on records that say it plainly.
func TestStandsOfRecords(t *testing.T) {
	r := &record.Recording{Texts: []string{"", "a.go:1 f", "a.go:2 f", "a.go:3 f"}, Records: []record.Record{
		{Kind: record.Spawn, G: 1}, {Kind: record.Sched, G: 1},
		{Kind: record.Spawn, G: 2}, {Kind: record.Spawn, G: 3}, {Kind: record.Spawn, G: 4},
		{Kind: record.Yield, G: 1, Site: 1}, {Kind: record.Sched, G: 3},
		{Kind: record.Preempt, G: 3, Site: 2}, {Kind: record.Sched, G: 4},
		{Kind: record.Block, G: 4, Site: 3}, {Kind: record.Sched, G: 2},
		{Kind: record.Wake, G: 4}, {Kind: record.Wake, G: 4},
		{Kind: record.End, G: 2}, {Kind: record.Sched, G: 3}, {Kind: record.Left, G: 9},
	}}
	list, ready := Stands(&gort.Outcome{Recording: r})
	var text []string
	for _, s := range list {
		text = append(text, fmt.Sprintf("%d %t %s", s.ID, s.Runs, s.Where))
	}
	if got := fmt.Sprint(text, ready); got != "[1 false a.go:1 f 3 true a.go:2 f 4 false a.go:3 f] [1 4]" {
		t.Error(got)
	}
}
