package simsched

import (
	"errors"
	"sync/atomic"

	"github.com/reprise-go/reprise/event"
)

// Progress shows the progress of a run to another goroutine; see [Config.Progress]. The zero Progress is ready to use.
type Progress struct {
	steps atomic.Uint64
	task  atomic.Uint64
	name  atomic.Pointer[string]

	stopped atomic.Bool
}

// Steps returns the number of scheduling steps so far.
func (p *Progress) Steps() uint64 { return p.steps.Load() }

// Stop ends the run with an error at its next scheduling step. A run that is waited for no longer does no harm then.
func (p *Progress) Stop() { p.stopped.Store(true) }

// Running returns the task that was scheduled last and its name, which is "" before the first step.
func (p *Progress) Running() (event.TaskID, string) {
	if name := p.name.Load(); name != nil {
		return event.TaskID(p.task.Load()), *name
	}
	return 0, ""
}

// note records that t runs in step number steps. It reports whether the run may go on.
func (p *Progress) note(t *Task, steps uint64) bool {
	p.task.Store(uint64(t.id))
	p.name.Store(&t.name)
	p.steps.Store(steps)
	return !p.stopped.Load()
}

var errStopped = errors.New("simsched: the run was ended by Progress.Stop")
