package traceview

import (
	"slices"
	"strconv"
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
//  5. The bytes of a connection pass it in order, too. A send can be received in parts, and a receive can take several.
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

// messageEnd is a send or a receive: of a value or a packet, with size 1, or of some bytes of a connection.
type messageEnd struct {
	lane, turn, size int
}

// mostMessages is the maximum number of ends that wait for the other one, and of objects.
const mostMessages = 10_000

// passes takes what a task does, if it sends or receives.
func (r *reader) passes(t *task, n tracefile.Note) {
	verb := strings.TrimPrefix(n.Reason, "takes the case that ")
	word, _, _ := strings.Cut(verb, " ")
	sends := word == "sends"
	if !sends && word != "receives" && verb != "closes" {
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
		r.pair(p, messageEnd{t.number, r.position(), size(verb)}, sends)
	}
}

// size returns how much "sends 5 bytes on" says that is sent or received.
func size(verb string) int {
	words := strings.Fields(verb)
	if len(words) < 3 || words[2] != "bytes" {
		return 1
	}
	n, _ := strconv.ParseUint(words[1], 10, 31) // 0 if it is no number
	return int(n)
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
	r.pair(p, messageEnd{t.number, r.position(), 1}, sends)
}

// pair takes an end, and draws an arrow for each other end that has come before.
func (r *reader) pair(p *pipe, end messageEnd, sends bool) {
	for end.size > 0 && len(p.ends) > 0 && p.sent != sends {
		other := &p.ends[0]
		n := min(end.size, other.size)
		end.size, other.size = end.size-n, other.size-n
		from, to := *other, end
		if sends {
			from, to = messageEnd{end.lane, other.turn, n}, messageEnd{other.lane, end.turn, n}
		}
		if from.lane != to.lane && from.turn >= r.m.First && !r.full() && r.room(len(r.m.Arrows)) {
			r.m.Arrows = append(r.m.Arrows, Arrow{From: from.lane, To: to.lane, Turn: from.turn, At: to.turn, Kind: Sends})
		}
		if other.size == 0 {
			p.ends = slices.Delete(p.ends, 0, 1)
			r.messages.count--
		}
	}
	if end.size > 0 && !p.closed && r.messages.count < mostMessages {
		p.ends, p.sent = append(p.ends, end), sends
		r.messages.count++
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
