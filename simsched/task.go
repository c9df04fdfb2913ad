package simsched

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/strategy"
)

// Task is a concurrent activity of a run, like a goroutine of a program.
type Task struct {
	sim    *Sim
	id     event.TaskID
	name   string
	path   *taskPath
	fn     func() error
	region *Region // the region in which it was spawned
	scope  *Region // the region for the tasks it spawns
	co     *coroutine

	self      waiter
	sel       *selection // set while it waits in several queues, or is about to wait for a Cond; otherwise nil
	blockedOn blocker
	sleep     timer
	calls     *[callDepth]uintptr // call stack at its last scheduling point; nil unless Config.CallSites is set

	strategic strategy.Task // its number, and what the strategy knows of it
	steps     uint64        // number of scheduling steps in which it was chosen
	order     uint64        // see Order
	awaited   strategy.Op   // the operation for which it has waited since
	reduces   strategy.Op   // the next operation for a Reduction, if no other strategy knows it

	err     error
	joiners *queue // tasks in Join; nil if there are none
	place   int32  // index in region.members

	parked  bool // in Park
	permit  bool // woken before it parked
	inFault bool // a fault is being injected, during which no other fault is
	done    bool
	joined  bool // a task has received err
	outcome event.Outcome
}

// selection lets a task wait in several queues, or in one that it enters before it parks.
type selection struct {
	waiters []waiter
	served  *waiter // the waiter by which it was woken
	early   bool    // the waiters are in their queues, but the task is still running
}

// waiters returns the waiters of t's selection, if it has one.
func (t *Task) waiters() []waiter {
	if t.sel == nil {
		return nil
	}
	return t.sel.waiters
}

// blocker is anything that a task can wait for. waitsFor completes the sentence "T1 waits ...".
type blocker interface {
	waitsFor() string
}

// taskPath is the place of a task in the tree of tasks and their children. It outlives the task.
type taskPath struct {
	parent   *taskPath
	number   uint32 // from 1, among the parent's children
	children uint32
	objects  uint32 // that the task has created
	hash     uint64 // of the numbers from the root on; never 0
}

func newPath(parent *taskPath, number uint32) *taskPath {
	p := &taskPath{parent: parent, number: number}
	if parent != nil {
		p.hash = parent.hash
	}
	p.hash = mix(p.hash, uint64(number))
	return p
}

// mix returns a number, never 0, that depends on the whole of h and x.
func mix(h, x uint64) uint64 {
	r := strategy.NewRand(h, x*0x9e3779b97f4a7c15)
	return r.Uint64() | 1
}

// objectID returns the identity of a new object: a hash of the task that creates it, and of the number of objects that
// the task has created before. It is the same in all runs in which the task does the same.
func (s *Sim) objectID() uint64 {
	if s == nil || s.current == nil {
		return 0
	}
	p := s.current.path
	p.objects++
	return mix(p.hash, uint64(p.objects)<<32)
}

func (p *taskPath) String() string {
	if p.parent == nil {
		return "0"
	}
	return p.parent.String() + "." + strconv.FormatUint(uint64(p.number), 10)
}

// child returns the path of the next task that the task with path p starts.
func (p *taskPath) child() *taskPath {
	p.children++
	return newPath(p, p.children)
}

// Path returns the place of t in the tree of tasks and their children: 0 for the main task, 0.2.1 for the first
// task started by the main task's second one. Unlike the identifier it depends only on what the ancestors of the
// task do, not on the schedule.
func (t *Task) Path() string { return t.path.String() }

// ID returns the identifier of t.
func (t *Task) ID() event.TaskID { return t.id }

// Name returns the name of t.
func (t *Task) Name() string { return t.name }

// String returns the identifier and the name.
func (t *Task) String() string { return t.id.String() + " " + t.name }

// Go starts a task in the current region: the region of the innermost [Sim.InRegion] around the call, or else that
// of the running task. The name is for reports and need not be unique. A nil error is success. If the region was
// cancelled, and the error is exactly that of its context, wrapped or not, the task counts as cancelled. Any other
// error is returned by Join or, if the task is not joined, reaches the owner of the region.
func (s *Sim) Go(name string, fn func() error) *Task {
	t := s.enter("Go")
	s.pointReduced(t, strategy.Op{Object: reducedStarts})
	return s.spawn(t.scope, t.path.child(), name, fn)
}

// Current returns the running task.
func (s *Sim) Current() *Task { return s.enter("Current") }

// goesOn returns the operation with which t goes on, or for which it has waited.
func (t *Task) goesOn() strategy.Op {
	op := t.strategic.Next
	if op.Object == 0 {
		op, t.awaited = t.awaited, strategy.Op{}
	}
	return op
}

func (s *Sim) spawn(r *Region, p *taskPath, name string, fn func() error) *Task {
	t := &Task{sim: s, path: p, name: name, fn: fn, region: r, scope: r}
	t.self.task = t
	s.spawned++
	t.strategic.Number, t.strategic.Path = s.spawned, p.hash
	if p.parent != nil {
		t.strategic.Parent = p.parent.hash
	}
	t.order = p.hash
	if s.current != nil {
		t.order = after(s.current.order, p.hash)
	}
	t.id = event.NewTaskID(s.tasks.add(t))
	t.place = int32(len(r.members))
	if r.members == nil {
		r.members = make([]*Task, 0, fewItems)
	}
	r.members = append(r.members, t)
	s.emit(event.TaskSpawned(t.id, r.id, s.tick))
	s.ready.push(&t.self)
	return t
}

// runTask runs t to its end.
func (s *Sim) runTask(t *Task) {
	returned := false
	defer func() {
		if s.unwinding {
			_ = recover() // a deferred call panicked while its task was unwound: there is no caller to receive it
			return
		}
		if returned {
			return
		}
		v := recover()
		switch {
		case v == nil: // runtime.Goexit was called: it continues in the driver of the run
			s.fail(&GoexitError{Task: t.id, Name: t.name, Path: t.Path()})
		case s.inHook:
			s.hookPanic = v
			s.fail(errHook)
		default:
			s.complete(t, event.OutcomePanicked, s.notePanic(t, v))
		}
	}()
	err := s.soundOf(t, "returned", t.fn())
	returned = true
	s.complete(t, t.region.judge(err), err)
}

// notePanic adds a panic of t to the error of Run.
func (s *Sim) notePanic(t *Task, v any) *PanicError {
	if err, ok := v.(error); ok {
		v = s.soundOf(t, "panicked with", err)
	}
	p := &PanicError{Task: t.id, Name: t.name, Value: v, Stack: debug.Stack()}
	s.panics = append(s.panics, p)
	return p
}

// judge returns the outcome of a task or body in r that returned err.
func (r *Region) judge(err error) event.Outcome {
	switch {
	case err == nil:
		return event.OutcomeOK
	case r.cancelled && only(err, r.context.err):
		return event.OutcomeCancelled
	default:
		return event.OutcomeErr
	}
}

// only reports whether err is exactly target: an error that was joined with it must not get lost.
func only(err, target error) bool {
	if !errors.Is(err, target) {
		return false
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(e.Unwrap(), func(part error) bool { return !only(part, target) })
	case interface{ Unwrap() error }:
		return only(e.Unwrap(), target)
	}
	return true
}

// complete ends t.
func (s *Sim) complete(t *Task, outcome event.Outcome, err error) {
	t.done, t.outcome, t.err, t.fn = true, outcome, err, nil
	if s.reduction != nil {
		s.reduction.ended(t)
	}
	s.emit(event.TaskCompleted(t.id, outcome))
	s.tasks.remove(t.id.Index())
	if t.joiners != nil {
		s.wakeAll(t.joiners, nil)
	}
	t.region.taskEnded(t)
}

// Join waits until t has ended and returns its error: that of its function, or a [*PanicError].
func (t *Task) Join() error {
	s := t.sim
	me := s.enter("Task.Join")
	s.pointReduced(me, t.region.ends(strategy.Sync))
	if !t.done {
		if t.joiners == nil {
			t.joiners = &queue{}
		}
		me.reduces = t.region.ends(strategy.Sync)
		s.block(me, t.joiners, (*joining)(t))
	}
	t.joined = true
	return t.err
}

// Done reports whether t has ended.
func (t *Task) Done() bool {
	t.sim.look()
	return t.done
}

// Outcome returns the outcome of t; [event.OutcomeOK] while it runs.
func (t *Task) Outcome() event.Outcome { return t.outcome }

type joining Task

func (t *joining) waitsFor() string { return fmt.Sprintf("for %v to end", (*Task)(t)) }

// Yield gives up the turn of the running task, which stays ready.
func (s *Sim) Yield() {
	t := s.enter("Yield")
	s.emit(event.TaskYielded(t.id))
	s.choice.yielded = true
	s.point(t)
}

// Waker wakes a task that called [Sim.Park].
type Waker struct{ task *Task }

// Waker returns a waker for the running task.
func (s *Sim) Waker() Waker { return Waker{s.enter("Waker")} }

// Park waits until a waker of the running task is used. It returns at once if one was used before; several wakes count
// as one.
func (s *Sim) Park() {
	t := s.enter("Park")
	s.point(t)
	if !t.permit {
		t.parked, t.blockedOn = true, parking{}
		s.park(t, s.pick())
		t.blockedOn = nil
	}
	t.permit = false
}

type parking struct{}

func (parking) waitsFor() string { return "to be woken" }

// Wake makes the task ready if it is in Park; otherwise its next Park returns at once. Waking a task that has ended
// does nothing.
func (w Waker) Wake() {
	s := w.task.sim
	t, ok := s.release("Waker.Wake")
	if !ok {
		return
	}
	s.point(t)
	s.emit(event.WakerWake(w.task.id))
	if !w.task.parked {
		w.task.permit = true
		return
	}
	w.task.parked = false
	s.ready.push(&w.task.self)
}

// Region returns the region in which t was started.
func (t *Task) Region() *Region { return t.region }
