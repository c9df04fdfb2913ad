package traceview

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/fault"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

const (
	defaultTurns = 2_000
	mostActs     = 8 // of a turn that are kept
	mostReady    = 10_000
	mostPath     = 64 // goroutines that each starts the next, of which the order of lanes takes notice
	mostOf       = 16 // times Options.Turns: lanes, waits, arrows, marks
)

// reader makes a model from events and notes.
//
//  1. The notes of an event come before it. A note about a stop is kept as the reason for which the turn that is open
//     ends; a note about a start or a wake-up is kept until its event.
//  2. A decision ends the open turn, unless the same task goes on at a scheduling point, and opens the next. A task
//     that stops leaves a wait open, which ends where the task is chosen again. A wake-up ends it too, and opens one in
//     which the task is ready.
//  3. Where main.main starts in an ordinary run, the turns before are dropped: they are those of the runtime.
//  4. If there are twice as many turns as are to be kept, the first ones are dropped, until half of those to be kept
//     are behind the focus. Then further turns are only counted.
type reader struct {
	m     *Model
	s     *source.Stream
	o     Options
	tasks map[event.TaskID]*task
	list  []*task // in the order in which they started, without those that ended before the turns kept
	count int     // number of the next task

	run      gorun.Reader
	ready    []event.TaskID
	unknown  bool // which tasks are ready: some were woken together
	index    uint64
	now      int64
	decision int
	focused  int // the number of the turn that matters; -1 if it has not come yet

	faults   fault.Reader
	messages messages

	running *task // whose turn is open
	start   *tracefile.Note
	by      []event.TaskID
	turn    int64
}

// task is a lane while the run is read.
type task struct {
	Lane
	number int
	state  State
	since  int // number of the turn from whose start on it is in that state
	stop   Stop
	how    string
	object string
	place  string
	holder []event.TaskID
	kids   int
	path   []int // number among those that one goroutine started, from the first goroutine down
}

// Read reads a run from where s stands, which should be its start, to its end. If the recording is damaged, the model
// holds what could be read, and the error is that of s.
func Read(s *source.Stream, o Options) (*Model, error) {
	if o.Turns <= 0 {
		o.Turns = defaultTurns
	}
	r := &reader{s: s, o: o, m: &Model{Ordinary: source.Ordinary(s), Title: title(s), Seed: s.Metadata().Seed},
		tasks: map[event.TaskID]*task{}, focused: -1, index: source.First(s)}
	err := r.read()
	if err != nil {
		r.m.Damage = text(err.Error())
	}
	r.finish()
	return r.m, err
}

func (r *reader) read() error {
	for {
		e, err := r.s.Next()
		if err != nil && err != io.EOF {
			return err
		}
		notes, bad := r.s.Notes()
		if bad != nil {
			return errors.Join(bad, err)
		}
		for _, n := range notes {
			r.note(n)
		}
		if err == io.EOF {
			r.decided(notes)
			if r.o.Focus >= 0 && r.index <= uint64(r.o.Focus) {
				r.differs()
			}
			return nil
		}
		r.event(e, r.s.Site())
		r.index++
	}
}

// title names the run.
func title(s *source.Stream) string {
	id := s.Identity()
	if name := strings.TrimSpace(id[tracefile.KeyPackage] + " " + id[tracefile.KeyTest]); name != "" {
		return text(name)
	}
	return text(s.Metadata().Description)
}

// text is a text from a recording: bounded, and without control characters.
func text(s string) string { return prose.Line(s) }

// position returns the number of the turn that is open, or of the last one.
func (r *reader) position() int { return max(r.m.Total-1, 0) }

// open returns the turn of the running task, nil if none is open or it is not kept.
func (r *reader) open() *Turn {
	if r.running == nil {
		return nil
	}
	return r.m.At(r.m.Total - 1)
}

func (r *reader) note(n tracefile.Note) {
	t := r.tasks[n.Task]
	switch n.Act {
	case tracefile.ActStart:
		r.start = &n
	case tracefile.ActTurn:
		r.turn = int64(n.Time)
	case tracefile.ActWake:
		r.by, r.turn = n.Tasks, int64(n.Time)
		if t != nil {
			r.completes(t, n.Object)
		}
	case tracefile.ActStop:
		if t != nil {
			r.stops(t, n)
		}
	case tracefile.ActFail:
		r.focus()
		r.mark(t, MarkFailure, "marks the test as failed")
	case tracefile.ActPart:
		r.mark(nil, MarkDifference, strings.TrimSpace("the recording has instead: "+text(n.Reason)))
	case tracefile.ActRace:
		r.mark(t, MarkRace, raceText(n))
	case tracefile.ActDo:
		r.does(t, n)
	case tracefile.ActEnd:
		r.m.End = text(strings.TrimSpace(n.Reason + " " + cast.ShortSite(n.Place)))
	}
}

// does takes a note about what a task does, or what happens to an object.
func (r *reader) does(t *task, n tracefile.Note) {
	turn := r.open()
	if turn == nil || t == nil || t != r.running {
		r.mark(t, MarkOther, text(n.Deed()))
		return
	}
	deed := text(n.Deed())
	if line := text(cast.ShortSite(n.Place)); line != "" {
		deed += " (" + line + ")"
	}
	turn.act(deed)
	turn.object(text(n.Object.String()))
	r.passes(t, n)
}

// act adds something that the task does in the turn.
func (t *Turn) act(what string) {
	switch n := len(t.Acts); {
	case n > 0 && what == t.last:
		t.times++
		t.Acts[n-1] = fmt.Sprintf("%s (%d times)", what, t.times)
		return
	case n < mostActs-1:
		t.Acts = append(t.Acts, what)
	case n == mostActs-1:
		t.Acts = append(t.Acts, andMore)
		what = ""
	default:
		return
	}
	t.last, t.times = what, 1
}

// andMore is the last of the acts of a turn that has more.
const andMore = "and so on"

// object adds an object to those of the turn.
func (t *Turn) object(name string) {
	if name != "" && len(t.Objects) < mostActs && !slices.Contains(t.Objects, name) {
		t.Objects = append(t.Objects, name)
	}
}

// raceText says which accesses conflict.
func raceText(n tracefile.Note) string {
	later, earlier, _ := strings.Cut(n.Reason, ", ")
	words := "data race: " + later
	if line := cast.ShortSite(n.Place); line != "" {
		words += " at " + line
	}
	if earlier != "" && len(n.Stack) > 0 {
		words += ", previous " + earlier + " at " + cast.ShortSite(n.Stack[0])
	}
	return text(words)
}

// stops takes a note about why a task stopped.
func (r *reader) stops(t *task, n tracefile.Note) {
	object := text(n.Object.String())
	switch {
	case n.Reason == gorun.ReasonPreempt || n.Reason == gorun.ReasonForced:
		t.stop, t.how = StopPreempt, text(n.Reason)
	case n.Reason == gorun.ReasonYield:
		t.stop, t.how = StopYield, "yields"
	case strings.EqualFold(n.Reason, "sleep"):
		t.stop, t.how = StopSleep, "sleeps"
	default:
		t.stop, t.how = StopWait, text("waits: "+n.Reason)
	}
	t.object, t.place, t.holder = object, text(n.Place), slices.Clone(n.Tasks)
	if t.stop == StopWait || t.stop == StopSleep {
		r.leave(t)
	}
}

// leave ends the turn of a task that has stopped, if it is open, and begins its wait.
func (r *reader) leave(t *task) {
	if turn := r.open(); turn != nil && t == r.running {
		turn.Stop, turn.How, turn.Object, turn.Place = t.stop, t.how, t.object, t.place
		turn.object(t.object)
	}
	if t == r.running {
		r.running = nil
	}
	state := Waiting
	switch t.stop {
	case StopSleep:
		state = Sleeping
	case StopYield, StopPreempt, StopSwitch:
		state = Ready
	case StopEnd:
		state = Gone
	}
	r.enter(t, state, r.m.Total)
}

// enter puts a task into a state at the start of a turn, and keeps the wait that ends.
func (r *reader) enter(t *task, state State, at int) {
	if t.state > Running && t.since < at {
		w := Wait{Lane: t.number, From: t.since, To: at, State: t.state}
		if t.state != Ready {
			w.How, w.Object = t.how, t.object
			for _, id := range t.holder {
				if h := r.tasks[id]; h != nil && len(w.Holders) < mostActs {
					w.Holders = append(w.Holders, h.number)
				}
			}
		}
		if r.room(len(r.m.Waits)) {
			r.m.Waits = append(r.m.Waits, w)
		}
	}
	t.state, t.since = state, at
}

// event takes an event, after its notes.
func (r *reader) event(e event.Event, site string) {
	choice, chosen, _ := r.run.Read(e)
	if r.o.Focus >= 0 && r.index == uint64(r.o.Focus) {
		r.differs()
	}
	switch e.Kind() {
	case event.KindTaskSpawned:
		r.spawned(e)
	case event.KindTaskScheduled:
		r.scheduled(e, choice, chosen, site)
	case event.KindTaskYielded:
		r.stopped(e.Task(), StopYield, "yields", site)
	case event.KindTaskCompleted:
		r.completed(e, site)
	case event.KindWakerWake:
		r.woken(e.Task())
	case event.KindWakerBatchWake:
		r.unknown = true
	case event.KindTimerFired:
		r.mark(nil, MarkTimer, fmt.Sprintf("timer %d fires", e.Timer()))
	case event.KindTimeAdvanced:
		r.now = max(r.now, int64(e.ToNanos()))
	default:
		r.other(e, site)
	}
	if r.unknown = r.unknown || len(r.ready) > mostReady; !r.unknown {
		r.ready = gorun.Ready(r.ready, e)
	}
	r.by, r.turn = nil, 0
}

// spawned takes the start of a task.
func (r *reader) spawned(e event.Event) {
	id := e.Task()
	if r.full() || !r.room(len(r.list)) {
		r.m.Hidden++
		r.start = nil
		return
	}
	t := &task{number: r.count, state: Ready, since: r.m.Total}
	t.Lane = Lane{Task: id, Short: id.String(), Name: text(r.s.TaskName(id)), Begin: r.position(), End: -1}
	t.Group = text(cmp.Or(r.s.RegionName(e.Region()), e.Region().String()))
	parent := r.running
	if r.start != nil && r.start.Task == id && len(r.start.Tasks) > 0 {
		parent = r.tasks[r.start.Tasks[0]]
	}
	if r.m.Ordinary {
		t.Short, t.Group = "0", ""
		if parent != nil {
			t.Short, t.Group = fmt.Sprintf("%s.%d", parent.Short, parent.kids), parent.Short
			if len(parent.path) < mostPath {
				t.path = append(slices.Clip(parent.path), parent.kids)
			}
			parent.kids++
		}
		if r.start != nil {
			t.Name = text(work(r.start.Reason, r.start.Place))
		}
	}
	r.start = nil
	r.tasks[id], r.list, r.count = t, append(r.list, t), r.count+1
	r.arrow(parent, t, Starts)
}

// work says what a goroutine does that starts in a function at a go statement.
func work(start, site string) string {
	switch {
	case cast.StartsTest(start):
		return "test"
	case start == "runtime.main":
		return "main"
	}
	return cast.Working(start, site)
}

// scheduled takes a decision.
func (r *reader) scheduled(e event.Event, choice gorun.Choice, chosen bool, site string) {
	t := r.tasks[e.Task()]
	if t == nil {
		return
	}
	r.decision++
	if t == r.running {
		if turn := r.open(); turn != nil {
			turn.Points++
		}
		return
	}
	r.changeover(choice, chosen, site)
	r.trim()
	at := r.turn
	if at == 0 {
		at = r.now
	}
	r.now = max(r.now, at)
	turn := Turn{Lane: t.number, Event: r.index, Decision: r.decision, Time: at}
	if !r.unknown {
		turn.Ready = len(r.ready)
		if !slices.Contains(r.ready, t.Task) {
			turn.Ready++
		}
	}
	if !r.full() {
		r.m.Turns = append(r.m.Turns, turn)
	}
	r.m.Total++
	r.enter(t, Running, r.m.Total-1)
	r.running = t
	t.stop, t.how, t.object, t.place, t.holder = 0, "", "", "", nil
	if r.m.Ordinary && chosen && choice.Leap > 0 {
		r.mark(nil, MarkLeap, fmt.Sprintf("time leaps %v", cast.Round(time.Duration(choice.Leap))))
	}
}

// changeover ends the turn of a task that did not stop by itself: it came to a scheduling point, or is in a system
// call.
func (r *reader) changeover(choice gorun.Choice, chosen bool, site string) {
	t := r.running
	if t == nil {
		return
	}
	switch {
	case !r.m.Ordinary:
		t.stop, t.how, t.place = StopSwitch, "stops at a scheduling point", ""
	case chosen && choice.Why == gorun.Preempted:
		t.stop, t.how = StopPreempt, gorun.ReasonPreempt
	default:
		t.stop, t.how, t.place = StopWait, "waits: "+gorun.ReasonSyscall, text(site)
	}
	r.leave(t)
}

// stopped takes the event of a stop, which may have had a note.
func (r *reader) stopped(id event.TaskID, stop Stop, how, site string) {
	t := r.tasks[id]
	if t == nil {
		return
	}
	if t.stop != stop {
		t.stop, t.how, t.place = stop, how, text(site)
	}
	r.leave(t)
}

func (r *reader) completed(e event.Event, site string) {
	r.stopped(e.Task(), StopEnd, "ends", site)
	t := r.tasks[e.Task()]
	if t == nil {
		return
	}
	t.End = r.position()
	delete(r.tasks, e.Task())
	switch {
	case e.Outcome() == event.OutcomePanicked:
		r.focus()
		r.mark(t, MarkFailure, "panics")
	case e.Outcome() == event.OutcomeErr && !r.m.Ordinary && t.number == 0:
		r.focus()
		r.mark(t, MarkFailure, "ends with an error")
	}
}

// woken takes a wake-up.
func (r *reader) woken(id event.TaskID) {
	t := r.tasks[id]
	if t == nil {
		return
	}
	by := r.running
	if len(r.by) > 0 {
		by = r.tasks[r.by[0]]
	}
	if t.state != Ready && t.state != Running {
		r.enter(t, Ready, r.m.Total)
	}
	r.arrow(by, t, Wakes)
}

// other takes an event that means another thing in ordinary runs than in simulated ones.
func (r *reader) other(e event.Event, site string) {
	switch {
	case r.m.Ordinary && gorun.MeaningOf(e) == gorun.Preemption:
		id, _ := e.ChaosTask()
		r.stopped(id, StopPreempt, gorun.ReasonPreempt, site)
		r.mark(r.tasks[id], MarkPreemption, "preempted at "+text(cast.ShortSite(site)))
	case r.m.Ordinary && gorun.MeaningOf(e) == gorun.Start:
		r.restart()
	case r.m.Ordinary && gorun.MeaningOf(e) == gorun.LetIn:
		r.mark(r.tasks[gorun.Admitted(e)], MarkOutside, "made ready from outside")
	case r.m.Ordinary:
		if f, ok := r.faults.Read(e); ok {
			r.mark(r.tasks[gorun.Task(f.G)], MarkFault, "fault: "+f.Kind.String())
		}
	case e.Kind() == event.KindChaosInjection:
		r.mark(r.running, MarkFault, "fault: "+e.ChaosKind().String())
	case e.Kind() == event.KindIoError:
		r.mark(r.running, MarkFault, "I/O error: "+e.IOErrorKind().String())
	case e.Kind() == event.KindCheckpoint:
		r.mark(r.running, MarkCheckpoint, fmt.Sprintf("checkpoint %d", e.Sequence()))
	}
}

// restart drops what happened before main.main.
func (r *reader) restart() {
	m := r.m
	m.Turns, m.Waits, m.Arrows, m.Marks = nil, nil, nil, nil
	m.Total, m.First, r.decision, r.running = 0, 0, 0, nil
	r.messages = messages{}
	for _, t := range r.list {
		t.Begin, t.since = 0, 0
	}
}

// differs notes that the event that matters comes next.
func (r *reader) differs() {
	r.focus()
	if r.o.Difference != "" {
		r.mark(nil, MarkDifference, text(r.o.Difference))
	}
}

// focus notes that the turn that matters is here, unless it has come before.
func (r *reader) focus() {
	if r.focused < 0 && (r.o.Focus < 0 || r.index >= uint64(r.o.Focus)) {
		r.focused = r.position()
	}
}

// full reports whether enough turns behind the focus are kept.
func (r *reader) full() bool {
	return r.focused >= 0 && r.m.Total-r.focused > r.o.Turns/2 && len(r.m.Turns) >= r.o.Turns
}

// trim drops turns if there are too many before the focus.
func (r *reader) trim() {
	if m := r.m; r.focused < 0 && len(m.Turns) >= 2*r.o.Turns {
		r.drop(m.Total - r.o.Turns)
	}
}

// drop forgets what is before a turn.
func (r *reader) drop(first int) {
	m := r.m
	if first <= m.First {
		return
	}
	m.Turns = slices.Clone(m.Turns[first-m.First:])
	m.First = first
	m.Waits = slices.DeleteFunc(m.Waits, func(w Wait) bool { return w.To <= first })
	m.Arrows = slices.DeleteFunc(m.Arrows, func(a Arrow) bool { return a.Turn < first })
	m.Marks = slices.DeleteFunc(m.Marks, func(a Mark) bool { return a.Turn < first })
	before := len(r.list)
	r.list = slices.DeleteFunc(r.list, func(t *task) bool { return t.End >= 0 && t.End < first })
	m.Hidden += before - len(r.list)
}

// room reports whether a list with n elements may grow. What is left out is counted.
func (r *reader) room(n int) bool {
	if n < mostOf*r.o.Turns {
		return true
	}
	r.m.Dropped++
	return false
}

func (r *reader) arrow(from, to *task, kind ArrowKind) {
	if r.full() {
		return
	}
	a := Arrow{From: -1, To: to.number, Turn: r.position(), At: r.position(), Kind: kind}
	if from != nil {
		a.From = from.number
	}
	if turn := r.open(); turn != nil && from == r.running {
		turn.act(kind.String() + " " + to.Short)
	}
	if r.room(len(r.m.Arrows)) {
		r.m.Arrows = append(r.m.Arrows, a)
	}
}

func (r *reader) mark(t *task, kind MarkKind, words string) {
	if r.full() || !r.room(len(r.m.Marks)) {
		return
	}
	a := Mark{Lane: -1, Turn: r.position(), Kind: kind, Text: words}
	if t != nil {
		a.Lane = t.number
	}
	r.m.Marks = append(r.m.Marks, a)
}
