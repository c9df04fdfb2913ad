//go:build linux && (amd64 || arm64)

package gort

import (
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/strategy"
)

// TestScriptMakesTheRunAgain: the script of a run makes the same run, which has the same script, with and without
// leaps of time and whatever strategy made the first run.
func TestScriptMakesTheRunAgain(t *testing.T) {
	b := corpus(t)
	deviations, leaps := 0, 0
	for _, test := range []string{"TestLostUpdateBug", "TestLockOrderBug", "TestSelectOrderBug", "TestTimerBug",
		"TestTickers", "TestWaitGroupBug"} {
		for seed := range uint64(25) {
			for _, name := range []string{"random", "pct", "punctual"} {
				control := Control{Seed: seed, Strategy: strings.Replace(name, "punctual", "random", 1), Length: 100}
				first := mustRun(t, b, test, control)
				if name == "punctual" { // preemptions that made somebody late only take time then
					first = mustRun(t, b, test, Control{Seed: seed, Choices: withoutLeaps(first), Resync: defaultWindow})
				}
				script := first.Recording.Script()
				again := mustRun(t, b, test, Control{Seed: seed, Script: &script})
				if first.Recording.Hash != again.Recording.Hash || !slices.Equal(script, again.Recording.Script()) {
					t.Fatalf("%s, seed %d by %s: the script %v makes another run, with %v", test, seed, name, script,
						again.Recording.Script())
				}
				deviations += len(script)
				for _, d := range script {
					if d.Leap != 0 {
						leaps++
					}
				}
			}
		}
	}
	if deviations < 500 || leaps == 0 {
		t.Errorf("%d deviations, %d leaps: too few to tell", deviations, leaps)
	}
}

// withoutLeaps returns the choices of a run without its leaps of time.
func withoutLeaps(o *Outcome) *Choices {
	choices := *o.Recording.Choices()
	choices.Records = slices.Clone(choices.Records)
	for i := range choices.Records {
		if r := &choices.Records[i]; r.Kind == record.Sched {
			r.Val &= 1<<32 - 1
		}
	}
	return &choices
}

// TestScriptOfDefaults: the empty script makes a run without deviations, in which no goroutine is preempted.
func TestScriptOfDefaults(t *testing.T) {
	o := mustRun(t, corpus(t), "TestLostUpdateBug", Control{Script: &strategy.Script{}})
	if script := o.Recording.Script(); len(script) > 0 || o.Verdict != Passed {
		t.Errorf("%v, and the script %v", o.Verdict, script)
	}
}
