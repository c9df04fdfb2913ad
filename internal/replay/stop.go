package replay

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
)

// view shows the position of a replay.
type view struct {
	*Session
	look *base.Input // the recording, opened a second time to look ahead
	at   *stop       // last result of runTo; nil at the start
}

// nextShown is the number of subsequent recorded events that a stop shows.
const nextShown = 5

// stop is the state of a replay at a target, or the fact that the target was not reached.
type stop struct {
	*Settings
	target  string
	reached bool
	state   replayer.State

	// If the target was reached:
	line  string        // the event, for people
	next  []event.Event // the next recorded events; set by view.complete
	after string        // next, for people

	// If the run ended first:
	first *divergence.Divergence
	err   error // error of the run
}

// atTarget goes to the target of the settings.
func (v *view) atTarget() (*stop, error) {
	t, err := v.target()
	if err != nil {
		return nil, err
	}
	s, err := v.runTo(t)
	if err == nil {
		err = v.complete(s)
	}
	if err != nil {
		return nil, v.Refused(err)
	}
	return s, nil
}

// runTo continues to a target. If the run ends first, that is not an error, and the stop contains it.
func (v *view) runTo(t replayer.Target) (*stop, error) {
	e, err := v.Driver.RunTo(t)
	switch d := v.diverged(err); {
	case err == nil:
		state := v.Driver.State()
		v.at = &stop{Settings: &v.Settings, reached: true, state: state, line: v.line(e, &state)}
	case err == io.EOF || d != nil:
		result, _ := v.Driver.Run() // the run has ended, so the error is already known
		v.at = v.over(result, d)
	default:
		return nil, err
	}
	v.at.target = t.String()
	return v.at, nil
}

// over returns the stop of a run that has ended.
func (v *view) over(result replayer.Result, d *divergence.Divergence) *stop {
	return &stop{Settings: &v.Settings, first: d, err: result.Err, state: v.Driver.State()}
}

// reset goes back to the start.
func (v *view) reset() error {
	v.at = nil
	return v.Driver.Reset()
}

// complete adds the next recorded events to a stop.
func (v *view) complete(s *stop) (err error) {
	if s.reached {
		s.next, s.after, err = v.ahead(&s.state, nextShown)
	}
	return err
}

// ahead returns up to n of the next recorded events in a state, as events and as lines. There are none once a run is
// live.
func (v *view) ahead(state *replayer.State, n int) (next []event.Event, lines string, err error) {
	if !state.More {
		return nil, "", nil
	}
	return following(v.look, state.Recorded, n)
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

// line returns the line of the current event. If it is the recorded event, the line includes its place in the code and
// the names in the recording.
func (v *view) line(e event.Event, state *replayer.State) string {
	names, site, same := base.NewNameBook(v.look.Stream), "", false
	if state.Recorded > 0 && v.look.File.Seek(state.Recorded-1) == nil {
		recorded, err := v.look.Next()
		if same = err == nil && recorded == e; same {
			site = v.look.Site()
		}
	}
	for _, t := range state.Tasks {
		if !same || v.look.TaskName(t.ID) == "" {
			names.Know(t.ID, t.Name, t.Region, t.RegionName)
		}
	}
	var fields strings.Builder
	base.WriteFields(&fields, e, names.Of)
	return base.EventLine(base.IndexWidth, state.Pos-1, state.Time.String(), e.Kind().String(), fields.String(), site)
}

// Text implements [base.Document].
func (s *stop) Text(colored bool) string {
	switch {
	case s.Format == "github":
		return s.github()
	case s.Format == "markdown" && s.first != nil:
		return markdown(s.headline()) + "\n" + base.TextOf(report.Of(s.first), s.Format, false)
	case s.Format == "markdown":
		return markdown(s.plain(false))
	}
	return s.plain(colored)
}

// plain returns the stop as text.
func (s *stop) plain(colored bool) string {
	if !s.reached {
		return s.headline() + s.rest(colored)
	}
	return s.line + "\n" + s.who() + "\n" + tasksText(s.state.Tasks) + "\nnext in the recording\n" + s.following()
}

// headline returns a line that says that the target was not reached.
func (s *stop) headline() string {
	return fmt.Sprintf("%s: never at %s: %s", s.Name, s.target, s.end())
}

// end describes the end of the run in one line.
func (s *stop) end() string {
	if s.first == nil {
		return fmt.Sprintf("the run ended after %d events\n", s.state.Pos)
	}
	return fmt.Sprintf("the run and its recording part at event %d\n", s.state.Pos)
}

// rest describes the failure of the run, if any.
func (s *stop) rest(colored bool) string {
	if s.first == nil {
		return ended("it", s.err)
	}
	return "\n" + base.TextOf(report.Of(s.first), "text", colored)
}

// github returns an annotation if the target was not reached.
func (s *stop) github() string {
	switch {
	case s.reached:
		return ""
	case s.first != nil:
		return base.TextOf(report.Of(s.first), s.Format, false)
	}
	return report.GitHubError(s.title(), strings.TrimSuffix(s.plain(false), "\n"))
}

// title returns the title of a stop that has not reached its target.
func (s *stop) title() string { return "the replay was never at " + s.target }

// JUnit is the form for JUnit: a test case that fails if the target was not reached.
func (s *stop) JUnit(w io.Writer) error {
	if !s.reached && s.first == nil {
		return report.FailureJUnit(w, suite, s.Name, "run", s.title()+"\n"+s.plain(false))
	}
	return report.JUnit(w, suite, s.Name, report.Of(s.first))
}

// runs reports whether a task runs.
func (s *stop) runs() bool {
	return s.state.Chosen != nil && s.state.Chosen.State == simsched.TaskRunning
}

// who lists the running task and the ready ones.
func (s *stop) who() string {
	running := "no task"
	switch {
	case s.runs():
		running = taskText(*s.state.Chosen)
	case s.state.Chosen != nil:
		running += ", " + taskText(*s.state.Chosen) + " ran last"
	}
	var ready []string
	for _, id := range s.state.Runnable {
		ready = append(ready, taskText(infoOf(s.state.Tasks, id)))
	}
	if ready == nil {
		ready = []string{"no other task"}
	}
	return fmt.Sprintf("running   %s\nrunnable  %s\n", running, strings.Join(ready, ", "))
}

// following shows the next recorded events.
func (s *stop) following() string {
	if s.after == "" {
		return fmt.Sprintf("  nothing more to compare with, after %d recorded events\n", s.state.Recorded)
	}
	return s.after
}

// stopJSON is the JSON form of a stop. Fields that require a target that was reached are null or empty otherwise.
type stopJSON struct {
	Schema     int            `json:"schema"`
	File       string         `json:"file"`
	Target     string         `json:"target"`
	Reached    bool           `json:"reached"`
	Index      *uint64        `json:"index"` // index of the event
	TimeNanos  *int64         `json:"time_nanos"`
	Event      *event.Event   `json:"event"`
	Running    *event.TaskID  `json:"running"`
	Runnable   []event.TaskID `json:"runnable"` // without the running task, in the order of the scheduler
	Tasks      []taskJSON     `json:"tasks"`
	Done       *uint64        `json:"done"`       // number of recorded events so far
	Next       []event.Event  `json:"next"`       // the next recorded events
	Emitted    *uint64        `json:"emitted"`    // number of events of a run that did not reach the target
	Failure    string         `json:"failure"`    // failure of such a run, "" if it passed
	Divergence report.Report  `json:"divergence"` // divergence of such a run, as the object that diff prints, or null
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
	UntilNanos int64          `json:"until_nanos"` // end of a sleep, or 0
	LostWakeup bool           `json:"lost_wakeup"`
	Line       string         `json:"line"`
}

// Value implements [base.Document].
func (s *stop) Value() any {
	j := stopJSON{
		Schema: replaySchema, File: s.Name, Target: s.target, Reached: s.reached, Runnable: []event.TaskID{},
		Tasks: []taskJSON{}, Next: append([]event.Event{}, s.next...), Divergence: report.Of(s.first),
	}
	if s.err != nil {
		j.Failure = s.err.Error()
	}
	if !s.reached {
		j.Emitted = &s.state.Pos
		return j
	}
	j.Runnable = append(j.Runnable, s.state.Runnable...)
	for _, t := range s.state.Tasks {
		j.Tasks = append(j.Tasks, taskJSON{
			t.ID, t.Name, t.Path, t.Region, t.RegionName, t.State.String(), t.WaitsFor,
			append([]event.TaskID{}, t.HeldBy...), int64(t.Until), t.LostWakeup, t.Line,
		})
	}
	if s.runs() {
		j.Running = &s.state.Chosen.ID
	}
	index, now := s.state.Pos-1, int64(s.state.Time)
	j.Index, j.TimeNanos, j.Event, j.Done = &index, &now, &s.state.Event, &s.state.Recorded
	return j
}
