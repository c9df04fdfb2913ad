package simsched

import (
	"fmt"
	"net"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// Host is a simulated machine: tasks run on it, it has an address in the simulated network, and it can crash.
type Host struct {
	sim      *Sim
	name     string
	number   int     // from 1, in the order of creation
	region   *Region // nil while it is down
	links    []*link // to the other hosts, by number-1; nil until used
	isolated bool

	lastPort  int // the last one that was given automatically
	listeners []*Listener
	conns     []*Conn
	packets   []*PacketConn
}

// NewHost makes a host and starts it. Its address is 10.0.0.N, where N counts the hosts of the run from 1, and goes on
// with 10.0.1.0 after 255. Its tasks run in a region of its own below the root region, which closes when the host
// crashes or the run ends; finalizers that [Region.Defer] adds to it never run. It panics unless the name is new and not empty, without a colon, and neither an address nor
// localhost.
func (s *Sim) NewHost(name string) *Host {
	t := s.enter("NewHost")
	s.point(t)
	n := s.network()
	if name == "" || name == "localhost" || strings.Contains(name, ":") || net.ParseIP(name) != nil || n.lookup(name) != nil {
		panic(fmt.Sprintf("simsched: NewHost called with a name that is taken or cannot be one: %q", name))
	}
	h := &Host{sim: s, name: name, number: len(n.hosts) + 1}
	h.region = s.openRegion(name, s.root)
	n.hosts = append(n.hosts, h)
	return h
}

// Name returns the name that h was given.
func (h *Host) Name() string { return h.name }

// IP returns the address of h, four bytes long.
func (h *Host) IP() net.IP {
	return net.IP{10, byte(h.number >> 16), byte(h.number >> 8), byte(h.number)}
}

// Up reports whether h runs. Another task may crash it before the next operation.
func (h *Host) Up() bool { return h.region != nil }

// Go starts a task on h, as [Sim.Go] does in a region. Errors that nobody receives by Join become part of the error of
// [Run]. On a host that is down the task ends at once as [event.OutcomeCancelled], without running, and Join gives an
// error.
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

// Crash stops h as a loss of power does. Its tasks end where they stand, as [event.OutcomeCancelled]: their deferred
// calls run, but see a simulation that does nothing. Its listeners and connections vanish without a word to the peers,
// which see silence, then a reset; see [Network.SetDetection]. What it has sent is on its way and arrives, except what a
// partition holds back. Objects of h that tasks elsewhere use fail with [event.IOConnectionAborted] from now on.
// Crashing a host that is down does nothing. It panics if the calling task runs on h.
func (h *Host) Crash() {
	t, ok := h.sim.release("Host.Crash")
	if !ok {
		return
	}
	h.sim.point(t)
	if h.region == nil {
		return
	}
	h.region.kill("Host.Crash")
	h.region.outcome = event.OutcomeCancelled
	h.shut()
	h.unplug()
	h.sim.stopIfEnded(t)
}

// shut closes the region of h, which is quiet. The errors of its tasks go to the root region.
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

// unplug makes all network objects of h vanish.
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

// Restart starts h again after a crash, with no tasks, listeners and connections, and in a new region. Restarting a host
// that is up does nothing.
func (h *Host) Restart() {
	t, ok := h.sim.release("Host.Restart")
	if !ok {
		return
	}
	h.sim.point(t)
	if h.region == nil {
		h.region = h.sim.openRegion(h.name, h.sim.root)
	}
}

// endHosts closes the regions of the hosts, and then the root region, when the last task of the run has ended. That was
// a task of r, which may be the root region: then it is closed by the caller.
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
