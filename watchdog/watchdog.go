// Package watchdog ends the wait for a simulated run that blocks on something outside the simulation: a real channel, a
// real lock, a real sleep. It reads the real clock, which is why it is not part of simsched.
package watchdog

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// ErrBlocked is the class of every [*BlockedError], for errors.Is.
var ErrBlocked = errors.New("blocked outside the simulation")

// BlockedError says that a run made no step for too long.
type BlockedError struct {
	Limit time.Duration
	Steps uint64       // made so far
	Task  event.TaskID // that runs
	Name  string
	Stack []byte // of the goroutine of that task, as runtime.Stack gives it; empty if it was not found
}

// Error names the task and gives the stack.
func (e *BlockedError) Error() string {
	return fmt.Sprintf("watchdog: no step for %v after step %d: task %v %s blocks outside the simulation, or computes for "+
		"long; it must use the channels, locks and clock of simsched\n%s", e.Limit, e.Steps, e.Task, e.Name, e.Stack)
}

// Is reports whether target is [ErrBlocked].
func (e *BlockedError) Is(target error) bool { return target == ErrBlocked }

// Run calls run with cfg, which run must hand to simsched.Run or to what calls that, such as recorder.Run. It returns
// what run returns, or a [*BlockedError] when the simulation has made no step for the duration limit of real time; the
// goroutine that blocks is left behind then, there is no way to end it. Under a debugger there is no limit. If run ends
// in runtime.Goexit, Run does the same.
func Run(cfg simsched.Config, limit time.Duration, run func(simsched.Config) error) error {
	if limit <= 0 || debugged() {
		return run(cfg)
	}
	progress := &simsched.Progress{}
	cfg.Progress = progress
	var err error
	returned, done := false, make(chan struct{})
	go func() {
		defer close(done)
		err = run(cfg)
		returned = true
	}()
	if steps, stalled := wait(done, progress, limit); stalled {
		task, name := progress.Running()
		return &BlockedError{limit, steps, task, name, blockedStack()}
	}
	if !returned {
		runtime.Goexit()
	}
	return err
}

// wait returns when done is closed, or when a whole limit has passed without a step.
func wait(done <-chan struct{}, progress *simsched.Progress, limit time.Duration) (steps uint64, stalled bool) {
	tick := time.NewTicker(limit)
	defer tick.Stop()
	for {
		before := progress.Steps()
		select {
		case <-done:
			return 0, false
		case <-tick.C:
		}
		if now := progress.Steps(); now == before {
			select {
			case <-done:
				return 0, false
			default:
				return now, true
			}
		}
	}
}

// blockedStack finds the goroutine of a task that is not parked: one that blocks, else one that computes, as those of
// other simulations may do.
func blockedStack() []byte {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var computing []byte
	for g := range bytes.SplitSeq(buf, []byte("\n\n")) {
		header, _, _ := bytes.Cut(g, []byte("\n"))
		switch {
		case !bytes.Contains(g, []byte("simsched.(*Sim).runTask")) || bytes.Contains(header, []byte("[coroutine")):
		case bytes.Contains(header, []byte("[run")): // running or runnable
			computing = g
		default:
			return bytes.Clone(g)
		}
	}
	return bytes.Clone(computing)
}

// debugged reports whether another process traces this one, as far as the system tells.
func debugged() bool {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	for line := range bytes.Lines(status) {
		if id, ok := bytes.CutPrefix(line, []byte("TracerPid:")); ok {
			return string(bytes.TrimSpace(id)) != "0"
		}
	}
	return false
}
