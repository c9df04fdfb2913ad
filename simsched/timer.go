package simsched

import "time"

// Timer sends the time on C once, or starts a task. It has the rules of [time.Timer] since Go 1.23: after Stop or Reset
// no value of before is received, and C has no buffer to be seen.
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

// AfterFunc starts a task that runs f after d, in the current region, or in the nearest one around it that is open then.
// The timer's Stop prevents it, unless it has started.
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

// Stop prevents the timer from firing and reports whether it did: false if it was stopped before, or has fired and its
// value was received or its task started.
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

// Reset lets the timer fire after d from now, whatever it did before, and reports whether it was active.
func (t *Timer) Reset(d time.Duration) bool {
	me := t.sim.enter("Timer.Reset")
	t.sim.point(me)
	active := t.stop()
	t.sim.start(&t.timer, d)
	return active
}

// Ticker sends the time on C at intervals. It has the rules of [time.Ticker] since Go 1.23. While a tick waits to be
// received the ticker rests: the ticks that a slow receiver misses are neither kept nor events of the run.
type Ticker struct {
	C *Chan[time.Time]

	sim    *Sim
	period time.Duration
	next   time.Time // of the next tick
	timer  timer
}

// NewTicker returns a ticker that ticks every d, which must be positive; it panics otherwise.
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

// tick sends, and arms the timer again unless the tick has to wait.
func (t *Ticker) tick() {
	t.next = t.next.Add(t.period)
	t.C.offer(t.sim.Now())
	if t.C.n == 0 {
		t.sim.start(&t.timer, t.sim.Until(t.next))
	}
}

// arm goes on after a tick has been received that had to wait.
func (t *Ticker) arm() {
	if missed := t.sim.Since(t.next); missed >= 0 {
		t.next = t.next.Add((missed/t.period + 1) * t.period)
	}
	t.sim.start(&t.timer, t.sim.Until(t.next))
}

// Stop turns the ticker off. It does not close C.
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

// Reset stops the ticker and lets it tick every d from now, which must be positive; it panics otherwise.
func (t *Ticker) Reset(d time.Duration) {
	me := t.sim.enter("Ticker.Reset")
	t.sim.point(me)
	t.stop()
	t.start("Ticker.Reset", d)
}
