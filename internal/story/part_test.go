package story_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/internal/story"
	"github.com/reprise-go/reprise/source"
)

// told reads a story from JSON lines.
func told(t interface {
	Helper()
	Fatal(...any)
}, text string) *story.Story {
	t.Helper()
	s, err := source.NewReader(strings.NewReader(text), source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	told, err := story.Read(s)
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// turnsOf returns the recording of an ordinary test that does one thing in each turn.
func turnsOf(does []string) string {
	var b strings.Builder
	b.WriteString(`{"version":1,"seed":5,"recorded_at":0,"config_hash":0,"identity":{"run":"ordinary"}}
{"type":"RngSeed","seed":5}
{"type":"RegionCreated","region":0,"parent":null,"at_tick":0,"name":"root"}
{"type":"TaskSpawned","task":0,"region":0,"at_tick":0,"notes":[{"act":"starts","task":0,"reason":"runtime.main"}]}
{"type":"Checkpoint","sequence":1,"time_nanos":0,"active_tasks":1,"active_regions":1}
{"type":"TaskSpawned","task":4294967296,"region":0,"at_tick":1,"notes":[{"act":"starts","task":4294967296,"reason":"testing.tRunner","tasks":[0]}]}
`)
	for i, what := range does {
		fmt.Fprintf(&b, `{"type":"TaskScheduled","task":4294967296,"at_tick":%d,"notes":[{"act":"turn","task":4294967296,"time":%d}]}
{"type":"TaskYielded","task":4294967296,"notes":[`, i+2, 1000*(i+1))
		for line, op := range strings.Fields(what) {
			fmt.Fprintf(&b, `{"act":"does","task":4294967296,"reason":%q,"place":"a.go:%d m.f"},`, op, line+1)
		}
		b.WriteString(`{"act":"stops","task":4294967296,"reason":"runtime.Gosched","place":"a.go:9 m.f"}]}
`)
	}
	b.WriteString(`{"type":"TaskCompleted","task":4294967296,"outcome":0}
`)
	return b.String()
}

// TestPart shows the point at which two runs part.
func TestPart(t *testing.T) {
	e := told(t, turnsOf([]string{"locks reads", "locks writes unlocks", "reads"}))
	a := told(t, strings.ReplaceAll(turnsOf([]string{"locks reads", "locks reads", "writes"}), "a.go", "b.go"))
	p := story.Part(e, a)
	if p == nil {
		t.Fatal("no difference")
	}
	const table = `  decision  time  ready  goroutine  turn (- in the expected run, + in the actual run)
         1   1µs      2  0.0        locks (b.go:1), reads (b.go:2), yields at b.go:9 m.f
         2   2µs      2  0.0        locks (b.go:1)
-        2   2µs      2  0.0        writes (a.go:2), unlocks (a.go:3), yields at a.go:9 m.f
-        3   3µs      2  0.0        reads (a.go:1), yields at a.go:9 m.f
+        2   2µs      2  0.0        reads (b.go:2), yields at b.go:9 m.f
+        3   3µs      2  0.0        writes (b.go:1), yields at b.go:9 m.f
`
	if p.Table != table || p.Turn != 2 || p.Time != 2000 || !p.Operation ||
		p.Expected != "0.0 (test) writes (a.go:2), unlocks (a.go:3), yields at a.go:9 m.f" ||
		p.Actual != "0.0 (test) reads (b.go:2), yields at b.go:9 m.f" {
		t.Errorf("%+v\n%s", p, p.Table)
	}
}

// TestPartLaw checks that a run does not part from itself, and that two runs part in the first turn that differs, in
// which only what follows the difference is of one run.
func TestPartLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		turn := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"locks", "reads", "sends"}), 0, 4),
			func(list []string) string { return strings.Join(list, " ") })
		does := append([]string{"opens"}, rapid.SliceOfN(turn, 0, 12).Draw(t, "turns")...)
		e := told(t, turnsOf(does))
		if p := story.Part(e, told(t, turnsOf(does))); p != nil {
			t.Fatalf("a run parts from itself: %+v", p)
		}
		at := rapid.IntRange(0, len(does)-1).Draw(t, "at")
		other := append([]string{}, does...)
		other[at] += " " + rapid.SampledFrom([]string{"closes", "panics"}).Draw(t, "more")
		p := story.Part(e, told(t, turnsOf(other)))
		added := other[at][strings.LastIndexByte(other[at], ' ')+1:]
		if p == nil || p.Turn != at+1 || !strings.Contains(p.Actual, added) || strings.Contains(p.Expected, added) {
			t.Fatalf("part at turn %d: %+v", at+1, p)
		}
		shared := at
		if does[at] != "" {
			shared++ // the start of the turn
		}
		if common := strings.Count(p.Table, "\n "); common != min(shared, 4) {
			t.Fatalf("%d common lines, want %d:\n%s", common, min(shared, 4), p.Table)
		}
	})
}
