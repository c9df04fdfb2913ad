package simsched

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/event"
)

// listing is an Observer that keeps the text of the events.
type listing struct{ lines []string }

func (l *listing) Observe(e event.Event) error {
	l.lines = append(l.lines, e.String())
	return nil
}

// pullers returns the number of goroutines that are coroutines.
func pullers() int {
	buf := make([]byte, 1<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "simsched.newCoroutine")
}

// TestPoolChangesNoRun makes all programs twice, with stacks of their own and with those of one Pool, also after runs
// that ended with tasks that wait.
func TestPoolChangesNoRun(t *testing.T) {
	pool := &Pool{}
	before := pullers()
	for _, p := range programs {
		cfg := p.cfg
		cfg.Seed = p.seed
		var plain, pooled listing
		cfg.Observer = &plain
		want := Run(cfg, p.body)
		for range 2 {
			pooled.lines = nil
			cfg.Observer, cfg.Pool = &pooled, pool
			got := Run(cfg, p.body)
			if fmt.Sprint(got) != fmt.Sprint(want) || !slices.Equal(pooled.lines, plain.lines) {
				t.Errorf("%s: the run with a Pool differs: %v, want %v", p.name, got, want)
			}
		}
	}
	if err := Run(Config{Pool: pool}, func(s *Sim) error { s.Yield(); return nil }); err != nil {
		t.Error(err)
	}
	if n := pullers() - before; n == 0 || n != len(pool.idle) {
		t.Errorf("%d goroutines wait for the next run, of %d in the Pool", n, len(pool.idle))
	}
	pool.Close()
	if n := pullers() - before; n != 0 {
		t.Errorf("%d goroutines are left after Close", n)
	}
}

// TestPoolServesOneRun: a run inside another one, with the same Pool, and a Pool that is closed during a run.
func TestPoolServesOneRun(t *testing.T) {
	pool := &Pool{}
	before := pullers()
	cfg := Config{Pool: pool}
	inner := func(s *Sim) error {
		s.Go("child", func() error { s.Yield(); return nil })
		return nil
	}
	err := Run(cfg, func(s *Sim) error {
		s.Go("child", func() error { return Run(cfg, inner) })
		s.Yield()
		pool.Close()
		return nil
	})
	if err != nil || len(pool.idle) != 0 || pullers() != before {
		t.Errorf("error %v, %d stacks in the closed Pool, %d goroutines more", err, len(pool.idle), pullers()-before)
	}
	if err := Run(cfg, inner); err != nil {
		t.Errorf("a run with a closed Pool: %v", err)
	}
}

// TestPoolIsBounded: it keeps no more than maxPooled stacks of a run with more tasks.
func TestPoolIsBounded(t *testing.T) {
	pool := &Pool{}
	defer pool.Close()
	err := Run(Config{Pool: pool, Chooser: NewRoundRobin(1)}, func(s *Sim) error {
		for range maxPooled + 10 {
			s.Go("task", func() error { s.Sleep(1); return nil })
		}
		return nil
	})
	if err != nil || len(pool.idle) != maxPooled {
		t.Errorf("error %v, %d stacks, want %d", err, len(pool.idle), maxPooled)
	}
}

// TestPoolAfterPanic: the Observer ends a run by a panic, and the Pool serves the next one.
func TestPoolAfterPanic(t *testing.T) {
	pool := &Pool{}
	defer pool.Close()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller of Run")
			}
		}()
		_ = Run(Config{Pool: pool, Observer: panicking{}}, func(s *Sim) error { s.Yield(); return nil })
	}()
	err := Run(Config{Pool: pool}, func(s *Sim) error { return errors.ErrUnsupported })
	if !errors.Is(err, errors.ErrUnsupported) || len(pool.idle) == 0 {
		t.Errorf("error %v, %d stacks", err, len(pool.idle))
	}
}

type panicking struct{}

func (panicking) Observe(e event.Event) error {
	if e.Kind() == event.KindTaskYielded {
		panic("observer")
	}
	return nil
}

// TestAllocations bounds the allocations of a short run with the stacks of the run before, and of a step.
func TestAllocations(t *testing.T) {
	pool := &Pool{}
	defer pool.Close()
	run := func(yields int) float64 {
		return testing.AllocsPerRun(20, func() {
			err := Run(Config{Pool: pool, Chooser: NewRandom(1), CheckpointEvery: -1}, func(s *Sim) error {
				for range 2 {
					s.Go("task", func() error {
						for range yields {
							s.Yield()
						}
						return nil
					})
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	short, long := run(10), run(10_000)
	if short > 24 {
		t.Errorf("a run with two tasks allocates %v times, want at most 24", short)
	}
	if long != short {
		t.Errorf("a run of 20,000 steps allocates %v times, one of 20 steps %v times", long, short)
	}
}
