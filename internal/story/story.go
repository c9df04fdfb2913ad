// Package story describes a run as a table of turns: which task ran, how it affected other tasks and the network, and
// why it stopped; and which tasks are left at the end. It uses only events and notes, of simulated and of ordinary runs
// alike. It must not know how a run is made.
package story

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// Story is the content of a recording as moments, tasks and the end of the run.
type Story struct {
	ordinary bool
	source   *source.Stream
	list     []cast.Goroutine // by number; 0 is empty
	ids      []event.TaskID   // by number
	kids     map[uint32]int   // of each task, so far
	moments  []moment
	inTurns  []turn                      // see turns
	objects  map[uint32]tracefile.Object // what each task waited for last

	ended   string // how the run ended, as its note states it; "" if unknown
	by      uint32 // number of the task that ended the run; 0 if none
	place   string // the line at which it ended the run
	dropped string // the part of the run that the recording lacks; "" if it is complete
	left    []cast.Waiting
	who     *cast.Cast

	// SourceLine returns the text of a line of the program, given as in tracefile.Note.Place, or "" if it cannot be read;
	// nil means that no line can be read.
	SourceLine func(place string) string
	// Passing are runs of the same program without one of the deviations of this run, which pass.
	Passing []*Story
	// Turning is the number of the decision with the turn that decided the run; 0 means that it is not known. The schedule
	// is centred on it.
	Turning int
}

// Read reads a run from the position of s, which should be its start, to the end. The errors are those of s.
func Read(s *source.Stream) (*Story, error) {
	t := &Story{
		ordinary: source.Ordinary(s), source: s, list: make([]cast.Goroutine, 1), ids: make([]event.TaskID, 1),
		kids: map[uint32]int{}, objects: map[uint32]tracefile.Object{},
	}
	r := newReader(t)
	for {
		e, err := s.Next()
		if err != nil && err != io.EOF {
			return nil, err
		}
		notes, bad := s.Notes()
		if bad != nil {
			return nil, bad
		}
		if err == io.EOF {
			t.finish(r, notes)
			return t, nil
		}
		for _, n := range notes {
			r.note(n)
		}
		r.event(e, s.Site())
	}
}

// Encoder is a run that can be written as a trace file, such as the Outcome of package gort.
type Encoder interface{ Encode(w io.Writer) error }

// Of returns the story of a run.
func Of(run Encoder) (*Story, error) {
	var b bytes.Buffer
	if err := run.Encode(&b); err != nil {
		return nil, err
	}
	s, err := source.NewReader(&b, source.Config{})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return Read(s)
}

// ScheduleOf returns the schedule of a run in at most that many lines, as [Story.Schedule] does, or a line with the
// error if the run cannot be read.
func ScheduleOf(run Encoder, most int) string {
	s, err := Of(run)
	if err != nil {
		return "the schedule cannot be read: " + err.Error() + "\n"
	}
	return s.Schedule(most)
}

// join adds a task that starts.
func (s *Story) join(id event.TaskID, g, parent uint32, start tracefile.Note) {
	m := cast.Goroutine{ID: g, Parent: parent, Start: start.Reason, Site: start.Place}
	switch {
	case !s.ordinary:
		m.Path = strings.TrimSpace(id.String() + " " + s.source.TaskName(id))
	case parent == 0:
		m.Path = "0"
	default:
		m.Path = fmt.Sprintf("%s.%d", s.list[parent].Path, s.kids[parent])
	}
	s.kids[parent]++
	s.list, s.ids = append(s.list, m), append(s.ids, id)
}

// region returns the name of a region, or else its identifier.
func (s *Story) region(id event.RegionID) string {
	if name := s.source.RegionName(id); name != "" {
		return name
	}
	return id.String()
}

// waitsFor describes what a task waits for: in an ordinary run by the wait reason of the runtime, in a simulated one by
// the operation and the object.
func (s *Story) waitsFor(n tracefile.Note) string {
	if s.ordinary {
		return n.Reason
	}
	return strings.TrimSpace(n.Reason + " " + n.Object.String())
}

// finish handles the notes of the end.
func (s *Story) finish(r *reader, notes []tracefile.Note) {
	for _, n := range notes {
		switch n.Act {
		case tracefile.ActEnd:
			s.ended, s.by, s.place = n.Reason, r.number(n.Task), n.Place
		case tracefile.ActDrop:
			s.dropped = n.Reason
		case tracefile.ActLeft:
			s.left = append(s.left, s.waiting(r, n))
		case tracefile.ActKept:
			if i := len(s.left) - 1; i >= 0 && s.left[i].ID == r.number(n.Task) {
				s.left[i].Kept = true
			}
		default:
			r.note(n)
		}
	}
	if s.ordinary {
		s.dropEnd()
	}
	for i, w := range s.left {
		for g := w.ID; g != 0 && !s.left[i].Test; g = s.list[g].Parent {
			s.left[i].Test = !s.ordinary || cast.StartsTest(s.list[g].Start)
		}
	}
	s.who = cast.New(s.list, s.left)
	s.rename()
}

// rename names goroutines by the outermost function of the program at the first place that is known of each.
func (s *Story) rename() {
	named := map[uint32]bool{}
	for _, m := range s.moments {
		if m.g == 0 || named[m.g] || m.place == "" || m.kind == spawns {
			continue
		}
		for _, frame := range slices.Backward(append([]string{m.place}, m.stack...)) {
			if line, fn := cast.SplitPlace(frame); line != "" && fn != "" && !cast.Library(fn) {
				s.who.Rename(m.g, fn)
				named[m.g] = true
				break
			}
		}
	}
}

// dropEnd removes the end of the goroutine that ended the process: an ordinary run has an event for it although the
// process ended and not the goroutine.
func (s *Story) dropEnd() {
	for i := len(s.moments) - 1; i >= 0 && s.by != 0; i-- {
		if m := s.moments[i]; m.kind == ends && m.g == s.by {
			s.moments = append(s.moments[:i], s.moments[i+1:]...)
			return
		}
	}
}

// waiting returns a task that is left.
func (s *Story) waiting(r *reader, n tracefile.Note) cast.Waiting {
	g := r.number(n.Task)
	w := cast.Waiting{Goroutine: s.list[g], Reason: s.waitsFor(n), Where: n.Place, Object: n.Object.Name}
	if len(n.Tasks) > 0 {
		w.Holder = r.number(n.Tasks[0])
	}
	for _, frame := range n.Stack {
		w.Stack += frame + "\n"
	}
	return w
}
