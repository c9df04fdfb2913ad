package simsched

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/reprise-go/reprise/event"
)

func TestTokens(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		for want := event.Token(1); want <= 3; want++ {
			if r := s.Register("r"); r.Token() != want || r.Readiness() != 0 {
				t.Errorf("Register: token %d, ready for %v; want %d, nothing", r.Token(), r.Readiness(), want)
			}
		}
	})
}

func TestSetReadyTellsChanges(t *testing.T) {
	events := mustRun(t, inTurns(), func(s *Sim) {
		r := s.Register("r")
		r.SetReady(event.Readable)
		r.SetReady(event.Readable)
		r.SetReady(event.Readable | event.Writable)
		r.ClearReady(event.Readable)
		if r.Readiness() != event.Writable {
			t.Errorf("Readiness = %v, want writable", r.Readiness())
		}
		r.SetReady(event.Readable)
	})
	wantLines(t, "readiness", ofKind(events, event.KindIoReady), "IoReady token=1 readiness=readable",
		"IoReady token=1 readiness=readable|writable", "IoReady token=1 readiness=readable|writable")
}

func TestWaitReturns(t *testing.T) {
	for _, c := range []struct {
		interest, set event.Readiness
		returns       bool
	}{
		{event.Readable, event.Readable, true},
		{event.Readable, event.Writable, false},
		{event.Readable | event.Writable, event.Writable, true},
		{event.Readable, event.Error, true},
		{event.Writable, event.Hangup, true},
		{0, event.Readable, false},
	} {
		for _, before := range []bool{true, false} {
			got := event.Readiness(0)
			err := Run(inTurns(), func(s *Sim) error {
				r := s.Register("r")
				set := func() error { r.SetReady(c.set); return nil }
				if before {
					_ = set()
				} else {
					s.Go("environment", func() error { s.Sleep(1); return set() })
				}
				got = r.Wait(c.interest)
				return nil
			})
			if c.returns != (got == c.set) || c.returns != (err == nil) {
				t.Errorf("Wait(%v) = %v and Run = %v when %v is set, before is %v", c.interest, got, err, c.set, before)
			}
		}
	}
}

func TestSetReadyWakesAll(t *testing.T) {
	events := mustRun(t, inTurns(), func(s *Sim) {
		r := s.Register("r")
		for range 3 {
			s.Go("waiter", func() error { r.Wait(event.Readable); return nil })
		}
		s.Sleep(1)
		r.SetReady(event.Readable)
	})
	wantLines(t, "wakes", ofKind(events, event.KindWakerBatchWake), "WakerBatchWake count=3")
}

func TestTransfer(t *testing.T) {
	moved := map[int]bool{}
	for _, cfg := range schedules(200) {
		mustRun(t, cfg, func(s *Sim) { moved[s.Register("r").Transfer(5)] = true })
	}
	for n := 1; n <= 5; n++ {
		if !moved[n] {
			t.Errorf("Transfer(5) never moved %d bytes, in 201 runs", n)
		}
	}
	if len(moved) != 5 {
		t.Errorf("Transfer(5) moved %v bytes, want 1 to 5", moved)
	}
}

// TestTransferInTurns moves all bytes; none and one are not asked for, but told.
func TestTransferInTurns(t *testing.T) {
	asked := 0
	cfg := Config{Chooser: chooserFunc(func(*Choice) uint64 { asked++; return 0 })}
	events := mustRun(t, cfg, func(s *Sim) {
		r := s.Register("r")
		for n := range 3 {
			if got := r.Transfer(n); got != n {
				t.Errorf("Transfer(%d) = %d in turns, want all", n, got)
			}
		}
		wantPanic(t, "simsched: Registration.Transfer called with a negative number of bytes", func() { r.Transfer(-1) })
	})
	wantLines(t, "results", ofKind(events, event.KindIoResult),
		"IoResult token=1 bytes=0", "IoResult token=1 bytes=1", "IoResult token=1 bytes=2")
	if asked != 1 {
		t.Errorf("%d choices were asked for, want one, that of two bytes", asked)
	}
}

func TestFail(t *testing.T) {
	events := mustRun(t, inTurns(), func(s *Sim) {
		err := s.Register("conn").Fail(event.IOConnectionReset)
		wantText(t, err, "conn: connection reset by peer")
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v is not syscall.ECONNRESET", err)
		}
	})
	wantLines(t, "errors", ofKind(events, event.KindIoError), "IoError token=1 kind=connection reset")
}

// TestObserverErrorEndsLoops repeats operations that are no scheduling points: the end of the run must reach them.
func TestObserverErrorEndsLoops(t *testing.T) {
	for name, op := range map[string]func(*Sim, *Registration){
		"SetReady":    func(_ *Sim, r *Registration) { r.ClearReady(event.Readable); r.SetReady(event.Readable) },
		"Transfer":    func(_ *Sim, r *Registration) { r.Transfer(3) },
		"Fail":        func(_ *Sim, r *Registration) { _ = r.Fail(event.IOOther) },
		"Rand":        func(s *Sim, _ *Registration) { s.Rand("r").Uint64() },
		"NewPipe":     func(s *Sim, _ *Registration) { s.NewPipe("p", 1) },
		"Yield":       func(s *Sim, _ *Registration) { s.Yield() },
		"Cancel":      func(s *Sim, _ *Registration) { s.root.Cancel(event.CancelUser) },
		"NewTimer":    func(s *Sim, _ *Registration) { s.NewTimer(1) },
		"Go":          func(s *Sim, _ *Registration) { s.Go("t", func() error { return nil }) },
		"a deferred":  func(s *Sim, r *Registration) { defer r.SetReady(event.Readable); s.Yield() },
		"Chan, Mutex": func(s *Sim, _ *Registration) { NewChan[int](s, "c", 1).Send(1); s.NewMutex("m").Lock() },
	} {
		full := fmt.Errorf("%s: the observer is full", name)
		seen := 0
		cfg := inTurns()
		cfg.Observer = observerFunc(func(event.Event) error {
			if seen++; seen == 50 {
				return full
			}
			return nil
		})
		err := Run(cfg, func(s *Sim) error {
			for r := s.Register("r"); ; {
				op(s, r)
			}
		})
		if err != full || seen != 50 {
			t.Errorf("%s: Run = %v after %d events; want the observer's error and no event after it", name, err, seen)
		}
	}
}
