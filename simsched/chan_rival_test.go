package simsched

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// tryReal does one operation on a Go channel without waiting and tells what came of it.
func tryReal(c chan int, op string, v int) (result string) {
	defer func() {
		if recover() != nil {
			result = "panic"
		}
	}()
	switch op {
	case "send":
		select {
		case c <- v:
			return "sent"
		default:
			return "full"
		}
	case "receive":
		select {
		case v, ok := <-c:
			return fmt.Sprint(v, ok)
		default:
			return "empty"
		}
	case "close":
		close(c)
	}
	return fmt.Sprint(len(c), cap(c))
}

// trySimulated does the same on a simulated one.
func trySimulated(s *Sim, c *Chan[int], op string, v int) (result string) {
	defer func() {
		if recover() != nil {
			result = "panic"
		}
	}()
	switch op {
	case "send":
		return []string{"sent", "full"}[s.Select(c.OnSend(v), Default())]
	case "receive":
		var ok bool
		if s.Select(Default(), c.OnRecv(&v, &ok)) == 0 {
			return "empty"
		}
		return fmt.Sprint(v, ok)
	case "close":
		c.Close()
	}
	return fmt.Sprint(c.Len(), c.Cap())
}

// TestChanAgainstGo does operations that do not wait on a simulated channel and on one of Go.
func TestChanAgainstGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(0, 4).Draw(t, "capacity")
		ops := rapid.SliceOf(rapid.SampledFrom([]string{"send", "send", "receive", "receive", "measure", "close"})).Draw(t,
			"ops")
		err := Run(Config{Seed: rapid.Uint64().Draw(t, "seed")}, func(s *Sim) error {
			simulated, real := NewChan[int](s, "c", capacity), make(chan int, capacity)
			for i, op := range ops {
				if got, want := trySimulated(s, simulated, op, i), tryReal(real, op, i); got != want {
					return fmt.Errorf("step %d, %s: %s, Go's channel %s", i, op, got, want)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
