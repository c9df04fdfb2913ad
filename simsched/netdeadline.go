package simsched

import (
	"time"

	"github.com/reprise-go/reprise/event"
)

// deadline ends operations at a virtual time.
type deadline struct {
	timer   timer
	expired bool
}

// set sets the deadline of operations that wait at r; the zero time means no deadline.
func (d *deadline) set(r *Registration, at time.Time) {
	s := r.sim
	s.cancel(&d.timer)
	d.expired = false
	if at.IsZero() {
		return
	}
	expire := func() {
		d.expired = true
		s.tell("deadline passed", r.object())
		r.wake()
	}
	if left := at.Sub(s.Now()); left > 0 {
		d.timer.fire = expire
		s.start(&d.timer, left)
		return
	}
	expire()
}

// wake wakes all tasks that wait at r, to check again.
func (r *Registration) wake() { r.sim.wakeAll(&r.waiting, nil) }

// until waits at r until ready returns true. Whatever makes it true must wake r. Reports say that the task waits
// for interest.
func (r *Registration) until(t *Task, interest event.Readiness, ready func() bool) {
	if !ready() {
		r.sim.faultInWait(t)
	}
	for !ready() {
		r.sim.block(t, &r.waiting, &awaiting{r, interest})
	}
}
