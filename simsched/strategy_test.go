package simsched

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/strategy"
)

// newest is a strategy as one is added, in a test: of the ready tasks the youngest runs.
type newest struct{}

var _ = strategy.Register(&strategy.Strategy{
	Name: "toy-newest", About: "the youngest ready task", Tame: true,
	New: func(strategy.Config) strategy.Picker { return newest{} },
})

func (newest) Gap() uint64 { return 1 }

func (newest) Pick(d *strategy.Decision) int {
	best := 0
	for i := range d.N {
		if d.Ready.At(i).Number > d.Ready.At(best).Number {
			best = i
		}
	}
	return best
}

func TestAddedStrategy(t *testing.T) {
	var ran []string
	cfg := Config{Chooser: NewChooser(strategy.Find("toy-newest"), strategy.Config{})}
	mustRun(t, cfg, func(s *Sim) {
		for _, name := range []string{"a", "b", "c"} {
			s.Go(name, func() error {
				for range 2 {
					ran = append(ran, name)
					s.Yield()
				}
				return nil
			})
		}
		ran = append(ran, "main")
	})
	wantLines(t, "the tasks that ran", ran, "a", "a", "b", "b", "main", "c", "c")
}

// newChooser returns the Chooser of a strategy with settings under which it does all that it can.
func newChooser(s *strategy.Strategy, seed uint64) Chooser {
	return NewChooser(s, strategy.Config{Seed: seed, Gap: 1 + seed%4, Depth: seed % 5, Length: 20})
}

// TestEveryStrategyRunsEveryProgram checks the contract of Choosers, the laws of the events, and that a run is made
// again by its seed.
func TestEveryStrategyRunsEveryProgram(t *testing.T) {
	for _, st := range strategy.All() {
		for _, p := range append(programs[:len(programs):len(programs)], program{name: "crowd", body: crowd}) {
			for seed := range uint64(10) {
				k := &checking{t: t, inner: newChooser(st, seed)}
				cfg := p.cfg
				cfg.Seed, cfg.Chooser = seed, k
				events, err := record(cfg, p.body)
				if broken := lawful(cfg, events); broken != nil {
					t.Errorf("%s, seed %d, program %s: %v", st.Name, seed, p.name, broken)
				}
				cfg.Chooser = newChooser(st, seed)
				again, errAgain := record(cfg, p.body)
				if fmt.Sprint(events, err) != fmt.Sprint(again, errAgain) {
					t.Errorf("%s, seed %d, program %s: a second run differs", st.Name, seed, p.name)
				}
			}
		}
	}
}

// hosted is a Picker that checks what a strategy may expect of its host, and takes random picks.
type hosted struct {
	t       *rapid.T
	sim     *Sim
	numbers map[uint32]event.TaskID
	running event.TaskID // the task that runs
	points  uint64       // that it has passed since the last Gap
	gap     uint64
}

func (h *hosted) Gap() uint64 {
	if h.points != h.gap {
		h.t.Fatalf("Gap is asked after %d points, want %d", h.points, h.gap)
	}
	h.points, h.gap = 0, rapid.Uint64Range(1, 3).Draw(h.t, "gap")
	return h.gap
}

func (h *hosted) Pick(d *strategy.Decision) int {
	if d.N < 2 || (d.Why == strategy.Blocked) != (d.Running < 0) {
		h.t.Fatalf("%d ready tasks, running %d, reason %d", d.N, d.Running, d.Why)
	}
	seen := map[uint32]bool{}
	for i := range d.N {
		number, id := d.Ready.At(i).Number, h.sim.ready.at(i).task.id
		if known, ok := h.numbers[number]; ok && known != id || number == 0 || seen[number] {
			h.t.Fatalf("task number %d is %v, was %v", number, id, known)
		}
		h.numbers[number], seen[number] = id, true
		if i == d.Running && id != h.running {
			h.t.Fatalf("the running task is said to be %v, is %v", id, h.running)
		}
	}
	return rapid.IntRange(0, d.N-1).Draw(h.t, "pick")
}

// TestHostKeepsTheProtocol looks at the side of the host in the protocol of package strategy.
func TestHostKeepsTheProtocol(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &hosted{t: t, numbers: map[uint32]event.TaskID{}}
		inner := NewChooser(&strategy.Strategy{New: func(strategy.Config) strategy.Picker { return h }},
			strategy.Config{}).(*chooser)
		cfg := Config{MaxSteps: 200}
		cfg.Chooser = chooserFunc(func(c *Choice) uint64 {
			if c.Point == PointTask && c.running != nil && !c.yielded {
				defer func() { h.points++ }()
			}
			return inner.Choose(c)
		})
		cfg.Observer = observerFunc(func(e event.Event) error {
			if e.Kind() == event.KindTaskScheduled {
				h.running = e.Task()
			}
			return nil
		})
		_ = Run(cfg, func(s *Sim) error { h.sim = s; return crowd(s) })
	})
}

// TestGapKeepsTheTaskRunning: between two preemptions a task passes its points without giving way.
func TestGapKeepsTheTaskRunning(t *testing.T) {
	var ran strings.Builder
	cfg := Config{Chooser: NewChooser(roundRobinStrategy, strategy.Config{Gap: 3})}
	mustRun(t, cfg, func(s *Sim) {
		for _, name := range []string{"a", "b"} {
			m := s.NewMutex(name)
			s.Go(name, func() error {
				for range 6 {
					ran.WriteString(name)
					m.TryLock()
				}
				return nil
			})
		}
	})
	if got, want := ran.String(), "aabbbaaabbba"; got != want { // the main task has passed the first point
		t.Errorf("the tasks ran as %s, want %s", got, want)
	}
}
