package replay

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// view shows a replay that stands.
type view struct {
	run  *replayer.Replayer
	look *base.Input // the recording once more, to look ahead in
	name string
	at   *stand // what runTo returned last, nil at the start
}

func (r *replay) newView(run *replayer.Replayer) (*view, error) {
	look, err := base.OpenInput(nil, r.path, source.Config{})
	if err != nil {
		return nil, err
	}
	return &view{run: run, look: look, name: r.in.Name}, nil
}

func (v *view) close() { v.look.Close() }

// nextShown is how many of the next recorded events a stand shows.
const nextShown = 5

// stand is where a replay stands, or that it never got to a target.
type stand struct {
	name    string
	target  string
	reached bool

	// Of a replay that stands after an event.
	index   uint64
	event   event.Event
	line    string // of the event, for people
	now     time.Duration
	running *simsched.TaskInfo // or ran last; nil if that one has ended
	ready   []simsched.TaskInfo
	tasks   []simsched.TaskInfo

	// Of one that is whole.
	done  uint64 // recorded events that have come
	next  []event.Event
	after string // next, for people

	// Of one that has ended.
	pos   uint64
	first *divergence.Divergence
	err   error // of the run
}

// runTo goes on to a target. The error is none of a run or a divergence: those are in the stand.
func (v *view) runTo(t replayer.Target) (*stand, error) {
	e, err := v.run.RunTo(t)
	switch {
	case err == nil:
		v.at = v.stand(e)
	case err == io.EOF || divergenceOf(err) != nil:
		result, _ := v.run.Run() // it is over: the error is the one that is known
		v.at = v.over(result, divergenceOf(err))
	default:
		return nil, err
	}
	v.at.target = t.String()
	return v.at, nil
}

// over returns that the run is over.
func (v *view) over(result replayer.Result, d *divergence.Divergence) *stand {
	return &stand{name: v.name, first: d, pos: v.run.Pos(), err: result.Err, tasks: v.run.State().Tasks}
}

// reset goes back to the start.
func (v *view) reset() error {
	v.at = nil
	return v.run.Reset()
}

// stand returns where the replay stands after e, without the next recorded events.
func (v *view) stand(e event.Event) *stand {
	now := v.run.State()
	s := &stand{
		name: v.name, reached: true, index: now.Pos - 1, event: e, now: now.Time, tasks: now.Tasks, running: now.Chosen,
	}
	s.line = v.line(e, s.tasks)
	for _, id := range now.Runnable {
		s.ready = append(s.ready, infoOf(s.tasks, id))
	}
	return s
}

// whole adds the next recorded events to where the replay stands.
func (v *view) whole(s *stand) (err error) {
	if s.reached {
		s.done, s.next, s.after, err = v.ahead(nextShown)
	}
	return err
}

// infoOf finds a task; if it is not there, no more is known of it than its identifier.
func infoOf(tasks []simsched.TaskInfo, id event.TaskID) simsched.TaskInfo {
	for _, t := range tasks {
		if t.ID == id {
			return t
		}
	}
	return simsched.TaskInfo{ID: id}
}

// ahead returns how many recorded events have come, and up to n of the next ones, as events and as lines. There are none
// once a run is live.
func (v *view) ahead(n int) (done uint64, next []event.Event, lines string, err error) {
	now := v.run.State()
	if !now.More {
		return now.Recorded, nil, "", nil
	}
	next, lines, err = following(v.look, now.Recorded, n)
	return now.Recorded, next, lines, err
}

// following returns up to n of the events of an input from an index on, as events and as lines.
func following(in *base.Input, index uint64, n int) (next []event.Event, lines string, err error) {
	if err := in.File.Seek(index); err != nil {
		return nil, "", in.Bad(err)
	}
	var b strings.Builder
	w := bufio.NewWriter(&b)
	rows := base.NewRows(w, in)
	err = in.Each(func(index uint64, e event.Event) error {
		if next = append(next, e); len(next) > n {
			next = next[:n]
			return base.ErrEnough
		}
		return rows.Row(index, in.Time(), e)
	})
	if err != nil && !errors.Is(err, base.ErrEnough) {
		return nil, "", err
	}
	_ = w.Flush() // a strings.Builder takes everything
	return next, b.String(), nil
}

// line returns the line of the event after which the replay stands: with its place in the code if it is the recorded one.
func (v *view) line(e event.Event, tasks []simsched.TaskInfo) string {
	names, site := base.NewNameBook(v.look.Stream), ""
	if done := v.run.State().Recorded; done > 0 && v.look.File.Seek(done-1) == nil {
		if recorded, err := v.look.Next(); err == nil && recorded == e {
			site = v.look.Site()
		}
	}
	for _, t := range tasks {
		names.Know(t.ID, t.Name, t.Region, t.RegionName)
	}
	var fields strings.Builder
	base.WriteFields(&fields, e, names.Of)
	return base.EventLine(base.IndexWidth, v.run.Pos()-1, v.run.State().Time.String(), e.Kind(), fields.String(), site)
}

// Text implements [base.Document].
func (s *stand) Text(colored bool) string {
	if !s.reached {
		return fmt.Sprintf("%s: never at %s: %s", s.name, s.target, s.end(colored))
	}
	return s.line + "\n" + s.who() + tasksText(s.tasks) + "\nnext in the recording\n" + s.following()
}

// end says how the run ended.
func (s *stand) end(colored bool) string {
	if s.first == nil {
		return fmt.Sprintf("the run ended after %d events\n", s.pos) + ended("it", s.err)
	}
	return fmt.Sprintf("the run and its recording part at event %d\n\n", s.pos) + base.TextOf(report.Of(s.first), "text", colored)
}

// runs reports whether a task runs.
func (s *stand) runs() bool { return s.running != nil && s.running.State == simsched.TaskRunning }

// who says which task runs and which could.
func (s *stand) who() string {
	running := "no task"
	switch {
	case s.runs():
		running = taskText(*s.running)
	case s.running != nil:
		running += ", " + taskText(*s.running) + " ran last"
	}
	var ready []string
	for _, t := range s.ready {
		ready = append(ready, taskText(t))
	}
	if ready == nil {
		ready = []string{"no other task"}
	}
	return fmt.Sprintf("running   %s\nrunnable  %s\n", running, strings.Join(ready, ", "))
}

// following shows the next recorded events.
func (s *stand) following() string {
	if s.after == "" {
		return fmt.Sprintf("  nothing more to compare with, after %d recorded events\n", s.done)
	}
	return s.after
}

// taskText is a task as it stands in a list.
func taskText(t simsched.TaskInfo) string {
	if t.Name == "" {
		return t.ID.String()
	}
	return fmt.Sprintf("%v %q", t.ID, t.Name)
}

// tasksText shows what every live task does, a line each.
func tasksText(tasks []simsched.TaskInfo) string {
	if len(tasks) == 0 {
		return "\nno task is alive\n"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\ntask\tpath\tregion\tline\tstate\n")
	for _, t := range tasks {
		line := t.Line
		if line == "" {
			line = "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%v %q\t%s\t%s\n", taskText(t), t.Path, t.Region, t.RegionName, base.PlainOrQuoted(line), stateText(t, tasks))
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

// stateText says what a task does, what it waits for and who could end that.
func stateText(t simsched.TaskInfo, tasks []simsched.TaskInfo) string {
	text := t.State.String()
	if t.WaitsFor != "" {
		text += " " + t.WaitsFor
	}
	if t.Until > 0 {
		text += fmt.Sprintf(", until %v", t.Until)
	}
	if len(t.HeldBy) > 0 && !strings.Contains(t.WaitsFor, " held by ") {
		var who []string
		for _, id := range t.HeldBy {
			who = append(who, taskText(infoOf(tasks, id)))
		}
		text += ", held by " + strings.Join(who, ", ")
	}
	return text
}

// standJSON is the JSON form of a stand. What is known only of a run that has reached its target is null or empty in
// another.
type standJSON struct {
	Schema     int            `json:"schema"`
	File       string         `json:"file"`
	Target     string         `json:"target"`
	Reached    bool           `json:"reached"`
	Index      *uint64        `json:"index"` // of the event
	TimeNanos  *int64         `json:"time_nanos"`
	Event      *event.Event   `json:"event"`
	Running    *event.TaskID  `json:"running"`
	Runnable   []event.TaskID `json:"runnable"` // without the running task, in the order of the scheduler
	Tasks      []taskJSON     `json:"tasks"`
	Done       *uint64        `json:"done"`       // recorded events that have come
	Next       []event.Event  `json:"next"`       // the next recorded ones
	Emitted    *uint64        `json:"emitted"`    // of a run that never reached the target: events
	Failure    string         `json:"failure"`    // of such a run, "" if it passed
	Divergence report.Report  `json:"divergence"` // of such a run: the object that diff prints, or null
}

// taskJSON is a live task.
type taskJSON struct {
	ID         event.TaskID   `json:"id"`
	Name       string         `json:"name"`
	Path       string         `json:"path"`
	Region     event.RegionID `json:"region"`
	RegionName string         `json:"region_name"`
	State      string         `json:"state"`
	WaitsFor   string         `json:"waits_for"`
	HeldBy     []event.TaskID `json:"held_by"`
	UntilNanos int64          `json:"until_nanos"` // when a sleep ends, else 0
	LostWakeup bool           `json:"lost_wakeup"`
	Line       string         `json:"line"`
}

// Value implements [base.Document].
func (s *stand) Value() any {
	j := standJSON{
		Schema: replaySchema, File: s.name, Target: s.target, Reached: s.reached, Runnable: []event.TaskID{},
		Tasks: []taskJSON{}, Next: append([]event.Event{}, s.next...), Divergence: report.Of(s.first),
	}
	for _, t := range s.ready {
		j.Runnable = append(j.Runnable, t.ID)
	}
	for _, t := range s.tasks {
		j.Tasks = append(j.Tasks, taskJSON{
			t.ID, t.Name, t.Path, t.Region, t.RegionName, t.State.String(), t.WaitsFor,
			append([]event.TaskID{}, t.HeldBy...), int64(t.Until), t.LostWakeup, t.Line,
		})
	}
	if s.runs() {
		j.Running = &s.running.ID
	}
	if s.err != nil {
		j.Failure = s.err.Error()
	}
	if !s.reached {
		j.Emitted = &s.pos
		return j
	}
	now := int64(s.now)
	j.Index, j.TimeNanos, j.Event, j.Done = &s.index, &now, &s.event, &s.done
	return j
}
