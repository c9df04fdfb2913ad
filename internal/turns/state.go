package turns

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/story"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
)

// pos returns the number of events up to the position.
func (d *Driver) pos() uint64 {
	if d.position == 0 {
		return 0
	}
	if d.end != nil {
		if index, ok := d.parts(); ok {
			return index
		}
		return d.known.places.events
	}
	return d.known.places.decisions[d.position-1] + 1
}

// State implements [replayer.Driver].
func (d *Driver) State() replayer.State {
	s := replayer.State{Steps: uint64(d.position), Pos: d.pos(), Turn: d.turn}
	switch {
	case d.end != nil:
		d.atEnd(&s)
	case d.position > 0:
		d.atDecision(&s)
	}
	s.Recorded, s.More = d.progress(s.Pos)
	if s.More && d.recorded.file.Seek(s.Recorded) == nil {
		next, err := d.recorded.file.Next()
		if s.More = err == nil; s.More {
			s.Next = next
		}
	}
	return s
}

// atDecision fills in the state at a decision.
func (d *Driver) atDecision(s *replayer.State) {
	e, err := d.known.event(s.Pos - 1)
	if err == nil {
		s.Event, s.Time = e, time.Duration(d.known.file.Time())
	}
	list, ready := gotest.Stands(d.state)
	for _, g := range list {
		s.Tasks = append(s.Tasks, taskInfo(g))
	}
	for _, g := range ready {
		s.Runnable = append(s.Runnable, gorun.Task(g))
	}
	for i := range s.Tasks {
		if s.Tasks[i].State == simsched.TaskRunning {
			s.Chosen = &s.Tasks[i]
		}
	}
}

// atEnd fills in the state at the end: the goroutines that were left.
func (d *Driver) atEnd(s *replayer.State) {
	o := d.known.outcome
	s.Time = o.Virtual
	list, _ := gotest.Stands(o)
	for _, g := range list {
		if slices.ContainsFunc(o.Left, func(w cast.Waiting) bool { return w.ID == g.ID }) {
			g.Runs = false
			s.Tasks = append(s.Tasks, taskInfo(g))
		}
	}
}

// progress returns the number of recorded events that have occurred when the run is at event pos, and whether the next
// one is expected.
func (d *Driver) progress(pos uint64) (recorded uint64, more bool) {
	places := d.recorded.places
	switch {
	case d.control.Continue && pos > d.until:
		return d.until, false
	case d.control.Resync > 0 && d.known != nil && d.known.first != nil && d.known.first.Index < pos:
		return d.resynced(), false
	}
	return min(pos, places.events), pos < places.events
}

// resynced returns the number of recorded events up to the last choice that the run has used.
func (d *Driver) resynced() uint64 {
	o := d.state
	if o == nil {
		o = d.known.outcome
	}
	used := min(o.Resync.Matched+o.Resync.Skipped, len(d.recorded.places.choices))
	if used == 0 {
		return d.known.first.Index
	}
	return d.recorded.places.choices[used-1] + 1
}

// taskInfo describes a goroutine as a task.
func taskInfo(s gotest.Stand) simsched.TaskInfo {
	t := simsched.TaskInfo{ID: gorun.Task(s.ID), Path: s.Path, Region: gorun.Region, RegionName: "process"}
	t.Name = strings.TrimPrefix(s.Name(), s.Path+" ")
	t.Line = cast.ShortSite(s.Where)
	switch {
	case s.Runs:
		t.State = simsched.TaskRunning
	case s.Waits != "":
		t.State, t.WaitsFor = simsched.TaskWaiting, "for "+s.Waits
	}
	if s.Holder != 0 {
		t.HeldBy = []event.TaskID{gorun.Task(s.Holder)}
	}
	return t
}

// scheduleLines is the maximum number of lines of the schedule in a result.
const scheduleLines = 24

// result returns the result of known, which is a whole run. A difference in the live part does not count.
func (d *Driver) result() replayer.Result {
	o, n := d.known.outcome, d.known.places.events
	r := replayer.Result{Events: n, Emitted: n, Warnings: slices.Clone(d.cfg.Notes)}
	if text := o.Dependence(); text != "" {
		r.Warnings = append(r.Warnings, strings.Split(text, "\n")...)
	}
	if o.Unlike != "" && o.Verdict != gort.Diverged {
		r.Warnings = append(r.Warnings, o.Unlike)
	}
	if text := o.Failure(); text != "" && o.Verdict != gort.Diverged {
		r.Err = errors.New(text)
	}
	lines := scheduleLines
	if d.cfg.All {
		lines = story.Every
	}
	if text := story.ScheduleOf(o, lines); text != "" {
		text = strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ")
		r.Story = "the schedule up to the end of it:\n  " + text + "\n"
	}
	if d.known.first != nil {
		d.compared(&r, d.known.first)
	}
	return r
}

// compared adds the first difference from the recording to a result.
func (d *Driver) compared(r *replayer.Result, first *divergence.Divergence) {
	r.Events = first.Index
	_, parted := d.parts()
	switch {
	case parted:
		first.Notes = append(first.Notes, r.Warnings...)
		r.Emitted = first.Index
	case d.control.Resync > 0:
		r.First, r.Stats, r.Fidelity = first, *first.Rest, first.Rest.Fidelity()
		r.Events = first.Rest.Matched
		used := d.known.outcome.Resync
		first.Notes = append(first.Notes,
			fmt.Sprintf("of %d recorded choices %d fitted a decision of the run and %d were passed "+
				"over; decisions that fitted none: %d", len(d.control.Choices.Records), used.Matched, used.Skipped, used.Extra))
		if text := d.known.outcome.Unlike; text != "" {
			first.Notes = append(first.Notes, text)
		}
	default:
		r.Live, r.LiveAt = true, first.Index
		if d.cfg.Policy == replayer.Prefix {
			r.Events, r.LiveAt = d.until, d.until
		}
	}
}
