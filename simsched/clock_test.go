package simsched

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
)

// clockMachine drives the clock of a Sim beside a sorted slice of what is pending.
type clockMachine struct {
	sim    *Sim
	timers []*timer    // all, at id-1
	rival  []rivalTime // pending, by deadline and then id
	now    uint64
	due    []event.TimerID // of the instant that fires, in the order of the alternatives
	told   []event.Event
	want   []event.Event
	draw   *rapid.T
}

type rivalTime struct {
	deadline uint64
	id       event.TimerID
}

func newClockMachine() *clockMachine {
	m := &clockMachine{}
	m.sim = &Sim{cfg: Config{Chooser: chooserFunc(m.choose), Observer: observerFunc(func(e event.Event) error {
		m.told = append(m.told, e)
		return nil
	})}}
	m.sim.choice.sim, m.sim.choice.due = m.sim, &m.sim.clock.due
	return m
}

func (m *clockMachine) start(t *rapid.T) {
	m.startOne(rapid.OneOf(rapid.Int64Range(-3, 12), rapid.Just[int64](1<<63-1)).Draw(t, "duration"))
}

// startMany makes the heap deep.
func (m *clockMachine) startMany(t *rapid.T) {
	for _, d := range rapid.SliceOfN(rapid.Int64Range(1, 1000), 20, 60).Draw(t, "durations") {
		m.startOne(d)
	}
}

func (m *clockMachine) startOne(d int64) {
	tm := &timer{}
	tm.fire = func() { m.fired(tm) }
	m.sim.start(tm, time.Duration(d))
	m.timers = append(m.timers, tm)
	r := rivalTime{m.now, event.TimerID(len(m.timers))}
	if d > 0 {
		r.deadline = min(m.now+uint64(d), 1<<63-1)
	}
	m.want = append(m.want, event.TimerCreated(r.id, r.deadline))
	m.rival = append(m.rival, r)
	slices.SortFunc(m.rival, func(a, b rivalTime) int {
		return cmp.Or(cmp.Compare(a.deadline, b.deadline), cmp.Compare(a.id, b.id))
	})
}

func (m *clockMachine) cancel(t *rapid.T) {
	if len(m.timers) == 0 {
		return // nothing to do
	}
	tm := rapid.SampledFrom(m.timers).Draw(t, "which")
	at := slices.IndexFunc(m.rival, func(r rivalTime) bool { return r.id == tm.id })
	if got := m.sim.cancel(tm); got != (at >= 0) {
		t.Fatalf("cancel of timer %d = %v, want %v", tm.id, got, at >= 0)
	}
	if at >= 0 {
		m.want = append(m.want, event.TimerCancelled(tm.id))
		m.rival = slices.Delete(m.rival, at, at+1)
	}
}

// advance moves to the next deadline and fires what is due, as the scheduler does.
func (m *clockMachine) advance(t *rapid.T) {
	m.fireDue(t)
	moved := len(m.rival) > 0
	if moved {
		m.want = append(m.want, event.TimeAdvanced(m.now, m.rival[0].deadline))
		m.now = m.rival[0].deadline
	}
	if got := m.sim.advance(); got != moved {
		t.Fatalf("advance = %v, want %v", got, moved)
	}
	m.fireDue(t)
}

func (m *clockMachine) fireDue(t *rapid.T) {
	m.draw = t
	for len(m.rival) > 0 && m.rival[0].deadline <= m.now {
		m.due = append(m.due, m.rival[0].id)
		m.rival = m.rival[1:]
	}
	slices.Sort(m.due)
	m.sim.fireDue()
	if len(m.due) > 0 {
		t.Fatalf("timers %v are due and did not fire", m.due)
	}
}

// choose checks the alternatives and fires any.
func (m *clockMachine) choose(c *Choice) uint64 {
	if c.Point != PointTimer || c.N != len(m.due) {
		m.draw.Fatalf("asked for a %v of %d, want a timer of %d", c.Point, c.N, len(m.due))
	}
	if c.ID(0) != uint64(m.due[0]) {
		m.draw.Fatalf("alternative 0 is timer %d, want the one that was made first of %v", c.ID(0), m.due)
	}
	for i := range m.due {
		if at, ok := c.IndexOf(c.ID(i)); at != i || !ok {
			m.draw.Fatalf("alternative %d is timer %d, whose IndexOf is %d, %v", i, c.ID(i), at, ok)
		}
	}
	for id := range event.TimerID(len(m.timers) + 2) {
		if _, ok := c.IndexOf(uint64(id)); ok != slices.Contains(m.due, id) {
			m.draw.Fatalf("IndexOf(%d) says %v of the alternatives %v", id, ok, m.due)
		}
	}
	return uint64(rapid.IntRange(0, c.N-1).Draw(m.draw, "alternative"))
}

// fired takes a timer out of what is due.
func (m *clockMachine) fired(tm *timer) {
	i := slices.Index(m.due, tm.id)
	if i < 0 {
		m.draw.Fatalf("timer %d fired, due are %v", tm.id, m.due)
	}
	m.due = slices.Delete(m.due, i, i+1)
	m.want = append(m.want, event.TimerFired(tm.id))
}

func (m *clockMachine) check(t *rapid.T) {
	if m.sim.clock.now != m.now || len(m.sim.clock.heap) != len(m.rival) {
		t.Fatalf("time %d, %d timers pending; want %d, %d", m.sim.clock.now, len(m.sim.clock.heap), m.now, len(m.rival))
	}
	if got, want := fmt.Sprint(m.told), fmt.Sprint(m.want); got != want {
		t.Fatalf("events\n%s\nwant\n%s", got, want)
	}
	if m.sim.err != nil {
		t.Fatal(m.sim.err)
	}
	m.told, m.want = nil, nil
}

func TestClockAgainstSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newClockMachine()
		t.Repeat(map[string]func(*rapid.T){
			"start": m.start, "start again": m.start, "start many": m.startMany,
			"cancel": m.cancel, "cancel again": m.cancel, "cancel once more": m.cancel,
			"advance": m.advance, "": m.check,
		})
	})
}
