package simsched

import (
	"fmt"
	"sync"
)

// Mutex is a mutual exclusion lock. As with [sync.Mutex], after an Unlock the first task to run gets the lock: the
// waiter that was woken, or a task that runs before it.
type Mutex struct {
	sim    *Sim
	name   string
	id     uint64
	holder *Task
	queue  queue
}

var _ sync.Locker = (*Mutex)(nil)

// NewMutex returns an unlocked mutex. The name is for reports.
func (s *Sim) NewMutex(name string) *Mutex { return &Mutex{sim: s, name: name, id: s.objectID()} }

// Lock locks m, waiting until it is free.
func (m *Mutex) Lock() {
	t := m.sim.enter("Mutex.Lock")
	m.sim.pointAt(t, syncOn(m.id))
	m.acquire(t)
	m.sim.did("locks", m.object())
}

// acquire is Lock without the scheduling point.
func (m *Mutex) acquire(t *Task) {
	if m.holder != nil {
		m.sim.faultInWait(t)
	}
	for m.holder != nil {
		m.sim.block(t, &m.queue, m)
	}
	m.holder = t
}

// TryLock locks m if it is free and reports whether it did.
func (m *Mutex) TryLock() bool {
	t := m.sim.enter("Mutex.TryLock")
	m.sim.pointAt(t, syncOn(m.id))
	if m.holder != nil {
		return false
	}
	m.holder = t
	m.sim.did("locks", m.object())
	return true
}

// Unlock unlocks m and wakes one of the waiting tasks. Any task may call it. It panics if m is not locked.
func (m *Mutex) Unlock() {
	t, ok := m.sim.release("Mutex.Unlock")
	if !ok {
		return
	}
	m.sim.pointAt(t, syncOn(m.id))
	if m.holder == nil {
		panic("simsched: Mutex.Unlock of an unlocked mutex")
	}
	m.sim.did("unlocks", m.object())
	m.free()
}

// free is Unlock without the scheduling point.
func (m *Mutex) free() {
	m.holder = nil
	if m.queue.n > 0 {
		m.sim.wakeOne(&m.queue)
	}
}

func (m *Mutex) waitsFor() string {
	if m.holder == nil {
		return fmt.Sprintf("for mutex %q", m.name)
	}
	return fmt.Sprintf("for mutex %q held by %v", m.name, m.holder)
}
