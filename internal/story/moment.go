package story

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/tracefile"
)

// kind says what happened at a moment.
type kind uint8

const (
	spawns   kind = 1 + iota // g starts
	runs                     // g is chosen to run; by stopped before
	goesOn                   // g is chosen again after it reached a scheduling point
	blocks                   // g waits: reason, place
	wakes                    // g becomes ready, woken by task by; 0 if by none
	yields                   // g gives up its turn
	preempts                 // g is preempted
	ends                     // g ends: reason
	sets                     // timer id is set and is due at due
	fires                    // timer id fires
	letsIn                   // something outside makes g ready: reason
	starts                   // main.main starts
	fails                    // g marks the test as failed
	parts                    // a replay leaves its recording, which has reason instead; "" for its end
	happens                  // something else: reason
	races                    // g accesses memory in conflict with an earlier access, of by: reason has the kinds of both
)

// moment is one thing that happened in a run.
type moment struct {
	kind   kind
	g, by  uint32 // numbers of tasks in the order in which they start, from 1; 0 for none
	reason string
	place  string           // "queue.go:25 example.com/queue.Open"; of a simulated run "internal/cli/bank.go:25"
	stack  []string         // of the place, its callers, see tracefile.Note
	object tracefile.Object // blocks, happens: the object
	ready  int              // of how many tasks one was chosen; 0 if that is not known
	held   bool             // runs: the task before is held up in a system call
	forced bool             // preempts: by force
	fault  bool             // happens: a fault that was injected
	id     event.TimerID
	due    uint64
	points uint32 // runs: number of preemption points that the task before passed
	leap   int64  // runs: length of a preceding leap of time, in nanoseconds
	time   int64  // virtual, in nanoseconds since the start
}

// reader turns events and notes into moments.
//
//  1. The notes of an event precede it. A note that a task waits becomes a moment; other notes are kept for their
//     event.
//  2. The event becomes at most one moment, completed from its notes.
//  3. A task of a simulated run that neither waits nor ends has only reached a scheduling point. The moment is added at
//     the next decision, with the place at which the task will continue.
//  4. The notes after the last event state how the run ended and which tasks are left.
type reader struct {
	s       *Story
	numbers map[event.TaskID]uint32

	run     gorun.Reader
	ready   []event.TaskID
	unknown bool // the ready tasks are unknown because several were woken at once
	now     int64

	running uint32 // the task that was chosen last
	stopped bool   // it has stopped
	points  map[uint32]int

	// From the notes of the next event.
	turn, set int64
	setAt     tracefile.Note // with the place
	start     *tracefile.Note
	stop      *tracefile.Note
	held      bool
	by        []event.TaskID
	letIn     string
	on        string       // the object that the woken task waited for
	skipWake  event.TaskID // its next wake-up is skipped because letsIn already describes it
}

func newReader(s *Story) *reader {
	return &reader{s: s, numbers: map[event.TaskID]uint32{}, stopped: true, points: map[uint32]int{},
		skipWake: tracefile.NoTask}
}

// number returns the number of a task, 0 if it has never started.
func (r *reader) number(id event.TaskID) uint32 { return r.numbers[id] }

func (r *reader) add(m moment) {
	if m.time == 0 {
		m.time = r.now
	}
	r.now = max(r.now, m.time)
	r.s.moments = append(r.s.moments, m)
}

// note handles a note of the next event.
func (r *reader) note(n tracefile.Note) {
	switch n.Act {
	case tracefile.ActStart:
		r.start = &n
	case tracefile.ActTurn:
		r.turn = int64(n.Time)
	case tracefile.ActStop:
		r.stops(n)
	case tracefile.ActWake:
		r.by, r.letIn = n.Tasks, n.Reason
		if !r.s.ordinary && n.Object.Kind != "" && n.Object.Kind != "task" {
			r.on = "on " + n.Object.String()
		}
		r.turn = int64(n.Time)
	case tracefile.ActSet:
		r.set, r.setAt = int64(n.Time), n
	case tracefile.ActFail:
		r.add(moment{kind: fails, g: r.number(n.Task), place: n.Place, time: int64(n.Time)})
	case tracefile.ActPart:
		r.add(moment{kind: parts, reason: n.Reason, time: int64(n.Time)})
	case tracefile.ActDo:
		r.does(n)
	case tracefile.ActRace:
		r.races(n)
	}
}

// does takes a note about what a task does, or what happens to an object.
func (r *reader) does(n tracefile.Note) {
	m := moment{kind: happens, g: r.number(n.Task), place: n.Place, stack: n.Stack, object: n.Object, time: int64(n.Time)}
	m.reason = n.Deed()
	r.add(m)
}

// races takes a note about an access in conflict with an earlier one.
func (r *reader) races(n tracefile.Note) {
	m := moment{kind: races, g: r.number(n.Task), reason: n.Reason, place: n.Place, stack: n.Stack, time: int64(n.Time)}
	if len(n.Tasks) > 0 {
		m.by = r.number(n.Tasks[0])
	}
	r.add(m)
}

// stops takes a note about why a task stopped.
func (r *reader) stops(n tracefile.Note) {
	switch n.Reason {
	case gorun.ReasonSyscall:
		r.held = true
	case gorun.ReasonYield, gorun.ReasonPreempt, gorun.ReasonForced:
		r.stop = &n
	default:
		g := r.number(n.Task)
		r.s.objects[g] = n.Object
		b := moment{
			kind: blocks, g: g, reason: r.s.waitsFor(n), place: n.Place, stack: n.Stack, object: n.Object,
			time: int64(n.Time),
		}
		if len(n.Tasks) > 0 && n.Object.Kind != "task" {
			b.by = r.number(n.Tasks[0])
		}
		r.add(b)
		r.stopped = r.stopped || g == r.running
	}
}

// event handles an event, after its notes.
func (r *reader) event(e event.Event, site string) {
	choice, chosen, _ := r.run.Read(e)
	switch e.Kind() {
	case event.KindTaskSpawned:
		r.spawned(e)
	case event.KindTaskScheduled:
		r.scheduled(e, choice, chosen, site)
	case event.KindTaskYielded:
		r.add(moment{kind: yields, g: r.number(e.Task()), place: r.stopPlace(site), stack: r.stopStack(), time: r.stopTime()})
		r.stopped = true
	case event.KindTaskCompleted:
		g := r.number(e.Task())
		r.add(moment{kind: ends, g: g, reason: outcomes[min(int(e.Outcome()), len(outcomes)-1)]})
		r.stopped = r.stopped || g == r.running
	case event.KindWakerWake:
		r.woken(e)
	case event.KindWakerBatchWake:
		r.unknown = true
	case event.KindTimerCreated:
		r.add(moment{kind: sets, id: e.Timer(), due: e.DeadlineNanos(), time: r.set, place: cmp.Or(r.setAt.Place, site),
			stack: r.setAt.Stack})
	case event.KindTimerFired:
		r.add(moment{kind: fires, id: e.Timer()})
	case event.KindTimeAdvanced:
		r.now = max(r.now, int64(e.ToNanos()))
	default:
		r.other(e, site)
	}
	r.ready = gorun.Ready(r.ready, e)
	r.setAt = tracefile.Note{}
	r.turn, r.set, r.by, r.letIn, r.on = 0, 0, nil, "", ""
}

// outcomes describe how a task ended, by event.Outcome.
var outcomes = []string{"ends", "ends with an error", "is cancelled", "panics", "ends"}

// other handles an event that has different meanings in ordinary and in simulated runs, or that only the story of a
// simulated run contains.
func (r *reader) other(e event.Event, site string) {
	if r.s.ordinary {
		switch gorun.MeaningOf(e) {
		case gorun.Preemption:
			task, _ := e.ChaosTask()
			forced := r.stop != nil && r.stop.Reason == gorun.ReasonForced
			r.add(moment{
				kind: preempts, g: r.number(task), forced: forced, place: r.stopPlace(site), stack: r.stopStack(),
				time: r.stopTime(),
			})
			r.stopped = true
		case gorun.Start:
			r.add(moment{kind: starts})
		case gorun.LetIn:
			r.skipWake = gorun.Admitted(e)
			r.add(moment{kind: letsIn, g: r.number(r.skipWake), reason: r.letIn, time: r.turn})
		}
		return
	}
	switch e.Kind() {
	case event.KindChaosInjection:
		text := "fault: " + e.ChaosKind().String()
		if e.ChaosKind() == event.ChaosDelay {
			text += " of " + time.Duration(e.ChaosData()).String()
		}
		r.add(moment{kind: happens, reason: text, fault: true})
	case event.KindIoError:
		r.add(moment{kind: happens, reason: "I/O error: " + e.IOErrorKind().String()})
	case event.KindRegionCancelled:
		r.add(moment{kind: happens, reason: fmt.Sprintf("region %s is cancelled", r.s.region(e.Region()))})
	}
}

// stopPlace returns the place of the note about a stop, or else the line of its event.
func (r *reader) stopPlace(site string) string {
	if r.stop != nil {
		return r.stop.Place
	}
	return site
}

// stopStack returns the callers in the note about a stop.
func (r *reader) stopStack() []string {
	if r.stop != nil {
		return r.stop.Stack
	}
	return nil
}

// stopTime returns the time of the note about a stop, and forgets the note.
func (r *reader) stopTime() (at int64) {
	if r.stop != nil {
		at = int64(r.stop.Time)
	}
	r.stop = nil
	return at
}

// spawned handles the start of a task.
func (r *reader) spawned(e event.Event) {
	g := uint32(len(r.s.list))
	start := tracefile.Note{}
	if r.start != nil && r.start.Task == e.Task() {
		start = *r.start
	}
	var parent uint32
	if len(start.Tasks) > 0 {
		parent = r.number(start.Tasks[0])
	}
	r.numbers[e.Task()] = g // higher than the number of its parent
	r.s.join(e.Task(), g, parent, start)
	r.start = nil
	r.add(moment{kind: spawns, g: g, by: parent, time: int64(start.Time)})
}

// scheduled handles a decision.
func (r *reader) scheduled(e event.Event, choice gorun.Choice, chosen bool, site string) {
	g := r.number(e.Task())
	m := moment{kind: runs, g: g, by: r.running, time: r.turn, held: r.held}
	if chosen {
		m.leap, m.points = int64(choice.Leap), choice.Points
	}
	if !r.s.ordinary {
		m.leap, m.points = 0, 0
		r.point(g, site)
	}
	if !r.unknown {
		m.ready = len(r.ready)
		if !slices.Contains(r.ready, e.Task()) {
			m.ready++
		}
	}
	if !r.s.ordinary && r.running == g && !r.stopped {
		m.kind, m.place = goesOn, site
	}
	r.held, r.stop = false, nil
	r.running, r.stopped = g, false
	r.add(m)
}

// point adds the moment that the running task reached a scheduling point, and sets the place at which the chosen task
// continues. A task that is chosen again continues its turn.
func (r *reader) point(next uint32, site string) {
	if i, ok := r.points[next]; ok {
		r.s.moments[i].place = site
		delete(r.points, next)
	}
	if r.stopped || r.running == 0 {
		return
	}
	id := r.s.ids[r.running]
	if !slices.Contains(r.ready, id) {
		r.ready = append(r.ready, id)
	}
	if r.running != next {
		r.points[r.running] = len(r.s.moments)
		r.add(moment{kind: preempts, g: r.running})
	}
}

// woken handles a wake-up.
func (r *reader) woken(e event.Event) {
	if r.skipWake == e.Task() {
		r.skipWake = tracefile.NoTask
		return
	}
	m := moment{kind: wakes, g: r.number(e.Task()), time: r.turn}
	if len(r.by) > 0 {
		m.by = r.number(r.by[0])
	}
	m.reason = r.on
	r.add(m)
}
