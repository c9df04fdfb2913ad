//go:build linux && (amd64 || arm64)

package gort

import (
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/strategy"
)

// TestEveryStrategyPicksAsOutside runs ordinary tests under each strategy, and gives the decisions of the recording to
// the same strategy in this process: it picks the same goroutines, because both are compiled from one source.
func TestEveryStrategyPicksAsOutside(t *testing.T) {
	b := corpus(t)
	for _, s := range strategy.All() {
		if s.Dense { // it is also asked where nothing is recorded, see TestDenseStrategies
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			asked, preempted := 0, 0
			for _, test := range []string{"TestLostUpdateBug", "TestLockOrderBug", "TestSelectOrderBug", "TestTimerBug",
				"TestWaitGroupBug"} {
				for seed := range uint64(50) {
					c := Control{Seed: seed, Strategy: s.Name, Length: 100, Late: -1}
					o := reenact(t, s, c)
					for i, r := range mustRun(t, b, test, c).Recording.Records {
						o.follow(i, r)
					}
					asked, preempted = asked+o.asked, preempted+o.preempted
				}
			}
			if asked < 200 || preempted < 30 {
				t.Errorf("the strategy was asked %d times, %d of them at a preemption: too few to tell", asked, preempted)
			}
		})
	}
}

// TestDenseStrategies: the runs of strategies that are asked at every point are functions of seed and profile, and are
// made again by their recordings.
func TestDenseStrategies(t *testing.T) {
	b := corpus(t)
	for test, contested := range map[string]bool{
		"TestLostUpdateBug": true, "TestLockOrderBug": true,
		"TestSelectOrderBug": false, // its two goroutines sleep and wait, and are not ready at the same time
	} { // lint: order does not matter because each test is checked by itself
		profile, again := &strategy.Profile{}, &strategy.Profile{}
		mustRun(t, b, test, Control{Seed: 1, Record: profile})
		mustRun(t, b, test, Control{Seed: 1, Record: again})
		if *profile != *again || profile.Tasks < 2 || profile.Points < 10 ||
			profile.Contested == 0 && contested {
			t.Errorf("%s: the profile has %d tasks, %d points, %d contested; equal in two runs: %v", test, profile.Tasks,
				profile.Points, profile.Contested, *profile == *again)
		}
		for _, s := range []string{"mix", "pos", "surw", "urw"} {
			failed := 0
			for seed := range uint64(20) {
				c := Control{Seed: seed, Strategy: s, Profile: profile}
				first := mustRun(t, b, test, c)
				if second := mustRun(t, b, test, c); second.Recording.Hash != first.Recording.Hash {
					t.Errorf("%s, %s, seed %d: two runs differ", test, s, seed)
				}
				c = Control{Seed: 99, Strategy: s, Choices: first.Recording.Choices()}
				if replay := mustRun(t, b, test, c); replay.Recording.Hash != first.Recording.Hash {
					t.Errorf("%s, %s, seed %d: the replay differs", test, s, seed)
				}
				if first.Verdict != Passed {
					failed++
				}
			}
			if failed == 0 {
				t.Errorf("%s, %s: no run of 20 fails", test, s)
			}
		}
	}
}

// reenactment follows the records of a run with the list of ready goroutines, and asks a strategy as the runtime does.
type reenactment struct {
	t      *testing.T
	picker strategy.Picker
	tasks  []*strategy.Task // by number; 0 is nil
	ready  []uint32
	begun  bool

	asked, preempted int // decisions of the strategy, and those of them at a preemption
}

func reenact(t *testing.T, s *strategy.Strategy, c Control) *reenactment {
	h, err := c.header()
	if err != nil {
		t.Fatal(err)
	}
	p := s.New(strategy.Config{Seed: h.seed, Gap: uint64(h.gap), Depth: uint64(h.depth), Length: uint64(h.length)})
	return &reenactment{t: t, picker: p, tasks: []*strategy.Task{nil}}
}

// At implements [strategy.Tasks].
func (o *reenactment) At(i int) *strategy.Task { return o.tasks[o.ready[i]] }

func (o *reenactment) follow(i int, r record.Record) {
	switch r.Kind {
	case record.Begin:
		o.begun = true
	case record.Spawn:
		o.tasks = append(o.tasks, &strategy.Task{Number: r.G})
		o.ready = append(o.ready, r.G)
	case record.Wake, record.Yield, record.Preempt:
		o.ready = append(o.ready, r.G)
	case record.Sched:
		at := slices.Index(o.ready, r.G)
		if int(r.N) != len(o.ready) || at < 0 {
			o.t.Fatalf("record %d: goroutine %d of %d runs; by the records before it %v are ready", i, r.G, r.N, o.ready)
		}
		if o.begun && r.N > 1 {
			if picked := o.ready[o.ask(r)]; picked != r.G {
				o.t.Fatalf("record %d: goroutine %d runs; outside the runtime it would be %d of %v", i, r.G, picked, o.ready)
			}
		}
		o.ready = slices.Delete(o.ready, at, at+1)
	}
}

// ask asks the strategy for the decision of a record.
func (o *reenactment) ask(r record.Record) int {
	o.asked++
	d := &strategy.Decision{Ready: o, N: len(o.ready), Running: -1}
	switch r.Reason {
	case record.WhyPreempt:
		o.preempted++
		d.Running, d.Why = slices.Index(o.ready, r.Prev()), strategy.Preempted
	case record.WhyYield, record.WhyForced:
		d.Running, d.Why = slices.Index(o.ready, r.Prev()), strategy.Yielded
	}
	return o.picker.Pick(d)
}

func TestUnknownStrategy(t *testing.T) {
	_, err := corpus(t).Run(t.Context(), "TestLostUpdateFixed", Control{Strategy: "best"})
	if want := `gort: Control.Strategy: there is no strategy "best"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Run = %v, want %s", err, want)
	}
}
