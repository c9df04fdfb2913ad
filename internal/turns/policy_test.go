package turns

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/replayer"
)

// planned returns the driver of a recording of 30 events with choices at some of them.
func planned(cfg Config) (*Driver, error) {
	cfg.Notes = []string{"another Go"}
	d := &Driver{cfg: cfg, recorded: &recording{
		choices: &record.Choices{Seed: 1, Records: make([]record.Record, 4)},
		places:  places{events: 30, choices: []uint64{10, 14, 20, 26}, decisions: []uint64{10, 20, 26}, early: 2},
	}}
	return d, d.plan()
}

func prefix(n uint64) Config { return Config{Policy: replayer.Prefix, Fork: n, Seed: 9} }

// TestPlan checks how a policy becomes choices of a run.
func TestPlan(t *testing.T) {
	for _, c := range []struct {
		cfg     Config
		choices int
		until   uint64
		resync  int
		live    bool
	}{
		{Config{}, 4, 0, 0, false},
		{Config{Policy: replayer.PastEnd}, 4, 27, 0, true},
		{Config{Policy: replayer.Resync, Window: 7}, 4, 0, 7, false},
		{prefix(0), 0, 0, 0, true},
		{prefix(10), 0, 0, 0, true},
		{prefix(11), 1, 11, 0, true},
		{prefix(20), 2, 15, 0, true},
		{prefix(30), 4, 27, 0, true},
	} {
		d, err := planned(c.cfg)
		if err != nil {
			t.Errorf("%+v: %v", c.cfg, err)
			continue
		}
		if len(d.control.Choices.Records) != c.choices || d.until != c.until || d.control.Resync != c.resync ||
			d.control.Continue != c.live || d.control.Seed != c.cfg.Seed {
			t.Errorf("%+v: live from %d, control %+v; want %+v", c.cfg, d.until, d.control, c)
		}
	}
	if _, err := planned(prefix(31)); !errors.Is(err, replayer.ErrConfig) ||
		!strings.Contains(err.Error(), "31 is beyond the recording, which has 30 events") {
		t.Errorf("a fork beyond the end: %v", err)
	}
}

// TestResult checks when a difference counts as one, and when the run was live.
func TestResult(t *testing.T) {
	type values struct {
		events, emitted, liveAt uint64
		live, first             bool
		notes                   int
	}
	resync := Config{Policy: replayer.Resync, Window: 64}
	for _, c := range []struct {
		name  string
		cfg   Config
		index uint64 // of the difference; 0 if there is none
		lost  bool   // a choice did not fit
		cut   bool   // the run has ended as diverged, so that no rest is known
		want  values
	}{
		{"equal", Config{}, 0, false, false, values{events: 40, emitted: 40}},
		{"strict", Config{}, 12, true, false, values{events: 12, emitted: 12, notes: 1}},
		{"only events differ", Config{}, 12, false, false, values{events: 12, emitted: 12, notes: 1}},
		{"resync", resync, 12, true, false, values{events: 33, emitted: 40, first: true, notes: 1}},
		{"resync that gave up", resync, 12, true, true, values{events: 12, emitted: 12, notes: 1}},
		{"live", prefix(20), 17, false, false, values{events: 15, emitted: 40, liveAt: 15, live: true}},
		{"live at once", prefix(20), 15, false, false, values{events: 15, emitted: 40, liveAt: 15, live: true}},
		{"before it is live", prefix(20), 14, false, false, values{events: 14, emitted: 14, notes: 1}},
		{"a choice before that", prefix(20), 17, true, false, values{events: 17, emitted: 17, notes: 1}},
		{"past the end", Config{Policy: replayer.PastEnd}, 28, false,
			false, values{events: 28, emitted: 40, liveAt: 28, live: true}},
		{"before the end", Config{Policy: replayer.PastEnd}, 26, false, false, values{events: 26, emitted: 26, notes: 1}},
		{"the same by chance", prefix(20), 0, false, false, values{events: 40, emitted: 40}},
	} {
		d, err := planned(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		o := &gort.Outcome{Recording: &record.Recording{}}
		d.known = &run{outcome: o, whole: true, places: places{events: 40}}
		if c.lost {
			o.Mismatch = &record.Mismatch{}
		}
		if c.index > 0 {
			d.known.first = &divergence.Divergence{Index: c.index}
			if !c.cut {
				d.known.first.Rest = &divergence.Stats{Matched: 33}
			}
		}
		result := d.result()
		got := values{result.Events, result.Emitted, result.LiveAt, result.Live, result.First != nil, 0}
		if d.known.first != nil {
			got.notes = len(d.known.first.Notes)
		}
		if got != c.want || result.Err != nil || !slices.Equal(result.Warnings, d.cfg.Notes) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestTask checks how a goroutine is described as a task.
func TestTask(t *testing.T) {
	i := taskInfo(gotest.Stand{
		Goroutine: cast.Goroutine{ID: 3, Path: "0.0.1", Start: "example.com/shop.(*Queue).run"},
		Waits:     "sync.Mutex.Lock", Where: "/home/me/shop/queue.go:25 example.com/shop.(*Queue).run", Holder: 2,
	})
	if i.ID != event.NewTaskID(2, 0) || i.Name != "shop.(*Queue).run" || i.Path != "0.0.1" || i.Line != "queue.go:25" ||
		i.WaitsFor != "for sync.Mutex.Lock" || !slices.Equal(i.HeldBy, []event.TaskID{event.NewTaskID(1, 0)}) {
		t.Errorf("%+v", i)
	}
	i = taskInfo(gotest.Stand{Goroutine: cast.Goroutine{ID: 1, Path: "0", Start: "runtime.main"}})
	if i.Line != "" || i.State.String() != "ready" {
		t.Errorf("%+v", i)
	}
}
