package simsched

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/explore"
)

// watched is a Chooser whose run a Reduction follows without choosing.
type watched struct {
	Chooser
	r *Reduction
}

func (w watched) reduction() *Reduction { return w.r }

// Choose implements [Chooser].
func (w watched) Choose(q *Choice) uint64 {
	answer := w.Chooser.Choose(q)
	switch q.Point {
	case PointTask:
		w.r.decide(q, int(answer))
	case PointValue, PointFault, PointBytes:
	default:
		w.r.search.Took(int(answer), q.N)
	}
	return answer
}

// seen is what all schedules of a program show.
type seen struct {
	runs     int
	classes  map[string]int
	orders   map[uint64]int
	outcomes map[string]int
}

func newSeen() seen { return seen{0, map[string]int{}, map[uint64]int{}, map[string]int{}} }

// add makes a run.
func (x *seen) add(t fataler, k Chooser, r *Reduction, body func(*Sim, *string) error) {
	x.runs++
	if x.runs > 3_000_000 {
		t.Fatalf("more than %d schedules", x.runs)
	}
	var order Order
	outcome := ""
	err := Run(Config{Chooser: k, MaxSteps: 1000, Order: &order, CheckpointEvery: -1},
		func(s *Sim) error { return body(s, &outcome) })
	if errors.Is(err, ErrDeadlock) {
		outcome = "deadlock"
	} else if err != nil {
		outcome = err.Error()
	}
	if r.search.Asleep() {
		return
	}
	x.classes[r.search.Class()]++
	x.orders[order.Class()]++
	x.outcomes[outcome]++
}

type fataler interface {
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// compareWithBruteForce checks that a Reduction shows one run of each class that a search through all schedules shows,
// all classes of Order, and all outcomes.
func compareWithBruteForce(t fataler, name string, body func(*Sim, *string) error) (all, reduced seen) {
	all, reduced = newSeen(), newSeen()
	walk(&explore.Tree{Limit: -1}, func(k Chooser) {
		r := &Reduction{}
		r.Chooser()
		all.add(t, watched{k, r}, r, body)
	})
	r := &Reduction{}
	for more := true; more; more = r.Next() {
		reduced.add(t, r.Chooser(), r, body)
	}
	if r.Unsteady {
		t.Errorf("%s: it is no function of its choices", name)
	}
	if len(reduced.classes) != len(all.classes) || r.Schedules != len(all.classes) {
		t.Errorf("%s: %d classes in %d schedules and %d redundant runs, want %d classes", name, len(reduced.classes),
			r.Schedules, r.Redundant, len(all.classes))
	}
	for c := range all.classes {
		if reduced.classes[c] != 1 {
			t.Errorf("%s: %d runs of a class, want 1", name, reduced.classes[c])
			break
		}
	}
	if a, b := slices.Sorted(maps.Keys(all.orders)), slices.Sorted(maps.Keys(reduced.orders)); !slices.Equal(a, b) {
		t.Errorf("%s: %d orders, want %d", name, len(b), len(a))
	}
	if a, b := slices.Sorted(maps.Keys(all.outcomes)), slices.Sorted(maps.Keys(reduced.outcomes)); !slices.Equal(a, b) {
		t.Errorf("%s: outcomes %q, want %q", name, b, a)
	}
	return all, reduced
}

// TestReductionAgainstBruteForce: the programs whose schedules other tests count.
func TestReductionAgainstBruteForce(t *testing.T) {
	for name, body := range map[string]func(*Sim, *string) error{
		"locked counter": lockedCounter, "senders": senders, "barging": barging, "select": selectOfTwo,
		"timers": twoTimers, "lock order": lockOrder, "cancel": cancelRace, "close": closeRace, "park": parkAndWake,
	} {
		t.Run(name, func(t *testing.T) {
			all, reduced := compareWithBruteForce(t, name, body)
			t.Logf("%d schedules, %d classes, %d runs", all.runs, len(all.classes), reduced.runs)
		})
	}
}

// act is an operation of a random program.
type act struct{ what, object int }

// randomProgram runs tasks that make operations on a few objects, and tells what they see.
func randomProgram(tasks [][]act) func(*Sim, *string) error {
	return func(s *Sim, outcome *string) error {
		var vars [2]*Atomic[int]
		var locks [2]*Mutex
		var rws [1]*RWMutex
		for i := range vars {
			vars[i], locks[i] = NewAtomic(s, 0), s.NewMutex("m")
		}
		rws[0] = s.NewRWMutex("rw")
		c := NewChan[int](s, "c", 1)
		results := make([]int, len(tasks))
		err := s.InRegion("r", func(*Region) error {
			for n, list := range tasks {
				s.Go("t", func() error {
					for _, a := range list {
						results[n] = results[n]*7 + perform(s, a, n+1, vars[:], locks[:], rws[0], c)
					}
					return nil
				})
			}
			return nil
		})
		*outcome = fmt.Sprint(results, vars[0].Load(), vars[1].Load())
		return err
	}
}

// perform makes an operation and returns what it shows.
func perform(s *Sim, a act, n int, vars []*Atomic[int], locks []*Mutex, rw *RWMutex, c *Chan[int]) int {
	v, m := vars[a.object], locks[a.object]
	switch a.what {
	case 0:
		return v.Load()
	case 1:
		v.Store(n)
	case 2:
		m.Lock()
		x := v.Load()
		m.Unlock()
		return x
	case 3:
		c.Send(n)
	case 4:
		x, _ := c.Recv()
		return x
	case 5:
		rw.RLock()
		rw.RUnlock()
	case 6:
		rw.Lock()
		rw.Unlock()
	case 7:
		s.Sleep(1)
	case 8:
		return s.Select(c.OnSend(n), Default())
	}
	return 0
}

// TestReductionOfRandomPrograms: the same for random programs.
func TestReductionOfRandomPrograms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		left := 3
		tasks := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []act {
			n := rapid.IntRange(0, min(left, 2)).Draw(t, "operations")
			left -= n
			list := make([]act, n)
			for i := range list {
				list[i] = act{rapid.IntRange(0, 8).Draw(t, "what"), rapid.IntRange(0, 1).Draw(t, "object")}
			}
			return list
		}), 1, 2).Draw(t, "tasks")
		compareWithBruteForce(t, fmt.Sprint(tasks), randomProgram(tasks))
	})
}
