package simsched

import (
	"errors"
	"fmt"
	"slices"

	"github.com/reprise-go/reprise/event"
)

// Region is a group of tasks that ends as a whole. Regions form a tree below the root region, in which the main task
// runs.
type Region struct {
	sim      *Sim
	id       event.RegionID
	name     string
	parent   *Region
	children []*Region // open
	place    int       // in parent.children
	tasks    int       // live

	cancelled  bool
	cancelKind event.CancelKind
	onCancel   queue          // tasks that wait for the cancellation
	context    *regionContext // nil until somebody asks for it

	outcome event.Outcome // the most severe so far
	failed  []*Task       // with an error, in the order they ended
	owner   queue         // the task in InRegion, waiting for the end
	closed  bool
}

func (s *Sim) openRegion(name string, parent *Region) *Region {
	r := &Region{sim: s, name: name, parent: parent}
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
// it. Inside body, [Sim.Go] and [Sim.InRegion] work in the new region. If body fails or panics the region is cancelled
// with [event.CancelFailFast] first. The error joins that of body and those of the region's tasks that nobody joined.
func (s *Sim) InRegion(name string, body func(*Region) error) error {
	t := s.enter("InRegion")
	s.point(t)
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
		// The panic goes on when the region has ended. If the run ends before that, the panic is told nevertheless.
		p := s.notePanic(t, v)
		r.close(t, event.OutcomePanicked)
		s.panics = slices.DeleteFunc(s.panics, func(q *PanicError) bool { return q == p })
		outer.failed = append(outer.failed, r.failed...)
		t.scope = outer
		panic(v)
	}()
	err := body(r)
	returned = true
	outcome := event.OutcomeOK
	if err != nil {
		outcome = event.OutcomeErr
	}
	r.close(t, outcome)
	t.scope = outer
	return errors.Join(append([]error{err}, r.errors()...)...)
}

// close waits for the end of the region's tasks and closes it. outcome is that of its body.
func (r *Region) close(t *Task, outcome event.Outcome) {
	s := r.sim
	s.point(t)
	r.outcome = max(r.outcome, outcome)
	if outcome != event.OutcomeOK {
		r.cancel(event.CancelFailFast)
	}
	for !r.quiet() {
		s.block(t, &r.owner, (*closing)(r))
	}
	r.shut()
}

type closing Region

func (r *closing) waitsFor() string {
	return fmt.Sprintf("for the tasks of region %v %s to end", r.id, r.name)
}

// quiet reports whether nothing lives in r.
func (r *Region) quiet() bool { return r.tasks == 0 && len(r.children) == 0 }

// shut closes r, which is quiet.
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

// taskEnded notes the end of a task of r.
func (r *Region) taskEnded(t *Task) {
	r.tasks--
	r.outcome = max(r.outcome, t.outcome)
	if t.outcome == event.OutcomeErr || t.outcome == event.OutcomePanicked {
		r.failed = append(r.failed, t)
	}
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

// errors returns the errors of the tasks that have failed and that nobody has joined.
func (r *Region) errors() []error {
	var errs []error
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

// Name returns the name that r was given.
func (r *Region) Name() string { return r.name }

// Go starts a task in r, as [Sim.Go] does. It panics if r has closed.
func (r *Region) Go(name string, fn func() error) *Task {
	t := r.sim.enter("Region.Go")
	r.sim.point(t)
	if r.closed {
		panic("simsched: Region.Go called on a closed region")
	}
	return r.sim.spawn(r, name, fn)
}

// Cancel starts the cancellation of r and of all regions inside it: their [Region.Context] is done, and what waits for
// that is woken. A region is cancelled at most once; a later call changes nothing. Regions inside get
// [event.CancelParent]. It panics if kind is not valid.
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

func (r *Region) cancel(kind event.CancelKind) {
	if r.cancelled || r.closed {
		return
	}
	r.cancelled, r.cancelKind = true, kind
	r.sim.emit(event.RegionCancelled(r.id, kind))
	r.sim.wakeAll(&r.onCancel, nil)
	r.announceCancel()
	for _, child := range r.children {
		child.cancel(event.CancelParent)
	}
}

// Cancelled reports whether r was cancelled, and with which severity.
func (r *Region) Cancelled() (event.CancelKind, bool) { return r.cancelKind, r.cancelled }
