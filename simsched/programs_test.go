package simsched

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/reprise-go/reprise/event"
)

// program is a small program with a golden.
type program struct {
	name string
	why  string // opens the golden
	seed uint64
	cfg  Config
	body func(*Sim) error
}

var programs = []program{
	{"spawn-join",
		"A task is spawned ready, not running. Join wakes all who wait for the task and passes its error on,\n" +
			"also to who comes late; an error that was joined is not reported again. The ended task's index is used\n" +
			"again under the next generation.", 1, Config{}, spawnJoin},
	{"mutex",
		"Two tasks wait for one mutex. Unlock wakes one of them, and that is a choice; the woken task does not own\n" +
			"the mutex yet.", 3, Config{}, mutexProgram},
	{"chan-unbuffered",
		"A send and a receive meet. Whoever came first is woken by the other; with two senders waiting,\n" +
			"which one is served is a choice.", 2, Config{}, chanUnbuffered},
	{"chan-buffered",
		"Sends pass while there is room. A receive from a full buffer lets a waiting sender in. After Close the\n" +
			"buffer is drained, then every receive ends at once.", 1, Config{}, chanBuffered},
	{"select",
		"With two cases ready the index of the taken one is an RngValue; with one ready nothing is chosen and no\n" +
			"event tells of it; with none, default is taken.", 4, Config{}, selectProgram},
	{"timers-one-instant", "Four timers of one instant: time moves once, the order in which they fire is a choice, in\n" +
		"turns that of their creation. A stopped timer does not fire.", 1, Config{}, timersOneInstant},
	{"sleep",
		"Time stands still while anybody is ready and then moves to the next deadline, not further. Sleep(0) is a\n" +
			"scheduling point without a timer.", 1, Config{}, sleepProgram},
	{"region-cancel", "Cancellation reaches the regions inside, wakes who waits for it and stops a sleep before its\n" +
		"time. A region closes after its tasks and inner regions.", 2, Config{}, regionCancel},
	{"region-join", "When the last task of a region ends, those who joined it are woken before the owner of the region.",
		1,
		Config{}, regionJoin},
	{"pipe", "Writes and reads of a pipe of three bytes move as many bytes as was chosen. Waiting for readiness, the\n" +
		"end of the stream and a broken pipe are on record.", 7, Config{}, pipeProgram},
	{"park-wake", "A wake before Park counts, but once. A wake of a task that has ended is on record and does nothing.", 1,
		Config{}, parkWake},
	{"rand", "Random values come from streams by label and are on record; the order of the draws is that of the tasks.", 1,
		Config{}, randProgram},
	{"checkpoints", "A checkpoint before every fourth step, with the live tasks and regions.", 1,
		Config{CheckpointEvery: 4}, checkpointProgram},
	{"panic", "A panic ends its task, not the run. Through a region it goes on when that has closed.", 1, Config{},
		panicProgram},
	{"deadlock", "The classic two locks in two orders. The report says who waits for what and who holds it.", 1, Config{},
		deadlockProgram},
	{"leak", "The main task has returned and the others can never go on.", 1, Config{}, leakProgram},
	{"step-limit", "A program that does not end. The limit is exact; no event tells of it.", 1, Config{MaxSteps: 9},
		stepLimitProgram},
}

func spawnJoin(s *Sim) error {
	a := s.Go("a", func() error { return errors.New("a failed") })
	b := s.Go("b", func() error { return fmt.Errorf("b saw: %w", a.Join()) })
	err := b.Join()
	again := s.Go("again", func() error { return nil })
	return errors.Join(err, again.Join(), a.Join())
}

func mutexProgram(s *Sim) error {
	m := s.NewMutex("m")
	m.Lock()
	for _, name := range []string{"a", "b"} {
		s.Go(name, func() error {
			m.Lock()
			defer m.Unlock()
			return nil
		})
	}
	s.Sleep(time.Millisecond)
	m.Unlock()
	return nil
}

func chanUnbuffered(s *Sim) error {
	c := NewChan[string](s, "c", 0)
	for _, name := range []string{"a", "b"} {
		s.Go(name, func() error { c.Send(name); return nil })
	}
	s.Sleep(time.Millisecond)
	c.Recv()
	c.Recv()
	return nil
}

func chanBuffered(s *Sim) error {
	c := NewChan[int](s, "c", 1)
	s.Go("sender", func() error {
		for i := range 3 {
			c.Send(i)
		}
		c.Close()
		return nil
	})
	for range c.All() {
	}
	return nil
}

func selectProgram(s *Sim) error {
	a, b := NewChan[int](s, "a", 1), NewChan[int](s, "b", 1)
	a.Send(1)
	b.Send(2)
	for range 3 {
		s.Select(a.OnRecv(nil, nil), b.OnRecv(nil, nil), Default())
	}
	s.Go("sender", func() error { b.Send(3); return nil })
	s.Select(a.OnRecv(nil, nil), b.OnRecv(nil, nil))
	return nil
}

func timersOneInstant(s *Sim) error {
	stopped := s.NewTimer(time.Millisecond)
	for _, name := range []string{"a", "b", "c"} {
		s.Go(name, func() error { s.Sleep(time.Millisecond); return nil })
	}
	timer := s.NewTimer(time.Millisecond)
	stopped.Stop()
	timer.C.Recv()
	return nil
}

func sleepProgram(s *Sim) error {
	s.Go("long", func() error { s.Sleep(3 * time.Millisecond); return nil })
	s.Go("short", func() error {
		s.Sleep(time.Millisecond)
		s.Sleep(time.Millisecond)
		return nil
	})
	s.Yield()
	s.Sleep(0)
	return nil
}

func regionCancel(s *Sim) error {
	return s.InRegion("outer", func(outer *Region) error {
		s.Go("sleeper", func() error { return s.SleepContext(s.Context(), time.Hour) })
		s.Go("inner owner", func() error {
			return s.InRegion("inner", func(inner *Region) error {
				s.Select(OnDone(inner.Context()))
				return nil
			})
		})
		s.Sleep(time.Millisecond)
		outer.Cancel(event.CancelTimeout)
		return nil
	})
}

func regionJoin(s *Sim) error {
	return s.InRegion("r", func(r *Region) error {
		task := s.Go("t", func() error { s.Sleep(time.Millisecond); return nil })
		s.root.Go("joiner", task.Join)
		return nil
	})
}

func pipeProgram(s *Sim) error {
	p, q := s.NewPipe("p", 3), s.NewPipe("q", 3)
	s.Go("writer", func() error {
		_, err := p.Write([]byte("four."))
		return errors.Join(err, p.Close())
	})
	text, err := io.ReadAll(p)
	s.Go("breaker", func() error { q.Break(event.IOConnectionReset); return nil })
	_, broken := q.Read(text)
	return errors.Join(err, broken)
}

func parkWake(s *Sim) error {
	var w Waker
	t := s.Go("sleeper", func() error {
		w = s.Waker()
		w.Wake()
		w.Wake()
		s.Park()
		s.Park()
		return nil
	})
	s.Sleep(time.Millisecond)
	w.Wake()
	err := t.Join()
	w.Wake()
	return err
}

func randProgram(s *Sim) error {
	for _, name := range []string{"a", "b"} {
		s.Go(name, func() error {
			r := s.Rand(name)
			r.Uint64()
			s.Yield()
			r.IntN(6)
			return nil
		})
	}
	s.Rand("a").Uint64()
	return nil
}

func checkpointProgram(s *Sim) error {
	return s.InRegion("r", func(*Region) error {
		for range 2 {
			s.Go("t", func() error { s.Yield(); return nil })
		}
		return nil
	})
}

func panicProgram(s *Sim) error {
	s.Go("a", func() error { panic("a is broken") })
	s.Go("b", func() error {
		return s.InRegion("r", func(*Region) error {
			s.Go("c", func() error { s.Yield(); return nil })
			panic(errors.New("b is broken"))
		})
	})
	s.Yield()
	return nil
}

func deadlockProgram(s *Sim) error {
	a, b := s.NewMutex("a"), s.NewMutex("b")
	swap := func(first, second *Mutex) func() error {
		return func() error {
			first.Lock()
			s.Sleep(time.Millisecond)
			second.Lock()
			return nil
		}
	}
	ab, ba := s.Go("ab", swap(a, b)), s.Go("ba", swap(b, a))
	return errors.Join(ab.Join(), ba.Join())
}

func leakProgram(s *Sim) error {
	c := NewChan[int](s, "c", 0)
	s.Go("sender", func() error { c.Send(1); return nil })
	s.Go("selector", func() error { s.Select(c.OnSend(2), OnDone(s.Context())); return nil })
	return nil
}

func stepLimitProgram(s *Sim) error {
	s.Go("spinner", func() error {
		for {
			s.Yield()
		}
	})
	return nil
}
