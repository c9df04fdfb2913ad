// Package recorder turns a run into events: it observes a scheduler and keeps the events, or only the last of them,
// in memory or in a file. It knows nothing of replays.
package recorder

import (
	"sync/atomic"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// Sink receives the events of a run in order; [*tracefile.Writer] is one. An error ends the run.
type Sink interface {
	Append(e event.Event) error
}

var _ Sink = (*tracefile.Writer)(nil)

// Recorder is a [simsched.Observer] that keeps events. Without a [Config] it keeps all of them in memory, 32 bytes
// each.
type Recorder struct {
	trace    event.Trace // the kept events, if all of them are in memory
	special  bool        // whether the settings need more than trace
	settings Config
	state    state
}

var _ simsched.Observer = (*Recorder)(nil)

// New returns a Recorder for a run with the given metadata (see [simsched.Config.Metadata]). It keeps all events in
// memory.
func New(md event.Metadata) *Recorder { return &Recorder{trace: event.Trace{Metadata: md}} }

// Observe implements [simsched.Observer]. It fails only at a limit under [Fail], or with the error of the Sink.
func (r *Recorder) Observe(e event.Event) error {
	if r.special {
		return r.observe(e)
	}
	r.trace.Append(e)
	return nil
}

// Reset drops all recorded events and starts again in the same memory. A trace returned by Trace before becomes
// invalid. It panics if the events go to a Sink.
func (r *Recorder) Reset(md event.Metadata) {
	if r.settings.Sink != nil {
		panic("recorder: Reset of a Recorder whose events go to a Sink")
	}
	r.trace.Reset(md)
	r.state = newState(&r.settings)
}

// Trace returns the events recorded so far, without a copy; the trace grows while the run continues. It panics
// unless all events are kept in memory; for a Recorder with limits use [Recorder.Snapshot].
func (r *Recorder) Trace() *event.Trace {
	if r.state.ring != nil || r.settings.Sink != nil {
		panic("recorder: Trace of a Recorder that does not keep all events in memory; call Snapshot")
	}
	return &r.trace
}

// Run runs body under cfg and returns the trace, complete up to the end of the run, and the error of
// [simsched.Run]. If cfg has an Observer, it sees each event after it was recorded. If a task calls runtime.Goexit,
// Run does not return; use [New] to keep the trace of such a run.
func Run(cfg simsched.Config, body func(*simsched.Sim) error) (*event.Trace, error) {
	r := New(cfg.Metadata())
	r.trace.Reserve(int(lastLen.Load()))
	cfg.Observer = r.beside(cfg.Observer)
	err := simsched.Run(cfg, body)
	lastLen.Store(int64(r.trace.Len() + r.trace.Len()/8))
	return r.Trace(), err
}

// lastLen is the number of events for which the next call of Run reserves memory: somewhat more than the last one
// recorded, since most programs record runs of one test, whose lengths are similar.
var lastLen atomic.Int64

// beside returns an Observer that calls r and then other, or r itself if other is nil.
func (r *Recorder) beside(other simsched.Observer) simsched.Observer {
	if other == nil {
		return r
	}
	return both{r, other}
}

type both struct {
	first  *Recorder
	second simsched.Observer
}

// Observe implements [simsched.Observer].
func (b both) Observe(e event.Event) error {
	if err := b.first.Observe(e); err != nil {
		return err
	}
	return b.second.Observe(e)
}

// Note implements [simsched.Noter].
func (b both) Note(what string, o simsched.Object) {
	b.first.Note(what, o)
	if n, ok := b.second.(simsched.Noter); ok {
		n.Note(what, o)
	}
}
