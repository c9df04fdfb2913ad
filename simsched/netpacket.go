package simsched

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/reprise-go/reprise/event"
)

const (
	maxPacket  = 65507 // bytes, the maximum of UDP
	maxPackets = 1024  // packets that wait to be read
)

// PacketConn sends and receives packets at a port of a host, like UDP. Packets are lost, duplicated and reordered
// as the [Link] demands; they are also lost in a partition, and while 1,024 packets wait to be read.
// [Host.ListenPacket] makes it.
type PacketConn struct {
	sim             *Sim
	host            *Host
	reg             *Registration
	addr            *net.UDPAddr
	queue           []packet
	closed          bool
	aborted         bool // its host crashed
	readBy, writeBy deadline
}

type packet struct {
	from *net.UDPAddr
	to   int // port
	data []byte
	n    packetNumber
}

// packetNumber is the number of a packet among those of the network, from 1.
type packetNumber uint64

func (p *packet) object() Object { return Object{"packet", "", p.n} }

var _ net.PacketConn = (*PacketConn)(nil)

// ListenPacket opens a port of h for packets. The network is udp or udp4; address and errors are those of
// [Host.Listen]. The result is a [*PacketConn].
func (h *Host) ListenPacket(network, address string) (net.PacketConn, error) {
	h.sim.point(h.sim.enter("Host.ListenPacket"))
	if network != "udp" && network != "udp4" {
		return nil, h.failed("listen", network, net.UnknownNetworkError(network))
	}
	reg := h.sim.Register("udp socket of " + h.name)
	port, kind := h.bind(address, func(port int) bool { return h.packetConn(port) != nil })
	if kind != 0 {
		_ = reg.Fail(kind) // for its event
		return nil, h.failed("listen", network, kind.Err())
	}
	p := &PacketConn{sim: h.sim, host: h, reg: reg, addr: &net.UDPAddr{IP: h.IP(), Port: port}}
	reg.name = fmt.Sprintf("udp %v", p.addr)
	reg.raise(event.Writable)
	h.packets = append(h.packets, p)
	return p, nil
}

// packetConn returns the PacketConn at a port of h, or nil if there is none.
func (h *Host) packetConn(port int) *PacketConn {
	for _, p := range h.packets {
		if p.addr.Port == port {
			return p
		}
	}
	return nil
}

// LocalAddr returns the address of p, a *net.UDPAddr.
func (p *PacketConn) LocalAddr() net.Addr { return p.addr }

func (p *PacketConn) wrap(op string, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: p.addr, Err: err}
}

// fault reports a failed operation and returns its error.
func (p *PacketConn) fault(op string, kind event.IOErrorKind) error {
	_ = p.reg.Fail(kind) // for its event
	return p.wrap(op, kind.Err())
}

// ReadFrom waits for a packet and returns its length and its sender, a *net.UDPAddr. Bytes that do not fit into b
// are lost. Errors are *net.OpError with net.ErrClosed after Close, os.ErrDeadlineExceeded after the read deadline,
// or the error of [event.IOConnectionAborted] after a crash of the host.
func (p *PacketConn) ReadFrom(b []byte) (int, net.Addr, error) {
	t := p.sim.enter("PacketConn.ReadFrom")
	p.sim.point(t)
	kind := p.sim.faultInIO(t)
	if kind == 0 {
		p.reg.until(t, event.Readable, func() bool { return p.useless() || p.readBy.expired || len(p.queue) > 0 })
		kind = p.failure(&p.readBy)
	}
	switch {
	case p.closed:
		return 0, nil, p.wrap("read", net.ErrClosed)
	case kind != 0:
		return 0, nil, p.fault("read", kind)
	}
	first := p.queue[0]
	p.queue = p.queue[1:]
	if len(p.queue) == 0 {
		p.reg.ClearReady(event.Readable)
	}
	n := copy(b, first.data)
	p.reg.Result(n)
	p.sim.did("receives", first.object())
	return n, first.from, nil
}

// useless reports whether p can never work again.
func (p *PacketConn) useless() bool { return p.closed || p.aborted }

// failure returns the kind of error with which an operation fails, or 0 if it does not.
func (p *PacketConn) failure(d *deadline) event.IOErrorKind {
	switch {
	case p.aborted:
		return event.IOConnectionAborted
	case d.expired:
		return event.IOTimedOut
	}
	return 0
}

// WriteTo sends a packet to an address, a *net.UDPAddr or one whose text is "host:port". It never waits and does
// not know whether the packet arrives. Errors are *net.OpError with net.ErrClosed after Close,
// os.ErrDeadlineExceeded after the write deadline, the error of [event.IOInvalidInput] for more than 65,507 bytes
// or an invalid address, or that of [event.IOConnectionAborted] after a crash of the host.
func (p *PacketConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	t := p.sim.enter("PacketConn.WriteTo")
	p.sim.point(t)
	kind := p.sim.faultInIO(t)
	if kind == 0 {
		kind = p.failure(&p.writeBy)
	}
	if p.closed {
		return 0, p.wrap("write", net.ErrClosed)
	}
	name, port, ok := "", 0, false
	if addr != nil {
		name, port, ok = splitAddress(addr.String())
	}
	if kind == 0 && (!ok || len(b) > maxPacket) {
		kind = event.IOInvalidInput
	}
	if kind != 0 {
		return 0, p.fault("write", kind)
	}
	p.reg.Result(len(b))
	if to := p.host.find(name); to != nil {
		p.sim.net.packets++
		sent := packet{p.addr, port, bytes.Clone(b), p.sim.net.packets}
		p.sim.did("sends", sent.object())
		p.sim.net.link(p.host, to).sendPacket(sent)
	}
	return len(b), nil
}

// Close frees the port. Packets that were sent still arrive. Tasks in ReadFrom get net.ErrClosed, and so does a second
// Close.
func (p *PacketConn) Close() error {
	t, ok, err := p.begin("close", "PacketConn.Close")
	if !ok {
		return err
	}
	p.closed, p.queue = true, nil
	p.host.packets = slices.DeleteFunc(p.host.packets, func(x *PacketConn) bool { return x == p })
	p.sim.cancel(&p.readBy.timer)
	p.sim.cancel(&p.writeBy.timer)
	p.reg.wake()
	p.sim.stopIfEnded(t)
	return nil
}

// begin starts an operation that never blocks. If goOn is false, the operation is over, with err.
func (p *PacketConn) begin(op, name string) (t *Task, goOn bool, err error) {
	t, ok := p.sim.release(name)
	if !ok {
		return nil, false, nil
	}
	p.sim.point(t)
	if p.closed {
		return nil, false, p.wrap(op, net.ErrClosed)
	}
	return t, true, nil
}

// SetDeadline sets both the read and the write deadline.
func (p *PacketConn) SetDeadline(at time.Time) error {
	return p.setDeadline("PacketConn.SetDeadline", at, &p.readBy, &p.writeBy)
}

// SetReadDeadline sets the virtual time from which on ReadFrom fails with os.ErrDeadlineExceeded, including a
// ReadFrom that is already waiting. The zero time means no deadline. It fails with net.ErrClosed if p is closed.
func (p *PacketConn) SetReadDeadline(at time.Time) error {
	return p.setDeadline("PacketConn.SetReadDeadline", at, &p.readBy)
}

// SetWriteDeadline sets the virtual time from which on WriteTo fails with os.ErrDeadlineExceeded. The zero time
// means no deadline. It fails with net.ErrClosed if p is closed.
func (p *PacketConn) SetWriteDeadline(at time.Time) error {
	return p.setDeadline("PacketConn.SetWriteDeadline", at, &p.writeBy)
}

func (p *PacketConn) setDeadline(name string, at time.Time, deadlines ...*deadline) error {
	t, ok, err := p.begin("set", name)
	if ok {
		for _, d := range deadlines {
			d.set(p.reg, at)
		}
		p.sim.stopIfEnded(t)
	}
	return err
}

// abort removes p together with its host.
func (p *PacketConn) abort() {
	p.aborted, p.queue = true, nil
	p.sim.cancel(&p.readBy.timer)
	p.sim.cancel(&p.writeBy.timer)
	p.reg.wake()
}

// sendPacket sends a packet, possibly twice; each copy may be lost or delayed.
func (l *link) sendPacket(p packet) {
	k, n := l.settings(), l.net
	copies := 1
	if n.hit(k.Duplicate) {
		copies = 2
	}
	for range copies {
		if n.hit(k.Loss) {
			n.sim.tell("packet from "+l.from.name+" lost", l.to.object())
			continue
		}
		at := l.arrival(len(p.data))
		if n.hit(k.Reorder) {
			at = later(at, n.upTo(time.Millisecond+2*(k.Latency+k.Jitter)))
		}
		arrives := &timer{fire: func() { l.deliver(p) }}
		n.sim.start(arrives, time.Duration(at-n.sim.clock.now))
	}
}

// deliver is called when a packet arrives.
func (l *link) deliver(p packet) {
	to := l.to.packetConn(p.to)
	if to != nil && !l.blocked() && len(to.queue) < maxPackets {
		to.queue = append(to.queue, p)
		to.reg.raise(event.Readable)
	}
}
