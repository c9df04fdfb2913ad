package simsched

import (
	"testing"

	"github.com/reprise-go/reprise/event"
)

func TestParkWaitsForWake(t *testing.T) {
	for name, cfg := range schedules(50) {
		woken := false
		mustRun(t, cfg, func(s *Sim) {
			w := s.Waker()
			s.Go("waker", func() error { woken = true; w.Wake(); return nil })
			s.Park()
			if !woken {
				t.Errorf("%s: Park returned before Wake was called", name)
			}
		})
	}
}

func TestWakeBeforeParkCountsOnce(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		w := s.Waker()
		w.Wake()
		w.Wake()
		s.Park()
		s.Park()
		t.Error("two wakes before Park counted twice")
		return nil
	})
	wantText(t, err, "simsched: deadlock: 1 tasks wait and none can go on\n\tT0 main waits to be woken")
}

// TestWakesOfOneParkCountOnce wakes a task again before it has run: as with the park of Java and Rust that is one wake.
func TestWakesOfOneParkCountOnce(t *testing.T) {
	err := Run(preferring("main"), func(s *Sim) error {
		var w Waker
		parked := s.Go("parked", func() error { w = s.Waker(); s.Park(); s.Park(); return nil })
		s.Sleep(1)
		w.Wake()
		w.Wake()
		return parked.Join()
	})
	wantText(t, err, "simsched: deadlock: 2 tasks wait and none can go on\n"+
		"\tT0 main waits for T1 parked to end\n\tT1 parked waits to be woken")
}

func TestWakeOfEndedTask(t *testing.T) {
	events := mustRun(t, inTurns(), func(s *Sim) {
		var w Waker
		_ = s.Go("short", func() error { w = s.Waker(); return nil }).Join()
		heir := s.Go("heir", func() error { s.Yield(); s.Yield(); return nil })
		if heir.ID().Index() != 1 {
			t.Fatalf("the second task is %v, want the index of the first", heir.ID())
		}
		w.Wake()
		if heir.permit {
			t.Error("a wake of an ended task reached the task that has its index now")
		}
	})
	wantLines(t, "wakes", ofKind(events, event.KindWakerWake), "WakerWake task=T1")
}
