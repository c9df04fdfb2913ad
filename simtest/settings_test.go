package simtest

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/simsched"
)

// TestSettingsAreRead: every variable that the table says this package reads is refused by name if its value is bad,
// and those that have a flag are documented with it.
func TestSettingsAreRead(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range wire.Settings() {
		if !slices.Contains(s.Readers, wire.Simulate) {
			continue
		}
		if s.Flag != "" && !strings.Contains(string(doc), fmt.Sprintf("//\t-%-23s%-23s", wire.FlagPrefix+s.Flag, s.Env)) {
			t.Errorf("the package comment does not describe -%s%s and %s", wire.FlagPrefix, s.Flag, s.Env)
		}
		const bad = "\x00"
		if s.Valid(bad) { // any text is a path
			continue
		}
		t.Run(s.Env, func(t *testing.T) {
			t.Setenv(s.Env, "!")
			if _, err := newSettings(t, nil); err == nil || !strings.Contains(err.Error(), s.Env+`="!": must be `) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// order is the order in which three tasks run under the settings of the environment.
func order(t *testing.T, opts ...Option) (names string) {
	t.Helper()
	s, err := newSettings(t, opts)
	if err != nil {
		t.Fatal(err)
	}
	cfg := s.config(3)
	cfg.Chooser = s.strategy(3)
	err = simsched.Run(cfg, func(s *simsched.Sim) error {
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			s.Go(name, func() error { names += name; return nil })
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestStrategySetting: the variable chooses the strategy, over the one of the options.
func TestStrategySetting(t *testing.T) {
	if got := order(t); got == "abcde" {
		t.Fatal("random runs the tasks in order")
	}
	if first, again := order(t, Strategy("pct")), order(t, Strategy("pct")); first != again || first == "abcde" {
		t.Errorf("pct runs the tasks in the orders %s and %s", first, again)
	}
	t.Setenv(wire.Strategy.Env, "round-robin")
	if got := order(t, Strategy("pct")); got != "abcde" {
		t.Errorf("round-robin runs the tasks in the order %s", got)
	}
}

// TestLeaksSetting: leaked tasks fail a run or let it pass, as the setting says; other failures stay.
func TestLeaksSetting(t *testing.T) {
	leaks := func(s *simsched.Sim) error { s.Go("t", func() error { s.Park(); return nil }); return nil }
	broken := func(s *simsched.Sim) error { _ = leaks(s); return errors.New("lost") }
	for mode, passes := range map[string]bool{wire.LeaksAuto: false, wire.LeaksFail: false, wire.LeaksReport: true,
		wire.LeaksOff: true} {
		t.Run(mode, func(t *testing.T) {
			t.Setenv(wire.Leaks.Env, mode)
			s, err := newSettings(t, nil)
			if err != nil {
				t.Fatal(err)
			}
			c := newSearch(t, leaks, s)
			defer c.watch.Close()
			r := c.attempt(explore.Plan{Seed: 1})
			if (r.Outcome == explore.Passed) != passes {
				t.Errorf("outcome %v, want that it passes: %v", r.Outcome, passes)
			}
			if noted := c.leak != nil; noted != (mode == wire.LeaksReport) {
				t.Errorf("a note %v", noted)
			}
			b := newSearch(t, broken, s)
			defer b.watch.Close()
			if b.attempt(explore.Plan{Seed: 1}).Outcome != explore.Failed {
				t.Error("a run that fails for another reason passes")
			}
		})
	}
}
