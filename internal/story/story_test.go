package story_test

import (
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/story"
	"github.com/reprise-go/reprise/source"
)

// run is a small run in JSON lines, simulated or ordinary.
func run(identity string) string {
	return `{"version":1,"seed":5,"recorded_at":0,"config_hash":0` + identity + `}
{"type":"RngSeed","seed":5}
{"type":"RegionCreated","region":0,"parent":null,"at_tick":0,"name":"root"}
{"type":"TaskSpawned","task":0,"region":0,"at_tick":0,"name":"main","notes":[{"act":"starts","task":0,"reason":"testing.tRunner"}]}
{"type":"TaskScheduled","task":0,"at_tick":1,"notes":[{"act":"turn","task":0,"time":1000}]}
{"type":"TaskSpawned","task":4294967296,"region":0,"at_tick":1,"name":"clerk","notes":[{"act":"starts","task":4294967296,"tasks":[0]}]}
{"type":"TaskScheduled","task":4294967296,"at_tick":2,"notes":[{"act":"stops","task":0,"reason":"Mutex.Lock","kind":"mutex","object":"mutex 1","tasks":[4294967296],"place":"bank.go:7"}]}
{"type":"IoError","token":1,"kind":4,"notes":[{"act":"does","task":4294967296,"reason":"crashes","kind":"host","object":"a"}]}
{"type":"WakerWake","task":0,"notes":[{"act":"wakes","task":0,"tasks":[4294967296],"kind":"mutex","object":"mutex 1"}]}
{"type":"TaskCompleted","task":4294967296,"outcome":0}
{"type":"TaskScheduled","task":0,"at_tick":3}
{"type":"TaskCompleted","task":0,"outcome":1,"after":[{"act":"ends","reason":"failed"}],"end":{"reason":"failed"}}
`
}

const ordinary = `,"identity":{"run":"ordinary"}`

// TestSimulated shows a simulated run as turns.
func TestSimulated(t *testing.T) {
	s, err := source.NewReader(strings.NewReader(strings.Replace(run(""), "testing.tRunner", "", 1)), source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	told, err := story.Read(s)
	if err != nil {
		t.Fatal(err)
	}
	const want = `  decision  time  ready  task        turn (* a fault was injected)
         1   1µs      1  T0 main     starts T1 clerk, waits: Mutex.Lock mutex 1, held by T1 clerk, at bank.go:7
         2   1µs      1    T1 clerk  host "a" crashes, I/O error: connection reset, wakes T0 main on mutex 1, ends
         3   1µs      1  T0 main     ends with an error
`
	if got := told.Schedule(30); got != want {
		t.Errorf("the schedule is\n%s\nwant\n%s", got, want)
	}
}

// FuzzRead checks that any recording is told, or is an error.
func FuzzRead(f *testing.F) {
	f.Add(run(""))
	f.Add(run(ordinary))
	f.Add(strings.Replace(run(ordinary), `"tasks":[0]`, `"tasks":[4294967296]`, 1))
	f.Add(strings.Replace(run(""), `"act":"ends"`, `"act":"left","task":77`, 1))
	f.Fuzz(func(t *testing.T, text string) {
		s, err := source.NewReader(strings.NewReader(text), source.Config{})
		if err != nil {
			return
		}
		told, err := story.Read(s)
		if err != nil {
			return
		}
		if n := strings.Count(told.Schedule(20), "\n"); n > 20 {
			t.Errorf("%d lines", n)
		}
		told.Stacks()
	})
}

// TestLostSignal tells a signal of a condition that no task waits for yet, and names the kind of the bug.
func TestLostSignal(t *testing.T) {
	const text = `{"version":1,"seed":5,"recorded_at":0,"config_hash":0}
{"type":"RngSeed","seed":5}
{"type":"RegionCreated","region":0,"parent":null,"at_tick":0,"name":"root"}
{"type":"TaskSpawned","task":0,"region":0,"at_tick":0,"name":"main"}
{"type":"TaskSpawned","task":4294967296,"region":0,"at_tick":0,"name":"clerk"}
{"type":"TaskScheduled","task":0,"at_tick":1}
{"type":"TaskScheduled","task":4294967296,"at_tick":2,"notes":[` +
		`{"act":"does","task":0,"reason":"signals","kind":"cond","object":"c","place":"q.go:3 m.put"},` +
		`{"act":"does","task":0,"reason":"locks","kind":"mutex","object":"mu","place":"q.go:4 m.put"},` +
		`{"act":"stops","task":0,"reason":"Task.Join","kind":"task","object":"clerk","place":"q.go:5"}]}
{"type":"TaskScheduled","task":4294967296,"at_tick":3,"notes":[` +
		`{"act":"stops","task":4294967296,"reason":"Cond.Wait","kind":"cond","object":"c","place":"q.go:9"}],` +
		`"after":[{"act":"ends","reason":"deadlocked"},` +
		`{"act":"left","task":4294967296,"reason":"Cond.Wait","kind":"cond","object":"c","place":"q.go:9"}],` +
		`"end":{"reason":"failed"}}
`
	s, err := source.NewReader(strings.NewReader(text), source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	told, err := story.Read(s)
	if err != nil {
		t.Fatal(err)
	}
	told.Turning = 1
	const signal = `signals cond "c" (q.go:3) without a waiter, locks mutex "mu" (q.go:4)`
	if got := told.Schedule(30); !strings.Contains(got, signal) {
		t.Errorf("the schedule is\n%s\nand lacks %s", got, signal)
	}
	const kind = `lost wake-up: in turn 1 T0 main signals cond "c" (q.go:3) without a waiter; T1 clerk waits for it`
	if got := told.Critical().Text; !strings.Contains(got, kind) {
		t.Errorf("what decided it is\n%s\nand lacks %s", got, kind)
	}
}
