package simsched

import (
	"fmt"
	"slices"
	"sync"

	"github.com/reprise-go/reprise/strategy"
)

// RWMutex is a reader/writer lock with the rules of [sync.RWMutex]: a waiting writer keeps new readers out, and
// readers that wait when a writer unlocks get the lock before the next writer.
type RWMutex struct {
	sim     *Sim
	name    string
	id      uint64
	writers Mutex   // held by the writer from before it waits for readers until after it unlocks
	pending bool    // a writer holds the lock or waits for the readers that hold it
	readers int     // number of readers that hold the lock
	by      []*Task // some of these readers, for reports
	readq   queue
	drain   queue // the writer that waits for the readers
}

var _ sync.Locker = (*RWMutex)(nil)

// NewRWMutex returns an unlocked lock. The name is for reports.
func (s *Sim) NewRWMutex(name string) *RWMutex {
	return &RWMutex{sim: s, name: name, id: s.objectID(), writers: Mutex{sim: s, name: name}}
}

// Lock locks rw for writing and waits until it is free.
func (rw *RWMutex) Lock() {
	t := rw.sim.enter("RWMutex.Lock")
	rw.sim.pointAt(t, syncOn(rw.id))
	rw.writers.acquire(t)
	rw.pending = true
	if rw.readers > 0 {
		rw.sim.block(t, &rw.drain, rw)
	}
	rw.sim.did("locks", rw.object())
}

// TryLock locks rw for writing if it is free, and reports whether it did.
func (rw *RWMutex) TryLock() bool {
	t := rw.sim.enter("RWMutex.TryLock")
	rw.sim.pointAt(t, syncOn(rw.id))
	if rw.writers.holder != nil || rw.readers > 0 {
		return false
	}
	rw.writers.holder, rw.pending = t, true
	rw.sim.did("locks", rw.object())
	return true
}

// Unlock unlocks rw for writing. Any task may call it. It panics if rw is not locked for writing.
func (rw *RWMutex) Unlock() {
	t, ok := rw.sim.release("RWMutex.Unlock")
	if !ok {
		return
	}
	rw.sim.pointAt(t, syncOn(rw.id))
	if !rw.pending || rw.readers > 0 {
		panic("simsched: RWMutex.Unlock of an unlocked RWMutex")
	}
	rw.sim.did("unlocks", rw.object())
	rw.pending = false
	rw.sim.wakeAll(&rw.readq, func(w *waiter) { rw.admit(w.task) })
	rw.writers.free()
}

// RLock locks rw for reading. It waits while a writer holds the lock or waits for it.
func (rw *RWMutex) RLock() {
	t := rw.sim.enter("RWMutex.RLock")
	rw.sim.pointAt(t, strategy.Op{Object: rw.id}) // readers do not mind each other
	if rw.pending {
		rw.sim.block(t, &rw.readq, (*reading)(rw)) // until the writer has admitted this reader
	} else {
		rw.admit(t)
	}
	rw.sim.did("locks for reading", rw.object())
}

// maxReaders is the maximum number of readers that are kept for reports.
const maxReaders = 8

func (rw *RWMutex) admit(t *Task) {
	rw.readers++
	if len(rw.by) < maxReaders {
		rw.by = append(rw.by, t)
	}
}

// TryRLock locks rw for reading if it need not wait, and reports whether it did.
func (rw *RWMutex) TryRLock() bool {
	t := rw.sim.enter("RWMutex.TryRLock")
	rw.sim.pointAt(t, strategy.Op{Object: rw.id}) // readers do not mind each other
	if rw.pending {
		return false
	}
	rw.admit(t)
	rw.sim.did("locks for reading", rw.object())
	return true
}

// RUnlock undoes one RLock. It panics if rw is not locked for reading.
func (rw *RWMutex) RUnlock() {
	t, ok := rw.sim.release("RWMutex.RUnlock")
	if !ok {
		return
	}
	rw.sim.pointAt(t, strategy.Op{Object: rw.id}) // readers do not mind each other
	if rw.readers == 0 {
		panic("simsched: RWMutex.RUnlock of an unlocked RWMutex")
	}
	rw.sim.did("unlocks for reading", rw.object())
	rw.readers--
	if i := slices.Index(rw.by, t); i >= 0 {
		rw.by = slices.Delete(rw.by, i, i+1)
	}
	if rw.readers == 0 && rw.drain.n > 0 {
		rw.sim.wakeOne(&rw.drain)
	}
}

// RLocker returns a [sync.Locker] whose methods are RLock and RUnlock.
func (rw *RWMutex) RLocker() sync.Locker { return (*rlocker)(rw) }

type rlocker RWMutex

func (r *rlocker) Lock()   { (*RWMutex)(r).RLock() }
func (r *rlocker) Unlock() { (*RWMutex)(r).RUnlock() }

func (rw *RWMutex) waitsFor() string {
	return fmt.Sprintf("for the %d readers of lock %q", rw.readers, rw.name)
}

type reading RWMutex

func (rw *reading) waitsFor() string {
	if rw.writers.holder == nil {
		return fmt.Sprintf("to read under lock %q", rw.name)
	}
	return fmt.Sprintf("to read under lock %q held or wanted by %v", rw.name, rw.writers.holder)
}
