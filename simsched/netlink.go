package simsched

import (
	"fmt"
	"time"

	"github.com/reprise-go/reprise/event"
)

// link is one direction between two hosts.
type link struct {
	net      *Network
	from, to *Host
	own      *Link // nil for the default
	cut      bool
	busy     uint64  // virtual time in ns at which it has transmitted all bytes so far
	held     []*flow // flows that wait for the end of a partition
	acks     []*flow // flows of the other direction whose acknowledgements wait for the end of a partition
}

func (l *link) settings() *Link {
	switch {
	case l.own != nil:
		return l.own
	case l.from == l.to:
		return &l.net.local
	}
	return &l.net.normal
}

// blocked reports whether the link is cut.
func (l *link) blocked() bool {
	return l.from != l.to && (l.cut || l.from.isolated || l.to.isolated)
}

// takeUp returns the time at which the link has transmitted size bytes that are sent now.
func (l *link) takeUp(size int) uint64 {
	now, rate := l.net.sim.clock.now, l.settings().Bandwidth
	if rate == 0 {
		return now
	}
	took := time.Duration(size) * time.Second / time.Duration(rate) // size is at most maxWindow
	l.busy = later(max(l.busy, now), took)
	return l.busy
}

// arrival returns the time at which data sent now arrives, if it is not lost.
func (l *link) arrival(size int) uint64 {
	k := l.settings()
	return later(later(l.takeUp(size), k.Latency), l.net.upTo(k.Jitter))
}

// resends draws the delay that lost transmissions add to data that is sent until it arrives.
func (l *link) resends() (late time.Duration) {
	k := l.settings()
	wait := resendAfter + 2*k.Latency
	for range maxResends {
		if !l.net.hit(k.Loss) {
			break
		}
		late += wait
		wait *= 2
	}
	return late
}

// resume releases everything that waits, unless the link is still cut.
func (l *link) resume() {
	if l.blocked() {
		return
	}
	held, acks := l.held, l.acks
	l.held, l.acks = nil, nil
	for _, f := range held {
		f.resume()
	}
	for _, f := range acks {
		n := f.unacked
		f.unacked = 0
		f.release(n)
	}
}

// segment is a piece of a stream that is sent at once.
type segment struct {
	kind segmentKind
	data []byte
	due  uint64 // virtual time in ns at which it arrives, if all segments before it have
}

type segmentKind uint8

const (
	segmentData   segmentKind = iota
	segmentOpen               // asks for a connection
	segmentAccept             // accepts the connection
	segmentRefuse             // refuses the connection
	segmentEnd                // no more data will follow
	segmentReset              // the connection is gone
)

var segmentNames = [...]string{"segment", "request", "acceptance", "refusal", "end", "reset"}

// String returns what a segment is called in notes.
func (k segmentKind) String() string { return segmentNames[k] }

// flow is one direction of a connection. Data arrives in the order in which it was sent.
type flow struct {
	link     *link
	from, to *Conn     // to is nil until the other host knows the connection
	queue    []segment // on their way, in order: each waits for those before it
	timer    timer     // for the first segment
	held     bool      // the first segment is held up by a partition
	attempts int       // number of attempts to open the connection at a host that is down

	window  int
	unread  int // bytes sent, not yet known to the sender to have been read
	unacked int // part of unread: bytes read, but not yet acknowledged
}

func (f *flow) init(l *link, from *Conn) {
	f.link, f.from, f.window = l, from, l.settings().window()
	f.timer.fire = f.arrive
}

// room returns the number of bytes that can be sent.
func (f *flow) room() int { return max(0, f.window-f.unread) }

// send sends a segment. It takes ownership of data.
func (f *flow) send(kind segmentKind, data []byte) {
	f.unread += len(data)
	due := f.link.arrival(len(data))
	if late := f.link.resends(); late > 0 {
		due = later(due, late)
		f.lost(kind, len(data), late)
	}
	f.queue = append(f.queue, segment{kind, data, due})
	if len(f.queue) == 1 {
		f.arm()
	}
}

// lost notes that a segment was lost and will be sent again after late.
func (f *flow) lost(kind segmentKind, size int, late time.Duration) {
	s := f.link.net.sim
	if s.noter == nil {
		return
	}
	what := kind.String()
	if kind == segmentData {
		what += fmt.Sprintf(" of %d bytes", size)
	}
	s.tell(fmt.Sprintf("%s lost and sent again, %v late", what, late), f.from.reg.object())
}

// arm sets the timer for the first segment.
func (f *flow) arm() {
	s := f.link.net.sim
	s.start(&f.timer, time.Duration(f.queue[0].due-s.clock.now))
}

// arrive is called by the timer.
func (f *flow) arrive() {
	now := f.link.net.sim.clock.now
	for len(f.queue) > 0 && f.queue[0].due <= now {
		if f.link.blocked() {
			f.held = true
			f.link.held = append(f.link.held, f)
			return
		}
		g := f.queue[0]
		f.queue[0] = segment{}
		f.queue = f.queue[1:]
		f.deliver(g)
	}
	if len(f.queue) > 0 {
		f.arm()
	}
}

// resume continues after a partition that held up the flow.
func (f *flow) resume() {
	if !f.held || len(f.queue) == 0 {
		return
	}
	f.held = false
	f.queue[0].due = later(f.link.net.sim.clock.now, f.link.settings().Latency)
	f.arm()
}

// drop discards everything on its way.
func (f *flow) drop() {
	f.queue, f.held = nil, false
	f.link.net.sim.cancel(&f.timer)
}

// ack acknowledges to the sender that n bytes have been read, at once if the way back is open.
func (f *flow) ack(n int) {
	back := f.to.out.link
	if !back.blocked() {
		f.release(n)
		return
	}
	if f.unacked == 0 {
		back.acks = append(back.acks, f)
	}
	f.unacked += n
}

// release gives n bytes of room back to the sender.
func (f *flow) release(n int) {
	f.unread -= n
	if c := f.from; f.room() > 0 && c.opened && !c.ended && c.broken == 0 {
		c.reg.raise(event.Writable)
	}
}

// deliver passes an arriving segment to the other end.
func (f *flow) deliver(g segment) {
	switch g.kind {
	case segmentOpen:
		f.open()
	case segmentAccept:
		f.to.established()
	case segmentRefuse:
		f.to.fail(event.IOConnectionRefused)
	case segmentData:
		f.to.receive(g.data)
	case segmentEnd:
		f.from.settled()
		f.to.receiveEnd()
	case segmentReset:
		f.from.settled()
		f.to.fail(event.IOConnectionReset)
	}
}

// open asks for a connection at the other host. If that host is down, it asks again after 1 s, 2 s, 4 s and so on.
func (f *flow) open() {
	h := f.link.to
	if h.region == nil {
		if f.attempts < maxResends {
			again := later(f.link.net.sim.clock.now, time.Second<<f.attempts)
			f.queue = append(f.queue, segment{segmentOpen, nil, again})
			f.attempts++
		}
		return
	}
	c := newConn(h, f.link.from, f.from.remote, f.from.local)
	f.to, c.out.to = c, f.from
	l := h.listener(c.local.Port)
	if l == nil || len(l.backlog) == maxBacklog {
		c.closed = true
		c.out.send(segmentRefuse, nil)
		return
	}
	c.opened = true
	h.addConn(c)
	c.reg.raise(event.Writable)
	c.out.send(segmentAccept, nil)
	l.backlog = append(l.backlog, c)
	l.reg.raise(event.Readable)
}
