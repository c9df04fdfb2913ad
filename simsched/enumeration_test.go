package simsched

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// counting is an enumerator of all choices that counts the preemptions of a run. It is the rival of Enumeration.
type counting struct {
	enumerator
	preemptions int
}

func (c *counting) Choose(q *Choice) uint64 {
	answer := c.enumerator.Choose(q)
	if q.Point == PointTask && q.running != nil && !q.yielded {
		if own, _ := q.queue.indexOf(q.running); int(answer) != own {
			c.preemptions++
		}
	}
	return answer
}

// outcomeOf makes a run and returns how it ends.
func outcomeOf(k Chooser, body func(*Sim, *string) error) (outcome string) {
	err := Run(Config{Chooser: k, MaxSteps: 1000}, func(s *Sim) error { return body(s, &outcome) })
	if errors.Is(err, ErrDeadlock) {
		return "deadlock"
	}
	return outcome
}

// TestEnumerationAgainstBruteForce: for each limit, the schedules and their outcomes are those that a search of all
// schedules finds with at most as many preemptions.
func TestEnumerationAgainstBruteForce(t *testing.T) {
	for name, body := range map[string]func(*Sim, *string) error{
		"counter": counter, "locked counter": lockedCounter, "senders": senders, "barging": barging,
		"select": selectOfTwo, "timers": twoTimers, "lock order": lockOrder, "cancel": cancelRace,
	} {
		most, schedules, outcomes := 0, map[int]int{}, map[int]map[string]int{}
		for k := (&counting{}); ; k.preemptions = 0 {
			outcome := outcomeOf(k, body)
			for limit := k.preemptions; limit < 20; limit++ {
				schedules[limit]++
				if outcomes[limit] == nil {
					outcomes[limit] = map[string]int{}
				}
				outcomes[limit][outcome]++
			}
			most = max(most, k.preemptions)
			if !k.next() {
				break
			}
		}
		for _, limit := range []int{0, 1, 2, most, most + 1, -1} {
			e := &Enumeration{Limit: limit}
			found, n := map[string]int{}, 0
			for more := true; more; more = e.Next() {
				outcome := outcomeOf(e.Chooser(), body)
				if e.spent == e.bound {
					found[outcome]++
				}
				n++
			}
			at := limit
			if limit < 0 {
				at = 19
			}
			if e.Schedules != schedules[at] || fmt.Sprint(found) != fmt.Sprint(outcomes[at]) {
				t.Errorf("%s, limit %d: %d schedules in %d runs, %v; want %d, %v", name, limit, e.Schedules, n, found,
					schedules[at], outcomes[at])
			}
			if complete := limit < 0 || limit > most; e.Complete != complete {
				t.Errorf("%s, limit %d of %d: complete = %v", name, limit, most, e.Complete)
			}
		}
	}
}

// TestEnumerationTakesFewPreemptionsFirst: the first run that fails has as few preemptions as possible.
func TestEnumerationTakesFewPreemptionsFirst(t *testing.T) {
	e, bounds := &Enumeration{Limit: -1}, []int{}
	for more := true; more; more = e.Next() {
		if outcomeOf(e.Chooser(), lockOrder) == "deadlock" {
			bounds = append(bounds, e.spent)
		}
	}
	if len(bounds) == 0 || bounds[0] != slices.Min(bounds) {
		t.Errorf("the deadlocks have %v preemptions, want the fewest first", bounds[:min(len(bounds), 20)])
	}
}

// TestEnumerationTellsWhatItDraws: random values are not enumerated.
func TestEnumerationTellsWhatItDraws(t *testing.T) {
	e, values := &Enumeration{Seed: 3}, map[uint64]bool{}
	for more := true; more; more = e.Next() {
		outcomeOf(e.Chooser(), func(s *Sim, _ *string) error { values[s.Rand("r").Uint64()] = true; return nil })
	}
	if !e.Drawn || len(values) != 1 || e.Schedules != 1 {
		t.Errorf("drawn = %v, %d values, %d schedules", e.Drawn, len(values), e.Schedules)
	}
}

// rounds is a counter that two tasks increment ten times each, under a lock.
func rounds(s *Sim) error {
	m, n := s.NewMutex("m"), 0
	work := func() {
		for range 10 {
			m.Lock()
			n++
			m.Unlock()
		}
	}
	return pair(s, work, work)
}

// BenchmarkEnumeration measures a schedule of a search with at most three preemptions. The goal is 50 µs, which is what
// loom takes, and 5 µs a schedule for the strategies.
func BenchmarkEnumeration(b *testing.B) {
	cfg := Config{CheckpointEvery: -1, Pool: &Pool{}}
	defer cfg.Pool.Close()
	n := 0
	for b.Loop() {
		e := &Enumeration{Limit: 3}
		for more := true; more; more = e.Next() {
			cfg.Chooser = e.Chooser()
			if err := Run(cfg, rounds); err != nil {
				b.Fatal(err)
			}
			n++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/schedule")
}

// BenchmarkSchedules measures whole runs of a program of two tasks, with the stacks of the run before. The goal is
// 200,000 a second.
func BenchmarkSchedules(b *testing.B) {
	seed := uint64(0)
	pool := &Pool{}
	defer pool.Close()
	for b.Loop() {
		seed++
		cfg := Config{Chooser: NewRandom(seed), CheckpointEvery: -1, Pool: pool}
		if err := Run(cfg, func(s *Sim) error { out := ""; return counter(s, &out) }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
}
