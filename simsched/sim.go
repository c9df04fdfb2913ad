package simsched

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/strategy"
)

// Sim is one run. [Run] makes it, and it ends with the run.
type Sim struct {
	cfg Config

	// The run ends when err is set or no task is live. Once err is set, no more events are emitted.
	err       error
	unwinding bool // parked tasks are being ended

	current *Task // the running task
	ready   queue
	tick    uint64 // number of scheduling steps so far
	firing  bool   // timers are firing
	inHook  bool   // the Observer or the Chooser is running: a panic is theirs
	inStep  uint64 // number of operations in this step that are not scheduling points; limited like steps
	toCheck uint64 // number of steps to the next checkpoint; 0 = no checkpoints

	// The turn of the task that was chosen last, and the last turn at that time. See LastChoice.
	chosenTurn, lastTurn uint64

	drawn string // label of the stream of the last RngValue; "" if that is the chosen case of a Select

	checkpoints uint64
	spawned     uint32 // tasks so far
	tasks       arena[Task]
	regions     arena[Region]
	root        *Region
	main        *Task
	panics      []*PanicError
	hookPanic   any // panic value of the Observer or the Chooser

	clock     clock
	tokens    uint64
	noter     Noter    // the Observer, if it is one
	operating bool     // the Noter is being told of an operation of the running task
	left      []Left   // see Sim.Left
	net       *Network // nil until used

	stepper    strategy.Stepper       // of the Chooser; nil if it has none
	reduction  *Reduction             // of the Chooser; nil if it has none
	idle       []*coroutine           // coroutines without a task
	coroutines []*coroutine           // all coroutines
	driver     coroutine              // stands for the goroutine that called Run, which waits while tasks run
	quit       bool                   // a task called runtime.Goexit, which goes on in the driver
	goroutines *goroutines            // nil unless Config.CheckGoroutines is set
	foreign    atomic.Pointer[string] // what is said to a goroutine that is no task, and must not use the Sim
	choice     Choice
	asked      [numPoints]uint16    // number of choices in this step, by kind; it stops at the maximum
	chaotic    [len(occasions)]bool // whether faults are possible at an occasion
	injected   [5]uint64            // number of injected faults by kind
	tail       []event.Event        // events of the last steps before the limit
}

// Run runs body as the main task of a new simulation and returns when the run has ended. The error joins the reason
// why the run ended early, if it did (a [*DeadlockError], [*LeakError], [*StepLimitError], or the error of the
// Observer), the error of body, the errors of tasks that were not joined, and all panics, each a [*PanicError].
//
// A panic of the Observer or the Chooser ends the run and is passed on to the caller of Run. If a task calls
// runtime.Goexit, as testing.T.FailNow does, the run ends, and Run ends its own goroutine in the same way instead
// of returning. With [Config.ContainGoexit] it returns a [*GoexitError].
func Run(cfg Config, body func(*Sim) error) error {
	s := newSim(cfg.validate())
	if s.goroutines != nil {
		defer s.goroutines.ended.Store(true)
	}
	defer s.shutDown()
	if a, ok := cfg.Observer.(Attacher); ok {
		a.Attach(s)
	}
	s.emit(event.RngSeed(cfg.Seed))
	s.root = s.openRegion("root", nil)
	s.main = s.spawn(s.root, newPath(nil, 0), "main", func() error { return body(s) })
	first := s.pick()
	if cfg.ContainGoexit {
		s.driveApart(first)
	} else {
		s.drive(first)
	}
	if s.hookPanic != nil {
		panic(s.hookPanic)
	}
	if text := s.foreign.Load(); text != nil { // which has also disturbed what happened
		return errors.New(*text)
	}
	return s.result()
}

// newSim prepares a run. The defaults of cfg have been filled in.
func newSim(cfg Config) *Sim {
	if c, ok := cfg.Chooser.(oneRun); ok && !c.claim() {
		panic("simsched: Run called with a Chooser that was used in another run")
	}
	s := &Sim{cfg: cfg, toCheck: uint64(max(cfg.CheckpointEvery, 0))}
	if cfg.Order != nil {
		cfg.Order.reset()
	}
	s.driver.sim = s
	s.idle, s.coroutines = make([]*coroutine, 0, fewItems), make([]*coroutine, 0, fewItems)
	if cfg.Pool != nil && !cfg.Pool.claim() {
		s.cfg.Pool = nil
	}
	s.noter, _ = cfg.Observer.(Noter)
	if c, ok := cfg.Chooser.(stepping); ok {
		s.stepper = c.Stepper()
	}
	if c, ok := cfg.Chooser.(reducer); ok {
		s.reduction = c.reduction()
	}
	s.choice.sim, s.choice.due, s.choice.chaos = s, &s.clock.due, &s.cfg.Chaos
	rates := cfg.Chaos.rates()
	for o, kinds := range occasions {
		for _, k := range kinds {
			s.chaotic[o] = s.chaotic[o] || rates[k] > 0
		}
	}
	if cfg.CheckGoroutines {
		s.goroutines = &goroutines{}
		s.goroutines.add(nil)
	}
	return s
}

// drive lets the first task run, and returns when the run is over. Tasks hand over to each other: the next one is
// chosen inside the task that gives up its turn, so that choosing the same task again costs no switch.
func (s *Sim) drive(first *Task) {
	if s.goroutines != nil {
		s.goroutines.add(nil)
	}
	if first != nil {
		s.driver.handOver(first)
	}
	if s.quit {
		runtime.Goexit()
	}
	s.current = nil
}

// driveApart calls drive in a separate goroutine, so that runtime.Goexit in a task ends only that goroutine.
func (s *Sim) driveApart(first *Task) {
	var ended sync.WaitGroup
	ended.Go(func() { s.drive(first) })
	ended.Wait()
}

// pick makes the next scheduling decision: it fires timers that are due, advances the time if no task is ready, and
// takes a task out of the ready queue. It returns nil if the run is over.
func (s *Sim) pick() *Task {
	if s.err != nil || s.tasks.live == 0 {
		return nil
	}
	for s.fireDue(); s.ready.n == 0; s.fireDue() {
		if !s.advance() {
			s.fail(s.stuck())
			return nil
		}
		if s.reduction != nil {
			s.reduction.search.Advance()
		}
	}
	if s.tick == s.cfg.MaxSteps {
		s.fail(s.stepLimit())
	}
	if s.err != nil {
		return nil
	}
	s.checkpoint()
	s.tick++
	s.inStep = 0
	w := s.chooseWaiter(PointTask, &s.ready)
	s.choice.running, s.choice.yielded = nil, false
	t := w.task
	s.current, s.chosenTurn, s.lastTurn = t, w.turn, s.ready.turns
	t.steps++
	s.asked = [numPoints]uint16{}
	t.blockedOn = nil
	if s.stepper != nil {
		s.stepper.Step(&t.strategic)
	}
	op := t.goesOn()
	if s.cfg.Order != nil {
		s.cfg.Order.step(t, op)
	}
	if s.reduction != nil {
		s.reduction.step(t, op)
	}
	s.emit(event.TaskScheduled(t.id, s.tick))
	if s.err != nil {
		return nil
	}
	if s.cfg.Progress != nil && !s.cfg.Progress.note(t, s.tick) {
		s.fail(errStopped)
		return nil
	}
	return t
}

// checkpoint emits a checkpoint if one is due.
func (s *Sim) checkpoint() {
	if s.toCheck == 0 {
		return
	}
	if s.toCheck--; s.toCheck > 0 {
		return
	}
	s.toCheck = uint64(s.cfg.CheckpointEvery)
	s.emit(event.Checkpoint(s.checkpoints, s.clock.now, uint32(s.tasks.live), uint32(s.regions.live)))
	s.checkpoints++
}

// point is a scheduling point of the running task t: any ready task may run before t continues.
func (s *Sim) point(t *Task) { s.pointAt(t, strategy.Op{}) }

// pointAt is point before an operation on an object.
func (s *Sim) pointAt(t *Task, next strategy.Op) {
	t.strategic.Next = next
	if s.cfg.CallSites {
		t.capture()
	}
	if s.chaotic[occasionPoint] {
		s.faultAtPoint(t)
	}
	s.ready.push(&t.self)
	s.choice.running = t
	s.park(t, s.pick())
}

// block parks the running task t in q until it is woken. Reports use on to say what t waits for.
func (s *Sim) block(t *Task, q *queue, on blocker) {
	if t.strategic.Next.Object != 0 {
		t.awaited = strategy.Op{Object: t.strategic.Next.Object, Kind: strategy.Sync}
	}
	t.blockedOn, t.strategic.Next = on, strategy.Op{}
	q.push(&t.self)
	s.park(t, s.pick())
	t.blockedOn = nil
}

// park lets next run. The running task t must be in a queue, or end. It returns when t is chosen again, at once if next
// is t.
func (s *Sim) park(t, next *Task) {
	if next != t {
		t.co.handOver(next)
	}
}

// usesOther notes, for a Reduction, that the step uses something that may be anything.
func (s *Sim) usesOther() {
	if s.reduction != nil {
		s.reduction.search.UsesAnything()
	}
}

// makeReady puts the task of w, which has just left its queue, into the ready queue. A task that is still running
// on its way to the wait is not queued.
func (s *Sim) makeReady(w *waiter) {
	t := w.task
	if w != &t.self {
		t.leaveSelect(w)
	}
	if t.sel == nil || !t.sel.early {
		s.ready.push(&t.self)
	}
}

// emitBatchWake emits the event that all waiters of q, at least one, are woken.
func (s *Sim) emitBatchWake(q *queue) {
	if q.n == 1 {
		s.emit(event.WakerWake(q.at(0).task.id))
		return
	}
	s.emit(event.WakerBatchWake(uint32(q.n)))
}

// emit passes an event to the Observer.
func (s *Sim) emit(e event.Event) {
	if s.err != nil {
		return
	}
	if s.tick+tailSteps >= s.cfg.MaxSteps {
		s.tail = append(s.tail, e)
	}
	if s.cfg.Observer == nil {
		return
	}
	s.inHook = true
	err := s.cfg.Observer.Observe(e)
	s.inHook = false
	if err != nil {
		s.fail(s.sound("the Observer returned", err))
	}
}

// fail ends the run at the next scheduling point. The first reason is kept.
func (s *Sim) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// stopIfEnded parks t forever once the run has ended. Operations that are not scheduling points call it after they
// have emitted an event, so that a loop of such operations ends too.
func (s *Sim) stopIfEnded(t *Task) {
	if s.firing {
		return // called by a timer, not by a task
	}
	s.usesOther()
	if s.inStep++; s.inStep > s.cfg.MaxSteps {
		s.fail(s.stepLimit())
	}
	if s.err != nil {
		s.park(t, s.pick())
	}
}

// look counts a query of state that other tasks change. A query is not a scheduling point; counting bounds loops of
// queries. It may be called from anywhere.
func (s *Sim) look() {
	if s != nil && s.current != nil && !s.inHook && !s.unwinding {
		s.stopIfEnded(s.current)
	}
}

// enter returns the running task. While tasks are unwound it does not return; outside the run it panics.
func (s *Sim) enter(op string) *Task {
	if s == nil {
		panic("simsched: " + op + " called on a zero value; objects are made by a method of their Sim")
	}
	if s.unwinding {
		runtime.Goexit()
	}
	if s.current == nil {
		where := ""
		if s.cfg.CheckGoroutines {
			where = origin()
		}
		s.refuse("simsched: " + op + " called outside the run" + where +
			": objects of a Sim may be used only by its tasks, during Run")
	}
	s.check(op)
	return s.current
}

// release is enter for operations that release something and never block: while tasks are unwound they do nothing.
func (s *Sim) release(op string) (t *Task, ok bool) {
	if s != nil && s.unwinding {
		return nil, false
	}
	return s.enter(op), true
}

// task returns the live or last task with an id, or nil if there is none.
func (s *Sim) task(id event.TaskID) *Task {
	t := s.tasks.get(id.Index())
	if t == nil || t.id != id {
		return nil
	}
	return t
}

// TaskName returns the name of a task that is live, or that has ended and whose id was not reused. Otherwise it
// returns "".
func (s *Sim) TaskName(id event.TaskID) string {
	if t := s.task(id); t != nil {
		return t.name
	}
	return ""
}

// TaskPath returns the path of a task, under the same conditions as [Sim.TaskName].
func (s *Sim) TaskPath(id event.TaskID) string {
	if t := s.task(id); t != nil {
		return t.Path()
	}
	return ""
}

// RegionName returns the name of a region that is open, or that has closed and whose id was not reused. Otherwise
// it returns "".
func (s *Sim) RegionName(id event.RegionID) string {
	if r := s.regions.get(id.Index()); r != nil && r.id == id {
		return r.name
	}
	return ""
}

// Steps returns the number of scheduling steps so far.
func (s *Sim) Steps() uint64 { return s.tick }
