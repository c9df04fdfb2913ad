package watchdog

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// watch makes one run and looks at it at each tick.
func watch(cfg simsched.Config, tick <-chan time.Time, run func(simsched.Config) error) error {
	w := &Watch{tick: tick, stop: func() {}}
	defer w.Close()
	return w.Run(cfg, run)
}

// sim runs body under simsched.
func sim(body func(*simsched.Sim) error) func(simsched.Config) error {
	return func(cfg simsched.Config) error { return simsched.Run(cfg, body) }
}

// ticking watches a run and looks at it all the time, until f returns.
func ticking(f func(tick <-chan time.Time)) {
	tick, done := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(done)
		f(tick)
	}()
	for {
		select {
		case tick <- time.Time{}:
		case <-done:
			return
		}
	}
}

//go:noinline
func receive(c chan int) { <-c }

// TestBlocked: a task that waits for what no simulation has is named, with what it waits for and its stack.
func TestBlocked(t *testing.T) {
	release := make(chan int)
	defer close(release)
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	var wg sync.WaitGroup
	wg.Add(1)
	defer wg.Done()
	for _, c := range []struct {
		waits, frame string
		block        func()
	}{
		{"chan receive", "watchdog.receive", func() { receive(release) }},
		{"select", "watchdog.TestBlocked", func() {
			select {
			case <-release:
			case <-make(chan int):
			}
		}},
		{"sleep", "time.Sleep", func() { time.Sleep(100 * time.Hour) }},
		{"sync.Mutex.Lock", "sync.(*Mutex).Lock", func() { mu.Lock() }},
		{"sync.WaitGroup.Wait", "sync.(*WaitGroup).Wait", func() { wg.Wait() }},
	} {
		var err error
		ticking(func(tick <-chan time.Time) {
			err = watch(simsched.Config{}, tick, sim(func(s *simsched.Sim) error {
				s.Yield()
				return s.Go("outsider", func() error { c.block(); return nil }).Join()
			}))
		})
		var blocked *BlockedError
		if !errors.As(err, &blocked) {
			t.Errorf("%s: error %v, want a BlockedError", c.waits, err)
			continue
		}
		if blocked.Name != "outsider" || blocked.Task.Index() != 1 || !strings.HasPrefix(blocked.Waits, c.waits) {
			t.Errorf("task %v %q in %q, want T1 outsider in %s", blocked.Task, blocked.Name, blocked.Waits, c.waits)
		}
		inside := func(f Frame) bool { return strings.HasPrefix(f.String(), f.Site+" "+c.frame) }
		if !slices.ContainsFunc(blocked.Frames, inside) || !strings.Contains(err.Error(), "watchdog_test.go:") {
			t.Errorf("%s: the stack does not show %s:\n%v", c.waits, c.frame, err)
		}
	}
}

// TestComputing: a task that computes is not blocked, however often it is looked at, also while a task of another run
// is.
func TestComputing(t *testing.T) {
	release := make(chan int)
	other := make(chan error, 1)
	go func() {
		other <- watch(simsched.Config{}, nil, sim(func(*simsched.Sim) error { receive(release); return nil }))
	}()
	for !strings.Contains(stacks(), "watchdog.receive(") {
		runtime.Gosched()
	}
	want, seen := errors.New("its own error"), make(chan struct{})
	go func() {
		defer close(seen)
		ticks := make(chan time.Time)
		go func() {
			for range 3 * looks {
				ticks <- time.Time{}
			}
			release <- 1
		}()
		err := watch(simsched.Config{}, ticks, sim(func(*simsched.Sim) error {
			for computing := true; computing; {
				select {
				case err := <-other:
					if err != nil {
						t.Errorf("the other run ends with %v", err)
					}
					computing = false
				default:
				}
			}
			return want
		}))
		if err != want {
			t.Errorf("error %v, want %v", err, want)
		}
	}()
	<-seen
}

// TestSteps: a task that is blocked now and then, but makes steps, is not blocked for good.
func TestSteps(t *testing.T) {
	ticks, turn := make(chan time.Time), make(chan int)
	var made atomic.Int32 // steps
	go func() {
		for i := range int32(5) {
			for made.Load() < i || !strings.Contains(stacks(), "watchdog.receive(") {
				runtime.Gosched()
			}
			for range looks - 1 {
				ticks <- time.Time{}
			}
			turn <- 1
		}
	}()
	if err := watch(simsched.Config{}, ticks, sim(func(s *simsched.Sim) error {
		for range 5 {
			receive(turn)
			s.Yield()
			made.Add(1)
		}
		return nil
	})); err != nil {
		t.Error(err)
	}
}

// TestStopped: a run that was given up ends at its next step.
func TestStopped(t *testing.T) {
	release, ended := make(chan int), make(chan error, 1)
	ticking(func(tick <-chan time.Time) {
		_ = watch(simsched.Config{}, tick, func(cfg simsched.Config) error {
			err := simsched.Run(cfg, func(s *simsched.Sim) error {
				receive(release)
				for {
					s.Yield()
				}
			})
			ended <- err
			return err
		})
	})
	close(release)
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "Progress.Stop") {
		t.Errorf("the run ends with %v", err)
	}
}

// TestStanding: a run that waits for its driver is not blocked.
func TestStanding(t *testing.T) {
	body := func(s *simsched.Sim) error { s.Yield(); s.Yield(); return nil }
	trace, err := recorder.Run(simsched.Config{}, body)
	if err != nil {
		t.Fatal(err)
	}
	var progress simsched.Progress
	r, err := replayer.New(source.FromTrace(trace), replayer.Config{Sim: simsched.Config{Progress: &progress}}, body)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ticks, looked := make(chan time.Time), make(chan int)
	w := &Watch{tick: ticks, stop: func() {}}
	defer w.Close()
	if err := w.Do(&progress, func() error {
		if _, err := r.RunTo(replayer.AtIndex(4)); err != nil {
			return err
		}
		go func() {
			for range 2 * looks {
				ticks <- time.Time{}
			}
			looked <- 1
		}()
		<-looked
		_, err := r.Run()
		return err
	}); err != nil {
		t.Error(err)
	}
}

// TestGoodRun: what the run returns is returned.
func TestGoodRun(t *testing.T) {
	want := errors.New("its own error")
	w := New()
	defer w.Close()
	if err := w.Run(simsched.Config{}, sim(func(s *simsched.Sim) error {
		s.Sleep(1000 * time.Hour)
		return want
	})); err != want {
		t.Errorf("error %v, want %v", err, want)
	}
}

// TestGoexit: a run that ends its goroutine, as testing.T.FailNow does, ends that of the caller.
func TestGoexit(t *testing.T) {
	done := make(chan bool)
	go func() {
		defer close(done)
		_ = watch(simsched.Config{}, nil, func(simsched.Config) error {
			runtime.Goexit()
			return nil
		})
		done <- true
	}()
	if <-done {
		t.Error("Run returned after runtime.Goexit")
	}
}

// TestPanic: a panic of the run is one of the caller.
func TestPanic(t *testing.T) {
	defer func() {
		if v := recover(); v != "boom" {
			t.Errorf("recovered %v", v)
		}
	}()
	_ = watch(simsched.Config{}, nil, func(simsched.Config) error { panic("boom") })
}

// BenchmarkRun compares a small run under watch with one that is not watched.
func BenchmarkRun(b *testing.B) {
	body := sim(func(s *simsched.Sim) error {
		task := s.Go("other", func() error { s.Yield(); return nil })
		s.Yield()
		return task.Join()
	})
	b.Run("watched", func(b *testing.B) {
		w := New()
		defer w.Close()
		for b.Loop() {
			if err := w.Run(simsched.Config{}, body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			if err := body(simsched.Config{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
