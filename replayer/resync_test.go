package replayer_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// additions are what a program can do once more, each with how many events more that makes at most.
var additions = []struct {
	name   string
	events int
	exact  bool // no event of it can be taken for another
	op     func(s *simsched.Sim, mu *simsched.Mutex)
}{
	{"yield", 2, true, func(s *simsched.Sim, _ *simsched.Mutex) { s.Yield() }},
	{"lock", 2, false, func(_ *simsched.Sim, mu *simsched.Mutex) { mu.Lock(); defer mu.Unlock() }},
	{"draw", 1, true, func(s *simsched.Sim, _ *simsched.Mutex) { s.Rand("delays").Uint64() }},
	{"timer", 3, false, func(s *simsched.Sim, _ *simsched.Mutex) { s.NewTimer(time.Hour).Stop() }},
}

// delays is a program of three tasks that draw from one stream how long they sleep, or only yield; the second of them
// does something more in one round.
func delays(sleep bool, round int, more func(*simsched.Sim, *simsched.Mutex)) program {
	return func(s *simsched.Sim) error {
		r, mu := s.Rand("delays"), s.NewMutex("more")
		return s.InRegion("pool", func(pool *simsched.Region) error {
			for i := range 3 {
				pool.Go(fmt.Sprint("worker-", i), func() error {
					for k := range 10 {
						if sleep {
							s.Sleep(time.Duration(r.Int64N(1000)) * time.Microsecond)
						}
						if i == 1 && k == round {
							more(s, mu)
						}
						s.Yield()
					}
					return nil
				})
			}
			return nil
		})
	}
}

// TestResyncLaw adds one operation to a program: under policy Resync its run has no less in common with the recording
// than a run under the same seed, at any window of twice what was added or more; after a yield or a draw it lacks
// nothing at all. Where an added event looks like one that comes soon, as after a lock, which of them was added shows
// only later, and a choice in between can get the answer to another one: by the margin it may be worse than the run
// that meets no such doubt.
func TestResyncLaw(t *testing.T) {
	nothing := func(*simsched.Sim, *simsched.Mutex) {}
	for _, a := range additions {
		for i := range 24 {
			sleep, round := i%2 == 0, i/2%4*3
			cfg := simsched.Config{Seed: uint64(i)}
			tr, _ := recorder.Run(cfg, delays(sleep, round, nothing))
			live, _ := recorder.Run(cfg, delays(sleep, round, a.op))
			for window := 2 * a.events; window <= 256; window *= 2 {
				same, err := divergence.Align(source.FromTrace(tr), source.FromTrace(live), window, nil)
				if err != nil {
					t.Fatal(err)
				}
				cfg := replayer.Config{Policy: replayer.Resync, Window: window}
				result, err := replayer.Run(source.FromTrace(tr), cfg, delays(sleep, round, a.op))
				s := result.Stats
				margin := 0.005
				if a.exact {
					margin = 0
				}
				lost := s.Matched != uint64(tr.Len()) || s.Inserted > uint64(a.events)
				if err != nil || result.Fidelity < same.Fidelity()-margin || a.exact && lost {
					t.Errorf("one %s more, sleep %v, round %d, seed %d, window %d: fidelity %.3f, with the seed %.3f; %v, %v",
						a.name, sleep, round, i, window, result.Fidelity, same.Fidelity(), s, err)
				}
			}
		}
	}
}

// rounds is a program of tasks that draw from one stream in each round, after a yield and before a sleep; the second
// of them leaves out the yield, or draws twice, in one round.
func rounds(n, round, yields, draws int) program {
	return func(s *simsched.Sim) error {
		r := s.Rand("delays")
		for i := range n {
			s.Go(fmt.Sprint("worker-", i), func() error {
				for k := range 6 {
					y, d := 1, 1
					if i == 1 && k == round {
						y, d = yields, draws
					}
					for range y {
						s.Yield()
					}
					delay := time.Duration(r.Uint64() % 1_000_000)
					for range d - 1 {
						r.Uint64()
					}
					s.Sleep(delay)
				}
				return nil
			})
		}
		return nil
	}
}

// TestDrawsStayWithTheirTasks: where a task draws earlier than recorded, or once more, the others get the values that
// they got in the recording. Under Resync they do so at any window that is not small.
func TestDrawsStayWithTheirTasks(t *testing.T) {
	for i := range 60 {
		round := i % 6
		cfg := simsched.Config{Seed: uint64(i)}
		tr, _ := recorder.Run(cfg, rounds(4, round, 1, 1))
		for name, body := range map[string]program{"no yield": rounds(4, round, 0, 1), "two draws": rounds(4, round, 1, 2)} {
			least := map[string]float64{"no yield": 0.9, "two draws": 0.99}[name]
			for window := 16; window <= 256; window *= 2 {
				result, err := replayer.Run(source.FromTrace(tr), replayer.Config{Policy: replayer.Resync, Window: window}, body)
				if err != nil || result.Fidelity < least {
					t.Errorf("%s, round %d, seed %d, window %d: %v, %v; want at least %v", name, round, i, window, result.Stats,
						err, least)
				}
			}
		}
	}
}

// TestResyncOfManyYields doubles all yields of a task. It goes on alone for some time, but in most runs not until the
// alignment gives up.
func TestResyncOfManyYields(t *testing.T) {
	body := func(times int) program {
		return func(s *simsched.Sim) error {
			for i := range 3 {
				s.Go(fmt.Sprint("worker-", i), func() error {
					n := 12
					if i == 1 {
						n *= times
					}
					return repeat(n, (*simsched.Sim).Yield)(s)
				})
			}
			return nil
		}
	}
	gaveUp := 0
	for seed := range uint64(20) {
		tr, _ := recorder.Run(simsched.Config{Seed: seed}, body(1))
		result, err := replayer.Run(source.FromTrace(tr), replayer.Config{Policy: replayer.Resync, Window: 16}, body(2))
		if err != nil {
			t.Fatal(err)
		}
		if result.Stats.GaveUp {
			gaveUp++
		}
	}
	if gaveUp > 4 {
		t.Errorf("gave up in %d of 20 runs, want at most 4", gaveUp)
	}
}
