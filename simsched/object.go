package simsched

import (
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/strategy"
)

// syncOn is an operation on an object that orders tasks.
func syncOn(id uint64) strategy.Op { return strategy.Op{Object: id, Kind: strategy.Sync} }

// Object is something that tasks wait for or act upon, as reports name it.
type Object struct {
	Kind string // such as "mutex" or "channel"
	Name string // given by the program; need not be unique
	ID   any    // comparable; distinguishes objects of one kind and name
}

// Wait is what a task waits for.
type Wait struct {
	Op     string // the operation, such as "Mutex.Lock"
	Object Object // zero if it waits for no single object, as in a Select or a Sleep
	HeldBy []event.TaskID
	Line   string // as in [TaskInfo]
}

// Noter is an [Observer] that also receives what happens to objects without an event, such as the loss of a packet.
// Note is called during the run, before the next event; what is a verb phrase, such as "crashes". A run without a Noter
// has no cost for it.
type Noter interface {
	Observer
	Note(what string, o Object)
}

// tell passes what happens to an object to the Noter.
func (s *Sim) tell(what string, o Object) {
	if s.noter == nil || s.err != nil {
		return
	}
	s.inHook = true
	s.noter.Note(what, o)
	s.inHook = false
}

// did tells the Noter that the running task does something to an object, if the run records call sites.
func (s *Sim) did(verb string, o Object) {
	if s.noter == nil || !s.cfg.CallSites {
		return
	}
	s.operating = true
	s.tell(verb, o)
	s.operating = false
}

// chose tells the Noter which case of a Select the running task takes, and which others it could have taken.
func (s *Sim) chose(cases []Case, taken int, ready []uint64) {
	if s.noter == nil || !s.cfg.CallSites {
		return
	}
	verb, o := caseVerb(cases[taken])
	switch {
	case verb == "":
		verb = "takes the default case"
	case len(cases) > 1 && o.Kind != "semaphore":
		verb = "takes the case that " + verb
	}
	s.did(verb, o)
	for _, i := range ready {
		if verb, o := caseVerb(cases[i]); int(i) != taken {
			s.did("could have taken the case that "+verb, o)
		}
	}
}

// caseVerbs says what the operations of cases do.
var caseVerbs = map[string]string{
	"Chan.Send": "sends on", "Chan.Recv": "receives from", "Semaphore.Acquire": "acquires",
}

// caseVerb returns what a case of a Select does, and to which object; "" for the default case.
func caseVerb(c Case) (verb string, o Object) {
	switch c := c.(type) {
	case defaultCase:
		return "", o
	case *doneCase:
		return "receives from", Object{Kind: "done channel of a context"}
	case doer:
		op, o := c.doing()
		return caseVerbs[op], o
	}
	return "does", Object{Kind: "nothing"}
}

// Operation returns the places of the operation that a [Noter] is being told of, such as
// "internal/cli/bank.go:25 example.com/m/internal/cli.Move", the innermost first and at most three. It returns none if
// the note is about an object and not about what the running task does to it. It is for calls within Note.
func (s *Sim) Operation() []string {
	if !s.operating || s.current == nil {
		return nil
	}
	return s.current.places(maxPlaces)
}

// maxPlaces is the maximum number of places of an operation.
const maxPlaces = 3

// Waiting returns what a task waits for, and whether it waits. See [Attacher] for when it may be called.
func (s *Sim) Waiting(id event.TaskID) (Wait, bool) {
	t := s.task(id)
	if t == nil || t.done || t.blockedOn == nil || t.self.queue == &s.ready {
		return Wait{}, false
	}
	return t.wait(), true
}

// wait describes what t waits for.
func (t *Task) wait() Wait {
	w := Wait{Op: "Park", HeldBy: t.heldBy(), Line: t.line()}
	if d, ok := t.blockedOn.(doer); ok {
		w.Op, w.Object = d.doing()
	}
	return w
}

// heldBy returns the live tasks that could end the wait of t, as far as they are known.
func (t *Task) heldBy() (list []event.TaskID) {
	if h, ok := t.blockedOn.(holder); ok {
		for _, u := range h.holders() {
			if !u.done {
				list = append(list, u.id)
			}
		}
	}
	return list
}

// Acting returns the task whose operation the current event comes from, and whether there is one: there is none where
// virtual time moves, timers fire and tasks are chosen. See [Attacher] for when it may be called.
func (s *Sim) Acting() (event.TaskID, bool) {
	if s.firing || s.current == nil || s.current.blockedOn != nil {
		return 0, false
	}
	return s.current.id, true
}

// Left is a task that was left when no task of the run could go on.
type Left struct {
	Task event.TaskID
	Wait
}

// Left returns the tasks that were left when the run ended by a deadlock or a leak, if its Observer is a [Noter]. It is
// for after the run.
func (s *Sim) Left() []Left { return s.left }

// Ended returns the reason for which the run ended before its tasks did: a [*DeadlockError], [*LeakError] or
// [*StepLimitError], or what the Observer returned; nil if there is none.
func (s *Sim) Ended() error { return s.err }

// doer is a blocker that knows the operation and the object for which a task waits.
type doer interface{ doing() (op string, o Object) }

func (c *Chan[T]) object() Object      { return Object{"channel", c.name, c} }
func (c *Cond) object() Object         { return Object{"cond", c.name, c} }
func (m *Mutex) object() Object        { return Object{"mutex", m.name, m} }
func (rw *RWMutex) object() Object     { return Object{"rwmutex", rw.name, rw} }
func (m *Semaphore) object() Object    { return Object{"semaphore", m.name, m} }
func (wg *WaitGroup) object() Object   { return Object{"wait group", wg.name, wg} }
func (r *Registration) object() Object { return Object{"I/O", r.name, r} }
func (h *Host) object() Object         { return Object{"host", h.name, h} }

func (c *sending[T]) doing() (string, Object) { return "Chan.Send", (*Chan[T])(c).object() }

func (c *receiving[T]) doing() (string, Object) { return "Chan.Recv", (*Chan[T])(c).object() }

func (sleeping) doing() (string, Object) { return "Sleep", Object{} }

func (parking) doing() (string, Object) { return "Park", Object{} }

func (cases selecting) doing() (string, Object) {
	if len(cases) == 1 {
		if d, ok := cases[0].(doer); ok {
			return d.doing()
		}
	}
	return "Select", Object{}
}

func (k *sendCase[T]) doing() (string, Object) { return (*sending[T])(k.c).doing() }

func (k *recvCase[T]) doing() (string, Object) { return (*receiving[T])(k.c).doing() }

func (c *Cond) doing() (string, Object) { return "Cond.Wait", c.object() }

func (m *Mutex) doing() (string, Object) { return "Mutex.Lock", m.object() }

func (rw *RWMutex) doing() (string, Object) { return "RWMutex.Lock", rw.object() }

func (rw *reading) doing() (string, Object) { return "RWMutex.RLock", (*RWMutex)(rw).object() }

func (g *grant) doing() (string, Object) { return "Semaphore.Acquire", g.sem.object() }

func (wg *WaitGroup) doing() (string, Object) { return "WaitGroup.Wait", wg.object() }

func (a *awaiting) doing() (string, Object) { return "wait to be " + a.interest.String(), a.r.object() }

func (r *closing) doing() (string, Object) {
	return "end of region", Object{"region", r.name, (*Region)(r)}
}

func (t *joining) doing() (string, Object) { return "Task.Join", Object{"task", t.name, (*Task)(t)} }
