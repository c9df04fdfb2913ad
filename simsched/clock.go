package simsched

import (
	"cmp"
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
	place    int  // 1 + index in the heap, 0 if not there; index in dueSet.left while due
	due      bool // in dueSet
	task     *Task
	fire     func()
}

func (t *timer) before(u *timer) bool {
	return t.deadline < u.deadline || t.deadline == u.deadline && t.id < u.id
}

// start queues t, which is not queued, to fire d from now. If d is not positive, t is due at once.
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

// cancel removes t from the queue and reports whether it was there.
func (s *Sim) cancel(t *timer) bool {
	switch {
	case t.due:
		s.clock.due.remove(t)
	case t.place == 0:
		return false
	default:
		s.clock.removeAt(t.place - 1)
	}
	s.emit(event.TimerCancelled(t.id))
	return true
}

// advance moves the time to the next deadline. It returns false if no timer is pending.
func (s *Sim) advance() bool {
	c := &s.clock
	if len(c.heap) == 0 {
		return false
	}
	from := c.now
	if c.heap[0].deadline <= from {
		return true // started while others fired, and due at once
	}
	c.now = c.heap[0].deadline
	s.emit(event.TimeAdvanced(from, c.now))
	return true
}

// fireDue fires every timer that is due; the Chooser chooses the order. Firing makes tasks ready but does not run
// them.
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
	s.firing = true
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
	s.firing = false
	c.due.clear()
}

// dueSet holds the timers of one instant while they fire.
type dueSet struct {
	all   []dueTimer // by id
	first int        // index in all of the first timer that is left
	left  []*timer   // timers that have not fired yet, in no particular order
}

// dueTimer is a timer with the identifier under which it became due; the timer may be started again while others fire.
type dueTimer struct {
	id    event.TimerID
	timer *timer
}

func (a dueTimer) compare(id event.TimerID) int { return cmp.Compare(a.id, id) }

func (d *dueSet) add(t *timer) { d.all = append(d.all, dueTimer{t.id, t}) }

// seal starts the firing. Timers leave the heap by deadline and then id; timers that were overdue may break the
// order of ids.
func (d *dueSet) seal() {
	slices.SortFunc(d.all, func(a, b dueTimer) int { return a.compare(b.id) })
	for _, x := range d.all {
		x.timer.place, x.timer.due = len(d.left), true
		d.left = append(d.left, x.timer)
	}
}

// oldest returns the timer that was created first among those left. There is at least one.
func (d *dueSet) oldest() *timer {
	for x := d.all[d.first]; !x.left(); x = d.all[d.first] {
		d.first++
	}
	return d.all[d.first].timer
}

// left reports whether the timer has neither fired nor been stopped.
func (x dueTimer) left() bool { return x.timer.due && x.timer.id == x.id }

// at returns alternative i, an index into left in which the places of the oldest and of 0 are exchanged.
func (d *dueSet) at(i int) *timer {
	oldest := d.oldest()
	switch i {
	case 0:
		return oldest
	case oldest.place:
		return d.left[0]
	}
	return d.left[i]
}

// take removes alternative i.
func (d *dueSet) take(i int) *timer {
	t := d.at(i)
	d.remove(t)
	return t
}

func (d *dueSet) remove(t *timer) {
	last := len(d.left) - 1
	d.left[t.place] = d.left[last]
	d.left[t.place].place = t.place
	d.left[last] = nil
	d.left = d.left[:last]
	t.place, t.due = 0, false
}

func (d *dueSet) clear() {
	clear(d.all)
	d.all, d.first = d.all[:0], 0
}

// indexOf finds a timer that has not fired yet.
func (d *dueSet) indexOf(id event.TimerID) (int, bool) {
	at, ok := slices.BinarySearchFunc(d.all, id, dueTimer.compare)
	if !ok {
		return 0, false
	}
	x := d.all[at]
	if !x.left() {
		return 0, false
	}
	switch oldest := d.oldest(); x.timer.place {
	case oldest.place:
		return 0, true
	case 0:
		return oldest.place, true
	}
	return x.timer.place, true
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
func (s *Sim) Now() time.Time { return epoch.Add(s.Elapsed()) }

// Elapsed returns the virtual time since the start of the run.
func (s *Sim) Elapsed() time.Duration {
	if s.goroutines != nil && !s.goroutines.ended.Load() {
		s.check("Now")
	}
	s.look()
	return time.Duration(s.clock.now)
}

// Sleep waits for a duration of virtual time. If d is not positive, it is only a scheduling point.
func (s *Sim) Sleep(d time.Duration) {
	t := s.enter("Sleep")
	s.point(t)
	if d <= 0 {
		return
	}
	s.sleepFor(t, d)
}

// sleepFor is Sleep without the scheduling point.
func (s *Sim) sleepFor(t *Task, d time.Duration) {
	t.sleep.task = t
	s.start(&t.sleep, d)
	t.blockedOn = sleeping{}
	s.park(t, s.pick())
	t.blockedOn = nil
}

type sleeping struct{}

func (sleeping) waitsFor() string { return "in Sleep" }
