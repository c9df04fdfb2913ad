package simsched

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const sendOnClosed = "simsched: Chan.Send on a closed channel"

func TestChanFIFO(t *testing.T) {
	for capacity := range 4 {
		for name, cfg := range schedules(30) {
			var got []int
			mustRun(t, cfg, func(s *Sim) {
				c := NewChan[int](s, "c", capacity)
				s.Go("sender", func() error {
					for i := range 8 {
						c.Send(i)
					}
					c.Close()
					return nil
				})
				got = slices.Collect(c.All())
			})
			if !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6, 7}) {
				t.Errorf("%s, capacity %d: received %v, want 0 to 7 in order", name, capacity, got)
			}
		}
	}
}

func TestChanLenCap(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		c := NewChan[int](s, "c", 2)
		for want := range 2 {
			if c.Len() != want || c.Cap() != 2 {
				t.Errorf("Len, Cap = %d, %d; want %d, 2", c.Len(), c.Cap(), want)
			}
			c.Send(want)
		}
		s.Go("waits for room", func() error { c.Send(2); return nil })
		s.Sleep(time.Millisecond)
		if c.Len() != 2 {
			t.Errorf("Len = %d while a sender waits, want 2", c.Len())
		}
		c.Recv()
		if c.Len() != 2 {
			t.Errorf("Len = %d after the waiting sender was let in, want 2", c.Len())
		}
	})
}

// TestChanCapacity counts how far a sender gets ahead of the receivers.
func TestChanCapacity(t *testing.T) {
	for capacity := range 4 {
		sent := 0
		err := Run(inTurns(), func(s *Sim) error {
			c := NewChan[int](s, "c", capacity)
			for {
				c.Send(0)
				sent++
			}
		})
		wantText(t, err, "simsched: deadlock: 1 tasks wait and none can go on\n\tT0 main waits to send on channel \"c\"")
		if sent != capacity {
			t.Errorf("%d sends passed with capacity %d and no receiver", sent, capacity)
		}
	}
}

func TestChanUnbufferedMeets(t *testing.T) {
	for name, cfg := range schedules(50) {
		received := false
		mustRun(t, cfg, func(s *Sim) {
			c := NewChan[int](s, "c", 0)
			s.Go("receiver", func() error {
				s.Yield()
				c.Recv()
				received = true
				return nil
			})
			c.Send(1)
			if c.Len() != 0 {
				t.Errorf("%s: an unbuffered channel holds a value", name)
			}
		})
		if !received {
			t.Errorf("%s: the value was not received", name)
		}
	}
}

func TestChanReceiveFromClosed(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		c := NewChan[int](s, "c", 2)
		c.Send(7)
		c.Close()
		for _, want := range []string{"7 true", "0 false", "0 false"} {
			v, ok := c.Recv()
			if got := fmt.Sprint(v, ok); got != want {
				t.Errorf("Recv from a closed channel = %s, want %s", got, want)
			}
		}
	})
}

func TestChanCloseWakesReceivers(t *testing.T) {
	for name, cfg := range schedules(30) {
		ended := 0
		mustRun(t, cfg, func(s *Sim) {
			c := NewChan[int](s, "c", 0)
			for range 3 {
				s.Go("receiver", func() error {
					if v, ok := c.Recv(); v != 0 || ok {
						t.Errorf("%s: Recv = %d, %v when the channel was closed, want 0, false", name, v, ok)
					}
					ended++
					return nil
				})
			}
			c.Close()
		})
		if ended != 3 {
			t.Errorf("%s: %d of 3 receivers went on", name, ended)
		}
	}
}

// TestChanWaitedFlagIsFresh receives by waiting twice: the second time the channel is closed.
func TestChanWaitedFlagIsFresh(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		c := NewChan[int](s, "c", 0)
		s.Go("sender", func() error {
			s.Sleep(1)
			c.Send(5)
			s.Sleep(1)
			c.Close()
			return nil
		})
		if v, ok := c.Recv(); v != 5 || !ok {
			t.Errorf("Recv = %d, %v; want 5, true", v, ok)
		}
		if v, ok := c.Recv(); v != 0 || ok {
			t.Errorf("Recv = %d, %v; want 0, false", v, ok)
		}
	})
}

// TestChanWaitedFlagIsFreshForSends sends by waiting twice: the second time the channel is closed.
func TestChanWaitedFlagIsFreshForSends(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		c := NewChan[int](s, "c", 0)
		s.Go("receiver", func() error {
			s.Sleep(1)
			c.Recv()
			s.Sleep(1)
			c.Close()
			return nil
		})
		c.Send(1)
		wantPanic(t, sendOnClosed, func() { c.Send(2) })
	})
}

// TestChanKeepsNothing looks at the buffer of an empty channel: what was received can be collected.
func TestChanKeepsNothing(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		c := NewChan[*int](s, "c", 3)
		for range 5 {
			c.Send(new(int))
			c.Send(new(int))
			c.Recv()
			c.Recv()
		}
		if !slices.Equal(c.buf, []*int{nil, nil, nil}) {
			t.Errorf("the buffer of an empty channel holds %v", c.buf)
		}
	})
}

func TestChanSendOnClosed(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		for capacity := range 2 {
			c := NewChan[int](s, "c", capacity)
			c.Close()
			wantPanic(t, sendOnClosed, func() { c.Send(1) })
		}
	})
}

func TestChanCloseUnderWaitingSenders(t *testing.T) {
	for _, cfg := range schedules(30) {
		panicked := 0
		mustRun(t, cfg, func(s *Sim) {
			c := NewChan[int](s, "c", 1)
			c.Send(1)
			for range 3 {
				s.Go("sender", func() error {
					wantPanic(t, sendOnClosed, func() { c.Send(2) })
					panicked++
					return nil
				})
			}
			s.Sleep(time.Millisecond)
			c.Close()
			if v, ok := c.Recv(); v != 1 || !ok {
				t.Errorf("Recv = %d, %v; want what was in the buffer before: 1, true", v, ok)
			}
			if v, ok := c.Recv(); ok {
				t.Errorf("Recv = %d, true; want nothing from a sender that panicked", v)
			}
		})
		if panicked != 3 {
			t.Errorf("%d of 3 waiting senders panicked", panicked)
		}
	}
}

func TestChanCloseOfClosed(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		c := NewChan[int](s, "c", 0)
		c.Close()
		wantPanic(t, "simsched: Chan.Close of a closed channel", c.Close)
	})
}

func TestChanAllStops(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		c := NewChan[int](s, "c", 3)
		for i := range 3 {
			c.Send(i)
		}
		for v := range c.All() {
			if v == 1 {
				break
			}
		}
		if v, ok := c.Recv(); v != 2 || !ok {
			t.Errorf("Recv = %d, %v after a loop that stopped at 1; want 2, true", v, ok)
		}
	})
}

func TestChanNegativeCapacity(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		wantPanic(t, "simsched: NewChan called with a negative capacity", func() { NewChan[int](s, "c", -1) })
	})
}

// TestChanOfInterfaces sends nil and other values of an interface type, by waiting and at once.
func TestChanOfInterfaces(t *testing.T) {
	for name, cfg := range schedules(20) {
		var got []any
		mustRun(t, cfg, func(s *Sim) {
			c := NewChan[any](s, "c", 0)
			s.Go("sender", func() error {
				c.Send(nil)
				c.Send("x")
				c.Close()
				return nil
			})
			got = slices.Collect(c.All())
		})
		if !slices.Equal(got, []any{nil, "x"}) {
			t.Errorf("%s: received %v, want <nil> and x", name, got)
		}
	}
}

// TestChanWaiterIsAChoice lets three receivers wait for one value.
func TestChanWaiterIsAChoice(t *testing.T) {
	lucky := map[string]bool{}
	for _, cfg := range schedules(50) {
		mustRun(t, cfg, func(s *Sim) {
			c := NewChan[int](s, "c", 0)
			for _, name := range []string{"a", "b", "c"} {
				s.Go(name, func() error {
					if _, ok := c.Recv(); ok {
						lucky[name] = true
					}
					return nil
				})
			}
			s.Sleep(time.Millisecond)
			c.Send(1)
			c.Close()
		})
	}
	if len(lucky) != 3 {
		t.Errorf("of three waiting receivers only %v ever got the value, in 51 schedules", lucky)
	}
}
