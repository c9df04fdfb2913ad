package simsched

import (
	"fmt"
	"net"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// Host is a simulated machine: it runs tasks, has an address in the simulated network, and can crash.
type Host struct {
	sim      *Sim
	name     string
	number   int     // from 1, in the order of creation
	region   *Region // nil while it is down
	links    []*link // to the other hosts, by number-1; nil until used
	isolated bool

	lastPort  int // the last port that was assigned automatically
	listeners []*Listener
	conns     []*Conn
	packets   []*PacketConn
}

// NewHost creates and starts a host. Its address is 10.0.0.N, where N counts the hosts of the run from 1; after 255
// the addresses continue with 10.0.1.0. Its tasks run in a region of their own below the root region, which closes
// when the host crashes or the run ends; finalizers that [Region.Defer] adds to it never run. NewHost panics if the
// name is empty or in use, has a colon, or is an address or localhost.
func (s *Sim) NewHost(name string) *Host {
	t := s.enter("NewHost")
	s.point(t)
	n := s.network()
	if name == "" || name == "localhost" || strings.Contains(name, ":") || net.ParseIP(name) != nil ||
		n.lookup(name) != nil {
		panic(fmt.Sprintf("simsched: NewHost called with a name that is in use or not valid: %q", name))
	}
	h := &Host{sim: s, name: name, number: len(n.hosts) + 1}
	h.region = s.openRegion(name, s.root)
	n.hosts = append(n.hosts, h)
	return h
}

// Name returns the name of h.
func (h *Host) Name() string { return h.name }

// IP returns the address of h, four bytes long.
func (h *Host) IP() net.IP {
	return net.IP{10, byte(h.number >> 16), byte(h.number >> 8), byte(h.number)}
}

// Up reports whether h is running. Another task may crash it before the next operation.
func (h *Host) Up() bool { return h.region != nil }

// Go starts a task on h, like [Sim.Go] in a region. Errors that are not received by Join become part of the error
// of [Run]. On a host that is down the task ends at once with [event.OutcomeCancelled], without running, and Join
// returns an error.
func (h *Host) Go(name string, fn func() error) *Task {
	s := h.sim
	t := s.enter("Host.Go")
	s.point(t)
	if h.region != nil {
		return s.spawn(h.region, t.path.child(), name, fn)
	}
	dead := s.spawn(s.root, t.path.child(), name, fn)
	dead.halt()
	s.complete(dead, event.OutcomeCancelled, fmt.Errorf("simsched: host %s is down", h.name))
	return dead
}

// Crash stops h like a power failure. Its tasks end where they are, with [event.OutcomeCancelled]. Their deferred
// calls run, but operations of the simulation do nothing in them. Listeners and connections of h vanish without
// notice: their peers first see silence and later a reset (see [Network.SetDetection]). Data that h has sent still
// arrives, unless a partition holds it up. Objects of h that tasks on other hosts use fail with
// [event.IOConnectionAborted] from now on. Crash does nothing if the host is down. It panics if the calling task
// runs on h.
func (h *Host) Crash() {
	t, ok := h.sim.release("Host.Crash")
	if !ok {
		return
	}
	h.sim.point(t)
	if h.region == nil {
		return
	}
	h.sim.tell("crashes", h.object())
	h.region.kill("Host.Crash")
	h.region.outcome = event.OutcomeCancelled
	h.shut()
	h.unplug()
	h.sim.stopIfEnded(t)
}

// shut closes the region of h, which must be quiet. The errors of its tasks go to the root region.
func (h *Host) shut() {
	r := h.region
	if r == nil {
		return
	}
	h.region = nil
	h.sim.cancel(&r.deadline)
	h.sim.root.failed = append(h.sim.root.failed, r.failed...)
	r.shut()
}

// unplug aborts all network objects of h.
func (h *Host) unplug() {
	listeners, conns, packets := h.listeners, h.conns, h.packets
	h.listeners, h.conns, h.packets = nil, nil, nil
	for _, l := range listeners {
		l.abort()
	}
	for _, c := range conns {
		c.abort()
	}
	for _, p := range packets {
		p.abort()
	}
}

// Restart starts h again after a crash, in a new region, without tasks, listeners and connections. It does nothing
// if the host is up.
func (h *Host) Restart() {
	t, ok := h.sim.release("Host.Restart")
	if !ok {
		return
	}
	h.sim.point(t)
	if h.region == nil {
		h.sim.tell("restarts", h.object())
		h.region = h.sim.openRegion(h.name, h.sim.root)
	}
}

// endHosts closes the regions of the hosts and then the root region, after the last task of the run has ended. That
// was a task of r; if r is the root region, the caller closes it.
func (s *Sim) endHosts(r *Region) {
	if s.net == nil || s.tasks.live > 0 {
		return
	}
	for _, h := range s.net.hosts {
		h.shut()
	}
	if r != s.root {
		s.root.shut()
	}
}
