package simsched

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
)

// TestRoundRobinIsFair: a waiter is served before those that came after it, also when a Select leaves the queue from
// the middle in between.
func TestRoundRobinIsFair(t *testing.T) {
	served := map[string]int{}
	mustRun(t, inTurns(), func(s *Sim) {
		c := NewChan[int](s, "c", 0)
		for _, name := range []string{"a", "b"} {
			s.Go(name, func() error {
				for range c.All() {
					served[name]++
				}
				return nil
			})
		}
		s.Yield()
		for range 50 {
			s.Select(c.OnRecv(nil, nil), s.After(time.Millisecond).OnRecv(nil, nil))
			s.Sleep(time.Millisecond)
			c.Send(1)
		}
		c.Close()
	})
	if served["a"] != 25 || served["b"] != 25 {
		t.Errorf("served %v, want both 25 times", served)
	}
}

// TestLooksComeToAnEnd: a loop that waits for something by looking at it ends at the step limit.
func TestLooksComeToAnEnd(t *testing.T) {
	cfg := inTurns()
	cfg.MaxSteps = 100
	for name, body := range map[string]func(*Sim){
		"Elapsed": func(s *Sim) {
			for s.Elapsed() < time.Second {
			}
		},
		"Done": func(s *Sim) {
			for task := s.Go("t", func() error { s.Park(); return nil }); !task.Done(); {
			}
		},
		"Err": func(s *Sim) {
			for s.Context().Err() == nil {
			}
		},
		"Len": func(s *Sim) {
			for c := NewChan[int](s, "c", 1); c.Len() == 0; {
			}
		},
		"Cancelled": func(s *Sim) {
			for {
				s.Current().Region().Cancelled()
			}
		},
		"Readiness": func(s *Sim) {
			for r := s.Register("r"); r.Readiness() == 0; {
			}
		},
	} {
		cfg.Chooser = NewRoundRobin(1)
		if err := Run(cfg, func(s *Sim) error { body(s); return nil }); !errors.Is(err, ErrStepLimit) {
			t.Errorf("%s: error %v, want ErrStepLimit", name, err)
		}
	}
}

// TestHookPanics: a panic of the Observer or the Chooser is not the program's: it ends the run and leaves Run,
// wherever it comes.
func TestHookPanics(t *testing.T) {
	program := func(s *Sim) error {
		return s.InRegion("r", func(r *Region) error {
			r.Defer(s.Yield)
			s.Go("task", func() error { s.Sleep(1); s.Yield(); return nil })
			s.Rand("x").Uint64()
			return nil
		})
	}
	n := len(mustRun(t, inTurns(), func(s *Sim) { _ = program(s) }))
	for at := range n {
		seen := 0
		cfg := inTurns()
		cfg.Observer = observerFunc(func(event.Event) error {
			if seen++; seen == at+1 {
				panic("observer bug")
			}
			return nil
		})
		if got := runPanic(cfg, program); got != "observer bug" {
			t.Errorf("panic at event %d of %d: Run panics with %v, want the Observer's", at, n, got)
		}
	}
	cfg := Config{Chooser: chooserFunc(func(*Choice) uint64 { panic("chooser bug") })}
	if got := runPanic(cfg, program); got != "chooser bug" {
		t.Errorf("Run panics with %v, want the Chooser's panic", got)
	}
}

// runPanic returns what Run panics with, nil if it does not.
func runPanic(cfg Config, body func(*Sim) error) (v any) {
	defer func() { v = recover() }()
	_ = Run(cfg, body)
	return nil
}

func TestChooserServesOneRun(t *testing.T) {
	for _, c := range []Chooser{NewRandom(1), NewRoundRobin(1)} {
		cfg := Config{Chooser: c}
		if v := runPanic(cfg, func(*Sim) error { return nil }); v != nil {
			t.Errorf("the first run panics with %v", v)
		}
		if v, _ := runPanic(cfg, func(*Sim) error { return nil }).(string); !strings.Contains(v, "used in another run") {
			t.Errorf("the second run panics with %q", v)
		}
	}
}

func TestZeroValues(t *testing.T) {
	for name, f := range map[string]func(){
		"Mutex.Lock":   func() { new(Mutex).Lock() },
		"Mutex.Unlock": func() { new(Mutex).Unlock() },
		"Chan.Send":    func() { new(Chan[int]).Send(1) },
		"Cond.Wait":    func() { new(Cond).Wait() },
		"Once":         func() { new(Once).Do(func() {}) },
	} {
		v := func() (v any) {
			defer func() { v = recover() }()
			f()
			return nil
		}()
		if text, _ := v.(string); !strings.Contains(text, "called on a zero value") {
			t.Errorf("%s: panic %v, want one that says what is wrong", name, v)
		}
	}
}

// TestBodyErrorOfHungRegion: the error of a body is told although its region never closes.
func TestBodyErrorOfHungRegion(t *testing.T) {
	setup := errors.New("setup failed")
	err := Run(inTurns(), func(s *Sim) error {
		return s.InRegion("r", func(*Region) error {
			s.Go("stuck", func() error { s.Park(); return nil })
			return setup
		})
	})
	if !errors.Is(err, ErrDeadlock) || !errors.Is(err, setup) {
		t.Errorf("error %v, want the deadlock and its cause", err)
	}
}

// TestManyPanics: telling of many panics takes no longer than linear time and memory.
func TestManyPanics(t *testing.T) {
	const n = 20_000
	err := Run(inTurns(), func(s *Sim) error {
		for range n {
			s.Go("p", func() error { panic("boom") })
		}
		return nil
	})
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != n {
		t.Errorf("not all of %d panics are told", n)
	}
}

func TestProgramNameIsMadeValid(t *testing.T) {
	for _, name := range []string{"a\xff", strings.Repeat("é", event.MaxDescription)} {
		m := Config{Program: name}.Metadata()
		if b, err := m.MarshalJSON(); err != nil || len(b) == 0 {
			t.Errorf("a name of %d bytes gives metadata that cannot be written: %v", len(name), err)
		}
	}
}

// TestObserverStopsAnywhere: every program of the goldens can be stopped at every event, whoever emits it.
func TestObserverStopsAnywhere(t *testing.T) {
	full := errors.New("full")
	for _, p := range append(slices.Clone(programs), program{name: "ticker", body: func(s *Sim) error {
		tk, tm := s.NewTicker(2), s.NewTimer(2)
		ctx, cancel := s.WithTimeout(s.Context(), 4)
		defer cancel()
		s.AfterFunc(2, s.Yield)
		s.Go("ends while main waits", func() error {
			for range 9 {
				s.Yield()
			}
			return nil
		})
		tk.C.Recv()
		tm.C.Recv()
		return s.SleepContext(ctx, 9)
	}}) {
		cfg := p.cfg
		cfg.Seed, cfg.Chooser = p.seed, NewRandom(p.seed)
		events, _ := record(cfg, p.body)
		for at := range events {
			seen := 0
			cfg.Chooser = NewRandom(p.seed)
			cfg.Observer = observerFunc(func(event.Event) error {
				if seen++; seen > at {
					return full
				}
				return nil
			})
			if err := Run(cfg, p.body); !errors.Is(err, full) {
				t.Errorf("%s stopped at event %d of %d: error %v, want the Observer's", p.name, at, len(events), err)
			}
		}
	}
}
