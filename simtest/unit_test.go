package simtest

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestRunPattern: the pattern of a report selects the subtest, and its last element is the one that this package reads.
func TestRunPattern(t *testing.T) {
	pattern := testpath.Pattern("TestX/a.b|c/[d]/(e", testpath.Seed(7))
	if want := `^TestX$/^a\.b\|c$/^\[d\]$/^\(e$/^seed=0x0000000000000007$`; pattern != want {
		t.Errorf("pattern %s, want %s", pattern, want)
	}
	parts := testpath.SplitPattern(pattern, '/')
	if len(parts) != 5 || !seedPattern.MatchString(parts[4]) {
		t.Errorf("elements %q", parts)
	}
}

// failures runs a program under many seeds and returns the failures.
func failures(body func(*simsched.Sim) error) (list []error) {
	for seed := range uint64(50) {
		if err := simsched.Run(simsched.Config{Seed: seed, MaxSteps: 10_000, ContainGoexit: true, CallSites: seed%2 == 0},
			body); err != nil {
			list = append(list, err)
		}
	}
	return list
}

func crossed(first, second string) func(*simsched.Sim) error {
	return func(s *simsched.Sim) error {
		a, b := s.NewMutex(first), s.NewMutex(second)
		both := func(x, y *simsched.Mutex) func() error {
			return func() error {
				x.Lock()
				defer x.Unlock()
				y.Lock()
				defer y.Unlock()
				return nil
			}
		}
		s.Go("ab", both(a, b))
		return s.Go("ba", both(b, a)).Join()
	}
}

// TestSignature: failures of one cause have one signature, whatever the seed and the numbers in them; others have
// others.
func TestSignature(t *testing.T) {
	seen := map[string]string{}
	for name, body := range map[string]func(*simsched.Sim) error{
		"error": func(s *simsched.Sim) error {
			return fmt.Errorf("lost %d of 0x%x", s.Rand("x").IntN(99), s.Rand("y").Int())
		},
		"other error": func(s *simsched.Sim) error { return errors.New("found") },
		"panic":       func(s *simsched.Sim) error { panic(fmt.Sprint("lost ", s.Rand("x").IntN(99))) },
		"panic task":  func(s *simsched.Sim) error { s.Go("task", func() error { panic("lost 1") }); return nil },
		"quit":        func(s *simsched.Sim) error { fakeFatal(); return nil },
		"deadlock":    crossed("a", "b"),
		"other locks": crossed("c", "d"),
		"leak":        func(s *simsched.Sim) error { s.Go("t", func() error { s.Park(); return nil }); return nil },
		"livelock": func(s *simsched.Sim) error {
			for {
				s.Yield()
			}
		},
		"second line":  func(s *simsched.Sim) error { return fmt.Errorf("first\n%v", s.Rand("x").Perm(9)) },
		"error joined": func(s *simsched.Sim) error { s.Go("t", func() error { return errors.New("inside") }); return nil },
	} {
		signs := map[string]bool{}
		list := failures(body)
		for _, err := range list {
			signs[signature(err)] = true
		}
		if len(signs) != 1 {
			t.Errorf("%s: %d failures have %d signatures", name, len(list), len(signs))
		}
		for sign := range signs {
			if other := seen[sign]; other != "" {
				t.Errorf("%s and %s have one signature", name, other)
			}
			seen[sign] = name
		}
	}
}

func fakeFatal() { runtime.Goexit() }

// TestBytesChooser: any input gives a run that ends, is the same each time, and can be recorded; the empty one gives
// the tamest run.
func TestBytesChooser(t *testing.T) {
	body := func(s *simsched.Sim) error {
		m := s.NewMutex("m")
		for i := range 3 {
			s.Go("t", func() error {
				m.Lock()
				defer m.Unlock()
				s.Sleep(s.Now().Sub(s.Now()) + 1)
				_ = s.Rand(fmt.Sprint(i)).Uint64()
				return nil
			})
		}
		return nil
	}
	rapid.Check(t, func(t *rapid.T) {
		input := rapid.SliceOf(rapid.Byte()).Draw(t, "input")
		run := func() (simsched.Config, func(*simsched.Sim) error) {
			return simsched.Config{Chooser: newBytesChooser(input), Chaos: simsched.ChaosHeavy(1)}, body
		}
		first, err := recorder.Run(run())
		if err != nil && strings.Contains(err.Error(), "Chooser") {
			t.Fatal(err)
		}
		if second, _ := recorder.Run(run()); !second.Equal(first) {
			t.Fatal("two runs of one input differ")
		}
	})
	tame, _ := recorder.Run(simsched.Config{Chooser: newBytesChooser(nil)}, body)
	turns, _ := recorder.Run(simsched.Config{Chooser: zeros{}}, body)
	if !tame.Equal(turns) {
		t.Error("the empty input is not the tamest run")
	}
}

// TestFaultsOfInputs: an input gets faults, although it has no bytes for them.
func TestFaultsOfInputs(t *testing.T) {
	faults := 0
	for b := range byte(20) {
		cfg := simsched.Config{Chooser: newBytesChooser([]byte{b}), Chaos: simsched.ChaosHeavy(1)}
		tr, _ := recorder.Run(cfg, func(s *simsched.Sim) error {
			for range 20 {
				s.Yield()
			}
			return nil
		})
		for _, e := range tr.All() {
			if e.Kind() == event.KindChaosInjection {
				faults++
			}
		}
	}
	if faults == 0 {
		t.Error("no input has a fault")
	}
}

// TestConfig: each seed has a Chooser and faults of its own, and the same ones each time.
func TestConfig(t *testing.T) {
	s, err := newSettings(t, []Option{Sim(simsched.Config{Chaos: simsched.ChaosLight(5)})})
	if err != nil {
		t.Fatal(err)
	}
	a, again, b := s.config(1), s.config(1), s.config(2)
	if a.Chaos != again.Chaos || a.Chaos.Seed == b.Chaos.Seed || s.strategy(1) == s.strategy(1) {
		t.Errorf("settings of seed 1 %+v and %+v, of seed 2 %+v", a, again, b)
	}
	if a.Program != "TestConfig" || a.Seed != 1 || !a.ContainGoexit || a.Hash() != b.Hash() {
		t.Errorf("settings %+v", a)
	}
}

type zeros struct{}

func (zeros) Choose(*simsched.Choice) uint64 { return 0 }

// BenchmarkCheck measures a test of 1,000 seeds of a program of 110 events, with -short of 100 seeds.
func BenchmarkCheck(b *testing.B) {
	body := func(s *simsched.Sim) error {
		m := s.NewMutex("m")
		for range 5 {
			s.Go("worker", func() error {
				for range 3 {
					m.Lock()
					s.Yield()
					m.Unlock()
				}
				return nil
			})
		}
		return nil
	}
	tr, err := recorder.Run(simsched.Config{Seed: 1}, body)
	if err != nil {
		b.Fatal(err)
	}
	seeds := 1000
	if testing.Short() {
		seeds = 100 // Check makes a tenth of the runs
	}
	for b.Loop() {
		Check(b, body, Seeds(1000))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(seeds), "ns/seed")
	b.ReportMetric(float64(tr.Len()), "events/run")
}
