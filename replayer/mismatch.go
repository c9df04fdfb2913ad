package replayer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// mismatch is the first difference of a replay while it is being examined.
type mismatch struct {
	divergence.Mismatch
	names names
	notes []string
}

// names holds the names of the tasks and regions that events of a run mention. They are kept because an identifier
// loses its name when its slot is reused.
type names struct {
	tasks   map[event.TaskID]string
	regions map[event.RegionID]string
}

var _ divergence.Names = names{}

func newNames() names { return names{map[event.TaskID]string{}, map[event.RegionID]string{}} }

// TaskName implements [divergence.Names].
func (n names) TaskName(id event.TaskID) string { return n.tasks[id] }

// RegionName implements [divergence.Names].
func (n names) RegionName(id event.RegionID) string { return n.regions[id] }

// keep stores the names in s of the tasks and regions in events.
func (n names) keep(s *simsched.Sim, events ...event.Event) {
	for _, e := range events {
		for f, v := range e.Fields() {
			switch f.Type {
			case event.TypeTask, event.TypeOptionalTask:
				n.task(s, event.TaskID(v.Uint64()))
			case event.TypeRegion, event.TypeOptionalRegion:
				n.region(s, event.RegionID(v.Uint64()))
			}
		}
	}
}

func (n names) task(s *simsched.Sim, id event.TaskID) {
	if name := s.TaskName(id); name != "" {
		n.tasks[id] = name
	}
}

func (n names) region(s *simsched.Sim, id event.RegionID) {
	if name := s.RegionName(id); name != "" {
		n.regions[id] = name
	}
}

// differ handles an event of a strict replay that is not the recorded one, or follows such an event.
func (x *execution) differ(e event.Event) error {
	if x.mismatch == nil {
		x.mode = differing
		if x.gate != nil {
			x.gate.frozen = new(State)
			x.gate.frozen.look(x.sim, x.sim.Elapsed())
		}
		if x.describe(&e); x.failed == nil {
			x.guide.feed(e)
		}
		return x.failed
	}
	x.guide.feed(e)
	if x.mismatch.follow(x.sim, e); len(x.mismatch.Actual) >= divergence.Lookahead {
		return errStop
	}
	return nil
}

// follow adds an event of the run after the difference.
func (m *mismatch) follow(s *simsched.Sim, e event.Event) {
	if len(m.Actual) < divergence.Lookahead {
		m.Actual = append(m.Actual, e)
		m.names.keep(s, e)
	}
}

// expected is the continuation of the recording at the first difference of a strict replay.
type expected struct {
	events []event.Event // up to divergence.Lookahead
	site   string        // code line of the first of them
}

// foresee reads the continuation of the recording as soon as the run departs from it, and uses it to guide the run.
// It fails if the source cannot be read. The source is not read afterwards.
func (x *execution) foresee() {
	if x.expected != nil {
		return
	}
	site := x.site()
	events, err := x.rest(divergence.Lookahead)
	if x.keep(err); x.failed != nil {
		return
	}
	x.expected = &expected{events, site}
	x.guide = newGuide(source.FromTrace(trace(x.metadata, events)), divergence.Lookahead, x.turn())
}

// trace returns a trace of a few events.
func trace(md event.Metadata, events []event.Event) *event.Trace {
	tr := event.NewTrace(md)
	for _, e := range events {
		tr.Append(e)
	}
	return tr
}

// turn returns the turn after the events that matched.
func (x *execution) turn() (t turn) {
	m := x.progress.Mismatch()
	for _, e := range append([]event.Event{m.Running}, m.Before...) {
		t = t.after(&e)
	}
	return t
}

// describe records the first difference of a strict replay, while the tasks and regions involved still have their
// names. actual is nil if the run has ended. It fails if the source cannot be read.
func (x *execution) describe(actual *event.Event) {
	if x.foresee(); x.failed != nil {
		return
	}
	x.abandon()
	m := &mismatch{Mismatch: x.progress.Mismatch()}
	m.Expected, m.ExpectedSite = x.expected.events, x.expected.site
	x.note(m, actual)
}

// note adds the state of the run to m.
func (x *execution) note(m *mismatch, actual *event.Event) {
	x.mismatch = m
	m.ExpectedMetadata, m.ActualMetadata = x.metadata, x.cfg.actualMetadata(x.metadata)
	m.Reproduce, m.notes = x.cfg.Reproduce, x.cfg.identityWarnings(x.recorded)
	if x.renamed != "" {
		m.notes = append(m.notes, x.renamed)
	}
	if n, ok := x.recorded.(divergence.Names); ok {
		m.ExpectedNames = n
	}
	if n, ok := x.recorded.(source.Recording); ok {
		m.ExpectedEnd = n.Stopped()
	}
	m.names = newNames()
	m.ActualNames = m.names
	m.names.keep(x.sim, m.Before...)
	m.names.keep(x.sim, m.Expected...)
	m.Runnable = x.sim.LastChoice()
	for _, id := range m.Runnable {
		m.names.task(x.sim, id)
	}
	if actual != nil {
		m.ActualSite = x.sim.EventSite(*actual)
		if actual.Kind() == event.KindRngValue {
			m.Stream = x.sim.LastStream()
		}
		m.follow(x.sim, *actual)
	}
}

// divergence describes the mismatch after the run has ended with err. stopped says whether the replay ended it.
func (m *mismatch) divergence(err error, stopped bool) *divergence.Divergence {
	m.RunError = runError(err, stopped)
	d := divergence.Describe(m.Mismatch)
	d.Notes = append(d.Notes, m.notes...)
	return d
}

// longestRunError is the maximum number of lines kept of the error of a run.
const longestRunError = 6

// runError describes in a few lines how a run ended; after a deadlock, the object that each task waits for. If the
// replay stopped the run, it reports only a panic that came before.
func runError(err error, stopped bool) string {
	var p *simsched.PanicError
	switch {
	case err == nil, stopped && !errors.As(err, &p):
		return ""
	case stopped:
		err = p
	}
	lines := strings.Split(err.Error(), "\n")
	if more := len(lines) - longestRunError; more > 0 {
		lines = append(lines[:longestRunError-1], fmt.Sprintf("\tand %d lines more", more+1))
	}
	return strings.Join(lines, "\n")
}
