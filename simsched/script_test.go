package simsched

import (
	"slices"
	"testing"

	"github.com/reprise-go/reprise/strategy"
)

// TestScriptMakesTheRunAgain: the deviations of a run make the run again, whatever made its choices, and the run has
// the same deviations then.
func TestScriptMakesTheRunAgain(t *testing.T) {
	deviations := 0
	for _, p := range programs {
		for seed := range uint64(40) {
			var script, again strategy.Script
			cfg := p.cfg
			cfg.Seed, cfg.Chooser, cfg.Script = seed, NewRandom(seed), &script
			first, _ := record(cfg, p.body)
			cfg.Chooser, cfg.Script = NewScripted(script), &again
			if second, _ := record(cfg, p.body); !slices.Equal(first, second) || !slices.Equal(script, again) {
				t.Fatalf("%s, seed %d: the script makes another run:\n%v\n%v", p.name, seed, script, again)
			}
			deviations += len(script)
		}
	}
	if deviations < 1000 {
		t.Errorf("only %d deviations", deviations)
	}
}

// TestScriptOfDefaults: the run of the empty script has no deviations.
func TestScriptOfDefaults(t *testing.T) {
	for _, p := range programs {
		var script strategy.Script
		cfg := p.cfg
		cfg.Chooser, cfg.Script = NewScripted(nil), &script
		if _, _ = record(cfg, p.body); len(script) > 0 {
			t.Errorf("%s: %v", p.name, script)
		}
	}
}
