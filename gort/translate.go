package gort

import (
	"fmt"
	"strings"
	"time"

	"github.com/reprise-go/reprise/event"
)

// sink takes the events of a run; [github.com/reprise-go/reprise/tracefile.Writer] is one.
type sink interface {
	Append(event.Event) error
	NameTask(event.TaskID, string)
	NameRegion(event.RegionID, string)
	Site(string)
}

// region is the only region of an ordinary run: goroutines have no owner.
var region = event.NewRegionID(0, 0)

// still is how far virtual time may run ahead of the last TimeAdvanced. Every decision takes a microsecond, and an event
// for each would say nothing.
const still = int64(time.Millisecond)

// task returns the task of a goroutine. Numbers are not used again.
func task(g uint32) event.TaskID { return event.NewTaskID(g-1, 0) }

// translator turns records into events.
type translator struct {
	out   sink
	r     *Recording
	err   error
	time  int64
	tick  uint64
	live  int
	sites []uint32 // where each goroutine stopped last
	gone  []bool
}

// translate hands the events of a run to out, in the order of the schema, so that the laws of package tracecheck hold.
//
// A decision is TaskScheduled. Its at_tick counts decisions and preemption points together, so that the number of points
// since the decision before can be told. Before it come TaskYielded if the goroutine that ran called Gosched, and
// ChaosInjection of a delay if it was preempted, with the nanoseconds that time leapt ahead as its data; neither if it
// blocked, and ChaosInjection without a task if time leapt then. The site of TaskScheduled is where the goroutine had stopped. An Admit is IoReady with the number of the task
// as its token, and WakerWake. The region is closed only if every goroutine has ended. The
// Checkpoint is the start of main.main, where a replay begins.
func (o *Outcome) translate(out sink) error {
	t := &translator{out: out, r: o.Recording}
	t.emit(event.RngSeed(o.Recording.Seed), 0)
	t.out.NameRegion(region, "process")
	t.emit(event.RootRegionCreated(region, 0), 0)
	names := o.Recording.Goroutines()
	for i := range o.Recording.Records {
		t.record(&o.Recording.Records[i], names)
	}
	t.finish(o)
	return t.err
}

// beginTick returns the tick in which main.main starts, so that a few points more before it change nothing behind it.
func beginTick(tick uint64) uint64 { return (tick/1000 + 1) * 1000 }

// emit appends an event that comes from a line of the program.
func (t *translator) emit(e event.Event, site uint32) {
	if t.err != nil {
		return
	}
	if text := shortSite(t.r.Text(site)); text != "" {
		t.out.Site(text)
	}
	t.err = t.out.Append(e)
}

// record translates one record.
func (t *translator) record(r *Record, names []Goroutine) {
	switch r.Kind {
	case Spawn:
		t.spawn(r, names)
	case Sched:
		if leap := r.Val >> 32; leap != 0 && r.Reason != WhyPreempt {
			t.emit(event.ChaosInjection(event.ChaosDelay, leap), 0)
		}
		t.advance(r.Time, still)
		t.tick += 1 + uint64(r.Points)
		t.emit(event.TaskScheduled(task(r.G), t.tick), t.sites[r.G])
	case Block:
		t.sites[r.G] = r.Site
	case Wake:
		t.emit(event.WakerWake(task(r.G)), 0)
	case Yield:
		t.sites[r.G] = r.Site
		t.emit(event.TaskYielded(task(r.G)), r.Site)
	case Preempt:
		t.preempt(r)
	case End:
		t.complete(r.G, event.OutcomeOK)
	case TimerSet:
		t.emit(event.TimerCreated(event.TimerID(r.Points), r.Val), 0)
	case TimerFire:
		t.advance(r.Time, 0)
		t.emit(event.TimerFired(event.TimerID(r.Val)), 0)
	case TimerStop:
		t.emit(event.TimerCancelled(event.TimerID(r.Val)), 0)
	case Rand:
		t.emit(event.RngValue(r.Val), 0)
	case Begin:
		t.advance(r.Time, 0)
		t.tick = beginTick(t.tick)
		t.emit(event.Checkpoint(1, uint64(t.time), uint32(t.live), 1), 0)
	case Admit:
		t.advance(r.Time, 0)
		t.emit(event.IoReady(event.Token(task(r.G)), event.Readable), 0)
		t.emit(event.WakerWake(task(r.G)), 0)
	}
}

func (t *translator) spawn(r *Record, names []Goroutine) {
	for int(r.G) >= len(t.sites) {
		t.sites, t.gone = append(t.sites, 0), append(t.gone, false)
	}
	t.live++
	if int(r.G) < len(names) {
		t.out.NameTask(task(r.G), names[r.G].Name())
	}
	t.emit(event.TaskSpawned(task(r.G), region, t.tick), r.Site)
}

// preempt translates a preemption. The leap of time stands in the decision that follows and is told by it as well.
func (t *translator) preempt(r *Record) {
	t.sites[r.G] = r.Site
	t.emit(event.ChaosInjectionInto(task(r.G), event.ChaosDelay, r.Val), r.Site)
}

// advance tells the time if it is more than slack after what was told last.
func (t *translator) advance(now, slack int64) {
	if now-t.time > slack {
		t.emit(event.TimeAdvanced(uint64(t.time), uint64(now)), 0)
		t.time = now
	}
}

func (t *translator) complete(g uint32, outcome event.Outcome) {
	if g == 0 || int(g) >= len(t.gone) || t.gone[g] {
		return
	}
	t.gone[g] = true
	t.live--
	t.emit(event.TaskCompleted(task(g), outcome), 0)
}

// finish ends the goroutine that ended the process, and the region if nobody is left.
func (t *translator) finish(o *Outcome) {
	outcome := event.OutcomeOK
	switch o.Verdict {
	case Panicked:
		outcome = event.OutcomePanicked
	case Failed, Crashed:
		outcome = event.OutcomeErr
	case Passed, Leaked:
	default:
		return
	}
	t.complete(o.Task, outcome)
	if t.live == 0 {
		t.emit(event.RegionClosed(region, outcome), 0)
	}
}

// Name returns the path and the function for people, such as "0.2.1 queue.(*Queue).run".
func (g Goroutine) Name() string { return strings.TrimSpace(g.Path + " " + working(g.Start, g.Site)) }

// shortSite returns "queue.go:25" for a text of the runtime, "folder/queue.go:25 package.function".
func shortSite(text string) string {
	place, _, _ := strings.Cut(text, " ")
	return place[strings.LastIndexByte(place, '/')+1:]
}

// maxChoices is how many choices a file may have: a small one may announce more than there is memory for.
const maxChoices = 1 << 24

// choiceReader reads the events back into the choices of a replay.
type choiceReader struct {
	c     *Choices
	tick  uint64
	time  int64
	begun bool
	prev  uint32 // who ran last
	why   uint8  // it stopped; 0 if it has not said so
	leap  uint64
}

// event takes the next event of a trace that translate has written. The errors are those of traces that it has not.
func (cr *choiceReader) event(e event.Event) error {
	switch e.Kind() {
	case event.KindCheckpoint:
		if cr.begun {
			return fmt.Errorf("%w: a second Checkpoint", ErrNotOrdinary)
		}
		cr.begun, cr.c.Records, cr.tick = true, nil, beginTick(cr.tick)
		cr.why, cr.leap = 0, 0
	case event.KindTimeAdvanced:
		cr.time = int64(e.ToNanos())
	case event.KindChaosInjection:
		if _, preempted := e.ChaosTask(); preempted {
			cr.why = WhyPreempt
		}
		cr.leap = e.ChaosData()
	case event.KindTaskYielded:
		cr.stops(e, WhyYield)
	case event.KindTaskCompleted:
		cr.stops(e, WhyEnd)
	case event.KindIoReady:
		cr.c.Records = append(cr.c.Records, Record{Kind: Admit, G: taskNumber(uint64(e.Token())), Time: cr.time})
	case event.KindTaskScheduled:
		r := Record{
			Kind: Sched, G: taskNumber(uint64(e.Task())), Points: uint32(e.Tick() - cr.tick - 1),
			Val: cr.leap<<32 | uint64(cr.prev), Reason: or(cr.why, WhyBlock),
		}
		cr.tick, cr.prev, cr.why, cr.leap = e.Tick(), r.G, 0, 0
		cr.c.Records = append(cr.c.Records, r)
	}
	if len(cr.c.Records) > maxChoices {
		return fmt.Errorf("%w that can be replayed: more than %d choices", ErrNotOrdinary, maxChoices)
	}
	return nil
}

// stops notes why the goroutine that ran has stopped, if the event is about it.
func (cr *choiceReader) stops(e event.Event, why uint8) {
	if cr.why == 0 && taskNumber(uint64(e.Task())) == cr.prev {
		cr.why = why
	}
}

// taskNumber is the inverse of task.
func taskNumber(id uint64) uint32 { return event.TaskID(id).Index() + 1 }
