package simsched

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/reprise-go/reprise/event"
)

// Conn is one end of a simulated TCP connection, made by [Host.Dial] or [Listener.Accept]. The run chooses how many
// bytes each read and write moves. A Write continues until everything is sent; a Read does not wait for more.
// Errors are *net.OpError, except io.EOF.
type Conn struct {
	sim   *Sim
	host  *Host
	place int // index in host.conns; -1 if not there
	// readable if buf is not empty or eof is set, writable if the connection is open and out has room
	reg           *Registration
	local, remote *net.TCPAddr
	out           flow // out.to is the other end

	buf     []byte // arrived but not yet read
	eof     bool   // nothing more will arrive
	writing bool   // a Write is in progress
	queued  int    // number of Writes that wait for it

	opened     bool // both ends know of the connection
	closed     bool // by Close or Reset, or because Dial failed
	readClosed bool
	ended      bool              // the end was sent
	told       bool              // the end of the other side has arrived
	refused    bool              // a reset was sent
	vanished   bool              // its host crashed
	broken     event.IOErrorKind // 0 if the connection is not broken

	readBy, writeBy deadline
	detect          timer // fires when the crash of the other host is detected
}

var _ net.Conn = (*Conn)(nil)

// newConn makes one end of a connection, at h, to the host to.
func newConn(h, to *Host, local, remote *net.TCPAddr) *Conn {
	c := &Conn{sim: h.sim, host: h, place: -1, local: local, remote: remote}
	c.reg = h.sim.Register(fmt.Sprintf("tcp %v->%v", local, remote))
	c.out.init(h.sim.net.link(h, to), c)
	c.detect.fire = func() { c.fail(event.IOConnectionReset) }
	return c
}

// addConn adds c to the connections of h.
func (h *Host) addConn(c *Conn) {
	c.place = len(h.conns)
	h.conns = append(h.conns, c)
}

// removeConn removes c from the connections of h, in constant time.
func (h *Host) removeConn(c *Conn) {
	if c.place < 0 {
		return
	}
	last := len(h.conns) - 1
	h.conns[c.place] = h.conns[last]
	h.conns[c.place].place = c.place
	h.conns[last] = nil
	h.conns = h.conns[:last]
	c.place = -1
}

// LocalAddr returns the address of this end, a *net.TCPAddr.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the address of the other end, a *net.TCPAddr.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

func (c *Conn) wrap(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

// fault reports a failed operation and returns its error.
func (c *Conn) fault(op string, kind event.IOErrorKind) error {
	_ = c.reg.Fail(kind) // for its event
	return c.wrap(op, kind.Err())
}

// Read waits until bytes have arrived and reads some of them. After the last byte that the other end sent before it
// closed, it returns io.EOF. Other errors are net.ErrClosed after Close, os.ErrDeadlineExceeded after the read
// deadline, and the errors of [event.IOConnectionReset] and [event.IOConnectionAborted]; bytes that arrived before
// a reset are read first.
func (c *Conn) Read(b []byte) (int, error) {
	t := c.sim.enter("Conn.Read")
	c.sim.point(t)
	if kind := c.sim.faultInIO(t); kind != 0 {
		return 0, c.fault("read", kind)
	}
	c.reg.until(t, event.Readable, func() bool { return len(b) == 0 || c.readable() })
	switch {
	case c.closed:
		return 0, c.wrap("read", net.ErrClosed)
	case c.readBy.expired:
		return 0, c.fault("read", event.IOTimedOut)
	case len(b) == 0:
		return 0, nil
	case len(c.buf) > 0:
		return c.take(b), nil
	case c.eof || c.readClosed:
		c.reg.Result(0)
		return 0, io.EOF
	default:
		return 0, c.fault("read", c.broken)
	}
}

func (c *Conn) readable() bool {
	return c.closed || c.readBy.expired || len(c.buf) > 0 || c.eof || c.readClosed || c.broken != 0
}

// take moves arrived bytes to b.
func (c *Conn) take(b []byte) int {
	n := c.reg.Transfer(min(len(b), len(c.buf)))
	c.passed("receives", n, "from", &c.out.to.out)
	copy(b, c.buf[:n])
	c.buf = c.buf[:copy(c.buf, c.buf[n:])]
	if len(c.buf) == 0 && !c.eof {
		c.reg.ClearReady(event.Readable)
	}
	c.out.to.out.ack(n)
	return n
}

// Write sends all of b and waits for room in the window. Concurrent Writes run one after another. Errors are
// net.ErrClosed after Close, os.ErrDeadlineExceeded after the write deadline, the error of [event.IOBrokenPipe]
// after CloseWrite, and those of [event.IOConnectionReset] and [event.IOConnectionAborted]; n is the number of
// bytes sent by then. Bytes that were sent do not necessarily arrive.
func (c *Conn) Write(b []byte) (n int, err error) {
	t := c.sim.enter("Conn.Write")
	c.sim.point(t)
	if kind := c.sim.faultInIO(t); kind != 0 {
		return 0, c.fault("write", kind)
	}
	if c.awaitTurn(t); c.writing {
		return 0, c.writeError()
	}
	c.writing = true
	defer c.endTurn()
	for again := true; again; again = n < len(b) {
		c.reg.until(t, event.Writable, func() bool { return len(b) == 0 || c.writable() })
		if err := c.writeError(); err != nil {
			return n, err
		}
		if len(b) > 0 {
			n += c.push(b[n:])
		}
	}
	return n, nil
}

// push sends some bytes of b. There must be room.
func (c *Conn) push(b []byte) int {
	n := c.reg.Transfer(min(len(b), c.out.room()))
	c.passed("sends", n, "on", &c.out)
	c.out.send(segmentData, bytes.Clone(b[:n]))
	if c.out.room() == 0 {
		c.reg.ClearReady(event.Writable)
	}
	return n
}

// passed tells the Noter that the running task sends or receives bytes in a direction of the connection.
func (c *Conn) passed(verb string, n int, preposition string, f *flow) {
	if c.sim.noter != nil && c.sim.cfg.CallSites {
		o := Object{"connection", f.from.local.String() + " to " + f.from.remote.String(), f}
		c.sim.did(fmt.Sprintf("%s %d bytes %s", verb, n, preposition), o)
	}
}

// awaitTurn waits until no other Write is in progress, or until no Write can succeed.
func (c *Conn) awaitTurn(t *Task) {
	c.queued++
	c.reg.until(t, event.Writable, func() bool { return !c.writing || c.unwritable() })
	c.queued--
}

func (c *Conn) endTurn() {
	c.writing = false
	if c.queued > 0 && !c.sim.unwinding {
		c.reg.wake()
	}
}

func (c *Conn) writable() bool { return c.unwritable() || c.out.room() > 0 }

func (c *Conn) unwritable() bool {
	return c.closed || c.writeBy.expired || c.ended || c.broken != 0
}

// writeError returns the reason why a Write cannot continue, or nil if it can.
func (c *Conn) writeError() error {
	switch {
	case c.closed:
		return c.wrap("write", net.ErrClosed)
	case c.writeBy.expired:
		return c.fault("write", event.IOTimedOut)
	case c.broken != 0:
		return c.fault("write", c.broken)
	case c.ended:
		return c.fault("write", event.IOBrokenPipe)
	}
	return nil
}

// begin starts an operation that never blocks. If goOn is false, the operation is over, with err.
func (c *Conn) begin(op, name string) (t *Task, goOn bool, err error) {
	t, ok := c.sim.release(name)
	if !ok {
		return nil, false, nil
	}
	c.sim.point(t)
	if c.closed {
		return nil, false, c.wrap(op, net.ErrClosed)
	}
	return t, true, nil
}

// Close closes both directions. Data that was sent still arrives, then the end. If bytes have arrived here but were
// not read, or arrive later, the other end gets a reset, as with TCP. Waiting operations end with net.ErrClosed,
// and so does a second Close.
func (c *Conn) Close() error {
	t, ok, err := c.begin("close", "Conn.Close")
	if ok {
		c.shut(len(c.buf) > 0)
		c.sim.stopIfEnded(t)
	}
	return err
}

// Reset closes c and makes the other end fail with [event.IOConnectionReset] after it has read everything sent
// before. It fails with net.ErrClosed if c is closed.
func (c *Conn) Reset() error {
	t, ok, err := c.begin("reset", "Conn.Reset")
	if ok {
		c.shut(true)
		c.sim.stopIfEnded(t)
	}
	return err
}

func (c *Conn) shut(reset bool) {
	c.closed, c.buf = true, nil
	c.stopTimers()
	switch {
	case c.broken != 0:
	case reset:
		c.refuse()
	case !c.ended:
		c.sendEnd()
	case c.told:
		c.host.removeConn(c)
	}
	c.reg.wake()
}

func (c *Conn) stopTimers() {
	c.sim.cancel(&c.readBy.timer)
	c.sim.cancel(&c.writeBy.timer)
	c.sim.cancel(&c.detect)
}

func (c *Conn) sendEnd() {
	c.ended = true
	c.out.send(segmentEnd, nil)
}

// CloseWrite closes the direction to the other end, which reads io.EOF after everything that was sent. Reading
// continues. Later Writes fail with [event.IOBrokenPipe]. It fails with net.ErrClosed if c is closed.
func (c *Conn) CloseWrite() error {
	t, ok, err := c.begin("close", "Conn.CloseWrite")
	if ok && !c.ended && c.broken == 0 {
		c.sendEnd()
		c.reg.wake()
		c.sim.stopIfEnded(t)
	}
	return err
}

// CloseRead closes the direction from the other end: Read returns io.EOF, and data that has arrived or arrives
// later is discarded, without notice to the other end. It fails with net.ErrClosed if c is closed.
func (c *Conn) CloseRead() error {
	t, ok, err := c.begin("close", "Conn.CloseRead")
	if ok && !c.readClosed && c.broken == 0 {
		c.readClosed = true
		c.out.to.out.ack(len(c.buf))
		c.buf = nil
		c.reg.wake()
		c.sim.stopIfEnded(t)
	}
	return err
}

// SetDeadline sets both the read and the write deadline.
func (c *Conn) SetDeadline(at time.Time) error {
	return c.setDeadline("Conn.SetDeadline", at, &c.readBy, &c.writeBy)
}

// SetReadDeadline sets the virtual time from which on Read fails with os.ErrDeadlineExceeded, including a Read that
// is already waiting. The zero time means no deadline. It fails with net.ErrClosed if c is closed.
func (c *Conn) SetReadDeadline(at time.Time) error {
	return c.setDeadline("Conn.SetReadDeadline", at, &c.readBy)
}

// SetWriteDeadline sets the virtual time from which on Write fails with os.ErrDeadlineExceeded, including a Write
// that is already waiting. The zero time means no deadline. It fails with net.ErrClosed if c is closed.
func (c *Conn) SetWriteDeadline(at time.Time) error {
	return c.setDeadline("Conn.SetWriteDeadline", at, &c.writeBy)
}

func (c *Conn) setDeadline(name string, at time.Time, deadlines ...*deadline) error {
	t, ok, err := c.begin("set", name)
	if ok {
		for _, d := range deadlines {
			d.set(c.reg, at)
		}
		c.sim.stopIfEnded(t)
	}
	return err
}

// gone reports whether this end no longer exists. If its host is up, the other end gets one reset.
func (c *Conn) gone() bool {
	if !c.closed && !c.vanished {
		return false
	}
	if c.host.Up() {
		c.refuse()
	}
	return true
}

func (c *Conn) refuse() {
	if !c.refused {
		c.refused = true
		c.out.send(segmentReset, nil)
	}
}

// established is called when the answer to Dial arrives.
func (c *Conn) established() {
	if !c.gone() && c.broken == 0 {
		c.opened = true
		c.reg.raise(event.Writable)
	}
}

// receive is called when bytes arrive.
func (c *Conn) receive(data []byte) {
	switch {
	case c.gone(), c.broken != 0:
	case c.readClosed:
		c.out.to.out.ack(len(data))
	default:
		c.buf = append(c.buf, data...)
		c.reg.raise(event.Readable)
	}
}

// receiveEnd is called when the other end's end arrives.
func (c *Conn) receiveEnd() {
	if !c.closed && c.broken == 0 {
		c.eof = true
		c.reg.raise(event.Readable)
	}
}

// settled is called when the end of the other side, or its reset, has arrived.
func (c *Conn) settled() {
	c.told = true
	if c.closed {
		c.host.removeConn(c)
	}
}

// fail breaks c because of an action of the other end.
func (c *Conn) fail(kind event.IOErrorKind) {
	if c.broken != 0 {
		return
	}
	c.broken = kind
	c.out.drop()
	c.sim.cancel(&c.detect)
	c.host.removeConn(c)
	if !c.closed {
		c.reg.raise(event.Error | event.Hangup)
	}
}

// abort removes c together with its host.
func (c *Conn) abort() {
	c.vanished, c.broken, c.place = true, event.IOConnectionAborted, -1
	c.buf, c.eof, c.readClosed = nil, false, false
	c.stopTimers()
	peer := c.out.to
	if c.out.held || peer == nil {
		c.out.drop()
	}
	if peer != nil && !peer.closed && peer.broken == 0 {
		c.sim.start(&peer.detect, c.sim.net.detection)
	}
	c.reg.wake()
}
