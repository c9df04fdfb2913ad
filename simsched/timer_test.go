package simsched

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
)

// received tells what is in a timer's channel without waiting: a time since the start, or nothing.
func received(s *Sim, c *Chan[time.Time]) string {
	var v time.Time
	if s.Select(c.OnRecv(&v, nil), Default()) == 1 {
		return "nothing"
	}
	return v.Sub(epoch).String()
}

func TestTimerFires(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		timer := s.NewTimer(3 * time.Second)
		if got := received(s, timer.C); got != "nothing" {
			t.Errorf("C has %s before the time, want nothing", got)
		}
		s.Sleep(5 * time.Second)
		if got := received(s, timer.C); got != "3s" {
			t.Errorf("C has %s, want the time when the timer fired, 3s", got)
		}
		if got := received(s, timer.C); got != "nothing" {
			t.Errorf("C has %s after the value was received, want nothing", got)
		}
	})
}

func TestTimerStopBefore(t *testing.T) {
	events := mustRun(t, inTurns(), func(s *Sim) {
		timer := s.NewTimer(time.Second)
		if !timer.Stop() {
			t.Error("Stop before the time = false, want true")
		}
		if timer.Stop() {
			t.Error("a second Stop = true, want false")
		}
		s.Sleep(2 * time.Second)
		if got := received(s, timer.C); got != "nothing" {
			t.Errorf("C of a stopped timer has %s, want nothing", got)
		}
	})
	wantLines(t, "timer events", ofKind(events, event.KindTimerCreated, event.KindTimerCancelled, event.KindTimerFired),
		"TimerCreated timer_id=1 deadline_nanos=1s", "TimerCancelled timer_id=1",
		"TimerCreated timer_id=2 deadline_nanos=2s", "TimerFired timer_id=2")
}

// TestTimerStopAfter stops timers that have fired, as Go's do since 1.23.
func TestTimerStopAfter(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		kept, taken := s.NewTimer(time.Second), s.NewTimer(time.Second)
		taken.C.Recv()
		if taken.Stop() {
			t.Error("Stop after the value was received = true, want false")
		}
		if !kept.Stop() {
			t.Error("Stop after the time, the value not received = false, want true")
		}
		if got := received(s, kept.C); got != "nothing" {
			t.Errorf("C has %s after Stop, want nothing", got)
		}
		if kept.Stop() {
			t.Error("a second Stop = true, want false")
		}
	})
}

// TestTimerStopOfMany stops every other of many timers and expects the rest in order.
func TestTimerStopOfMany(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		var timers []*Timer
		for i := range 40 {
			timers = append(timers, s.NewTimer(time.Duration(i*7%40)*time.Second))
		}
		for i := 1; i < 40; i += 2 {
			timers[i].Stop()
		}
		s.Sleep(time.Minute)
		for i, timer := range timers {
			want := "nothing"
			if i%2 == 0 {
				want = (time.Duration(i*7%40) * time.Second).String()
			}
			if got := received(s, timer.C); got != want {
				t.Errorf("timer %d fired at %s, want %s", i, got, want)
			}
		}
	})
}

func TestTimerNotPositive(t *testing.T) {
	for _, d := range []time.Duration{0, -1, math.MinInt64} {
		events := mustRun(t, inTurns(), func(s *Sim) {
			s.Sleep(time.Second)
			timer := s.NewTimer(d)
			if v, _ := timer.C.Recv(); v != s.Now() || s.Elapsed() != time.Second {
				t.Errorf("NewTimer(%d) fired at %v, want at once", d, v)
			}
			s.Sleep(d)
		})
		wantLines(t, "times", ofKind(events, event.KindTimeAdvanced), "TimeAdvanced from_nanos=0s to_nanos=1s")
	}
}

// TestTimerOfNowComesWhileOthersAreReady does not wait for the others to be done, as no time must pass.
func TestTimerOfNowComesWhileOthersAreReady(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		timer := s.NewTimer(0)
		s.Yield()
		if got := received(s, timer.C); got != "0s" {
			t.Errorf("C has %s at the next scheduling point, want the time, 0s", got)
		}
	})
}

func TestTimerHuge(t *testing.T) {
	const end = time.Duration(math.MaxInt64)
	events := mustRun(t, inTurns(), func(s *Sim) {
		s.Sleep(end)
		s.Sleep(time.Hour)
		s.NewTimer(end).C.Recv()
		if s.Elapsed() != end || !s.Now().Equal(epoch.Add(end)) {
			t.Errorf("Elapsed = %v, Now = %v at the end of time", s.Elapsed(), s.Now())
		}
	})
	wantLines(t, "times", ofKind(events, event.KindTimeAdvanced),
		fmt.Sprintf("TimeAdvanced from_nanos=0s to_nanos=%v", end))
}

func TestTimerHugeAfterAWhile(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		s.Sleep(time.Hour)
		timer := s.NewTimer(math.MaxInt64)
		s.Sleep(time.Hour)
		if got := received(s, timer.C); got != "nothing" {
			t.Errorf("a timer for the end of time fired at %s", got)
		}
		timer.Stop()
	})
}

// wakeOrder lets tasks sleep to one instant and returns the order in which their timers fired.
func wakeOrder(t *testing.T, cfg Config, n int) string {
	order := ""
	for _, e := range mustRun(t, cfg, func(s *Sim) {
		for range n {
			s.NewTimer(time.Second)
		}
		s.Sleep(2 * time.Second)
	}) {
		if e.Kind() == event.KindTimerFired && int(e.Timer()) <= n {
			order += fmt.Sprint(e.Timer())
		}
	}
	return order
}

func TestTimersOfOneInstantInTurns(t *testing.T) {
	if got := wakeOrder(t, inTurns(), 6); got != "123456" {
		t.Errorf("in turns, timers of one instant fired in the order %s, want that of their creation", got)
	}
}

func TestTimersOfOneInstantAreAChoice(t *testing.T) {
	orders := map[string]int{}
	for seed := range uint64(100) {
		orders[wakeOrder(t, Config{Seed: seed}, 3)]++
	}
	for _, want := range []string{"123", "132", "213", "231", "312", "321"} {
		if orders[want] == 0 {
			t.Errorf("three timers of one instant never fired in the order %s, in 100 runs: %v", want, orders)
		}
	}
}

func TestTimeMovesOnlyWhenNobodyIsReady(t *testing.T) {
	for name, cfg := range schedules(20) {
		mustRun(t, cfg, func(s *Sim) {
			woken := false
			s.Go("sleeper", func() error { s.Sleep(1); woken = true; return nil })
			for range 100 {
				s.Yield()
				if woken || s.Elapsed() != 0 {
					t.Fatalf("%s: time moved while a task was ready", name)
				}
			}
		})
	}
}

func TestTimeMovesToTheNextDeadline(t *testing.T) {
	var seen []string
	mustRun(t, inTurns(), func(s *Sim) {
		for _, d := range []time.Duration{3, 1, 2, 1} {
			s.Go("sleeper", func() error { s.Sleep(d); seen = append(seen, s.Elapsed().String()); return nil })
		}
	})
	wantLines(t, "times of waking", seen, "1ns", "1ns", "2ns", "3ns")
}

func TestEpoch(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		if got := s.Now().Format(time.RFC3339Nano); got != "2000-01-01T00:00:00Z" || s.Elapsed() != 0 {
			t.Errorf("a run starts at %s, elapsed %v; want 2000-01-01T00:00:00Z, 0", got, s.Elapsed())
		}
		s.Sleep(90 * time.Minute)
		if got := s.Now().Format(time.RFC3339Nano); got != "2000-01-01T01:30:00Z" || s.Elapsed() != 90*time.Minute {
			t.Errorf("after 90m it is %s, elapsed %v", got, s.Elapsed())
		}
	})
}

// TestTimerChannelClosed closes the channel of a timer, which a Go program cannot do: the timer then has no effect.
func TestTimerChannelClosed(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		timer := s.NewTimer(time.Second)
		timer.C.Close()
		s.Sleep(2 * time.Second)
		if timer.Stop() {
			t.Error("Stop after the time = true, want false")
		}
	})
}

// TestTimersPastTheEnd leaves a timer behind: the run does not wait for it.
func TestTimersPastTheEnd(t *testing.T) {
	events := mustRun(t, inTurns(), func(s *Sim) { s.NewTimer(time.Hour) })
	wantLines(t, "times", ofKind(events, event.KindTimeAdvanced, event.KindTimerFired))
}
