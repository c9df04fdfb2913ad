package simsched

import "github.com/reprise-go/reprise/event"

// kill ends a task that is not running, as the crash of its machine does: the task goes no further. Its deferred
// calls run, but operations of the simulation do nothing in them. Its outcome is event.OutcomeCancelled.
func (s *Sim) kill(t *Task) {
	t.halt()
	if t.co != nil {
		s.discard(t.co)
		t.co = nil
	}
	s.complete(t, event.OutcomeCancelled, nil)
}

// halt removes t from everything that could make it run again.
func (t *Task) halt() {
	if q := t.self.queue; q != nil {
		q.remove(&t.self)
	}
	t.leaveQueues()
	t.sim.cancel(&t.sleep)
	t.parked = false
}

// leaveQueues removes the waiters of t's selection, if it has one, from their queues.
func (t *Task) leaveQueues() {
	for i := range t.waiters() {
		if w := &t.sel.waiters[i]; w.queue != nil {
			w.queue.remove(w)
		}
	}
}

// discard unwinds the task of c and ends c.
func (s *Sim) discard(c *coroutine) {
	current := s.current
	s.settle(s.running())
	s.unwinding, s.current = true, nil
	c.end()
	s.unwinding, s.current = false, current
	s.remove(c)
}

// kill kills all tasks of r and of the regions inside r, and closes these regions. It panics if the running task is
// one of them.
func (r *Region) kill(op string) {
	if r.holds(r.sim.current) {
		panic("simsched: " + op + " called by a task that it would kill")
	}
	r.sim.kills(r)
}

func (r *Region) holds(t *Task) bool {
	for x := t.region; x != nil; x = x.parent {
		if x == r {
			return true
		}
	}
	return false
}

// kills ends the regions inside r first, because their owners wait in r.
func (s *Sim) kills(r *Region) {
	r.killed = true
	for len(r.children) > 0 {
		child := r.children[len(r.children)-1]
		s.kills(child)
		s.cancel(&child.deadline)
		child.outcome = max(child.outcome, event.OutcomeCancelled)
		child.shut()
	}
	for len(r.members) > 0 {
		s.kill(r.members[len(r.members)-1])
	}
}
