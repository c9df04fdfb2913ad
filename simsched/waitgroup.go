package simsched

import "fmt"

// WaitGroup waits for a number of things to be done, with the rules of [sync.WaitGroup].
type WaitGroup struct {
	sim   *Sim
	name  string
	n     int
	queue queue
}

// NewWaitGroup returns a WaitGroup that waits for nothing. The name is for reports.
func (s *Sim) NewWaitGroup(name string) *WaitGroup { return &WaitGroup{sim: s, name: name} }

// Add adds delta, which may be negative, to what is waited for; at zero all waiting tasks are woken. It panics if the
// sum becomes negative.
func (wg *WaitGroup) Add(delta int) { wg.add("WaitGroup.Add", delta) }

// Done takes one from what is waited for. It panics if there is nothing to take it from.
func (wg *WaitGroup) Done() { wg.add("WaitGroup.Done", -1) }

func (wg *WaitGroup) add(op string, delta int) {
	t, ok := wg.sim.release(op)
	if !ok {
		return
	}
	wg.sim.point(t)
	wg.n += delta
	if wg.n < 0 {
		panic("simsched: " + op + " makes the counter negative")
	}
	if wg.n == 0 {
		wg.sim.wakeAll(&wg.queue, nil)
	}
}

// Wait waits until nothing is left to wait for.
func (wg *WaitGroup) Wait() {
	t := wg.sim.enter("WaitGroup.Wait")
	wg.sim.point(t)
	if wg.n > 0 {
		wg.sim.block(t, &wg.queue, wg)
	}
}

// Go starts a task that is waited for: it adds one, and takes it away when f returns.
func (wg *WaitGroup) Go(name string, f func()) *Task {
	wg.Add(1)
	return wg.sim.Go(name, func() error {
		defer wg.Done()
		f()
		return nil
	})
}

func (wg *WaitGroup) waitsFor() string { return fmt.Sprintf("for %d of wait group %q", wg.n, wg.name) }
