package replayer_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
)

// leaks are programs that do something that is no function of their choices, each with the line that does it.
var leaks = []struct {
	name string
	line string
	body func() program
}{
	{"map order", "range of a map", func() program {
		return func(s *simsched.Sim) error {
			delays := map[string]time.Duration{}
			for i := range 50 {
				delays[fmt.Sprint("task-", i)] = time.Duration(i)
			}
			for name, d := range delays {
				s.Go(name, func() error { s.Sleep(d); return nil }) // range of a map
			}
			return nil
		}
	}},
	{"global randomness", "global draw", func() program {
		return func(s *simsched.Sim) error {
			s.Sleep(time.Duration(rand.Int64())) // global draw
			return nil
		}
	}},
	{"a real clock", "real clock", func() program {
		return func(s *simsched.Sim) error {
			s.Sleep(time.Duration(time.Now().UnixNano())) // real clock
			return nil
		}
	}},
	{"state outside the run", "kept state", func() program {
		runs := 0
		return func(s *simsched.Sim) error {
			for runs++; ; {
				s.Sleep(time.Duration(runs)) // kept state
				return nil
			}
		}
	}},
}

// lineOf returns the line of this file that has a comment, as a code line.
func lineOf(t *testing.T, comment string) string {
	t.Helper()
	text, err := os.ReadFile("determinism_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.HasSuffix(line, "// "+comment) {
			return fmt.Sprintf("replayer/determinism_test.go:%d", i+1)
		}
	}
	t.Fatalf("no line has the comment %q", comment)
	return ""
}

func TestLeaksAreFound(t *testing.T) {
	for _, leak := range leaks {
		t.Run(leak.name, func(t *testing.T) {
			for name, cfg := range map[string]simsched.Config{"seed": {Seed: 3},
				"chooser": {Chooser: simsched.NewRoundRobin(3)}} {
				err := replayer.CheckDeterminism(cfg, leak.body())
				var ne *replayer.NondeterminismError
				var de *divergence.Error
				if !errors.Is(err, replayer.ErrNondeterministic) || !errors.As(err, &ne) || !errors.As(err, &de) ||
					ne.Divergence != de.Divergence {
					t.Fatalf("%s: %v, want a difference", name, err)
				}
				want := lineOf(t, leak.line)
				if d := ne.Divergence; leak.name != "map order" && (d.ExpectedSite != want || d.ActualSite != want) {
					t.Errorf("%s: at %q and %q, want %q", name, d.ExpectedSite, d.ActualSite, want)
				}
				if !strings.Contains(err.Error(), ", at replayer/determinism_test.go:") {
					t.Errorf("%s: no code line: %v", name, err)
				}
				if from, to, differ := ne.Differ(); !differ || from >= to {
					t.Errorf("%s: the fingerprints say %d to %d, %v", name, from, to, differ)
				}
			}
		})
	}
}

func TestDeterministicPrograms(t *testing.T) {
	for _, body := range []program{everything, office, endless, worker(func() error { panic("boom") }), meet(false),
		yieldTimes(3)} {
		for name, cfg := range map[string]simsched.Config{
			"seed": {Seed: 3}, "round robin": {Chooser: simsched.NewRoundRobin(3)}, "random": {Chooser: simsched.NewRandom(4)},
			"chaos": {Chaos: simsched.ChaosHeavy(1), Chooser: simsched.NewRandom(5)},
		} {
			cfg.MaxSteps = 500
			if err := replayer.CheckDeterminism(cfg, body); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestRareLeak differs in the second run only: what is known of the place is told.
func TestRareLeak(t *testing.T) {
	runs := 0
	err := replayer.CheckDeterminism(simsched.Config{}, func(s *simsched.Sim) error {
		if runs++; runs == 2 {
			s.Sleep(time.Second)
		}
		return nil
	})
	var ne *replayer.NondeterminismError
	if !errors.As(err, &ne) || ne.Divergence != nil || errors.Unwrap(err) != nil {
		t.Fatalf("%v, want a difference without a place", err)
	}
	want := "replayer: two runs under the same choices differ: first at event 4, but not in 32 further runs"
	if err.Error() != want {
		t.Errorf("the error is\n%v\nwant\n%s", err, want)
	}
	if runs != 35 {
		t.Errorf("%d runs, want 35", runs)
	}
}

// TestFingerprintsLocate: two runs have equal fingerprints if and only if they are equal, and the range that they
// give has the first difference in it, and is at most a 32nd of the runs.
func TestFingerprintsLocate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := make(events, rapid.IntRange(0, 700).Draw(t, "events"))
		for i := range a {
			a[i] = event.RngValue(uint64(i % 7))
		}
		b := append(events(nil), a...)
		if len(b) > 0 {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "changed")] = event.RngValue(rapid.Uint64Range(0, 8).Draw(t, "value"))
		}
		b = b[:len(b)-rapid.IntRange(0, min(3, len(b))).Draw(t, "cut")]
		at := 0
		for at < len(a) && at < len(b) && a[at] == b[at] {
			at++
		}
		equal := len(a) == len(b) && at == len(a)
		for _, pair := range [][2]events{{a, b}, {b, a}} {
			from, to, differ := replayer.FirstDifference(pair[0], pair[1])
			if differ == equal || differ && (from > uint64(at) || uint64(at) >= to || to-from > uint64(len(a)/32+3)) {
				t.Fatalf("the first difference is at %d of %d and %d, the fingerprints say %d to %d, %v", at, len(a), len(b),
					from, to, differ)
			}
		}
	})
}

// TestAnswersThatDoNotFit: the second run asks for other choices than the first, and for more. It goes on all the same.
func TestAnswersThatDoNotFit(t *testing.T) {
	runs, ended := 0, 0
	cfg := simsched.Config{Chooser: simsched.NewRandom(1), Chaos: simsched.Chaos{Delay: 1}}
	err := replayer.CheckDeterminism(cfg, func(s *simsched.Sim) error {
		runs++
		defer func() { ended++ }()
		if runs != 2 {
			for range 20 {
				s.Rand("dice").Uint64()
			}
			return nil
		}
		for range 3 {
			s.Go("task", func() error { s.Yield(); return nil })
		}
		for range 30 {
			s.Rand("dice").Uint64()
			s.Yield()
		}
		ended += 100 // the loop was not cut short
		return nil
	})
	if !errors.Is(err, replayer.ErrNondeterministic) || runs != 35 || ended != 135 {
		t.Errorf("%v; %d runs, %d ended", err, runs, ended)
	}
}
