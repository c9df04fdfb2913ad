package simtest

import (
	"fmt"
	"strings"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// last describes the events in the tail.
func (w *witness) last() string {
	if w.full {
		return "the last events up to the failure:"
	}
	return "the last events:"
}

// tailLength is the number of events in a report.
const tailLength = 10

// witness is the Observer of a run that is to be kept: it records everything that a trace file can hold, and keeps
// the last lines for the report, up to the first event that makes the run fail.
type witness struct {
	rec  *recorder.Recorder
	sim  *simsched.Sim
	now  uint64 // virtual time in ns
	seen uint64
	tail []string
	full bool // whether the tail ends with the failure
}

var (
	_ simsched.Attacher = (*witness)(nil)
	_ simsched.Noter    = (*witness)(nil)
)

// newWitness returns a witness of a run with metadata.
func newWitness(md event.Metadata, id tracefile.Identity) *witness {
	rec, err := recorder.NewConfig(md, recorder.Config{Sites: true, Notes: true, Identity: id})
	if err != nil {
		panic(err) // the settings are always the same
	}
	return &witness{rec: rec}
}

// Attach implements [simsched.Attacher].
func (w *witness) Attach(s *simsched.Sim) { w.sim = s }

// Note implements [simsched.Noter].
func (w *witness) Note(what string, o simsched.Object) { w.rec.Note(what, o) }

// Observe implements [simsched.Observer].
func (w *witness) Observe(e event.Event) error {
	if e.Kind() == event.KindTimeAdvanced {
		w.now = e.ToNanos()
	}
	if !w.full && w.sim != nil {
		if len(w.tail) == tailLength {
			w.tail = append(w.tail[:0], w.tail[1:]...)
		}
		w.tail = append(w.tail, w.line(e))
		w.full = fails(e)
	}
	w.seen++
	return w.rec.Observe(e)
}

// line formats an event for the report: its index, the virtual time, the running task, the event, and the code line.
func (w *witness) line(e event.Event) string {
	who := "-"
	if id, ok := w.sim.Running(); ok || e.Kind() == event.KindTaskCompleted {
		who = strings.TrimSpace(id.String() + " " + w.sim.TaskName(id))
	}
	site := ""
	if w.sim.Steps() > 0 && e.Kind() != event.KindTimeAdvanced && e.Kind() != event.KindTimerFired {
		if site = simsched.Caller(); e.Kind() == event.KindTaskScheduled {
			site = w.sim.CallSite(e.Task())
		}
	}
	line := fmt.Sprintf("%6d %10v  %-14s  %v", w.seen, time.Duration(w.now), who, e)
	if site != "" {
		line = fmt.Sprintf("%-78s  %s", line, site)
	}
	return line
}

// write writes the recording to a trace file.
func (w *witness) write(path string, failure error) error {
	end := tracefile.End{Reason: tracefile.EndFinished}
	if failure != nil {
		end = tracefile.End{Reason: tracefile.EndFailed, Message: headline(failure)}
	}
	return w.rec.WriteFile(path, end)
}
