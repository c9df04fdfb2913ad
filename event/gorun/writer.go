package gorun

import (
	"time"

	"github.com/reprise-go/reprise/event"
)

// Sink takes the events of a run; [github.com/reprise-go/reprise/tracefile.Writer] is one. Site names the line of the
// program from which the next event comes.
type Sink interface {
	Append(event.Event) error
	Site(string)
}

// slack is how far virtual time may run ahead of the last TimeAdvanced. Every decision takes a microsecond, and an
// event for each would say nothing.
const slack = int64(time.Millisecond)

// Writer writes a run as events that keep the laws of the schema. Its methods take what happens in the order in which
// it happens; times are virtual, in nanoseconds since the start, and a site is a line such as "queue.go:25", "" if
// unknown.
type Writer struct {
	out   Sink
	err   error
	time  int64
	tick  uint64
	live  int
	tasks []state // by goroutine number
}

// state is what a Writer knows of a goroutine.
type state struct {
	site  string // where it stopped last
	ended bool
}

// NewWriter returns a writer of a run with that seed, and writes what every run begins with.
func NewWriter(out Sink, seed uint64) *Writer {
	w := &Writer{out: out}
	w.Event(event.RngSeed(seed), "")
	w.Event(event.RootRegionCreated(Region, 0), "")
	return w
}

// Err returns the first error of the sink. Nothing is written after it.
func (w *Writer) Err() error { return w.err }

// Event writes an event that means what its kind says, such as a timer's or a random value's.
func (w *Writer) Event(e event.Event, site string) {
	if w.err != nil {
		return
	}
	if site != "" {
		w.out.Site(site)
	}
	w.err = w.out.Append(e)
}

// of returns what is known of a goroutine.
func (w *Writer) of(g uint32) *state {
	for int(g) >= len(w.tasks) {
		w.tasks = append(w.tasks, state{})
	}
	return &w.tasks[g]
}

// Spawn writes that goroutine g starts. Goroutines must start in the order of their numbers.
func (w *Writer) Spawn(g uint32, site string) {
	w.of(g)
	w.live++
	w.Event(event.TaskSpawned(Task(g), Region, w.tick), site)
}

// Block notes that g, which runs, blocks at a site. The decision that follows tells it.
func (w *Writer) Block(g uint32, site string) { w.of(g).site = site }

// Yield writes that g calls runtime.Gosched.
func (w *Writer) Yield(g uint32, site string) {
	w.of(g).site = site
	w.Event(event.TaskYielded(Task(g)), site)
}

// Preempt writes that g is preempted, and by how many nanoseconds time leaps before the next decision.
func (w *Writer) Preempt(g uint32, leap uint64, site string) {
	w.of(g).site = site
	w.Event(event.ChaosInjectionInto(Task(g), event.ChaosDelay, leap), site)
}

// Decide writes a decision: at a time g runs next, after the running goroutine has stopped for a reason, has passed
// that many preemption points, and time has leapt by so many nanoseconds. Preempt has told the leap of a preemption
// already.
func (w *Writer) Decide(g uint32, why Why, points uint32, leap uint64, now int64) {
	if leap != 0 && why != Preempted {
		w.Event(event.ChaosInjection(event.ChaosDelay, leap), "")
	}
	w.advance(now, slack)
	w.tick += 1 + uint64(points)
	w.Event(event.TaskScheduled(Task(g), w.tick), w.of(g).site)
}

// Wake writes that g becomes ready.
func (w *Writer) Wake(g uint32) { w.Event(event.WakerWake(Task(g)), "") }

// LetIn writes that something outside makes g ready.
func (w *Writer) LetIn(g uint32, now int64) {
	w.Advance(now)
	w.Event(event.IoReady(event.Token(Task(g)), event.Readable), "")
	w.Wake(g)
}

// Start writes that main.main starts.
func (w *Writer) Start(now int64) {
	w.Advance(now)
	w.tick = startTick(w.tick)
	w.Event(event.Checkpoint(1, uint64(w.time), uint32(w.live), 1), "")
}

// Complete writes that g ends. It does nothing if g is 0, has never started or has ended.
func (w *Writer) Complete(g uint32, outcome event.Outcome) {
	if g == 0 || int(g) >= len(w.tasks) || w.tasks[g].ended {
		return
	}
	w.tasks[g].ended = true
	w.live--
	w.Event(event.TaskCompleted(Task(g), outcome), "")
}

// Close writes that g, 0 for none, ends the process, and closes the region if no goroutine is left.
func (w *Writer) Close(g uint32, outcome event.Outcome) {
	w.Complete(g, outcome)
	if w.live == 0 {
		w.Event(event.RegionClosed(Region, outcome), "")
	}
}

// Advance writes the time if it is ahead of what was told last.
func (w *Writer) Advance(now int64) { w.advance(now, 0) }

func (w *Writer) advance(now, slack int64) {
	if now-w.time > slack {
		w.Event(event.TimeAdvanced(uint64(w.time), uint64(now)), "")
		w.time = now
	}
}
