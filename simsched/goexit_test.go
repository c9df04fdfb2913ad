package simsched

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/event"
)

func TestGoexitEndsTheRun(t *testing.T) {
	for name, body := range map[string]func(*Sim) error{
		"main": func(*Sim) error { failNow(); return nil },
		"task": func(s *Sim) error {
			s.Go("t", func() error { failNow(); return nil })
			s.Park()
			return nil
		},
		"reused coroutine": func(s *Sim) error {
			s.Go("short", func() error { return nil })
			s.Go("t", func() error { failNow(); return nil })
			s.Park()
			return nil
		},
		"region": func(s *Sim) error {
			return s.InRegion("r", func(*Region) error {
				s.Go("stuck", func() error { s.Park(); return nil })
				s.Yield()
				failNow()
				return nil
			})
		},
		"region in a task": func(s *Sim) error {
			s.Go("t", func() error {
				return s.InRegion("r", func(*Region) error { failNow(); return nil })
			})
			s.Park()
			return nil
		},
	} {
		for schedule, cfg := range schedules(5) {
			if how := ended(func() { _ = Run(cfg, body) }); how != "goexit" {
				t.Errorf("%s, %s: Run ended by %s, want runtime.Goexit of its own goroutine", name, schedule, how)
			}
			cfg.Chooser = nil
		}
	}
}

func TestGoexitRunsDeferredCalls(t *testing.T) {
	ran := map[string]int{}
	how := ended(func() {
		_ = Run(inTurns(), func(s *Sim) error {
			m := s.NewMutex("m")
			for _, name := range []string{"a", "b"} {
				s.Go(name, func() error {
					defer func() { ran[name]++ }()
					m.Lock()
					defer m.Unlock()
					s.Park()
					return nil
				})
			}
			s.Sleep(1)
			defer func() { ran["main"]++ }()
			failNow()
			return nil
		})
	})
	if how != "goexit" || ran["a"] != 1 || ran["b"] != 1 || ran["main"] != 1 {
		t.Errorf("Run ended by %s, deferred calls ran %v; want goexit, each once", how, ran)
	}
}

// TestGoexitEndsAtOnce lets no other task run a step after it.
func TestGoexitEndsAtOnce(t *testing.T) {
	steps := 0
	_ = ended(func() {
		_ = Run(inTurns(), func(s *Sim) error {
			return s.InRegion("r", func(*Region) error {
				s.Go("spinner", func() error {
					for {
						s.Yield()
						steps++
					}
				})
				s.Sleep(0)
				s.Sleep(0)
				steps = 0
				failNow()
				return nil
			})
		})
	})
	if steps != 0 {
		t.Errorf("another task took %d steps after runtime.Goexit", steps)
	}
}

// TestGoexitInTheChooser stops the run from outside, as t.Fatal in a Chooser or an Observer does.
func TestGoexitInTheChooser(t *testing.T) {
	asked := 0
	cfg := Config{Chooser: chooserFunc(func(*Choice) uint64 {
		if asked++; asked == 5 {
			failNow()
		}
		return 0
	})}
	how := ended(func() {
		_ = Run(cfg, func(s *Sim) error {
			for range 3 {
				s.Go("t", func() error { s.Yield(); s.Yield(); return nil })
			}
			return nil
		})
	})
	if how != "goexit" {
		t.Errorf("Run ended by %s, want runtime.Goexit of its own goroutine", how)
	}
}

// TestContainGoexit: Run returns an error that names the task, together with what went wrong before, and the events are
// those of a run that does not ask for it.
func TestContainGoexit(t *testing.T) {
	body := func(s *Sim) error {
		s.Go("panics", func() error { panic("before") })
		s.Sleep(1)
		s.Go("outer", func() error {
			s.Go("quits", func() error { failNow(); return nil })
			s.Park()
			return nil
		})
		s.Park()
		return nil
	}
	again := maps.Collect(schedules(5))
	for schedule, cfg := range schedules(5) {
		var got, want []event.Event
		cfg.Observer = observerFunc(func(e event.Event) error { want = append(want, e); return nil })
		if how := ended(func() { _ = Run(cfg, body) }); how != "goexit" {
			t.Errorf("%s: Run ended by %s without ContainGoexit", schedule, how)
		}
		cfg.Chooser, cfg.ContainGoexit = again[schedule].Chooser, true
		cfg.Observer = observerFunc(func(e event.Event) error { got = append(got, e); return nil })
		err := Run(cfg, body)
		var quit *GoexitError
		if !errors.As(err, &quit) || quit.Name != "quits" || quit.Path != "0.2.1" ||
			!strings.Contains(quit.Error(), "quits called runtime.Goexit") {
			t.Errorf("%s: Run returned %v, want a *GoexitError of quits, 0.2.1", schedule, err)
		}
		var p *PanicError
		if !errors.As(err, &p) || p.Value != "before" {
			t.Errorf("%s: Run returned %v, want the panic before too", schedule, err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d events, want the %d of a run that does not contain runtime.Goexit", schedule, len(got), len(want))
		}
	}
}

// TestContainGoexitChangesNothingElse: a run without it returns what it returns, and a panic of the Observer leaves
// Run.
func TestContainGoexitChangesNothingElse(t *testing.T) {
	cfg := inTurns()
	cfg.ContainGoexit = true
	sentinel := errors.New("sentinel")
	if err := Run(cfg, func(*Sim) error { return sentinel }); err != sentinel {
		t.Errorf("Run returned %v", err)
	}
	cfg = inTurns()
	cfg.ContainGoexit = true
	cfg.Observer = observerFunc(func(event.Event) error { panic("observer") })
	if how := ended(func() { _ = Run(cfg, func(*Sim) error { return nil }) }); how != "panic: observer" {
		t.Errorf("Run ended by %s, want the panic of the Observer", how)
	}
}
