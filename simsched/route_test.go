package simsched

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/strategy"
)

// counting is an enumerator of all choices that counts the preemptions of a run. It is the rival of an explore.Tree.
type counting struct {
	enumerator
	preemptions int
}

func (c *counting) Choose(q *Choice) uint64 {
	answer := c.enumerator.Choose(q)
	if q.Point == PointTask && q.running != nil {
		first := 0
		if !q.yielded {
			first, _ = q.queue.indexOf(q.running)
		}
		if int(answer) != first {
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

// walk makes the runs of a tree.
func walk(tree *explore.Tree, run func(Chooser)) {
	route := &strategy.Route{}
	for branches, ok := tree.Next(); ok; branches, ok = tree.Next() {
		route.Give(branches)
		run(NewChooser(roundRobinStrategy, strategy.Config{Route: route}))
		tree.Take(route.Branches())
	}
}

// TestSchedulesAgainstBruteForce: for each limit, the schedules and their outcomes are those that a search of all
// schedules finds with at most as many preemptions.
func TestSchedulesAgainstBruteForce(t *testing.T) {
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
			tree, found := &explore.Tree{Limit: limit}, map[string]int{}
			walk(tree, func(k Chooser) { found[outcomeOf(k, body)]++ })
			at := limit
			if limit < 0 {
				at = 19
			}
			if tree.Schedules != schedules[at] || fmt.Sprint(found) != fmt.Sprint(outcomes[at]) {
				t.Errorf("%s, limit %d: %d schedules, %v; want %d, %v", name, limit, tree.Schedules, found, schedules[at],
					outcomes[at])
			}
			if more := limit >= 0 && limit < most; tree.More != more || tree.Void != nil {
				t.Errorf("%s, limit %d of %d: more = %v, %v", name, limit, most, tree.More, tree.Void)
			}
		}
	}
}

// TestSchedulesTakeFewPreemptionsFirst: the first run that fails has as few preemptions as possible.
func TestSchedulesTakeFewPreemptionsFirst(t *testing.T) {
	tree, bounds := &explore.Tree{Limit: -1}, []int{}
	walk(tree, func(k Chooser) {
		if outcomeOf(k, lockOrder) == "deadlock" {
			bounds = append(bounds, tree.Bound)
		}
	})
	if len(bounds) == 0 || bounds[0] != slices.Min(bounds) {
		t.Errorf("the deadlocks have %v preemptions, want the fewest first", bounds[:min(len(bounds), 20)])
	}
}

// TestSchedulesTellWhatIsDrawn: random values are not enumerated.
func TestSchedulesTellWhatIsDrawn(t *testing.T) {
	tree, values, drew := &explore.Tree{}, map[uint64]bool{}, false
	walk(tree, func(k Chooser) {
		outcomeOf(k, func(s *Sim, _ *string) error { values[s.Rand("r").Uint64()] = true; return nil })
		drew = k.(*chooser).Drew()
	})
	if !drew || len(values) != 1 || tree.Schedules != 1 {
		t.Errorf("drew = %v, %d values, %d schedules", drew, len(values), tree.Schedules)
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
		walk(&explore.Tree{Limit: 3}, func(k Chooser) {
			cfg.Chooser = k
			if err := Run(cfg, rounds); err != nil {
				b.Fatal(err)
			}
			n++
		})
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
