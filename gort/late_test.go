//go:build linux && (amd64 || arm64)

package gort

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/record"
)

// TestTiming checks that failures that need a late goroutine are found, also where time has to leap to a timer on which
// nobody waits, that they are told with the lateness, replay from their trace files, and do not come without lateness.
func TestTiming(t *testing.T) {
	path := filepath.Join(t.TempDir(), "late.reprise")
	for _, c := range []struct {
		test, twin, strategy string
		least                time.Duration // lateness that the failure needs
	}{
		{"TestBarrierBug", "TestBarrierFixed", "random", 2900 * time.Microsecond},
		{"TestBarrierBug", "TestBarrierFixed", "pct", 2900 * time.Microsecond},
		{"TestBackoffBug", "TestBackoffFixed", "random", 1900 * time.Microsecond},
		{"TestBackoffBug", "TestBackoffFixed", "pct", 1900 * time.Microsecond}, // in which nobody else is ready
		{"TestTwoLateBug", "TestBarrierFixed", "random", 3900 * time.Microsecond},
	} {
		r := mustRunner(t, corpus(t), c.test, Control{})
		found := 0
		for seed := uint64(0); seed < 600 && found < 3; seed++ {
			o := mustAgain(t, r, Control{Seed: seed, Strategy: c.strategy})
			if o.Verdict == Passed {
				continue
			}
			found++
			if timing := o.Timing(); o.Class() != finding.Timing || timing == nil || timing.By < c.least {
				t.Errorf("%s, seed %d: %s, late by %+v\n%s", c.test, seed, o.Class(), timing, o.Failure())
			}
			lawful(t, o)
			if err := o.Save(path, "", nil); err != nil {
				t.Fatal(err)
			}
			loaded, _, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, choices := range []*record.Choices{o.Recording.Choices(), loaded} {
				if p := mustAgain(t, r, Control{Choices: choices}); same(o, p) != "" || p.Failure() != o.Failure() {
					t.Errorf("%s, seed %d: the replay differs in %s; mismatch %v", c.test, seed, same(o, p), p.Mismatch)
				}
			}
		}
		if found == 0 {
			t.Errorf("%s: no failure in 600 seeds of %s", c.test, c.strategy)
		}
		twin := mustRunner(t, corpus(t), c.twin, Control{})
		for seed := range uint64(200) {
			if o := mustAgain(t, r, Control{Seed: seed, Strategy: c.strategy, Late: -1}); o.Verdict != Passed {
				t.Errorf("%s, seed %d: fails without lateness: %s", c.test, seed, o.Failure())
			}
			if o := mustAgain(t, twin, Control{Seed: seed, Strategy: c.strategy, Late: time.Second}); o.Verdict != Passed {
				t.Errorf("%s, seed %d: fails: %s", c.twin, seed, o.Failure())
			}
		}
	}
}

// TestLateBound checks that no goroutine is late by more than Control.Late at once, and that runs that are late by
// less are late at all.
func TestLateBound(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestTickers", Control{})
	late := 0
	for seed := range uint64(400) {
		bound := time.Duration(1+seed%5) * time.Millisecond
		o := mustAgain(t, r, Control{Seed: seed, Late: bound})
		for _, l := range o.Recording.Lateness() {
			late++
			if time.Duration(l.Once) > bound {
				t.Errorf("seed %d: goroutine %d is late by %v, at most %v are allowed", seed, l.G, time.Duration(l.Once), bound)
			}
		}
	}
	if late < 20 {
		t.Errorf("%d goroutines were late, too few to tell", late)
	}
}

// TestSlow checks how lateness is spread over seeds.
func TestSlow(t *testing.T) {
	for _, c := range []struct {
		c    Control
		most time.Duration
		none bool
	}{
		{Control{}, 100 * time.Millisecond, false},
		{Control{Slow: time.Hour}, longestSlow, false},
		{Control{Slow: 300 * time.Microsecond}, 300 * time.Microsecond, false},
		{Control{Slow: -1}, 0, true},
		{Control{Late: -1, Slow: time.Second}, 0, true},
		{Control{Choices: &record.Choices{}}, 0, true},
	} {
		longest, without := time.Duration(0), 0
		for seed := range uint64(2000) {
			c.c.Seed = seed
			d := c.c.slow()
			if longest = max(longest, d); d == 0 {
				without++
			}
		}
		if longest != c.most || c.none != (without == 2000) || !c.none && (without < 900 || without > 1100) {
			t.Errorf("%+v: at most %v, want %v; %d of 2000 seeds have none", c.c, longest, c.most, without)
		}
	}
	if d := (&Control{Late: time.Minute}).slow(); d != longestSlow {
		t.Errorf("Late of a minute gives %v", d)
	}
}

func TestRoundLate(t *testing.T) {
	for d, want := range map[time.Duration]string{
		999 * time.Microsecond: "1ms", 11931 * time.Microsecond: "12ms", 12400 * time.Microsecond: "12ms", 999_001: "1ms",
		123 * time.Nanosecond: "120ns", 99: "99ns", 3999 * time.Millisecond: "4s",
	} {
		if got := roundLate(d).String(); got != want {
			t.Errorf("roundLate(%v) = %s, want %s", d, got, want)
		}
	}
}
