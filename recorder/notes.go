package recorder

import (
	"iter"
	"maps"
	"slices"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// notes are the names and code lines of a recording, as far as the kept events need them.
type notes struct {
	sim     *simsched.Sim // nil until the main task runs
	file    *tracefile.Writer
	tasks   map[event.TaskID]string
	regions map[event.RegionID]string
	sites   map[uint64]string // code lines by the index of the event
	more    annotations
}

// attach connects the Recorder to the simulation, and notes the names that exist before its main task.
func (r *Recorder) attach(s *simsched.Sim) {
	n := &r.state.notes
	n.sim, n.more = s, newAnnotations()
	n.more.runs, n.more.stopped = event.NewTaskID(0, 0), false
	n.tasks, n.regions = map[event.TaskID]string{}, map[event.RegionID]string{}
	n.file, _ = r.settings.Sink.(*tracefile.Writer)
	n.nameRegion(event.NewRegionID(0, 0))
	n.nameTask(event.NewTaskID(0, 0))
}

// note notes the names and the code line for an event that is about to be kept.
func (r *Recorder) note(e event.Event) {
	n := &r.state.notes
	if n.sim == nil {
		return
	}
	switch e.Kind() {
	case event.KindTaskSpawned:
		n.nameTask(e.Task())
	case event.KindRegionCreated:
		n.nameRegion(e.Region())
	}
	if r.settings.Notes {
		n.annotateEvent(e, r.state.seen)
	}
	if r.settings.Sites {
		r.noteSite(e)
	}
}

func (n *notes) nameTask(id event.TaskID) {
	if name := n.sim.TaskName(id); name != "" {
		n.tasks[id] = name
		if n.file != nil {
			n.file.NameTask(id, name)
		}
	}
}

func (n *notes) nameRegion(id event.RegionID) {
	if name := n.sim.RegionName(id); name != "" {
		n.regions[id] = name
		if n.file != nil {
			n.file.NameRegion(id, name)
		}
	}
}

// noteSite notes the line of code from which an event comes.
func (r *Recorder) noteSite(e event.Event) {
	n := &r.state.notes
	site := n.sim.EventSite(e)
	if site == "" {
		return
	}
	if n.file != nil {
		n.file.Site(site)
		return
	}
	if n.sites == nil {
		n.sites = map[uint64]string{}
	}
	n.sites[r.state.seen] = site
}

// ended drops the name of the task or region that e ends.
func (n *notes) ended(e event.Event) {
	switch e.Kind() {
	case event.KindTaskCompleted:
		delete(n.tasks, e.Task())
	case event.KindRegionClosed:
		delete(n.regions, e.Region())
	}
}

// write passes the notes of an event that is about to be written to w.
func (n *notes) write(w *tracefile.Writer, index uint64, e event.Event) {
	switch e.Kind() {
	case event.KindTaskSpawned:
		if name := n.tasks[e.Task()]; name != "" {
			w.NameTask(e.Task(), name)
		}
	case event.KindRegionCreated:
		if name := n.regions[e.Region()]; name != "" {
			w.NameRegion(e.Region(), name)
		}
	}
	if site := n.sites[index]; site != "" {
		w.Site(site)
	}
	for _, note := range n.more.at[index] {
		w.Note(note)
	}
}

// nameEarlier passes the names of tasks and regions that began before the first of the events to w.
func (n *notes) nameEarlier(w *tracefile.Writer, events iter.Seq[event.Event]) {
	earlier := notes{tasks: maps.Clone(n.tasks), regions: maps.Clone(n.regions)}
	for e := range events {
		switch e.Kind() {
		case event.KindTaskSpawned:
			delete(earlier.tasks, e.Task())
		case event.KindRegionCreated:
			delete(earlier.regions, e.Region())
		}
	}
	earlier.nameAll(w)
}

// nameAll passes all names to w, regions first, in the order of the identifiers.
func (n *notes) nameAll(w *tracefile.Writer) {
	for _, id := range slices.Sorted(maps.Keys(n.regions)) {
		w.NameRegion(id, n.regions[id])
	}
	for _, id := range slices.Sorted(maps.Keys(n.tasks)) {
		w.NameTask(id, n.tasks[id])
	}
}

// setEnd sets the reason why the recording ends, if the Sink is a trace file.
func (r *Recorder) setEnd(end tracefile.End) {
	if w, ok := r.settings.Sink.(*tracefile.Writer); ok {
		if r.settings.Notes {
			r.state.notes.annotateEnd(w, end)
		}
		w.SetEnd(end)
	}
}
