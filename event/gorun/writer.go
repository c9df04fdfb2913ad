package gorun

import (
	"time"

	"github.com/reprise-go/reprise/event"
)

// Sink receives the events of a run; [github.com/reprise-go/reprise/tracefile.Writer] is one. Site sets the code
// line of the next event.
type Sink interface {
	Append(event.Event) error
	Site(string)
}

// slack is the time in nanoseconds by which virtual time may run ahead of the last TimeAdvanced. Every decision
// takes a microsecond, and an event for each would be of no use.
const slack = int64(time.Millisecond)

// Writer writes a run as events that obey the laws of the schema. Its methods must be called in the order of what
// happens. Times are virtual, in nanoseconds since the start. A site is a code line such as "queue.go:25", or "" if
// unknown.
type Writer struct {
	out   Sink
	err   error
	time  int64
	leap  uint64 // of the preemption since the last decision
	tick  uint64
	live  int
	tasks []state // by goroutine number
}

// state is the state of a goroutine.
type state struct {
	site  string // its last stop
	ended bool
}

// NewWriter returns a Writer of a run with the given seed, and writes the events with which every run begins.
func NewWriter(out Sink, seed uint64) *Writer {
	w := &Writer{out: out}
	w.Event(event.RngSeed(seed), "")
	w.Event(event.RootRegionCreated(Region, 0), "")
	return w
}

// Err returns the first error of the sink. Nothing is written after it.
func (w *Writer) Err() error { return w.err }

// Event writes an event with the meaning of its kind, such as that of a timer or a random value.
func (w *Writer) Event(e event.Event, site string) {
	if w.err != nil {
		return
	}
	if site != "" {
		w.out.Site(site)
	}
	w.err = w.out.Append(e)
}

// of returns the state of a goroutine.
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

// Block records that g, which is running, blocks at a site. The next decision shows it.
func (w *Writer) Block(g uint32, site string) { w.of(g).site = site }

// Yield writes that g calls runtime.Gosched.
func (w *Writer) Yield(g uint32, site string) {
	w.of(g).site = site
	w.Event(event.TaskYielded(Task(g)), site)
}

// Preempt writes that g is preempted, and the number of nanoseconds by which time leaps before the next decision as far
// as that is known by then.
func (w *Writer) Preempt(g uint32, leap uint64, site string) {
	w.of(g).site = site
	w.leap = leap
	w.Event(event.ChaosInjectionInto(Task(g), event.ChaosDelay, leap), site)
}

// Decide writes a decision at time now: g runs next, after the running goroutine stopped for a reason and passed
// the given number of preemption points, and time leapt by leap nanoseconds. A leap that Preempt has written is not
// written again.
func (w *Writer) Decide(g uint32, why Why, points uint32, leap uint64, now int64) {
	if leap != 0 && (why != Preempted || leap != w.leap) {
		w.Event(event.ChaosInjection(event.ChaosDelay, leap), "")
	}
	w.leap = 0
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

// Read writes that g has read a number of bytes from outside.
func (w *Writer) Read(g uint32, bytes int64) {
	w.Event(event.IoResult(event.Token(Task(g)), bytes), "")
}

// Start writes that main.main starts.
func (w *Writer) Start(now int64) {
	w.Advance(now)
	w.tick = startTick(w.tick)
	w.Event(event.Checkpoint(1, uint64(w.time), uint32(w.live), 1), "")
}

// Complete writes that g ended. It does nothing if g is 0, never started or has ended.
func (w *Writer) Complete(g uint32, outcome event.Outcome) {
	if g == 0 || int(g) >= len(w.tasks) || w.tasks[g].ended {
		return
	}
	w.tasks[g].ended = true
	w.live--
	w.Event(event.TaskCompleted(Task(g), outcome), "")
}

// Close writes that g ended the process (0 for none), and closes the region if no goroutine is left.
func (w *Writer) Close(g uint32, outcome event.Outcome) {
	w.Complete(g, outcome)
	if w.live == 0 {
		w.Event(event.RegionClosed(Region, outcome), "")
	}
}

// Advance writes the time if it is ahead of the last TimeAdvanced.
func (w *Writer) Advance(now int64) { w.advance(now, 0) }

func (w *Writer) advance(now, slack int64) {
	if now-w.time > slack {
		w.Event(event.TimeAdvanced(uint64(w.time), uint64(now)), "")
		w.time = now
	}
}
