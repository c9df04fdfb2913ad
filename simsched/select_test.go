package simsched

import (
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
)

func TestSelectDefault(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		c := NewChan[int](s, "c", 1)
		if got := s.Select(Default(), c.OnRecv(nil, nil)); got != 0 {
			t.Errorf("Select = %d with nothing ready, want the default, 0", got)
		}
		if got := s.Select(c.OnSend(1), Default()); got != 0 {
			t.Errorf("Select = %d with room in the channel, want the send, 0", got)
		}
		if got := s.Select(c.OnSend(2), Default()); got != 1 || c.Len() != 1 {
			t.Errorf("Select = %d on a full channel, want the default, 1", got)
		}
		if got := s.Select(Default()); got != 0 {
			t.Errorf("Select of a default alone = %d, want 0", got)
		}
	})
}

func TestSelectTakesReadyCases(t *testing.T) {
	taken := map[int]int{}
	for _, cfg := range schedules(200) {
		mustRun(t, cfg, func(s *Sim) {
			a, b, c := NewChan[int](s, "a", 1), NewChan[int](s, "b", 1), NewChan[int](s, "c", 0)
			a.Send(1)
			i := s.Select(a.OnRecv(nil, nil), c.OnSend(1), b.OnSend(2), c.OnRecv(nil, nil))
			taken[i]++
			if (a.Len() == 0) != (i == 0) || (b.Len() == 1) != (i == 2) {
				t.Errorf("case %d was taken, but the channels hold %d and %d values", i, a.Len(), b.Len())
			}
		})
	}
	if len(taken) != 2 || taken[0] < 50 || taken[2] < 50 {
		t.Errorf("cases taken: %v; want only the ready ones, 0 and 2, each in about half of 201 runs", taken)
	}
}

func TestSelectValues(t *testing.T) {
	for name, cfg := range schedules(20) {
		mustRun(t, cfg, func(s *Sim) {
			c := NewChan[int](s, "c", 0)
			s.Go("sender", func() error { c.Send(7); c.Close(); return nil })
			v, ok := 1, false
			if s.Select(c.OnRecv(&v, &ok)); v != 7 || !ok {
				t.Errorf("%s: received %d, %v; want 7, true", name, v, ok)
			}
			if s.Select(c.OnRecv(&v, &ok)); v != 0 || ok {
				t.Errorf("%s: received %d, %v from a closed channel; want 0, false", name, v, ok)
			}
		})
	}
}

// TestSelectNilPointers receives at once and by waiting without keeping anything.
func TestSelectNilPointers(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		c := NewChan[int](s, "c", 1)
		c.Send(1)
		s.Select(c.OnRecv(nil, nil))
		s.Go("sender", func() error { s.Sleep(1); c.Send(2); s.Sleep(1); c.Send(3); return nil })
		s.Select(c.OnRecv(nil, nil))
		v := 0
		if s.Select(c.OnRecv(&v, nil)); v != 3 {
			t.Errorf("received %d, want 3", v)
		}
	})
}

func TestSelectWaits(t *testing.T) {
	for name, cfg := range schedules(50) {
		mustRun(t, cfg, func(s *Sim) {
			in, out, done := NewChan[int](s, "in", 0), NewChan[int](s, "out", 0), NewChan[int](s, "done", 0)
			s.Go("sender", func() error { in.Send(1); return nil })
			s.Go("receiver", func() error {
				if v, ok := out.Recv(); v != 2 || !ok {
					t.Errorf("%s: received %d, %v from a Select; want 2, true", name, v, ok)
				}
				return nil
			})
			var taken [3]int
			for range 2 {
				i := s.Select(in.OnRecv(nil, nil), out.OnSend(2), done.OnRecv(nil, nil))
				taken[i]++
			}
			if taken[2] != 0 || taken[0]+taken[1] != 2 || taken[0] != 1 {
				t.Errorf("%s: cases were taken %v times, want [1 1 0]", name, taken)
			}
		})
	}
}

// TestSelectLeavesAllQueues checks that a Select that was served waits nowhere any more.
func TestSelectLeavesAllQueues(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		a, b := NewChan[int](s, "a", 0), NewChan[int](s, "b", 0)
		s.Go("selector", func() error {
			s.Select(a.OnRecv(nil, nil), a.OnSend(1), b.OnRecv(nil, nil), OnDone(s.Context()))
			return nil
		})
		s.Sleep(1)
		b.Send(1)
		if got := s.Select(a.OnSend(1), a.OnRecv(nil, nil), b.OnSend(1), Default()); got != 3 {
			t.Errorf("case %d could go on with a task that waits no more", got)
		}
		if n := s.root.context.waiting.n; n != 0 {
			t.Errorf("%d tasks wait for the cancellation, want none", n)
		}
	})
}

func TestSelectClosedChannels(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		c := NewChan[int](s, "c", 0)
		s.Go("closer", func() error { s.Sleep(1); c.Close(); return nil })
		v, ok := 1, true
		if got := s.Select(c.OnRecv(&v, &ok), OnDone(s.Context())); got != 0 || v != 0 || ok {
			t.Errorf("Select = %d, received %d, %v; want 0 and 0, false when the channel is closed", got, v, ok)
		}
		if got := s.Select(Default(), c.OnRecv(nil, nil)); got != 1 {
			t.Errorf("Select = %d, want the receive from the closed channel, 1", got)
		}
		wantPanic(t, sendOnClosed, func() { s.Select(c.OnSend(1), Default()) })
	})
}

func TestSelectSendIsClosedWhileItWaits(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		c, d := NewChan[int](s, "c", 0), NewChan[int](s, "d", 0)
		s.Go("closer", func() error { s.Sleep(1); c.Close(); return nil })
		wantPanic(t, sendOnClosed, func() { s.Select(d.OnRecv(nil, nil), c.OnSend(1)) })
		s.Go("receiver", func() error { d.Recv(); return nil })
		d.Send(1) // the task can wait again
	})
}

// TestSelectSameChannelTwice waits in two cases that receive from one channel: only one of them gets the value.
func TestSelectSameChannelTwice(t *testing.T) {
	for name, cfg := range schedules(20) {
		mustRun(t, cfg, func(s *Sim) {
			c := NewChan[int](s, "c", 0)
			s.Go("sender", func() error { c.Send(1); c.Send(2); return nil })
			for want := 1; want <= 2; want++ {
				var v [2]int
				i := s.Select(c.OnRecv(&v[0], nil), c.OnRecv(&v[1], nil))
				if v[i] != want || v[1-i] != 0 {
					t.Errorf("%s: case %d was taken and the cases received %v; want %d in that case alone", name, i, v, want)
				}
			}
		})
	}
}

// TestSelectNotWithItself offers both sides of one unbuffered channel: that cannot go on without another task.
func TestSelectNotWithItself(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		c := NewChan[int](s, "c", 0)
		s.Select(c.OnSend(1), c.OnRecv(nil, nil))
		return nil
	})
	wantText(t, err, "simsched: deadlock: 1 tasks wait and none can go on\n"+
		"\tT0 main waits to send on channel \"c\" or to receive from channel \"c\"")
}

func TestSelectMeetsSelect(t *testing.T) {
	for name, cfg := range schedules(50) {
		sum := 0
		mustRun(t, cfg, func(s *Sim) {
			c := NewChan[int](s, "c", 0)
			for i := range 4 {
				s.Go("t", func() error {
					v := 0
					if s.Select(c.OnSend(i+1), c.OnRecv(&v, nil)) == 0 {
						sum -= i + 1
					}
					sum += v
					return nil
				})
			}
		})
		if sum != 0 {
			t.Errorf("%s: what was sent and what was received differ by %d", name, sum)
		}
	}
}

func TestSelectWithoutCases(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error { s.Select(); return nil })
	wantText(t, err, "simsched: deadlock: 1 tasks wait and none can go on\n\tT0 main waits in a select without cases")
}

func TestSelectEvents(t *testing.T) {
	events := mustRun(t, inTurns(), func(s *Sim) {
		c := NewChan[int](s, "c", 3)
		s.Select(c.OnRecv(nil, nil), c.OnSend(1))                     // one ready
		s.Select(NewChan[int](s, "d", 0).OnRecv(nil, nil), Default()) // none ready
		s.Select(Default(), c.OnRecv(nil, nil), c.OnSend(1))          // two ready
	})
	wantLines(t, "choices of cases", ofKind(events, event.KindRngValue), "RngValue value=1")
}

func TestSelectTimeout(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		c := NewChan[int](s, "c", 0)
		if got := s.Select(c.OnRecv(nil, nil), s.After(time.Second).OnRecv(nil, nil)); got != 1 {
			t.Errorf("Select = %d, want the timeout, 1", got)
		}
		if s.Elapsed() != time.Second {
			t.Errorf("Elapsed = %v after a timeout of 1s", s.Elapsed())
		}
	})
}
