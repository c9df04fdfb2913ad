package simsched

import "time"

// Timer sends the time on C once, or starts a task. It has the rules of [time.Timer] since Go 1.23: after Stop or
// Reset no earlier value is received, and C looks unbuffered.
type Timer struct {
	C *Chan[time.Time] // nil if made by AfterFunc

	sim   *Sim
	timer timer
}

// NewTimer returns a timer that sends the time on its C after d.
func (s *Sim) NewTimer(d time.Duration) *Timer {
	t := s.enter("NewTimer")
	s.point(t)
	tm := &Timer{C: newTimerChan(s, "timer"), sim: s}
	tm.timer.fire = func() { tm.C.offer(s.Now()) }
	s.start(&tm.timer, d)
	return tm
}

// After returns the channel of a new timer.
func (s *Sim) After(d time.Duration) *Chan[time.Time] { return s.NewTimer(d).C }

// AfterFunc starts a task that runs f after d, in the current region or, if that is closed then, in the nearest
// open region around it. Stop prevents the start.
func (s *Sim) AfterFunc(d time.Duration, f func()) *Timer {
	t := s.enter("AfterFunc")
	s.point(t)
	tm := &Timer{sim: s}
	scope, path := t.scope, t.path
	tm.timer.fire = func() {
		for scope.closed {
			if scope.killed {
				return
			}
			scope = scope.parent
		}
		s.spawn(scope, path.child(), "AfterFunc", func() error { f(); return nil })
	}
	s.start(&tm.timer, d)
	return tm
}

// Stop prevents the timer from firing and reports whether it did. It returns false if the timer was stopped before,
// or has fired and its value was received or its task started.
func (t *Timer) Stop() bool {
	me, ok := t.sim.release("Timer.Stop")
	if !ok {
		return false
	}
	t.sim.point(me)
	return t.stop()
}

func (t *Timer) stop() bool {
	stopped := t.sim.cancel(&t.timer)
	return t.C != nil && t.C.drop() || stopped
}

// Reset makes the timer fire d from now, whatever its state, and reports whether it was active.
func (t *Timer) Reset(d time.Duration) bool {
	me := t.sim.enter("Timer.Reset")
	t.sim.point(me)
	active := t.stop()
	t.sim.start(&t.timer, d)
	return active
}

// Ticker sends the time on C at intervals. It has the rules of [time.Ticker] since Go 1.23. While a tick waits to
// be received, the ticker pauses: ticks that a slow receiver misses are neither kept nor events of the run.
type Ticker struct {
	C *Chan[time.Time]

	sim    *Sim
	period time.Duration
	next   time.Time // time of the next tick
	timer  timer
}

// NewTicker returns a ticker that ticks every d. It panics if d is not positive.
func (s *Sim) NewTicker(d time.Duration) *Ticker {
	t := s.enter("NewTicker")
	s.point(t)
	tk := &Ticker{C: newTimerChan(s, "ticker"), sim: s}
	tk.timer.fire = tk.tick
	tk.C.onDrain = tk.arm
	tk.start("NewTicker", d)
	return tk
}

func (t *Ticker) start(op string, d time.Duration) {
	if d <= 0 {
		panic("simsched: " + op + " called with an interval that is not positive")
	}
	t.period, t.next = d, t.sim.Now().Add(d)
	t.sim.start(&t.timer, d)
}

// tick sends a tick and starts the timer again, unless the tick must wait to be received.
func (t *Ticker) tick() {
	t.next = t.next.Add(t.period)
	t.C.offer(t.sim.Now())
	if t.C.n == 0 {
		t.sim.start(&t.timer, t.next.Sub(t.sim.Now()))
	}
}

// arm continues after a tick that had to wait was received.
func (t *Ticker) arm() {
	if missed := t.sim.Now().Sub(t.next); missed >= 0 {
		t.next = t.next.Add((missed/t.period + 1) * t.period)
	}
	t.sim.start(&t.timer, t.next.Sub(t.sim.Now()))
}

// Stop stops the ticker. It does not close C.
func (t *Ticker) Stop() {
	if me, ok := t.sim.release("Ticker.Stop"); ok {
		t.sim.point(me)
		t.stop()
	}
}

func (t *Ticker) stop() {
	t.sim.cancel(&t.timer)
	t.C.drop()
}

// Reset stops the ticker and makes it tick every d from now. It panics if d is not positive.
func (t *Ticker) Reset(d time.Duration) {
	me := t.sim.enter("Ticker.Reset")
	t.sim.point(me)
	t.stop()
	t.start("Ticker.Reset", d)
}
