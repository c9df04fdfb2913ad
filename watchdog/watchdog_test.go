package watchdog_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/watchdog"
)

// sim runs body under simsched.
func sim(body func(*simsched.Sim) error) func(simsched.Config) error {
	return func(cfg simsched.Config) error { return simsched.Run(cfg, body) }
}

// TestBlockedOutside: a task that waits on a real channel is named, with the line where it does.
func TestBlockedOutside(t *testing.T) {
	release := make(chan int)
	defer close(release)
	err := watchdog.Run(simsched.Config{}, 200*time.Millisecond, sim(func(s *simsched.Sim) error {
		return s.Go("outsider", func() error {
			waitForReal(release)
			return nil
		}).Join()
	}))
	var blocked *watchdog.BlockedError
	if !errors.As(err, &blocked) || !errors.Is(err, watchdog.ErrBlocked) {
		t.Fatalf("error %v, want a BlockedError", err)
	}
	if blocked.Name != "outsider" || blocked.Task.Index() != 1 {
		t.Errorf("task %v %q is named, want T1 outsider", blocked.Task, blocked.Name)
	}
	if !strings.Contains(string(blocked.Stack), "waitForReal") || !strings.Contains(err.Error(), "waitForReal") {
		t.Errorf("the stack does not show waitForReal:\n%s", blocked.Stack)
	}
}

//go:noinline
func waitForReal(c chan int) { <-c }

// TestGoodRun: what the run returns is returned, however long it takes as long as it makes steps.
func TestGoodRun(t *testing.T) {
	want := errors.New("its own error")
	err := watchdog.Run(simsched.Config{}, time.Minute, sim(func(s *simsched.Sim) error {
		s.Sleep(1000 * time.Hour)
		return want
	}))
	if err != want {
		t.Errorf("error %v, want %v", err, want)
	}
	if err := watchdog.Run(simsched.Config{}, 0, sim(func(*simsched.Sim) error { return want })); err != want {
		t.Errorf("without a limit: error %v, want %v", err, want)
	}
}

// TestGoexit: a task that ends its goroutine, as testing.T.FailNow does, ends that of the caller.
func TestGoexit(t *testing.T) {
	done := make(chan bool)
	go func() {
		defer close(done)
		watchdog.Run(simsched.Config{}, time.Minute, sim(func(*simsched.Sim) error {
			runtime.Goexit()
			return nil
		}))
		done <- true
	}()
	if <-done {
		t.Error("Run returned after runtime.Goexit")
	}
}
