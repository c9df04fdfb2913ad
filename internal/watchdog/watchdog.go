// Package watchdog ends the wait for a simulated run whose task blocks on something outside the simulation: a real
// channel, a real lock, a real sleep. It holds the clock and the reading of stacks that this takes, which is why it is
// not part of simsched, and must not know what a run is made for.
//
// A watch works like this:
//
//  1. The run is made in a separate goroutine, and the caller waits for it.
//  2. Every second the watch reads the number of scheduling steps. As long as that grows, it does nothing else.
//  3. If the number has not changed, the watch reads the stacks of all goroutines. The goroutine of the running task
//     descends from that of the run, has the frame in which tasks run, and is not parked as a coroutine.
//  4. The task is blocked if that goroutine waits for something that no simulation waits for. A task that computes, is
//     slow because the machine is loaded, or is in a system call, is not blocked.
//  5. Ten such looks in a row, all at one step, end the wait. The watch counts looks and not time, so that it does not
//     matter if the machine was suspended. The run ends at its next step, if it ever gets there.
package watchdog

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

const (
	lookEvery = time.Second
	looks     = 10 // with a blocked task, that end the wait
)

// BlockedError reports that a task was blocked outside the simulation.
type BlockedError struct {
	Task   event.TaskID
	Name   string        // name of the task
	Steps  uint64        // number of steps before
	Waits  string        // what its goroutine waits for, such as "chan receive"
	For    time.Duration // minimum time for which it was blocked
	Frames []Frame       // stack of its goroutine, innermost first, without frames of the runtime and simsched
}

// Error names the task and gives its stack, a frame a line.
func (e *BlockedError) Error() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "task %v %s is blocked outside the simulation: in %s for %v, after step %d; "+
		"a task may use only the channels, locks and clock of simsched", e.Task, e.Name, e.Waits, e.For, e.Steps)
	for _, f := range e.Frames {
		fmt.Fprintf(&b, "\n  %v", f)
	}
	return b.String()
}

// Watch makes runs, one at a time, and watches them. [New] makes it.
type Watch struct {
	tick   <-chan time.Time // the times at which it looks
	stop   func()           // of tick
	worker *worker          // nil if there is none
	pool   *simsched.Pool   // of the worker
}

// New returns a Watch. It must be closed.
func New() *Watch {
	tick := time.NewTicker(lookEvery)
	return &Watch{tick: tick.C, stop: tick.Stop}
}

// Close releases the resources of w.
func (w *Watch) Close() {
	w.stop()
	w.dismiss()
}

// Run calls run with cfg, which run must pass to simsched.Run or to a function that calls it, such as recorder.Run.
// It returns the error of run, or a [*BlockedError] when a task is blocked outside the simulation. The blocked
// goroutine is then left behind, since there is no way to end it, and whatever run uses must not be used again.
// Under a debugger Run waits forever. If run panics or ends in runtime.Goexit, Run does the same.
func (w *Watch) Run(cfg simsched.Config, run func(simsched.Config) error) error {
	w.hire()
	cfg.Progress, cfg.Pool = &simsched.Progress{}, w.pool
	return w.Do(cfg.Progress, func() error { return run(cfg) })
}

// Do is [Watch.Run] for a function whose simulation already has a Progress.
func (w *Watch) Do(progress *simsched.Progress, f func() error) error {
	w.hire()
	w.worker.jobs <- f
	end, blocked := w.wait(progress)
	switch {
	case blocked != nil:
		progress.Stop()
		w.dismiss()
		return blocked
	case end.panicked != nil:
		w.dismiss()
		panic(end.panicked)
	case !end.returned:
		w.dismiss()
		runtime.Goexit()
	}
	return end.err
}

// hire makes sure that there is a worker.
func (w *Watch) hire() {
	if w.worker == nil {
		w.worker, w.pool = newWorker(), &simsched.Pool{}
	}
}

func (w *Watch) dismiss() {
	if w.worker != nil {
		close(w.worker.jobs)
		w.pool.Close()
		w.worker, w.pool = nil, nil
	}
}

// worker makes runs in a separate goroutine, up to the first one that does not return.
type worker struct {
	goroutine uint64 // its number
	jobs      chan func() error
	ends      chan end
}

// end is the way in which a run ended.
type end struct {
	err      error
	returned bool
	panicked any
}

func newWorker() *worker {
	w := &worker{jobs: make(chan func() error), ends: make(chan end, 1)}
	started := make(chan struct{})
	go func() {
		w.goroutine = current()
		close(started)
		for job := range w.jobs {
			if !w.do(job) {
				return
			}
		}
	}()
	<-started
	return w
}

// do does a job and reports whether it has returned.
func (w *worker) do(job func() error) bool {
	var e end
	defer func() {
		e.panicked = recover()
		w.ends <- e
	}()
	e.err = job()
	e.returned = true
	return true
}

// wait returns how the run ended, or that its task is blocked.
func (w *Watch) wait(progress *simsched.Progress) (end, *BlockedError) {
	var last look
	for n := 0; n < looks; {
		select {
		case e := <-w.worker.ends:
			return e, nil
		case <-w.tick:
		}
		now := w.worker.look(progress, last.steps)
		if n++; now.task == nil || debugged() {
			n = 0
		}
		last = now
	}
	id, name := progress.Running()
	return end{}, &BlockedError{id, name, last.steps, last.task.waits, looks * lookEvery, last.task.frames()}
}

// look is the view that a watch has of a run.
type look struct {
	steps uint64
	task  *task // nil if no task is blocked
}

// look examines the run. If the run has made a step since the previous look, it is not examined any further.
func (w *worker) look(progress *simsched.Progress, before uint64) look {
	if steps := progress.Steps(); steps != before {
		return look{steps, nil}
	}
	return look{before, blocked(w.goroutine)}
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
