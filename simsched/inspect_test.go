package simsched_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// inspector is an Observer and a Chooser that compares what LastChoice says with what it was asked.
type inspector struct {
	t       *testing.T
	inner   simsched.Chooser
	sim     *simsched.Sim
	asked   []event.TaskID // at the last choice of a task
	fresh   bool           // nothing was scheduled since
	chosen  bool           // there was one
	forced  event.TaskID
	choices int
}

func (p *inspector) Attach(s *simsched.Sim) { p.sim = s }

func (p *inspector) Choose(c *simsched.Choice) uint64 {
	answer := p.inner.Choose(c)
	if c.Point == simsched.PointTask {
		p.asked = nil
		for i := range c.N {
			p.asked = append(p.asked, event.TaskID(c.ID(i)))
		}
		p.fresh = true
		p.choices++
	}
	return answer
}

func (p *inspector) Observe(e event.Event) error {
	if e.Kind() == event.KindTaskScheduled {
		if !p.fresh {
			p.asked = []event.TaskID{e.Task()} // there was no choice
		}
		p.fresh = false
		p.chosen, p.forced = true, e.Task()
	}
	got := p.sim.LastChoice()
	if !p.chosen {
		if got != nil {
			p.t.Errorf("before the first choice LastChoice is %v", got)
		}
		return nil
	}
	if len(got) == 0 || len(p.asked) > 0 && got[0] != p.asked[0] {
		p.t.Errorf("at %v the task that waited longest is %v, asked for %v", e, got, p.asked)
	}
	if want := slices.Sorted(slices.Values(p.asked)); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		p.t.Errorf("at %v LastChoice is %v, asked for %v", e, got, want)
	}
	if running, _ := p.sim.Running(); running != p.forced {
		p.t.Errorf("at %v %v runs, chosen was %v", e, running, p.forced)
	}
	return nil
}

// crowd is a program whose tasks become ready in many ways.
func crowd(s *simsched.Sim) error {
	mu, c := s.NewMutex("m"), simsched.NewChan[int](s, "c", 1)
	return s.InRegion("crowd", func(r *simsched.Region) error {
		for i := range 5 {
			r.Go("task", func() error {
				mu.Lock()
				s.Sleep(time.Duration(s.Rand("nap").IntN(3)))
				mu.Unlock()
				s.Select(c.OnSend(i), c.OnRecv(nil, nil), s.After(time.Millisecond).OnRecv(nil, nil))
				s.Yield()
				return nil
			})
		}
		return nil
	})
}

func TestLastChoice(t *testing.T) {
	choices := 0
	for seed := range uint64(30) {
		for _, chaos := range []simsched.Chaos{{}, simsched.ChaosHeavy(seed)} {
			p := &inspector{t: t, inner: simsched.NewRandom(seed)}
			// chaos may fail it
			_ = simsched.Run(simsched.Config{Chooser: p, Observer: p, Chaos: chaos, CheckpointEvery: 3}, crowd)
			choices += p.choices
		}
	}
	if choices < 500 {
		t.Errorf("only %d choices were made: the test says too little", choices)
	}
}

// census is an Observer that checks that the states of the tasks agree with each other.
type census struct {
	t    *testing.T
	sim  *simsched.Sim
	live map[event.TaskID]bool
	seen map[simsched.TaskState]int
}

func (c *census) Attach(s *simsched.Sim) { c.sim = s }

func (c *census) Observe(e event.Event) error {
	switch e.Kind() {
	case event.KindTaskSpawned:
		c.live[e.Task()] = true
	case event.KindTaskCompleted:
		delete(c.live, e.Task())
	}
	ready, infos := c.sim.Ready(), c.sim.Tasks()
	running, runs := c.sim.Running()
	if len(infos) != len(c.live) {
		c.t.Errorf("at %v: %d tasks, %d live", e, len(infos), len(c.live))
	}
	for _, i := range infos {
		c.seen[i.State]++
		isReady := slices.Contains(ready, i.ID)
		switch {
		case !c.live[i.ID], i.Name != c.sim.TaskName(i.ID), i.Path != c.sim.TaskPath(i.ID),
			i.RegionName != c.sim.RegionName(i.Region):
			c.t.Errorf("at %v: %+v is not a live task", e, i)
		case (i.State == simsched.TaskWaiting) != (i.WaitsFor != ""), i.State != simsched.TaskReady && isReady:
			c.t.Errorf("at %v: %+v, ready %v", e, i, ready)
		case i.State == simsched.TaskRunning && (!runs || i.ID != running):
			c.t.Errorf("at %v: %+v runs, and so does %v", e, i, running)
		}
	}
	return nil
}

func TestTasksAgree(t *testing.T) {
	seen := map[simsched.TaskState]int{}
	for seed := range uint64(30) {
		for _, chaos := range []simsched.Chaos{{}, simsched.ChaosHeavy(seed)} {
			c := &census{t: t, live: map[event.TaskID]bool{}, seen: seen}
			// chaos may fail it
			_ = simsched.Run(simsched.Config{Seed: seed, Observer: c, Chaos: chaos, CheckpointEvery: 3}, crowd)
		}
	}
	for _, state := range []simsched.TaskState{simsched.TaskReady, simsched.TaskRunning, simsched.TaskWaiting} {
		if seen[state] == 0 {
			t.Errorf("no task was ever %v", state)
		}
	}
}

// TestTasksAfterADeadlock: at the end the tasks that could not go on are still told.
func TestTasksAfterADeadlock(t *testing.T) {
	c := &census{t: t, live: map[event.TaskID]bool{}, seen: map[simsched.TaskState]int{}}
	err := simsched.Run(simsched.Config{Observer: c, CallSites: true}, func(s *simsched.Sim) error {
		mu := s.NewMutex("m")
		mu.Lock()
		return s.Go("waiter", func() error { mu.Lock(); return nil }).Join()
	})
	infos := c.sim.Tasks()
	if err == nil || len(infos) != 2 || infos[1].WaitsFor != `for mutex "m" held by T0 main` ||
		!slices.Equal(infos[1].HeldBy, []event.TaskID{infos[0].ID}) ||
		!strings.HasPrefix(infos[1].Line, "simsched/inspect_test.go:") {
		t.Errorf("%v: %+v", err, infos)
	}
	if s := simsched.TaskState(9).String(); s != "state(9)" {
		t.Errorf("an unknown state is called %q", s)
	}
}
