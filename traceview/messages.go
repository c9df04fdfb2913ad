package traceview

import (
	"slices"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
)

// messages pairs sends with receives. It works like this:
//
//  1. Values pass a channel in the order in which they are sent, so the n-th send belongs to the n-th receive.
//  2. A task that need not wait notes the operation when it does it.
//  3. For a task that waits, another one does the operation, and wakes it. In an ordinary run the task notes the
//     operation when it goes on, which is too late to count; in a simulated one it does not.
//  4. What a closed channel gives was not sent.
type messages struct {
	pipes map[tracefile.Object]*pipe
	count int // ends that wait for the other one
}

// pipe is what has been sent on a channel and not been received, or the other way round.
type pipe struct {
	ends   []messageEnd
	sent   bool // the ends are sends
	closed bool
	done   map[event.TaskID]bool // tasks whose next note is of an operation that another one did for them
}

// messageEnd is a send or a receive.
type messageEnd struct {
	lane, turn int
}

// mostMessages is the maximum number of ends that wait for the other one, and of objects.
const mostMessages = 10_000

// passes takes what a task does, if it sends or receives.
func (r *reader) passes(t *task, n tracefile.Note) {
	verb := strings.TrimPrefix(n.Reason, "takes the case that ")
	sends := strings.HasPrefix(verb, "sends ")
	if !sends && !strings.HasPrefix(verb, "receives ") && verb != "closes" {
		return
	}
	p := r.messages.of(n.Object)
	switch {
	case p == nil:
	case verb == "closes":
		p.closed = true
	case p.done[t.Task]:
		delete(p.done, t.Task)
	default:
		r.pair(p, messageEnd{t.number, r.position()}, sends)
	}
}

// completes takes the wake-up of a task that waits to send or to receive: it has done so.
func (r *reader) completes(t *task, o tracefile.Object) {
	how := strings.ToLower(t.how)
	sends := strings.HasSuffix(how, "send")
	if t.state != Waiting || !sends && !strings.HasSuffix(how, "receive") && !strings.HasSuffix(how, "recv") {
		return
	}
	p := r.messages.pipes[o]
	if p == nil { // the recording has no operations, or none of the channel
		return
	}
	if r.m.Ordinary {
		if p.done == nil {
			p.done = map[event.TaskID]bool{}
		}
		p.done[t.Task] = true
	}
	r.pair(p, messageEnd{t.number, r.position()}, sends)
}

// pair takes an end, and draws an arrow if the other one has come before.
func (r *reader) pair(p *pipe, end messageEnd, sends bool) {
	if len(p.ends) == 0 || p.sent == sends {
		if !p.closed && r.messages.count < mostMessages {
			p.ends, p.sent = append(p.ends, end), sends
			r.messages.count++
		}
		return
	}
	from, to := p.ends[0], end
	p.ends = slices.Delete(p.ends, 0, 1)
	r.messages.count--
	if sends {
		from, to = messageEnd{end.lane, to.turn}, messageEnd{from.lane, end.turn}
	}
	if from.lane != to.lane && from.turn >= r.m.First && !r.full() && r.room(len(r.m.Arrows)) {
		r.m.Arrows = append(r.m.Arrows, Arrow{From: from.lane, To: to.lane, Turn: from.turn, At: to.turn, Kind: Sends})
	}
}

// of returns what is open of an object; nil if it has no name, or if there are too many objects.
func (m *messages) of(o tracefile.Object) *pipe {
	p := m.pipes[o]
	if p == nil && o.Name != "" && len(m.pipes) < mostMessages {
		if m.pipes == nil {
			m.pipes = map[tracefile.Object]*pipe{}
		}
		p = &pipe{}
		m.pipes[o] = p
	}
	return p
}
