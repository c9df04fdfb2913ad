package simsched

import (
	"math"
	"slices"
	"time"

	"github.com/reprise-go/reprise/event"
)

// epoch is the start of virtual time, the same as in testing/synctest.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// clock is the virtual time and the timer queue of a run.
type clock struct {
	now  uint64   // nanoseconds since the epoch
	heap []*timer // 4-ary heap by deadline, then id
	last event.TimerID
	due  dueSet
}

// timer is one entry of the queue. When it fires it wakes its task, or calls its function.
type timer struct {
	id       event.TimerID
	deadline uint64
	place    int // 1 + index in the heap, 0 if not there; index in dueSet.left while due
	task     *Task
	fire     func()
}

func (t *timer) before(u *timer) bool {
	return t.deadline < u.deadline || t.deadline == u.deadline && t.id < u.id
}

// start queues t, which is not queued, d from now. A d that is not positive is due at once.
func (s *Sim) start(t *timer, d time.Duration) {
	c := &s.clock
	c.last++
	t.id, t.deadline = c.last, c.now
	if d > 0 {
		t.deadline += uint64(d)
	}
	if t.deadline > math.MaxInt64 {
		t.deadline = math.MaxInt64
	}
	s.emit(event.TimerCreated(t.id, t.deadline))
	c.heap = append(c.heap, t)
	c.up(len(c.heap) - 1)
}

// cancel takes t out of the queue and reports whether it was there.
func (s *Sim) cancel(t *timer) bool {
	if t.place == 0 {
		return false
	}
	s.clock.removeAt(t.place - 1)
	s.emit(event.TimerCancelled(t.id))
	return true
}

// advance moves time to the next deadline; false if there is none.
func (s *Sim) advance() bool {
	c := &s.clock
	if len(c.heap) == 0 {
		return false
	}
	from := c.now
	c.now = c.heap[0].deadline
	s.emit(event.TimeAdvanced(from, c.now))
	return true
}

// fireDue fires every timer whose time has come, in an order that is a choice. Firing makes tasks ready but runs none.
func (s *Sim) fireDue() {
	c := &s.clock
	if len(c.heap) == 0 || c.heap[0].deadline > c.now {
		return
	}
	for len(c.heap) > 0 && c.heap[0].deadline <= c.now {
		c.due.add(c.heap[0])
		c.removeAt(0)
	}
	c.due.seal()
	for len(c.due.left) > 0 {
		i := 0
		if n := len(c.due.left); n > 1 {
			i = s.choose(PointTimer, n)
		}
		t := c.due.take(i)
		s.emit(event.TimerFired(t.id))
		if t.task != nil {
			s.emit(event.WakerWake(t.task.id))
			s.makeReady(&t.task.self)
			continue
		}
		t.fire()
	}
	c.due.clear()
}

// dueSet holds the timers of one instant while they fire.
type dueSet struct {
	all  []*timer // by id
	left []*timer // not yet fired, alternative 0 last
}

func (d *dueSet) add(t *timer) { d.all = append(d.all, t) }

// seal starts the firing. Timers leave the heap by deadline and then id; those that were late may break the order of
// ids.
func (d *dueSet) seal() {
	slices.SortFunc(d.all, func(a, b *timer) int {
		if a.id < b.id {
			return -1
		}
		return 1
	})
	for i := len(d.all) - 1; i >= 0; i-- {
		d.all[i].place = len(d.left)
		d.left = append(d.left, d.all[i])
	}
}

func (d *dueSet) at(i int) *timer { return d.left[len(d.left)-1-i] }

// take removes alternative i, in constant time: alternative 0 moves to its place.
func (d *dueSet) take(i int) *timer {
	t, last := d.at(i), len(d.left)-1
	d.left[t.place] = d.left[last]
	d.left[t.place].place = t.place
	d.left[last] = nil
	d.left = d.left[:last]
	t.place = 0
	return t
}

func (d *dueSet) clear() {
	clear(d.all)
	d.all = d.all[:0]
}

// indexOf finds a timer that has not fired.
func (d *dueSet) indexOf(id event.TimerID) (int, bool) {
	at, ok := slices.BinarySearchFunc(d.all, id, func(t *timer, id event.TimerID) int {
		switch {
		case t.id < id:
			return -1
		case t.id > id:
			return 1
		}
		return 0
	})
	if !ok {
		return 0, false
	}
	t := d.all[at]
	if t.place >= len(d.left) || d.left[t.place] != t {
		return 0, false
	}
	return len(d.left) - 1 - t.place, true
}

func (c *clock) set(i int, t *timer) {
	c.heap[i] = t
	t.place = i + 1
}

func (c *clock) up(i int) {
	t := c.heap[i]
	for i > 0 {
		parent := (i - 1) / 4
		if !t.before(c.heap[parent]) {
			break
		}
		c.set(i, c.heap[parent])
		i = parent
	}
	c.set(i, t)
}

func (c *clock) down(i int) {
	t := c.heap[i]
	for {
		first := 4*i + 1
		if first >= len(c.heap) {
			break
		}
		least := first
		for j := first + 1; j < min(first+4, len(c.heap)); j++ {
			if c.heap[j].before(c.heap[least]) {
				least = j
			}
		}
		if !c.heap[least].before(t) {
			break
		}
		c.set(i, c.heap[least])
		i = least
	}
	c.set(i, t)
}

func (c *clock) removeAt(i int) {
	c.heap[i].place = 0
	last := len(c.heap) - 1
	moved := c.heap[last]
	c.heap[last] = nil
	c.heap = c.heap[:last]
	if i == last {
		return
	}
	c.set(i, moved)
	c.down(i)
	c.up(moved.place - 1)
}

// Now returns the virtual time. It starts at 2000-01-01 00:00:00 UTC.
func (s *Sim) Now() time.Time { return epoch.Add(time.Duration(s.clock.now)) }

// Elapsed returns the virtual time since the start of the run.
func (s *Sim) Elapsed() time.Duration { return time.Duration(s.clock.now) }

// Sleep waits for a duration of virtual time. If d is not positive it is a scheduling point and nothing else.
func (s *Sim) Sleep(d time.Duration) {
	t := s.enter("Sleep")
	s.point(t)
	if d <= 0 {
		return
	}
	t.sleep.task = t
	s.start(&t.sleep, d)
	t.blockedOn = sleeping{}
	s.switchFrom(t)
	t.blockedOn = nil
}

type sleeping struct{}

func (sleeping) waitsFor() string { return "in Sleep" }

// Timer sends the time on C once. It is made by [Sim.NewTimer].
type Timer struct {
	C     *Chan[time.Time] // has room for one
	sim   *Sim
	timer timer
}

// NewTimer returns a timer that sends the time on its C after d.
func (s *Sim) NewTimer(d time.Duration) *Timer {
	t := s.enter("NewTimer")
	s.point(t)
	tm := &Timer{C: newChan[time.Time](s, "timer", 1), sim: s}
	tm.timer.fire = func() { tm.C.offer(s.Now()) }
	s.start(&tm.timer, d)
	return tm
}

// After returns the channel of a new timer.
func (s *Sim) After(d time.Duration) *Chan[time.Time] { return s.NewTimer(d).C }

// Stop prevents the timer from firing and reports whether it did: false if it was stopped before, or has fired and its
// value was received. As in Go since 1.23, no value is left in C after a call.
func (t *Timer) Stop() bool {
	me, ok := t.sim.release("Timer.Stop")
	if !ok {
		return false
	}
	t.sim.point(me)
	stopped := t.sim.cancel(&t.timer)
	if !stopped && t.C.drop() {
		stopped = true
	}
	return stopped
}
