package simsched

import (
	"runtime"

	"github.com/reprise-go/reprise/event"
)

// Sim is one run. It is made by [Run] and ends with it.
type Sim struct {
	cfg Config

	// The run ends when err is set or no task is live. Once err is set no event is emitted any more.
	err       error
	unwinding bool // parked tasks are being ended

	current *Task // the task that runs
	next    *Task // the task the driver resumes, nil at the end
	ready   queue
	tick    uint64 // scheduling steps so far
	inStep  uint64 // operations in this step that are no scheduling points; as many as there may be steps
	toCheck uint64 // steps to the next checkpoint; 0 = never

	checkpoints uint64
	tasks       arena[Task]
	regions     arena[Region]
	root        *Region
	main        *Task
	panics      []*PanicError

	clock  clock
	tokens uint64

	idle       []*coroutine // without a task
	coroutines []*coroutine // all
	choice     Choice
}

// Run runs body as the main task of a new simulation and returns when the run has ended. The error joins, as far as
// there are any: why the run ended early (a [*DeadlockError], [*LeakError], [*StepLimitError], or what the Observer
// returned), the error of body, the errors of tasks that nobody joined, and all panics, each a [*PanicError].
//
// If a task calls runtime.Goexit, as testing.T.FailNow does, the run ends and Run does not return but ends its own
// goroutine the same way.
func Run(cfg Config, body func(*Sim) error) error {
	s := &Sim{cfg: cfg.validate()}
	s.choice.sim, s.choice.due = s, &s.clock.due
	if s.cfg.CheckpointEvery > 0 {
		s.toCheck = uint64(s.cfg.CheckpointEvery)
	}
	defer s.shutDown()
	s.emit(event.RngSeed(cfg.Seed))
	s.root = s.openRegion("root", nil)
	s.main = s.spawn(s.root, "main", func() error { return body(s) })
	s.next = s.pick()
	s.drive()
	return s.result()
}

// drive resumes one task after the other. The choice of the next one is made inside the task that gives up, so that a
// task that is picked again costs no switch.
func (s *Sim) drive() {
	for s.next != nil {
		t := s.next
		if t.co == nil {
			s.adopt(t)
		}
		s.next = nil
		t.co.resume()
	}
	s.current = nil
}

// pick makes the next scheduling decision: it fires what is due, moves time if no task is ready, and takes a task out
// of the ready queue. It returns nil if the run is over.
func (s *Sim) pick() *Task {
	if s.err != nil || s.tasks.live == 0 {
		return nil
	}
	for s.fireDue(); s.ready.n == 0; s.fireDue() {
		if !s.advance() {
			s.fail(s.stuck())
			return nil
		}
	}
	if s.tick == s.cfg.MaxSteps {
		s.fail(&StepLimitError{Steps: s.tick, Task: s.current.ID(), Name: s.current.Name()})
	}
	if s.err != nil {
		return nil
	}
	s.checkpoint()
	s.tick++
	s.inStep = 0
	t := s.chooseWaiter(PointTask, &s.ready).task
	s.emit(event.TaskScheduled(t.id, s.tick))
	if s.err != nil {
		return nil
	}
	s.current = t
	return t
}

// checkpoint emits a checkpoint when it is time for one.
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

// point is a scheduling point of the running task t: any ready task may run before it goes on.
func (s *Sim) point(t *Task) {
	s.ready.push(&t.self)
	s.switchFrom(t)
}

// block parks the running task t in q until it is woken. on tells reports what it waits for.
func (s *Sim) block(t *Task, q *queue, on blocker) {
	t.blockedOn = on
	q.push(&t.self)
	s.switchFrom(t)
	t.blockedOn = nil
}

// switchFrom lets the next task run; t is in a queue. It returns when t is picked again.
func (s *Sim) switchFrom(t *Task) {
	next := s.pick()
	if next == t {
		return
	}
	s.next = next
	if !t.co.yield(struct{}{}) {
		runtime.Goexit() // the run has ended; unwind
	}
}

// makeReady puts the task of w, which has just left its queue, into the ready queue.
func (s *Sim) makeReady(w *waiter) {
	t := w.task
	if w != &t.self {
		t.leaveSelect(w)
	}
	s.ready.push(&t.self)
}

// emitBatchWake tells that all waiters of q, at least one, are woken.
func (s *Sim) emitBatchWake(q *queue) {
	if q.n == 1 {
		s.emit(event.WakerWake(q.at(0).task.id))
		return
	}
	s.emit(event.WakerBatchWake(uint32(q.n)))
}

// emit hands an event to the Observer.
func (s *Sim) emit(e event.Event) {
	if s.cfg.Observer == nil || s.err != nil {
		return
	}
	if err := s.cfg.Observer.Observe(e); err != nil {
		s.fail(err)
	}
}

// fail ends the run at the next scheduling point. The first reason counts.
func (s *Sim) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// stopIfEnded parks t for ever once the run has ended. An operation that is not a scheduling point calls it after it
// has emitted an event, so that a loop of such operations ends too.
func (s *Sim) stopIfEnded(t *Task) {
	if s.inStep++; s.inStep > s.cfg.MaxSteps {
		s.fail(&StepLimitError{Steps: s.tick, Task: t.id, Name: t.name})
	}
	if s.err != nil {
		s.switchFrom(t)
	}
}

// enter returns the running task. It ends the call while tasks are unwound and panics outside the run.
func (s *Sim) enter(op string) *Task {
	if s.unwinding {
		runtime.Goexit()
	}
	if s.current == nil {
		panic("simsched: " + op + " called outside the run: objects of a Sim may be used only by its tasks, during Run")
	}
	return s.current
}

// release is enter for operations that give something up and never block: while tasks are unwound they do nothing.
func (s *Sim) release(op string) (t *Task, ok bool) {
	if s.unwinding {
		return nil, false
	}
	return s.enter(op), true
}

// task returns the live or last task with an id, nil if there is none.
func (s *Sim) task(id event.TaskID) *Task {
	t := s.tasks.get(id.Index())
	if t == nil || t.id != id {
		return nil
	}
	return t
}

// TaskName returns the name of a task that is live, or that has ended and whose id was not used again; "" otherwise.
func (s *Sim) TaskName(id event.TaskID) string {
	if t := s.task(id); t != nil {
		return t.name
	}
	return ""
}

// RegionName returns the name of a region that is open, or that has closed and whose id was not used again; ""
// otherwise.
func (s *Sim) RegionName(id event.RegionID) string {
	if r := s.regions.get(id.Index()); r != nil && r.id == id {
		return r.name
	}
	return ""
}

// Steps returns the number of scheduling steps so far.
func (s *Sim) Steps() uint64 { return s.tick }
