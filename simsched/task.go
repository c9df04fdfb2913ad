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

// Task is a concurrent activity of a run, as a goroutine is of a program.
type Task struct {
	sim    *Sim
	id     event.TaskID
	name   string
	path   *taskPath
	fn     func() error
	region *Region // where it was spawned
	scope  *Region // where its own tasks go
	co     *coroutine

	self      waiter
	sel       *selection // while it waits for several things, or is on its way to wait for a Cond; else nil
	blockedOn blocker
	sleep     timer
	calls     *[callDepth]uintptr // where it last came to a scheduling point; nil if nobody asks for it

	strategic strategy.Task // its number, and what the strategy knows of it

	err     error
	joiners *queue // nil as long as there is none
	place   int32  // in region.members

	parked  bool // in Park
	permit  bool // woken before it parked
	inFault bool // a fault is being injected, which brings no other
	done    bool
	joined  bool // somebody has received err
	outcome event.Outcome
}

// selection is how a task waits in several queues, or in one that it enters before it parks.
type selection struct {
	waiters []waiter
	served  *waiter // by which it was woken
	early   bool    // the waiters are in their queues, but the task still runs
}

// waiters returns those of the selection of t, if it has one.
func (t *Task) waiters() []waiter {
	if t.sel == nil {
		return nil
	}
	return t.sel.waiters
}

// blocker is what a task can wait for. waitsFor completes the sentence "T1 waits ...".
type blocker interface {
	waitsFor() string
}

// taskPath is the place of a task in the tree of who started whom. It outlives the task.
type taskPath struct {
	parent   *taskPath
	number   uint32 // among the parent's children, from 1
	children uint32
}

func (p *taskPath) String() string {
	if p.parent == nil {
		return "0"
	}
	return p.parent.String() + "." + strconv.FormatUint(uint64(p.number), 10)
}

// child returns the path of the next task that the one with path p starts.
func (p *taskPath) child() *taskPath {
	p.children++
	return &taskPath{parent: p, number: p.children}
}

// Path returns the place of t in the tree of who started whom: 0 for the main task, 0.2.1 for the first task that its
// second one started. Unlike the identifier it depends only on what the tasks above it do, not on the schedule.
func (t *Task) Path() string { return t.path.String() }

// ID returns the identifier of t.
func (t *Task) ID() event.TaskID { return t.id }

// Name returns the name that t was given.
func (t *Task) Name() string { return t.name }

// String returns the identifier and the name.
func (t *Task) String() string { return t.id.String() + " " + t.name }

// Go starts a task in the current region: that of the innermost [Sim.InRegion] around the call, else that of the
// running task. The name is for reports and need not be unique. A nil error is success; an error that is
// that of the region's context, wrapped or not, and nothing else, after the region was cancelled is a cancellation; any
// other error reaches whoever calls Join, or else the owner of the region.
func (s *Sim) Go(name string, fn func() error) *Task {
	t := s.enter("Go")
	s.point(t)
	return s.spawn(t.scope, t.path.child(), name, fn)
}

// Current returns the running task.
func (s *Sim) Current() *Task { return s.enter("Current") }

func (s *Sim) spawn(r *Region, p *taskPath, name string, fn func() error) *Task {
	t := &Task{sim: s, path: p, name: name, fn: fn, region: r, scope: r}
	t.self.task = t
	s.spawned++
	t.strategic.Number = s.spawned
	t.id = event.NewTaskID(s.tasks.add(t))
	t.place = int32(len(r.members))
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
			_ = recover() // a deferred call that panics while its task is unwound has nobody to tell
			return
		}
		if returned {
			return
		}
		v := recover()
		switch {
		case v == nil: // runtime.Goexit was called: it goes on to who drives the run
			s.fail(&GoexitError{Task: t.id, Name: t.name, Path: t.Path()})
		case s.inHook:
			s.hookPanic = v
			s.fail(errHook)
		default:
			s.complete(t, event.OutcomePanicked, s.notePanic(t, v))
		}
	}()
	err := t.fn()
	returned = true
	s.complete(t, t.region.judge(err), err)
}

// notePanic makes what t panicked with a part of the error of Run.
func (s *Sim) notePanic(t *Task, v any) *PanicError {
	p := &PanicError{Task: t.id, Name: t.name, Value: v, Stack: debug.Stack()}
	s.panics = append(s.panics, p)
	return p
}

// judge gives the outcome of a task or body in r that has returned err.
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

// only reports whether err is target and nothing else: an error that was joined with it must not get lost.
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
	s.emit(event.TaskCompleted(t.id, outcome))
	s.tasks.remove(t.id.Index())
	if t.joiners != nil {
		s.wakeAll(t.joiners, nil)
	}
	t.region.taskEnded(t)
}

// Join waits until t has ended and returns its error: what its function returned, or a [*PanicError].
func (t *Task) Join() error {
	s := t.sim
	me := s.enter("Task.Join")
	s.point(me)
	if !t.done {
		if t.joiners == nil {
			t.joiners = &queue{}
		}
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

// Outcome returns how t has ended; [event.OutcomeOK] while it runs.
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

// Waker wakes a task that has called [Sim.Park].
type Waker struct{ task *Task }

// Waker returns a waker of the running task.
func (s *Sim) Waker() Waker { return Waker{s.enter("Waker")} }

// Park waits until a waker of the running task is used. A wake that came before counts, but only one.
func (s *Sim) Park() {
	t := s.enter("Park")
	s.point(t)
	if !t.permit {
		t.parked, t.blockedOn = true, parking{}
		s.switchFrom(t)
		t.blockedOn = nil
	}
	t.permit = false
}

type parking struct{}

func (parking) waitsFor() string { return "to be woken" }

// Wake makes the task ready if it is in Park, else its next Park returns at once. Waking a task that has ended does
// nothing.
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
