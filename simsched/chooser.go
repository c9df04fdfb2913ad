package simsched

import (
	"math/bits"
	"math/rand/v2"

	"github.com/reprise-go/reprise/event"
)

// Observer sees every event of a run in order. A non-nil error ends the run at the next scheduling point and becomes
// the error of [Run]. Observe must not call the Sim.
type Observer interface {
	Observe(event.Event) error
}

// Chooser is the one door through which every choice of a run goes. Choose answers with a number below c.N, or with
// any number where c.N is 0. Alternative 0 is always the tamest one: the task or waiter that has waited longest, the
// timer made first, the first case, all bytes. Right after a choice the Sim emits the event that tells its outcome.
// Choose must not keep c and must not call the Sim.
type Chooser interface {
	Choose(c *Choice) uint64
}

// Point is the kind of a choice.
type Point uint8

// The points, each with the event that tells the outcome.
const (
	PointTask   Point = iota // which ready task runs next: TaskScheduled
	PointTimer               // which of the timers due at one instant fires next: TimerFired
	PointWaiter              // which of the tasks that wait for one thing is served: WakerWake
	PointCase                // which of the ready cases of a Select is taken: RngValue, the index of the case
	PointBytes               // how many bytes an I/O operation moves: IoResult
	PointValue               // a random value for the program, N = 0: RngValue
	PointFault               // which fault to inject, N = 0: ChaosInjection, or no event if the answer is 0
	numPoints   = int(PointFault) + 1
)

var pointNames = [numPoints]string{"task", "timer", "waiter", "case", "bytes", "value", "fault"}

// String returns the name of p.
func (p Point) String() string { return pointNames[p] }

// Choice is a question to a [Chooser]. Except for values, a choice has at least two alternatives: what is forced is
// not asked.
type Choice struct {
	Point  Point
	N      int    // number of alternatives, 0 for any number
	Stream uint64 // PointValue: which stream, a hash of its label

	Chaos    *Chaos   // PointFault: the settings
	Occasion Occasion // PointFault: which faults are possible

	sim   *Sim
	queue *queue   // PointTask, PointWaiter
	due   *dueSet  // PointTimer
	cases []uint64 // PointCase: the indices of the ready cases, ascending
}

// ID returns what tells alternative i apart in the event of the outcome: a TaskID, a TimerID, the index of a case, a
// number of bytes.
func (c *Choice) ID(i int) uint64 {
	switch c.Point {
	case PointTask, PointWaiter:
		return uint64(c.queue.at(i).task.id)
	case PointTimer:
		return uint64(c.due.at(i).id)
	case PointCase:
		return c.cases[i]
	case PointBytes:
		return uint64(c.N - i)
	default:
		return uint64(i)
	}
}

// IndexOf returns the alternative with the given ID, in constant or logarithmic time, and whether there is one.
func (c *Choice) IndexOf(id uint64) (int, bool) {
	switch c.Point {
	case PointTask, PointWaiter:
		if t := c.sim.task(event.TaskID(id)); t != nil {
			return c.queue.indexOf(t)
		}
		return 0, false
	case PointTimer:
		return c.due.indexOf(event.TimerID(id))
	case PointCase:
		for i, ci := range c.cases {
			if ci == id {
				return i, true
			}
		}
		return 0, false
	case PointBytes:
		return c.N - int(id), id >= 1 && id <= uint64(c.N)
	default:
		return int(id), true
	}
}

// choose asks the Chooser. The Choice lives in the Sim, so that asking allocates nothing; the caller sets the
// alternatives in it first.
func (s *Sim) choose(p Point, n int) int {
	s.choice.Point, s.choice.N = p, n
	answer := s.ask()
	if answer >= uint64(n) {
		s.fail(&ChooserError{Point: p, Answer: answer, N: n})
		return 0
	}
	return int(answer)
}

// ask asks the Chooser what is in s.choice.
func (s *Sim) ask() uint64 {
	s.inHook = true
	answer := s.cfg.Chooser.Choose(&s.choice)
	s.inHook = false
	return answer
}

// chooseWaiter takes one of the waiters of q, which is not empty, out of it.
func (s *Sim) chooseWaiter(p Point, q *queue) *waiter {
	i := 0
	if q.n > 1 {
		s.choice.queue = q
		i = s.choose(p, q.n)
	}
	w := q.at(i)
	q.remove(w)
	return w
}

// random is the Chooser that draws uniformly.
type random struct {
	used    bool // by a run
	seed    uint64
	points  [numPoints]*rand.PCG
	streams map[uint64]*rand.PCG
	faults  *rand.PCG
}

// NewRandom returns the Chooser that draws every choice at random from seed. Each point and each stream of values has a
// generator of its own (PCG-DXSM, seeded by SplitMix64), so that one more draw in one place shifts no other place.
// Three of four I/O operations move all bytes, the others any number.
func NewRandom(seed uint64) Chooser {
	r := &random{seed: seed, streams: map[uint64]*rand.PCG{}}
	for p := range r.points {
		r.points[p] = derive(seed, labelHash("point "+Point(p).String()))
	}
	return r
}

// oneRun is a Chooser that knows whether it has served a run.
type oneRun interface{ claim() (first bool) }

func (r *random) claim() bool {
	first := !r.used
	r.used = true
	return first
}

func (r *roundRobin) claim() bool { return r.values.claim() }

// Choose implements [Chooser].
func (r *random) Choose(c *Choice) uint64 {
	switch c.Point {
	case PointValue:
		return r.stream(c.Stream).Uint64()
	case PointFault:
		if r.faults == nil {
			r.faults = derive(c.Chaos.Seed, labelHash("faults"))
		}
		return c.drawFault(r.faults.Uint64)
	}
	x := r.points[c.Point].Uint64()
	if c.Point == PointBytes && x&3 != 0 {
		return 0
	}
	return below(x, uint64(c.N))
}

// below maps a random number to 0..n-1.
func below(x, n uint64) uint64 {
	hi, _ := bits.Mul64(x, n)
	return hi
}

func (r *random) stream(label uint64) *rand.PCG {
	g := r.streams[label]
	if g == nil {
		g = derive(r.seed, label)
		r.streams[label] = g
	}
	return g
}

// roundRobin takes turns and draws only values and faults.
type roundRobin struct{ values *random }

// NewRoundRobin returns the Chooser that takes the tamest alternative of every choice: tasks and waiters take turns in
// the order they came. Random values for the program are drawn from seed, and faults, as in [NewRandom].
func NewRoundRobin(seed uint64) Chooser {
	return &roundRobin{&random{seed: seed, streams: map[uint64]*rand.PCG{}}}
}

// Choose implements [Chooser].
func (r *roundRobin) Choose(c *Choice) uint64 {
	if c.Point == PointValue || c.Point == PointFault {
		return r.values.Choose(c)
	}
	return 0
}

// derive makes a generator for a label of a seed.
func derive(seed, label uint64) *rand.PCG {
	x := seed ^ label
	return rand.NewPCG(splitMix(&x), splitMix(&x))
}

// splitMix is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
func splitMix(x *uint64) uint64 {
	*x += 0x9e3779b97f4a7c15
	z := *x
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// labelHash is FNV-1a, 64 bits.
func labelHash(label string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(label) {
		h = (h ^ uint64(label[i])) * 1099511628211
	}
	return h
}

// Rand returns the stream of random numbers with a label. Equal labels share one stream. Every value that is drawn is
// an RngValue event.
func (s *Sim) Rand(label string) *rand.Rand {
	return rand.New(&stream{s, newStreamID(label)})
}

type stream struct {
	sim *Sim
	id  streamID
}

// streamID is what tells a stream of random numbers apart.
type streamID struct {
	label string
	hash  uint64
}

func newStreamID(label string) streamID { return streamID{label, labelHash("stream " + label)} }

// Uint64 implements rand.Source.
func (st *stream) Uint64() uint64 {
	t := st.sim.enter("Rand")
	v := st.sim.draw(&st.id)
	st.sim.stopIfEnded(t)
	return v
}

// draw draws a value of a stream, for timers too.
func (s *Sim) draw(id *streamID) uint64 {
	s.choice.Point, s.choice.N, s.choice.Stream = PointValue, 0, id.hash
	s.drawn = id.label
	v := s.ask()
	s.emit(event.RngValue(v))
	return v
}
