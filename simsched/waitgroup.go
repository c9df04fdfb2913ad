package simsched

import "fmt"

// WaitGroup waits until a counter is zero, with the rules of [sync.WaitGroup].
type WaitGroup struct {
	sim   *Sim
	name  string
	id    uint64
	n     int
	queue queue
}

// NewWaitGroup returns a WaitGroup with the counter 0. The name is for reports.
func (s *Sim) NewWaitGroup(name string) *WaitGroup {
	return &WaitGroup{sim: s, name: name, id: s.objectID()}
}

// Add adds delta, which may be negative, to the counter. When the counter becomes zero, all waiting tasks are
// woken. It panics if the counter becomes negative.
func (wg *WaitGroup) Add(delta int) { wg.add("WaitGroup.Add", delta) }

// Done decrements the counter. It panics if the counter is zero.
func (wg *WaitGroup) Done() { wg.add("WaitGroup.Done", -1) }

func (wg *WaitGroup) add(op string, delta int) {
	t, ok := wg.sim.release(op)
	if !ok {
		return
	}
	wg.sim.pointAt(t, syncOn(wg.id))
	if delta < 0 {
		wg.sim.did("leaves", wg.object())
	} else {
		wg.sim.did("adds to", wg.object())
	}
	wg.n += delta
	if wg.n < 0 {
		panic("simsched: " + op + " makes the counter negative")
	}
	if wg.n == 0 {
		wg.sim.wakeAll(&wg.queue, nil)
	}
}

// Wait waits until the counter is zero.
func (wg *WaitGroup) Wait() {
	t := wg.sim.enter("WaitGroup.Wait")
	wg.sim.pointAt(t, syncOn(wg.id))
	wg.sim.did("waits for", wg.object())
	if wg.n > 0 {
		wg.sim.block(t, &wg.queue, wg)
	}
}

// Go increments the counter, starts a task that runs f, and decrements the counter when f returns.
func (wg *WaitGroup) Go(name string, f func()) *Task {
	wg.Add(1)
	return wg.sim.Go(name, func() error {
		defer wg.Done()
		f()
		return nil
	})
}

func (wg *WaitGroup) waitsFor() string { return fmt.Sprintf("for %d of wait group %q", wg.n, wg.name) }
