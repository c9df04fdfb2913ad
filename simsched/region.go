package simsched

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/strategy"
)

// Region is a group of tasks that ends as a whole. Regions form a tree; the main task runs in its root, the root
// region.
type Region struct {
	sim      *Sim
	id       event.RegionID
	name     string
	parent   *Region
	children []*Region // open regions inside r
	place    int       // index in parent.children
	members  []*Task   // live tasks

	cancelled  bool
	cancelKind event.CancelKind
	context    simContext
	deadline   timer    // set by CancelAfter
	finalizers []func() // added by Defer; run last first

	outcome event.Outcome // the most severe so far
	err     error         // error of the body
	failed  []*Task       // tasks that ended with an error, in the order in which they ended
	owner   queue         // the task that waits in InRegion for the end
	closed  bool
	killed  bool // ended together with its tasks, by a crash
}

func (s *Sim) openRegion(name string, parent *Region) *Region {
	r := &Region{sim: s, name: name, parent: parent}
	r.context.sim, r.context.region = s, r
	if parent != nil {
		r.context.Context = &parent.context
	} else {
		r.context.Context = context.Background()
	}
	r.id = event.NewRegionID(s.regions.add(r))
	if parent == nil {
		s.emit(event.RootRegionCreated(r.id, s.tick))
		return r
	}
	r.place = len(parent.children)
	parent.children = append(parent.children, r)
	s.emit(event.RegionCreated(r.id, parent.id, s.tick))
	if parent.cancelled {
		r.cancel(event.CancelParent)
	}
	return r
}

// InRegion opens a region inside the current one, runs body in it, waits until all its tasks have ended, and closes
// it. Inside body, [Sim.Go] and [Sim.InRegion] work in the new region. If body fails or panics, the region is first
// cancelled with [event.CancelFailFast]. The error joins the error of body and the errors of the region's tasks
// that were not received by Join.
func (s *Sim) InRegion(name string, body func(*Region) error) error {
	t := s.enter("InRegion")
	s.pointReduced(t, strategy.Op{Object: reducedStarts})
	outer := t.scope
	r := s.openRegion(name, outer)
	t.scope = r
	returned := false
	defer func() {
		if returned || s.unwinding {
			return
		}
		v := recover()
		if v == nil {
			return // runtime.Goexit was called and ends the run
		}
		if s.inHook {
			panic(v) // not a panic of the program
		}
		// The panic continues when the region has ended. If the run ends first, the panic is part of its error anyway.
		p := s.notePanic(t, v)
		r.close(t, event.OutcomePanicked)
		s.panics = slices.DeleteFunc(s.panics, func(q *PanicError) bool { return q == p })
		outer.failed = append(outer.failed, r.failed...)
		t.scope = outer
		panic(v)
	}()
	r.err = s.soundOf(t, "returned", body(r))
	returned = true
	r.close(t, r.judge(r.err))
	t.scope = outer
	return join(r.errors())
}

// close waits for the end of the region's tasks and closes it. outcome is the outcome of its body.
func (r *Region) close(t *Task, outcome event.Outcome) {
	s := r.sim
	s.pointReduced(t, r.ends(strategy.Sync))
	r.outcome = max(r.outcome, outcome)
	if outcome != event.OutcomeOK {
		r.cancel(event.CancelFailFast)
	}
	for !r.quiet() || r.finalize(t) {
		if !r.quiet() {
			t.reduces = r.ends(strategy.Sync)
			s.block(t, &r.owner, (*closing)(r))
		}
	}
	s.cancel(&r.deadline)
	r.shut()
}

// finalize runs the finalizer that was added last and reports whether there was one. A panic in a finalizer is
// reported as a panic of t but does not stop t.
func (r *Region) finalize(t *Task) (ran bool) {
	last := len(r.finalizers) - 1
	if last < 0 {
		return false
	}
	f := r.finalizers[last]
	r.finalizers = r.finalizers[:last]
	defer func() {
		if r.sim.unwinding {
			return
		}
		if v := recover(); v != nil {
			if r.sim.inHook {
				panic(v) // not a panic of the program
			}
			r.sim.notePanic(t, v)
			r.outcome, ran = event.OutcomePanicked, true
		}
	}()
	f()
	return true
}

// Defer adds a finalizer. When all tasks of r have ended, and before r closes, the finalizers run in the task that
// opened r, last added first. They may use the simulation. Defer panics for the root region, which no task has
// opened, and for a closed one.
func (r *Region) Defer(f func()) {
	r.sim.enter("Region.Defer")
	if r.parent == nil || r.closed {
		panic("simsched: Region.Defer called on the root region or on a closed one")
	}
	r.finalizers = append(r.finalizers, f)
}

type closing Region

func (r *closing) waitsFor() string {
	return fmt.Sprintf("for the tasks of region %v %s to end", r.id, r.name)
}

// quiet reports whether r has neither live tasks nor open regions.
func (r *Region) quiet() bool { return len(r.members) == 0 && len(r.children) == 0 }

// shut closes r, which must be quiet.
func (r *Region) shut() {
	s := r.sim
	r.closed = true
	s.emit(event.RegionClosed(r.id, r.outcome))
	s.regions.remove(r.id.Index())
	p := r.parent
	if p == nil {
		return
	}
	p.outcome = max(p.outcome, r.outcome)
	last := len(p.children) - 1
	p.children[r.place] = p.children[last]
	p.children[r.place].place = r.place
	p.children[last] = nil
	p.children = p.children[:last]
}

// taskEnded handles the end of a task of r.
func (r *Region) taskEnded(t *Task) {
	last := len(r.members) - 1
	r.members[t.place] = r.members[last]
	r.members[t.place].place = t.place
	r.members[last] = nil
	r.members = r.members[:last]
	r.outcome = max(r.outcome, t.outcome)
	if t.outcome == event.OutcomeErr || t.outcome == event.OutcomePanicked {
		r.failed = append(r.failed, t)
	}
	r.sim.endHosts(r)
	if r.parent == nil {
		if t == r.sim.main && t.outcome != event.OutcomeOK && !r.quiet() {
			r.cancel(event.CancelFailFast)
		}
		if r.quiet() {
			r.shut()
		}
		return
	}
	if r.quiet() {
		r.sim.wakeAll(&r.owner, nil)
	}
}

// errors returns the error of the body and the errors of failed tasks that no task has joined.
func (r *Region) errors() []error {
	var errs []error
	if r.err != nil {
		errs = append(errs, r.err)
	}
	for _, t := range r.failed {
		switch {
		case t.joined || t == r.sim.main:
		case t.outcome == event.OutcomePanicked:
			errs = append(errs, t.err)
		default:
			errs = append(errs, fmt.Errorf("task %v: %w", t, t.err))
		}
	}
	return errs
}

// ID returns the identifier of r.
func (r *Region) ID() event.RegionID { return r.id }

// Name returns the name of r.
func (r *Region) Name() string { return r.name }

// Go starts a task in r, like [Sim.Go]. It panics if r is closed.
func (r *Region) Go(name string, fn func() error) *Task {
	t := r.sim.enter("Region.Go")
	r.sim.point(t)
	if r.closed {
		panic("simsched: Region.Go called on a closed region")
	}
	return r.sim.spawn(r, t.path.child(), name, fn)
}

// Cancel starts the cancellation of r and of all regions inside it: their [Region.Context] is cancelled, and tasks
// that wait for it are woken. Regions inside r are cancelled with [event.CancelParent]. A region is cancelled at
// most once; a later call changes nothing. Cancel panics if kind is not valid.
func (r *Region) Cancel(kind event.CancelKind) {
	if !kind.Valid() {
		panic("simsched: Region.Cancel called with a kind that is not 0 to 5")
	}
	t, ok := r.sim.release("Region.Cancel")
	if !ok {
		return
	}
	r.sim.point(t)
	r.cancel(kind)
}

// CancelAfter cancels r with [event.CancelTimeout] when d has passed, unless r has closed by then. The error of its
// context is then context.DeadlineExceeded. A second call replaces the first.
func (r *Region) CancelAfter(d time.Duration) {
	t := r.sim.enter("Region.CancelAfter")
	r.sim.point(t)
	r.sim.cancel(&r.deadline)
	r.deadline.fire = func() { r.cancel(event.CancelTimeout) }
	r.context.deadline = r.sim.Now().Add(d)
	if !r.closed && !r.cancelled {
		r.sim.start(&r.deadline, d)
	}
}

func (r *Region) cancel(kind event.CancelKind) {
	if r.cancelled || r.closed {
		return
	}
	r.cancelled, r.cancelKind = true, kind
	r.sim.emit(event.RegionCancelled(r.id, kind))
	err := context.Canceled
	if kind == event.CancelTimeout {
		err = context.DeadlineExceeded
	}
	r.context.cancel(err)
	for _, child := range r.children {
		child.cancel(event.CancelParent)
	}
}

// Cancelled reports whether r was cancelled, and the kind of cancellation.
func (r *Region) Cancelled() (event.CancelKind, bool) {
	r.sim.look()
	return r.cancelKind, r.cancelled
}
