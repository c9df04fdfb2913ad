package simsched

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/reprise-go/reprise/event"
)

const (
	maxBacklog = 128
	firstPort  = 49152 // of the ports that are assigned automatically
	lastPort   = 65535
)

// Listener waits for connections at a port of a host. [Host.Listen] makes it.
type Listener struct {
	sim     *Sim
	host    *Host
	reg     *Registration
	addr    *net.TCPAddr
	backlog []*Conn // connections not yet accepted
	closed  bool
	aborted bool // its host crashed
	by      deadline
}

var _ net.Listener = (*Listener)(nil)

// Listen waits for connections at an address of h. The network is tcp or tcp4. The host part of the address is
// empty, the name or the address of h, localhost, 127.0.0.1 or 0.0.0.0, which all mean the same; port 0 assigns a
// port automatically. The result is a [*Listener]. Errors are *net.OpError with the error of [event.IOAddrInUse],
// of [event.IOAddrNotAvailable] for an address of another host or if h is down, or of [event.IOInvalidInput] if the
// address has no valid port.
//
// Up to 128 connections wait to be accepted; further ones are refused.
func (h *Host) Listen(network, address string) (net.Listener, error) {
	h.sim.point(h.sim.enter("Host.Listen"))
	if network != "tcp" && network != "tcp4" {
		return nil, h.failed("listen", network, net.UnknownNetworkError(network))
	}
	reg := h.sim.Register("tcp listener of " + h.name)
	port, kind := h.bind(address, func(port int) bool { return h.listener(port) != nil })
	if kind != 0 {
		_ = reg.Fail(kind) // for its event
		return nil, h.failed("listen", network, kind.Err())
	}
	l := &Listener{sim: h.sim, host: h, reg: reg, addr: &net.TCPAddr{IP: h.IP(), Port: port}}
	reg.name = fmt.Sprintf("tcp listener %v", l.addr)
	h.listeners = append(h.listeners, l)
	return l, nil
}

func (h *Host) failed(op, network string, err error) error {
	return &net.OpError{Op: op, Net: network, Source: &net.IPAddr{IP: h.IP()}, Err: err}
}

// bind returns the port to listen at, or the kind of error.
func (h *Host) bind(address string, taken func(port int) bool) (port int, kind event.IOErrorKind) {
	name, port, ok := splitAddress(address)
	if !ok {
		return 0, event.IOInvalidInput
	}
	if h.region == nil || name != "0.0.0.0" && h.find(name) != h {
		return 0, event.IOAddrNotAvailable
	}
	if port == 0 {
		port = h.freePort(taken)
	}
	if port == 0 || taken(port) {
		return 0, event.IOAddrInUse
	}
	return port, 0
}

// find returns the host that a name or address means on h, or nil if there is none.
func (h *Host) find(name string) *Host {
	if name == "" || name == "localhost" || name == "127.0.0.1" {
		return h
	}
	return h.sim.net.lookup(name)
}

// freePort returns the next free automatic port, or 0 if there is none.
func (h *Host) freePort(taken func(port int) bool) int {
	for range lastPort - firstPort + 1 {
		h.lastPort++
		if h.lastPort < firstPort || h.lastPort > lastPort {
			h.lastPort = firstPort
		}
		if !taken(h.lastPort) {
			return h.lastPort
		}
	}
	return 0
}

// splitAddress splits "host:port" without looking anything up.
func splitAddress(address string) (host string, port int, ok bool) {
	host, p, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, false
	}
	number, err := strconv.ParseUint(p, 10, 16)
	return host, int(number), err == nil
}

// listener returns the listener at a port of h, or nil if there is none.
func (h *Host) listener(port int) *Listener {
	for _, l := range h.listeners {
		if l.addr.Port == port {
			return l
		}
	}
	return nil
}

// Addr returns the address of l, a *net.TCPAddr.
func (l *Listener) Addr() net.Addr { return l.addr }

func (l *Listener) wrap(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: l.addr, Err: err}
}

// Accept waits for a connection and returns it as a [*Conn]. Errors are *net.OpError with net.ErrClosed after
// Close, os.ErrDeadlineExceeded after the deadline, or the error of [event.IOConnectionAborted] after a crash of
// the host.
func (l *Listener) Accept() (net.Conn, error) {
	t := l.sim.enter("Listener.Accept")
	l.sim.point(t)
	l.reg.until(t, event.Readable, func() bool { return l.closed || l.aborted || l.by.expired || len(l.backlog) > 0 })
	switch {
	case l.closed:
		return nil, l.wrap("accept", net.ErrClosed)
	case l.aborted:
		_ = l.reg.Fail(event.IOConnectionAborted) // for its event
		return nil, l.wrap("accept", event.IOConnectionAborted.Err())
	case l.by.expired:
		_ = l.reg.Fail(event.IOTimedOut) // for its event
		return nil, l.wrap("accept", event.IOTimedOut.Err())
	}
	c := l.backlog[0]
	l.backlog = l.backlog[1:]
	if len(l.backlog) == 0 {
		l.reg.ClearReady(event.Readable)
	}
	return c, nil
}

// Close frees the port. Connections that were not accepted are reset; accepted ones stay. Tasks in Accept get
// net.ErrClosed, and so does a second Close.
func (l *Listener) Close() error {
	t, ok := l.sim.release("Listener.Close")
	if !ok {
		return nil
	}
	l.sim.point(t)
	if l.closed {
		return l.wrap("close", net.ErrClosed)
	}
	backlog := l.backlog
	l.closed, l.backlog = true, nil
	l.host.listeners = slices.DeleteFunc(l.host.listeners, func(x *Listener) bool { return x == l })
	l.sim.cancel(&l.by.timer)
	for _, c := range backlog {
		c.shut(true)
	}
	l.reg.wake()
	l.sim.stopIfEnded(t)
	return nil
}

// SetDeadline sets the virtual time from which on Accept fails with os.ErrDeadlineExceeded, including an Accept
// that is already waiting. The zero time means no deadline. It fails with net.ErrClosed if l is closed.
func (l *Listener) SetDeadline(at time.Time) error {
	t, ok := l.sim.release("Listener.SetDeadline")
	if !ok {
		return nil
	}
	l.sim.point(t)
	if l.closed {
		return l.wrap("set", net.ErrClosed)
	}
	l.by.set(l.reg, at)
	l.sim.stopIfEnded(t)
	return nil
}

// abort removes l together with its host.
func (l *Listener) abort() {
	l.aborted, l.backlog = true, nil
	l.sim.cancel(&l.by.timer)
	l.reg.wake()
}

// Dial opens a connection from h. The network is tcp or tcp4. The address is a host, by name or address, and a
// port; an empty host, localhost and 127.0.0.1 mean h. Dial fails when ctx is cancelled. ctx must be a context that
// is never cancelled, such as context.Background(), or one that tasks can wait for; see [OnDone].
//
// The result is a [*Conn]. Errors are *net.OpError with the error of [event.IOConnectionRefused] if there is no
// listener, of [event.IOTimedOut] if there is no answer within the time of [Network.SetDialTimeout] because the
// host is down or cut off, of [event.IOAddrNotAvailable] if h is down, of [event.IOInvalidInput] if the address has
// no valid port, with the error of ctx, or with a *net.DNSError for a host that does not exist. While the other
// host is down, Dial tries again after 1 s, 2 s, 4 s and so on.
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	t := h.sim.enter("Host.Dial")
	h.sim.point(t)
	if network != "tcp" && network != "tcp4" {
		return nil, h.failed("dial", network, net.UnknownNetworkError(network))
	}
	name, port, ok := splitAddress(address)
	if !ok {
		return nil, h.failed("dial", network, event.IOInvalidInput.Err())
	}
	to := h.find(name)
	if to == nil {
		return nil, h.failed("dial", network, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true})
	}
	local := &net.TCPAddr{IP: h.IP(), Port: h.freePort(func(port int) bool { return h.listener(port) != nil })}
	c := newConn(h, to, local, &net.TCPAddr{IP: to.IP(), Port: port})
	if err := c.dial(t, ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// dial opens c.
func (c *Conn) dial(t *Task, ctx context.Context) error {
	if kind := c.sim.faultInIO(t); kind != 0 {
		return c.fault("dial", kind)
	}
	if c.host.region == nil {
		return c.fault("dial", event.IOAddrNotAvailable)
	}
	if ctx.Done() != nil {
		stop := waitable("Host.Dial", ctx).afterFunc(c.reg.wake)
		defer stop()
	}
	if err := ctx.Err(); err != nil {
		return c.wrap("dial", err)
	}
	c.host.addConn(c)
	c.out.send(segmentOpen, nil)
	c.writeBy.set(c.reg, c.sim.Now().Add(c.sim.net.dialTimeout))
	c.reg.until(t, event.Writable, func() bool {
		return c.opened || c.broken != 0 || c.writeBy.expired || ctx.Err() != nil
	})
	return c.dialed(ctx)
}

// dialed returns the result of dial.
func (c *Conn) dialed(ctx context.Context) error {
	c.sim.cancel(&c.writeBy.timer)
	if c.opened && c.broken == 0 {
		c.writeBy.expired = false
		return nil
	}
	kind := c.broken
	if kind == 0 {
		c.giveUp()
		kind = event.IOTimedOut
		if err := ctx.Err(); err != nil {
			return c.wrap("dial", err)
		}
	}
	return c.fault("dial", kind)
}

// giveUp closes c before it is open.
func (c *Conn) giveUp() {
	c.closed = true
	if c.out.to != nil {
		c.refuse()
		return
	}
	c.out.drop()
	c.host.removeConn(c)
}
