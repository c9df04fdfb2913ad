// Package recorder turns a run into events: it observes a scheduler and keeps what it sees. It knows no replay.
package recorder

import (
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// Recorder is a [simsched.Observer] that keeps every event in a trace in memory, 32 bytes each.
type Recorder struct {
	trace event.Trace
}

var _ simsched.Observer = (*Recorder)(nil)

// New returns a Recorder for a run with the given metadata; see [simsched.Config.Metadata].
func New(md event.Metadata) *Recorder { return &Recorder{event.Trace{Metadata: md}} }

// Observe implements [simsched.Observer]. It never fails.
func (r *Recorder) Observe(e event.Event) error {
	r.trace.Append(e)
	return nil
}

// Reset drops what was recorded and starts anew in the same memory: a trace that Trace has returned is no longer valid.
func (r *Recorder) Reset(md event.Metadata) { r.trace.Reset(md) }

// Trace returns what was recorded so far. The trace grows while the run goes on.
func (r *Recorder) Trace() *event.Trace { return &r.trace }

// Run runs body under cfg and returns the trace, whole up to the end of the run, with the error of [simsched.Run]. The
// Observer of cfg, if there is one, sees each event after it was recorded. If a task calls runtime.Goexit, Run does not
// return; use [New] to keep the trace of such a run.
func Run(cfg simsched.Config, body func(*simsched.Sim) error) (*event.Trace, error) {
	r := New(cfg.Metadata())
	if cfg.Observer == nil {
		cfg.Observer = r
	} else {
		cfg.Observer = both{r, cfg.Observer}
	}
	err := simsched.Run(cfg, body)
	return r.Trace(), err
}

type both struct {
	first  *Recorder
	second simsched.Observer
}

// Observe implements [simsched.Observer].
func (b both) Observe(e event.Event) error {
	_ = b.first.Observe(e) // never fails
	return b.second.Observe(e)
}
