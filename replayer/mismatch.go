package replayer

import (
	"strings"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// mismatch is the first difference of a replay while it is being looked into.
type mismatch struct {
	divergence.Mismatch
	names names
	notes []string
}

// names are those of the tasks and regions that events of a run mention, kept because an identifier loses its name when
// its slot is used again.
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

// keep notes what the tasks and regions in events are called in s.
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

// differ notes an event of a strict replay that is not the recorded one, or comes after such a one.
func (x *execution) differ(e event.Event) error {
	if x.mismatch == nil {
		x.mode = differing
		if x.gate != nil {
			x.gate.frozen = look(x.sim)
		}
		x.describe(&e)
		return x.failed
	}
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

// describe notes the first difference of a strict replay, while those that take part still have their names; actual is
// nil if the run has ended. It fails if the source cannot be read on. The source is not read after it.
func (x *execution) describe(actual *event.Event) {
	site := x.site()
	expected, err := x.rest(divergence.Lookahead)
	if x.keep(err); x.failed != nil {
		return
	}
	x.abandon()
	m := &mismatch{Mismatch: x.progress.Mismatch()}
	m.Expected, m.ExpectedSite = expected, site
	x.note(m, actual)
}

// note adds to m what is known of the run.
func (x *execution) note(m *mismatch, actual *event.Event) {
	x.mismatch = m
	m.ExpectedMetadata, m.ActualMetadata = x.metadata, x.cfg.actualMetadata(x.metadata)
	m.Reproduce, m.notes = x.cfg.Reproduce, x.cfg.identityWarnings(x.recorded)
	if n, ok := x.recorded.(divergence.Names); ok {
		m.ExpectedNames = n
	}
	if n, ok := x.recorded.(divergence.Stopper); ok {
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
		m.ActualSite = here(x.sim, *actual)
		m.follow(x.sim, *actual)
	}
}

// here returns the code line from which e comes, which is observed now: on the stack of the running task, or, at the end
// of the task, where it last came to a scheduling point if Config.CallSites is set; "" if it is not known, or if no task
// has run yet.
func here(s *simsched.Sim, e event.Event) string {
	if steps := s.Steps(); steps == 0 || steps == 1 && e.Kind() == event.KindTaskScheduled {
		return ""
	}
	if site := simsched.Caller(); site != "" {
		return site
	}
	task, _ := s.Running()
	return s.CallSite(task)
}

// divergence describes the mismatch after the run has ended with err; stopped says that the replay ended it.
func (m *mismatch) divergence(err error, stopped bool) *divergence.Divergence {
	if err != nil && !stopped {
		m.RunError, _, _ = strings.Cut(err.Error(), "\n")
	}
	d := divergence.Describe(m.Mismatch)
	d.Notes = append(d.Notes, m.notes...)
	return d
}
