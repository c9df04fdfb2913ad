package simsched

import (
	"sync/atomic"

	"github.com/reprise-go/reprise/event"
)

// Progress shows the progress of a run to another goroutine; see [Config.Progress]. The zero Progress is ready to use.
type Progress struct {
	steps atomic.Uint64
	task  atomic.Uint64
	name  atomic.Pointer[string]
}

// Steps returns the number of scheduling steps so far.
func (p *Progress) Steps() uint64 { return p.steps.Load() }

// Running returns the task that was scheduled last and its name, which is "" before the first step.
func (p *Progress) Running() (event.TaskID, string) {
	if name := p.name.Load(); name != nil {
		return event.TaskID(p.task.Load()), *name
	}
	return 0, ""
}

// note records that t runs in step number steps.
func (p *Progress) note(t *Task, steps uint64) {
	p.task.Store(uint64(t.id))
	p.name.Store(&t.name)
	p.steps.Store(steps)
}
