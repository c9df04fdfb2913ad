package gotest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/strategy"
)

// lateRunner makes runs in which goroutine 2 is late by as much as it may be, at most by own; in that of the seventh
// seed it is not. They fail if need says so.
type lateRunner struct {
	own  time.Duration // of the runs of seeds, unless Control.Late is set
	only bool          // runs of seeds with Control.Late pass
	need func(seed uint64, late time.Duration) bool
	runs int

	scripts, others int // runs by scripts, and those of them with another seed than their recording
}

func (l *lateRunner) Close() error { return nil }

func (l *lateRunner) Run(_ context.Context, c gort.Control) (*gort.Outcome, error) {
	l.runs++
	late := l.own
	if c.Script != nil {
		if l.scripts++; c.Seed != c.Origin.Seed {
			l.others++
		}
	}
	switch {
	case c.Choices != nil:
		late = 0
		for _, r := range c.Choices.Records {
			late += time.Duration(r.Val >> 32)
		}
		c.Seed = c.Choices.Seed
	case c.Late < 0, numberOf(c.Seed) == 6:
		late = 0
	case c.Late > 0:
		late = min(late, c.Late)
	}
	at := late.Nanoseconds()
	o := &gort.Outcome{Recording: &record.Recording{Seed: c.Seed, Hash: c.Seed + uint64(late), Texts: []string{""},
		Records: []record.Record{
			{Kind: record.Spawn, G: 1}, {Kind: record.Begin, G: 1}, {Kind: record.Sched, G: 1, N: 1},
			{Kind: record.Spawn, G: 2, Val: 1 << 32}, {Kind: record.Wake, G: 1, Time: at},
			{Kind: record.Sched, G: 1, N: 2, Time: at, Val: uint64(at) << 32}, {Kind: record.Sched, G: 2, N: 1, Time: at},
		}}}
	if o.Output = []byte("PASS\n"); l.need(c.Seed, late) && !(l.only && c.Late != 0) {
		o.Verdict, o.Exit = gort.Failed, 1
		o.Output = []byte("=== RUN   TestX\n    x_test.go:1: no answer\n--- FAIL: TestX (0.00s)\nFAIL\n")
	}
	return o, nil
}

// TestLate: a failure that needs lateness is told with the least, and counts up to what --slow says; one that does not
// is an ordinary one.
func TestLate(t *testing.T) {
	first := func(n int) func(seed uint64) bool { return func(seed uint64) bool { return numberOf(seed) == n } }
	third, sixth := first(3), first(6)
	for _, c := range []struct {
		name, slow string
		need       func(seed uint64, late time.Duration) bool
		fails      bool
		want, not  string
	}{
		{"within", "20ms", func(_ uint64, late time.Duration) bool { return late >= 12*time.Millisecond }, true,
			"fails (timing)", "test failure"},
		{"told", "any", func(_ uint64, late time.Duration) bool { return late >= 12*time.Millisecond }, true,
			"fails when 0.0 is 12ms late: x_test.go:1: no answer", "test failure"},
		{"beyond", "", func(_ uint64, late time.Duration) bool { return late >= 12*time.Millisecond }, false,
			"one below 9.9ms would count as a failure", "test failure"},
		{"equal", "12ms", func(_ uint64, late time.Duration) bool { return late >= 12*time.Millisecond-time.Microsecond },
			false, "one below 11.88ms would count as a failure", "test failure"},
		{"a little below", "12ms", func(_ uint64, late time.Duration) bool { return late >= 11*time.Millisecond }, true,
			"fails (timing)", "test failure"},
		{"never", "0", func(_ uint64, late time.Duration) bool { return late > 0 }, false,
			"one below 0s would count as a failure", "test failure"},
		{"same choices", "", func(seed uint64, _ time.Duration) bool { return third(seed) }, true,
			"(test failure)", "timing"},
		{"another seed", "any", func(seed uint64, late time.Duration) bool { return late > 0 && !third(seed) || sixth(seed) },
			true, "(test failure)", "timing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &lateRunner{own: 50 * time.Millisecond, need: c.need}
			env := "SEEDS=10 ARTIFACTS=" + t.TempDir()
			if c.slow != "" {
				env += " SLOW=" + c.slow
			}
			s, out := fakeSession(t, &fakeRunner{}, env)
			s.open = func(string, gort.Control) (runner, error) { return f, nil }
			text := ""
			if ok := s.search("TestX", 1).run(t.Context()); ok == c.fails {
				text = "ends wrongly"
			}
			told := out.String()
			if text != "" || !strings.Contains(told, c.want) || strings.Contains(told, c.not) {
				t.Errorf("%s; want %q and not %q\n%s", text, c.want, c.not, told)
			}
			if !strings.Contains(told, "reprise.verdict reproduced") {
				t.Errorf("not reproduced:\n%s", told)
			}
		})
	}
}

// TestSoonest: the search finds the least lateness, up to a bound on the runs, whatever it is; also if only the choices
// of the run itself fail with less.
func TestSoonest(t *testing.T) {
	for i, need := range []time.Duration{1, time.Microsecond, 777 * time.Microsecond, 49 * time.Millisecond, 1,
		777 * time.Microsecond, 49 * time.Millisecond} {
		f := &lateRunner{own: 50 * time.Millisecond, need: func(_ uint64, late time.Duration) bool { return late >= need },
			only: i >= 4}
		s, _ := fakeSession(t, &fakeRunner{}, "SEEDS=1")
		s.open = func(string, gort.Control) (runner, error) { return f, nil }
		w := &subject{search: s.search("TestX", 1)}
		o, err := f.Run(t.Context(), w.control(1))
		if err != nil {
			t.Fatal(err)
		}
		f.runs = 0
		best := w.soonest(t.Context(), o)
		by := best.Timing().By
		if by < need || by > need+1+need/90 || f.runs > soonestRuns {
			t.Errorf("needs %v: found %v after %d runs", need, by, f.runs)
		}
	}
}

// TestLateOfOtherSeed: if the run with the least lateness is one of another seed than the one that was found, runs by
// scripts have that other seed, and points at accesses to memory as its recording has.
func TestLateOfOtherSeed(t *testing.T) {
	l := &lateRunner{own: 40 * time.Millisecond, need: func(seed uint64, late time.Duration) bool {
		if numberOf(seed) == 0 && seed != testpath.DeriveSeed("TestX", 0) {
			return late > 0
		}
		return late >= 12*time.Millisecond
	}}
	s, _ := fakeSession(t, &fakeRunner{}, "SEEDS=5 SLOW=any ARTIFACTS="+t.TempDir())
	s.open = func(string, gort.Control) (runner, error) { return l, nil }
	s.search("TestX", 1).run(t.Context())
	if l.scripts == 0 || l.others > 0 {
		t.Errorf("%d of %d runs by scripts have another seed than the recording", l.others, l.scripts)
	}
	var control gort.Control
	steer(&control, explore.Plan{Script: &strategy.Script{}}, &record.Choices{Memory: true})
	if !control.Memory {
		t.Error("a run by a script has no points at accesses to memory, and its recording has")
	}
}
