package replay

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/ordinary"
)

// plannedReplay is the replay of a recording of 30 events with choices at some of them, under flags.
func plannedReplay(t *testing.T, flags ...string) (*ordinaryReplay, error) {
	t.Helper()
	var o replayOptions
	var cmd cobra.Command
	o.define(&cmd)
	if err := cmd.ParseFlags(flags); err != nil {
		t.Fatal(err)
	}
	if err := o.validate("x"); err != nil {
		t.Fatal(err)
	}
	r := &ordinaryReplay{
		replay: &replay{replayOptions: o, path: "x", in: &base.Input{Name: "x"}}, test: &ordinary.Rebuilt{Notes: []string{"another Go"}},
		choices: &gort.Choices{Seed: 1, Records: make([]gort.Record, 4)},
		places:  ordinary.Places{Events: 30, Choices: []uint64{10, 14, 20, 26}, Decisions: []uint64{3, 5, 10, 20, 26}},
	}
	return r, r.plan()
}

// TestOrdinaryPlan checks how the flags become choices and limits of a run.
func TestOrdinaryPlan(t *testing.T) {
	for _, c := range []struct {
		flags    string
		choices  int
		until    uint64
		resync   int
		live     bool
		stand    uint64
		maxSteps uint64
	}{
		{"", 4, 0, 0, false, 0, 0},
		{"--policy past-end", 4, 27, 0, true, 0, 0},
		{"--policy resync --window 7", 4, 0, 7, false, 0, 0},
		{"--fork 0", 0, 0, 0, true, 0, 0},
		{"--fork 10", 0, 0, 0, true, 0, 0},
		{"--fork 11 --seed 9", 1, 11, 0, true, 0, 0},
		{"--fork 20", 2, 15, 0, true, 0, 0},
		{"--fork 30", 4, 27, 0, true, 0, 0},
		{"--to 0", 4, 0, 0, false, 3, 1},
		{"--to 10", 4, 0, 0, false, 10, 3},
		{"--to index=11", 4, 0, 0, false, 20, 4},
	} {
		r, err := plannedReplay(t, strings.Fields(c.flags)...)
		if err != nil {
			t.Errorf("%s: %v", c.flags, err)
			continue
		}
		if len(r.choices.Records) != c.choices || r.until != c.until || r.stand != c.stand || r.control.Resync != c.resync ||
			r.control.Continue != c.live || r.control.MaxSteps != c.maxSteps || r.control.Choices != r.choices || r.control.Seed != r.seed {
			t.Errorf("%s: %d choices, live from %d, stands at %d, control %+v; want %+v", c.flags, len(r.choices.Records), r.until, r.stand, r.control, c)
		}
	}
	for flags, want := range map[string]string{ // lint: order does not matter because the cases are independent
		"--fork 31":          "--fork 31 is beyond the recording, which has 30 events",
		"--to 27":            "no decision comes there or later; the recording has 30 events, and its last decision is event 26",
		"--to kind=RngValue": "the target is the index of an event",
	} {
		if _, err := plannedReplay(t, strings.Fields(flags)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", flags, err, want)
		}
	}
}

// TestOrdinaryNoDecision checks that a recording without a decision has nowhere to stop.
func TestOrdinaryNoDecision(t *testing.T) {
	r, err := plannedReplay(t, "--to", "3")
	if err != nil {
		t.Fatal(err)
	}
	r.places = ordinary.Places{Events: 4}
	if err := r.plan(); err == nil || !strings.Contains(err.Error(), "x: the recording has no decision to stop at") {
		t.Error(err)
	}
}

// TestOrdinaryCut checks the result of a replay with resync that has ended as diverged, of which no rest is known.
func TestOrdinaryCut(t *testing.T) {
	r, err := plannedReplay(t, "--policy", "resync")
	if err != nil {
		t.Fatal(err)
	}
	d := &divergence.Divergence{Index: 12}
	run := &gort.Outcome{Verdict: gort.Diverged, Recording: &gort.Recording{}, Mismatch: &gort.Mismatch{}}
	if got := r.result(run, ordinary.Comparison{First: d, Events: 20}); got.Events != 12 || got.Emitted != 12 || got.Err != nil {
		t.Errorf("%+v", got)
	}
}

// TestOrdinaryResult checks when a difference counts as one, and when the run was live.
func TestOrdinaryResult(t *testing.T) {
	type values struct {
		events, emitted, liveAt uint64
		live, first             bool
		notes                   int
	}
	for _, c := range []struct {
		name, flags string
		index       uint64 // of the difference; 0 if there is none
		lost        bool   // a choice did not fit
		want        values
	}{
		{"equal", "", 0, false, values{events: 40, emitted: 40}},
		{"strict", "", 12, true, values{events: 12, emitted: 12, notes: 1}},
		{"only events differ", "", 12, false, values{events: 12, emitted: 12, notes: 1}},
		{"resync", "--policy resync", 12, true, values{events: 33, emitted: 40, first: true, notes: 1}},
		{"live", "--fork 20", 17, false, values{events: 15, emitted: 40, liveAt: 15, live: true}},
		{"live at once", "--fork 20", 15, false, values{events: 15, emitted: 40, liveAt: 15, live: true}},
		{"before it is live", "--fork 20", 14, false, values{events: 14, emitted: 14, notes: 1}},
		{"a choice before that", "--fork 20", 17, true, values{events: 17, emitted: 17, notes: 1}},
		{"past the end", "--policy past-end", 28, false, values{events: 28, emitted: 40, liveAt: 28, live: true}},
		{"before the end", "--policy past-end", 26, false, values{events: 26, emitted: 26, notes: 1}},
		{"the same by chance", "--fork 20", 0, false, values{events: 40, emitted: 40}},
	} {
		r, err := plannedReplay(t, strings.Fields(c.flags)...)
		if err != nil {
			t.Fatal(err)
		}
		run, diff := &gort.Outcome{Recording: &gort.Recording{}}, ordinary.Comparison{Events: 40}
		if c.lost {
			run.Mismatch = &gort.Mismatch{}
		}
		if c.index > 0 {
			diff.First = &divergence.Divergence{Index: c.index, Rest: &divergence.Stats{Matched: 33}}
		}
		result := r.result(run, diff)
		got := values{result.Events, result.Emitted, result.LiveAt, result.Live, result.First != nil, 0}
		if diff.First != nil {
			got.notes = len(diff.First.Notes)
		}
		if got != c.want || result.Err != nil || !slices.Equal(result.Warnings, r.test.Notes) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestOrdinaryTask checks how a goroutine is told of as a task.
func TestOrdinaryTask(t *testing.T) {
	s := ordinary.Stand{
		Goroutine: gort.Goroutine{ID: 3, Path: "0.0.1", Start: "example.com/shop.(*Queue).run"},
		Waits:     "sync.Mutex.Lock", Where: "/home/me/shop/queue.go:25 example.com/shop.(*Queue).run", Holder: 2,
	}
	i := taskInfo(s)
	if i.ID != event.NewTaskID(2, 0) || i.Name != "shop.(*Queue).run" || i.Path != "0.0.1" || i.Line != "queue.go:25" ||
		stateText(i, nil) != "waiting for sync.Mutex.Lock, held by T1" {
		t.Errorf("%+v, %s", i, stateText(i, nil))
	}
	if i := taskInfo(ordinary.Stand{Goroutine: gort.Goroutine{ID: 1, Path: "0", Start: "runtime.main"}}); i.Line != "" || stateText(i, nil) != "ready" {
		t.Errorf("%+v, %s", i, stateText(i, nil))
	}
}
