package simsched

import (
	"fmt"

	"github.com/reprise-go/reprise/event"
)

// Registration is an I/O source that the reactor knows by a token. The side that simulates the environment sets its
// readiness; the side that does I/O waits for readiness and reports the result of each operation.
type Registration struct {
	sim       *Sim
	token     event.Token
	name      string
	readiness event.Readiness
	waiting   queue
}

// Register makes a registration with the next token and no readiness. The name is for reports.
func (s *Sim) Register(name string) *Registration {
	s.enter("Register")
	s.tokens++
	return &Registration{sim: s, token: event.Token(s.tokens), name: name}
}

// Enter begins an operation of a device that is built upon r. It panics as the methods of package simsched do if the
// caller is not the running task; op is the name of the operation in that panic, such as "Disk.Stat". While tasks are
// unwound it does not return.
func (r *Registration) Enter(op string) { r.owner().enter(op) }

// Release is [Registration.Enter] for an operation that releases something and never blocks, such as closing a file.
// While tasks are unwound it returns false, and the operation must do nothing.
func (r *Registration) Release(op string) bool {
	_, ok := r.owner().release(op)
	return ok
}

// owner returns the simulation, nil for a registration that was not made by one.
func (r *Registration) owner() *Sim {
	if r == nil {
		return nil
	}
	return r.sim
}

// Token returns the token of r.
func (r *Registration) Token() event.Token { return r.token }

// Readiness returns the current readiness of r.
func (r *Registration) Readiness() event.Readiness {
	r.sim.look()
	return r.readiness
}

// SetReady adds flags to the readiness. If the readiness changes, it emits an IoReady event with the whole
// readiness and wakes the waiting tasks to check it.
func (r *Registration) SetReady(flags event.Readiness) {
	if t, ok := r.sim.release("Registration.SetReady"); ok && r.raise(flags) {
		r.sim.stopIfEnded(t)
	}
}

// raise is SetReady without a scheduling point, for timers. It reports whether the readiness has changed.
func (r *Registration) raise(flags event.Readiness) bool {
	if r.readiness.Has(flags) {
		return false
	}
	r.readiness |= flags
	r.sim.emit(event.IoReady(r.token, r.readiness))
	r.sim.wakeAll(&r.waiting, nil)
	return true
}

// ClearReady removes flags from the readiness, after an operation found that it would block.
func (r *Registration) ClearReady(flags event.Readiness) { r.readiness &^= flags }

// Wait waits until r is ready for any of the flags of interest, for an error or for a hangup, and returns the
// readiness.
func (r *Registration) Wait(interest event.Readiness) event.Readiness {
	t := r.sim.enter("Registration.Wait")
	r.sim.point(t)
	if !r.satisfies(interest) {
		r.sim.faultInWait(t)
	}
	for !r.satisfies(interest) {
		r.sim.block(t, &r.waiting, &awaiting{r, interest})
	}
	return r.readiness
}

// satisfies reports whether a wait for interest is over.
func (r *Registration) satisfies(interest event.Readiness) bool {
	return r.readiness&(interest|event.Error|event.Hangup) != 0
}

type awaiting struct {
	r        *Registration
	interest event.Readiness
}

func (a *awaiting) waitsFor() string {
	return fmt.Sprintf("for %q (token %d) to be %v", a.r.name, a.r.token, a.interest)
}

// Transfer reports an operation that can move up to n bytes. It emits an IoResult event and returns the number of
// bytes moved: a choice from 1 to n, or 0 if n is 0. It panics if n is negative.
func (r *Registration) Transfer(n int) int {
	t := r.sim.enter("Registration.Transfer")
	if n < 0 {
		panic("simsched: Registration.Transfer called with a negative number of bytes")
	}
	if n > 1 {
		n -= r.sim.choose(PointBytes, n)
	}
	r.sim.emit(event.IoResult(r.token, int64(n)))
	r.sim.stopIfEnded(t)
	return n
}

// Fault asks chaos whether the operation that is about to start fails. If so, it reports the failure like Fail and
// returns the error; otherwise it returns nil.
func (r *Registration) Fault() error {
	t := r.sim.enter("Registration.Fault")
	kind := r.sim.faultInIO(t)
	r.sim.stopIfEnded(t)
	if kind == 0 {
		return nil
	}
	return r.Fail(kind)
}

// Fail reports a failed operation. It emits an IoError event and returns the Go error of kind, with the name of the
// registration.
func (r *Registration) Fail(kind event.IOErrorKind) error {
	t := r.sim.enter("Registration.Fail")
	r.sim.emit(event.IoError(r.token, kind))
	r.sim.stopIfEnded(t)
	return fmt.Errorf("%s: %w", r.name, kind.Err())
}

// Result reports an operation that moved n bytes. It emits an IoResult event and makes no choice.
func (r *Registration) Result(n int) {
	t := r.sim.enter("Registration.Result")
	r.sim.emit(event.IoResult(r.token, int64(n)))
	r.sim.stopIfEnded(t)
}
