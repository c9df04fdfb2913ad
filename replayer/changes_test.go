package replayer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// A recording is replayed against a program that was changed in one place. What the replay says of each change stands
// in testdata/changes.txt, as a user reads it. To write it anew: go test ./replayer -update

// change is a program, and what it was changed to. Nil settings mean those of the recording.
type change struct {
	name     string
	recorded program
	replayed program
	settings *simsched.Config
}

var changes = []change{
	{"none", everything, everything, nil},
	{"one more yield", yieldTimes(2), yieldTimes(3), nil},
	{"one yield less", yieldTimes(2), yieldTimes(1), nil},
	{"another order of spawn", spawn("short", "long"), spawn("long", "short"), nil},
	{"another number of tasks", spawn("short", "long"), spawn("short", "long", "long"), nil},
	{"one more random draw", draw("dice", "dice"), draw("dice", "dice", "dice"), nil},
	{"one random draw less", draw("dice", "dice"), draw("dice"), nil},
	{"a draw from another stream gets the recorded value", draw("dice"), draw("coin"), nil},
	{"another use of a random value", drawThenSleep(time.Second), drawThenSleep(time.Minute), nil},
	{"a longer sleep", sleep(time.Millisecond, time.Second), sleep(time.Millisecond, time.Minute), nil},
	{"no sleep", sleep(time.Millisecond), sleep(0), nil},
	{"another order of timers", sleep(time.Millisecond, time.Second), sleep(time.Second, time.Millisecond), nil},
	{"a timer stopped", timer(false), timer(true), nil},
	{"a lock removed", increment(true), increment(false), nil},
	{"a lock added", increment(false), increment(true), nil},
	{"a panic instead of a return", worker(nil), worker(func() error { panic("out of range") }), nil},
	{"an error instead of a return", worker(nil), worker(func() error { return errBoom }), nil},
	{"an earlier return of the main task", spawn("short", "long"), func(*simsched.Sim) error { return nil }, nil},
	{"an earlier deadlock", yieldTimes(3), func(s *simsched.Sim) error { s.Yield(); s.Park(); return nil }, nil},
	{"a later return of the main task", func(*simsched.Sim) error { return nil }, yieldTimes(2), nil},
	{"no deadlock any more", meet(false), meet(true), nil},
	{"tasks in a region of their own", inRegions(), inRegions("batch"), nil},
	{"another depth of regions", inRegions("outer", "inner"), inRegions("outer"), nil},
	{"another kind of cancellation", cancel(event.CancelUser), cancel(event.CancelTimeout), nil},
	{"another task is woken", wake(0), wake(1), nil},
	{"a shorter write", write(6), write(3), nil},
	{"an I/O error", write(6), writeToClosed, nil},
	{"another interval of checkpoints", yieldTimes(20), yieldTimes(20), limits(200, 7)},
	{"no checkpoints", yieldTimes(20), yieldTimes(20), limits(200, -1)},
	{"a lower step limit", yieldTimes(20), yieldTimes(20), limits(15, 10)},
	{"a higher step limit", endless, endless, limits(300, 10)},
	{"a step limit that is not reached", yieldTimes(2), yieldTimes(2), limits(1000, 10)},
}

func limits(maxSteps uint64, checkpointEvery int) *simsched.Config {
	return &simsched.Config{MaxSteps: maxSteps, CheckpointEvery: checkpointEvery}
}

func yieldTimes(n int) program {
	return func(s *simsched.Sim) error {
		for range n {
			s.Yield()
		}
		return nil
	}
}

func endless(s *simsched.Sim) error {
	for {
		s.Yield()
	}
}

// spawn starts tasks, of which those called long yield.
func spawn(names ...string) program {
	return func(s *simsched.Sim) error {
		for _, name := range names {
			s.Go(name, func() error {
				if name == "long" {
					s.Yield()
				}
				return nil
			})
		}
		return nil
	}
}

func draw(streams ...string) program {
	return func(s *simsched.Sim) error {
		for _, label := range streams {
			s.Rand(label).Uint64()
		}
		return nil
	}
}

func drawThenSleep(limit time.Duration) program {
	return func(s *simsched.Sim) error {
		s.Sleep(time.Duration(s.Rand("delay").Int64N(int64(limit))))
		return nil
	}
}

// sleep starts a task for each duration.
func sleep(durations ...time.Duration) program {
	return func(s *simsched.Sim) error {
		for _, d := range durations {
			s.Go("sleeper", func() error { s.Sleep(d); return nil })
		}
		return nil
	}
}

func timer(stop bool) program {
	return func(s *simsched.Sim) error {
		timeout := s.NewTimer(time.Second)
		if stop {
			timeout.Stop()
		}
		s.Sleep(2 * time.Second)
		return nil
	}
}

// increment has two tasks that read and write a counter.
func increment(locked bool) program {
	return func(s *simsched.Sim) error {
		mu := s.NewMutex("counter")
		for _, name := range []string{"first", "second"} {
			s.Go(name, func() error {
				if locked {
					mu.Lock()
					defer mu.Unlock()
				}
				s.Yield() // between the read and the write
				return nil
			})
		}
		return nil
	}
}

// worker has a task that ends as end says.
func worker(end func() error) program {
	return func(s *simsched.Sim) error {
		s.Go("worker", func() error {
			if end != nil {
				return end()
			}
			return nil
		})
		return nil
	}
}

// meet has a task that waits for a value that is sent or not.
func meet(sent bool) program {
	return func(s *simsched.Sim) error {
		c := simsched.NewChan[int](s, "meeting", 0)
		s.Go("sender", func() error {
			if sent {
				c.Send(1)
			}
			return nil
		})
		c.Recv()
		return nil
	}
}

// inRegions starts a task inside nested regions.
func inRegions(names ...string) program {
	return func(s *simsched.Sim) error {
		if len(names) == 0 {
			s.Go("task", func() error { return nil })
			return nil
		}
		return s.InRegion(names[0], func(*simsched.Region) error { return inRegions(names[1:]...)(s) })
	}
}

func cancel(kind event.CancelKind) program {
	return func(s *simsched.Sim) error {
		return s.InRegion("cancelled", func(r *simsched.Region) error {
			r.Cancel(kind)
			return nil
		})
	}
}

// wake has two tasks that park, and wakes one of them first.
func wake(first int) program {
	return func(s *simsched.Sim) error {
		var wakers []simsched.Waker
		for _, name := range []string{"left", "right"} {
			s.Go(name, func() error {
				wakers = append(wakers, s.Waker())
				s.Park()
				return nil
			})
		}
		s.Sleep(time.Second)
		wakers[first].Wake()
		wakers[1-first].Wake()
		return nil
	}
}

func write(n int) program {
	return func(s *simsched.Sim) error {
		_, err := s.NewPipe("log", 8).Write(make([]byte, n))
		return err
	}
}

func writeToClosed(s *simsched.Sim) error {
	pipe := s.NewPipe("log", 8)
	pipe.Break(event.IOUnexpectedEOF)
	_, err := pipe.Write(make([]byte, 6))
	return err
}

// verdict replays a change and says what came of it, a line each for the verdict, the notes and how the run ended.
func (c *change) verdict(t *testing.T) []string {
	t.Helper()
	tr, _ := record(c.recorded) // a failure is a recording too
	cfg := settings
	if c.settings != nil {
		cfg = *c.settings
	}
	result, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg}, c.replayed)
	if err == nil {
		return []string{fmt.Sprintf("matches, %d events", result.Events)}
	}
	var de *divergence.Error
	if !errors.As(err, &de) || !errors.Is(err, divergence.ErrDiverged) {
		t.Fatalf("the replay failed with %v, want a divergence", err)
	}
	if result.Events != de.Divergence.Index {
		t.Errorf("%d events matched, but the divergence is at event %d", result.Events, de.Divergence.Index)
	}
	d := de.Divergence
	lines := []string{err.Error(), fmt.Sprintf("relation: %s, count %d; cause: %s", d.Relation, d.Count, d.Cause.Rule)}
	for _, n := range de.Divergence.Notes {
		lines = append(lines, "note: "+n)
	}
	if result.Err != nil {
		first, _, _ := strings.Cut(result.Err.Error(), "\n")
		lines = append(lines, "the run ended: "+first)
	}
	return lines
}

func TestChanges(t *testing.T) {
	var got strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&got, "%s\n", c.name)
		for _, line := range c.verdict(t) {
			fmt.Fprintf(&got, "\t%s\n", line)
		}
	}
	golden.Check(t, "changes.txt", got.String())
}
