package simsched

import (
	"io"

	"github.com/reprise-go/reprise/event"
)

// Pipe is a buffered stream of bytes on the I/O reactor. The run chooses how many bytes each read and write moves.
type Pipe struct {
	sim    *Sim
	reg    *Registration
	buf    []byte
	limit  int
	closed bool
	broken event.IOErrorKind // 0 if the pipe is not broken
}

var _ io.ReadWriteCloser = (*Pipe)(nil)

// NewPipe returns an empty pipe that holds up to capacity bytes. It panics if capacity is not positive.
func (s *Sim) NewPipe(name string, capacity int) *Pipe {
	if capacity <= 0 {
		panic("simsched: NewPipe called with a capacity that is not positive")
	}
	p := &Pipe{sim: s, reg: s.Register(name), limit: capacity}
	p.reg.SetReady(event.Writable)
	return p
}

// Read waits until there are bytes and reads some of them. It returns io.EOF after the last byte of a closed pipe,
// and the error of a broken one.
func (p *Pipe) Read(b []byte) (int, error) {
	p.sim.point(p.sim.enter("Pipe.Read"))
	if len(b) == 0 {
		return 0, nil
	}
	if err := p.reg.Fault(); err != nil {
		return 0, err
	}
	for len(p.buf) == 0 && !p.closed && p.broken == 0 {
		p.reg.ClearReady(event.Readable)
		p.reg.Wait(event.Readable)
	}
	switch {
	case p.broken != 0:
		return 0, p.reg.Fail(p.broken)
	case len(p.buf) == 0:
		return p.reg.Transfer(0), io.EOF
	}
	n := p.reg.Transfer(min(len(b), len(p.buf)))
	copy(b, p.buf[:n])
	p.buf = p.buf[:copy(p.buf, p.buf[n:])]
	p.reg.SetReady(event.Writable)
	return n, nil
}

// Write writes all of b and waits for room. It fails with [event.IOBrokenPipe] if the pipe is closed, and with the
// error of a broken pipe; n is the number of bytes written by then.
func (p *Pipe) Write(b []byte) (n int, err error) {
	p.sim.point(p.sim.enter("Pipe.Write"))
	if err := p.reg.Fault(); err != nil {
		return 0, err
	}
	for n < len(b) {
		for len(p.buf) == p.limit && !p.closed && p.broken == 0 {
			p.reg.ClearReady(event.Writable)
			p.reg.Wait(event.Writable)
		}
		switch {
		case p.broken != 0:
			return n, p.reg.Fail(p.broken)
		case p.closed:
			return n, p.reg.Fail(event.IOBrokenPipe)
		}
		moved := p.reg.Transfer(min(len(b)-n, p.limit-len(p.buf)))
		p.buf = append(p.buf, b[n:n+moved]...)
		n += moved
		p.reg.SetReady(event.Readable)
	}
	return n, nil
}

// Close ends the stream. Buffered bytes can still be read. Closing twice does nothing.
func (p *Pipe) Close() error {
	if t, ok := p.sim.release("Pipe.Close"); ok {
		p.sim.point(t)
		p.closed = true
		p.reg.SetReady(event.Readable | event.Hangup)
	}
	return nil
}

// Break makes every later read and write fail with the error of kind, like a connection that was reset. A kind of 0
// means [event.IOOther].
func (p *Pipe) Break(kind event.IOErrorKind) {
	if t, ok := p.sim.release("Pipe.Break"); ok {
		p.sim.point(t)
		p.broken = kind
		if kind == 0 {
			p.broken = event.IOOther
		}
		p.reg.SetReady(event.Error)
	}
}
