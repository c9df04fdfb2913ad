package simsched

import (
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"
)

// enumerator is a Chooser that goes through all sequences of choices, depth first.
type enumerator struct {
	path []int // the answers of this run
	of   []int // how many alternatives each had
	at   int
}

func (e *enumerator) Choose(c *Choice) uint64 {
	if c.N == 0 {
		panic("a program that draws random values has no end of schedules")
	}
	if e.at == len(e.path) {
		e.path, e.of = append(e.path, 0), append(e.of, c.N)
	}
	if e.of[e.at] != c.N {
		panic(fmt.Sprintf("choice %d had %d alternatives before and has %d now", e.at, e.of[e.at], c.N))
	}
	e.at++
	return uint64(e.path[e.at-1])
}

// next turns to the next sequence and reports whether there is one.
func (e *enumerator) next() bool {
	e.at = 0
	for i := len(e.path) - 1; i >= 0; i-- {
		if e.path[i]++; e.path[i] < e.of[i] {
			return true
		}
		e.path, e.of = e.path[:i], e.of[:i]
	}
	return false
}

// exhaust runs a program under every schedule. It returns how often each outcome came: the text that body makes,
// "deadlock", or the error of the run.
func exhaust(t *testing.T, body func(s *Sim, outcome *string) error) map[string]int {
	t.Helper()
	outcomes := map[string]int{}
	for e := (&enumerator{}); ; {
		outcome := ""
		err := Run(Config{Chooser: e, MaxSteps: 1000}, func(s *Sim) error { return body(s, &outcome) })
		switch {
		case errors.Is(err, ErrDeadlock):
			outcome = "deadlock"
		case err != nil:
			outcome = err.Error()
		}
		outcomes[outcome]++
		if !e.next() {
			return outcomes
		}
		if outcomes[outcome] > 1_000_000 {
			t.Fatal("too many schedules")
		}
	}
}

// wantOutcomes compares outcomes and the number of schedules of each.
func wantOutcomes(t *testing.T, got, want map[string]int) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("outcomes and the number of schedules of each:\n got %v\nwant %v", got, want)
	}
}

// pair runs two tasks to their ends.
func pair(s *Sim, a, b func()) error {
	return s.InRegion("pair", func(*Region) error {
		s.Go("a", func() error { a(); return nil })
		s.Go("b", func() error { b(); return nil })
		return nil
	})
}

func TestEverySchedule(t *testing.T) {
	for _, c := range []struct {
		name string
		body func(*Sim, *string) error
		want map[string]int
	}{
		{"counter without a lock", counter, map[string]int{"1": 28, "2": 17}},
		{"counter with a lock", lockedCounter, map[string]int{"2": 402}},
		{"senders", senders, map[string]int{"ab": 165, "ba": 113}},
		{"barging", barging, map[string]int{" main waiter": 18, " waiter main": 6}},
		{"select", selectOfTwo, map[string]int{"0": 1, "1": 1}},
		{"timers", twoTimers, map[string]int{"ab": 90, "ba": 90}},
		{"park", parkAndWake, map[string]int{"woken": 3}},
		{"lock order", lockOrder, map[string]int{"done": 1235, "deadlock": 130}},
		{"close", closeRace, map[string]int{"sent": 1, "panicked": 2}},
		{"cancel", cancelRace, map[string]int{"slept": 56, "cancelled": 24}},
	} {
		t.Run(c.name, func(t *testing.T) { wantOutcomes(t, exhaust(t, c.body), c.want) })
	}
}

// counter loses an update if a task yields between its read and its write and the other one comes between.
func counter(s *Sim, outcome *string) error {
	n := 0
	increment := func() {
		v := n
		s.Yield()
		n = v + 1
	}
	err := pair(s, increment, increment)
	*outcome = fmt.Sprint(n)
	return err
}

func lockedCounter(s *Sim, outcome *string) error {
	n, m := 0, s.NewMutex("m")
	increment := func() {
		m.Lock()
		v := n
		s.Yield()
		n = v + 1
		m.Unlock()
	}
	err := pair(s, increment, increment)
	*outcome = fmt.Sprint(n)
	return err
}

func senders(s *Sim, outcome *string) error {
	c := NewChan[string](s, "c", 0)
	for _, name := range []string{"a", "b"} {
		s.Go(name, func() error { c.Send(name); return nil })
	}
	for range 2 {
		v, _ := c.Recv()
		*outcome += v
	}
	return nil
}

// barging unlocks a mutex for which a task waits, and locks it again: in some schedules before the woken task does.
func barging(s *Sim, outcome *string) error {
	m := s.NewMutex("m")
	m.Lock()
	waiter := s.Go("waiter", func() error {
		m.Lock()
		*outcome += " waiter"
		m.Unlock()
		return nil
	})
	s.Sleep(1)
	m.Unlock()
	m.Lock()
	*outcome += " main"
	m.Unlock()
	return waiter.Join()
}

func selectOfTwo(s *Sim, outcome *string) error {
	a, b := NewChan[int](s, "a", 1), NewChan[int](s, "b", 1)
	a.Send(1)
	b.Send(1)
	*outcome = fmt.Sprint(s.Select(a.OnRecv(nil, nil), b.OnRecv(nil, nil)))
	return nil
}

func twoTimers(s *Sim, outcome *string) error {
	return pair(s,
		func() { s.Sleep(time.Second); *outcome += "a" },
		func() { s.Sleep(time.Second); *outcome += "b" })
}

// parkAndWake loses no wake, whenever it comes.
func parkAndWake(s *Sim, outcome *string) error {
	w := s.Waker()
	s.Go("waker", func() error { w.Wake(); return nil })
	s.Park()
	*outcome = "woken"
	return nil
}

// lockOrder takes two locks in two orders.
func lockOrder(s *Sim, outcome *string) error {
	a, b := s.NewMutex("a"), s.NewMutex("b")
	both := func(first, second *Mutex) func() {
		return func() {
			first.Lock()
			defer first.Unlock()
			second.Lock()
			defer second.Unlock()
		}
	}
	err := pair(s, both(a, b), both(b, a))
	*outcome = "done"
	return err
}

// closeRace closes a channel while another task sends: the value is in the buffer or the sender panics.
func closeRace(s *Sim, outcome *string) error {
	c := NewChan[int](s, "c", 1)
	s.Go("sender", func() error {
		defer func() {
			if recover() != nil {
				*outcome = "panicked"
			}
		}()
		c.Send(1)
		*outcome = "sent"
		return nil
	})
	c.Close()
	return nil
}

// cancelRace cancels a sleep at the instant at which it ends.
func cancelRace(s *Sim, outcome *string) error {
	return s.InRegion("r", func(r *Region) error {
		s.Go("sleeper", func() error {
			*outcome = "slept"
			if s.SleepContext(r.Context(), time.Second) != nil {
				*outcome = "cancelled"
			}
			return nil
		})
		s.Sleep(time.Second)
		r.Cancel(0)
		return nil
	})
}
