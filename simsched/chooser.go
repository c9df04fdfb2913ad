package simsched

import (
	"math"
	"math/rand/v2"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/strategy"
)

// Observer receives every event of a run in order. An error ends the run at the next scheduling point and becomes
// part of the error of [Run]. Observe must not call methods of the Sim that have scheduling points.
type Observer interface {
	Observe(event.Event) error
}

// Chooser makes every choice of a run. Choose returns a number below c.N, or any number if c.N is 0. Alternative 0
// is the default, the least surprising outcome: the task or waiter that has waited longest, the timer created
// first, the first case, all bytes. Directly after a choice the Sim emits the event that shows its outcome. Choose
// must not keep c and must not call the Sim.
type Chooser interface {
	Choose(c *Choice) uint64
}

// Point is the kind of a choice.
type Point uint8

// The kinds of choices, each with the event that shows the outcome.
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

// Choice is a question to a [Chooser]. Except for values and faults, a choice has at least two alternatives: forced
// choices are not asked.
type Choice struct {
	Point  Point
	N      int    // number of alternatives; 0 = any number may be answered
	Stream uint64 // PointValue: the stream, as a hash of its label

	chaos    *Chaos   // PointFault: the settings
	occasion occasion // PointFault: which faults are possible

	sim     *Sim
	running *Task    // PointTask: the task that ran until now, if it is ready; otherwise nil
	yielded bool     // PointTask: running has asked to let others go first
	queue   *queue   // PointTask, PointWaiter
	due     *dueSet  // PointTimer
	cases   []uint64 // PointCase: the indices of the ready cases, ascending
}

// ID returns the identifier of alternative i in the event of the outcome: a TaskID, a TimerID, the index of a case,
// or a number of bytes.
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

// choose asks the Chooser. The Choice is stored in the Sim, so that asking allocates nothing; the caller sets its
// alternatives first.
func (s *Sim) choose(p Point, n int) int {
	s.choice.Point, s.choice.N = p, n
	answer := s.ask()
	if answer >= uint64(n) {
		s.fail(&chooserError{Point: p, Answer: answer, N: n})
		return 0
	}
	return int(answer)
}

// ask passes s.choice to the Chooser.
func (s *Sim) ask() uint64 {
	s.inHook = true
	answer := s.cfg.Chooser.Choose(&s.choice)
	s.inHook = false
	if s.cfg.Script != nil {
		s.noteDeviation(answer)
	}
	if s.cfg.Order != nil {
		s.cfg.Order.chose(s.current, s.choice.Point, answer)
	}
	if n := &s.asked[s.choice.Point]; *n < math.MaxUint16 {
		*n++
	}
	return answer
}

// chooseWaiter removes one of the waiters of q, which must not be empty, and returns it.
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

// chooser is the Chooser that lets a strategy choose the next task. It draws the other choices at random or, for a
// tame strategy, takes their defaults.
type chooser struct {
	used    bool // whether it was used in a run
	seed    uint64
	tame    bool
	route   *strategy.Route // makes the choices, also those of timers, waiters and cases; nil if there is none
	drew    bool            // a random value, a fault or a size was asked for
	picker  strategy.Picker
	stepper strategy.Stepper // the same, if it is one
	gap     uint64           // number of points until the next preemption; 0 before the strategy was asked
	pick    strategy.Decision
	choice  *Choice // the choice that pick is making
	points  [numPoints]strategy.Rand
	streams map[uint64]*strategy.Rand
	faults  *strategy.Rand
}

// NewChooser returns the Chooser that chooses tasks by a strategy under a configuration. Random values for the
// program, faults and, unless the strategy is tame, all other choices are drawn from cfg.Seed. Each kind of choice
// and each stream of values has a separate generator, so that one more draw in one place changes no draw in
// another. Three of four I/O operations move all bytes; the others move a random number.
//
// A Route of cfg makes the choices of tasks, timers, waiters and cases, whatever the strategy, and operations move all
// bytes.
func NewChooser(s *strategy.Strategy, cfg strategy.Config) Chooser {
	r := &chooser{seed: cfg.Seed, tame: s.Tame, route: cfg.Route, picker: s.Start(cfg)}
	r.stepper, _ = r.picker.(strategy.Stepper)
	r.pick.Ready = r
	for p := PointTimer; p <= PointBytes; p++ {
		r.points[p] = strategy.NewRand(cfg.Seed, pointLabels[p])
	}
	return r
}

// pointLabels are the labels of the generators.
var pointLabels = func() (labels [numPoints]uint64) {
	for p, name := range pointNames {
		labels[p] = strategy.Label("point " + name)
	}
	return labels
}()

var (
	randomStrategy     = strategy.Find(strategy.Single)
	roundRobinStrategy = strategy.Find("round-robin")
)

// NewRandom returns the Chooser that draws every choice at random from seed: [NewChooser] with the strategy
// "random".
func NewRandom(seed uint64) Chooser { return NewChooser(randomStrategy, strategy.Config{Seed: seed}) }

// NewRoundRobin returns the Chooser that takes the default of every choice: tasks and waiters take turns in the order
// in which they became ready. Random values for the program and faults are drawn from seed, as in [NewRandom].
func NewRoundRobin(seed uint64) Chooser {
	return NewChooser(roundRobinStrategy, strategy.Config{Seed: seed})
}

// oneRun is a Chooser that can be used in one run only.
type oneRun interface{ claim() (first bool) }

func (r *chooser) claim() bool {
	first := !r.used
	r.used = true
	return first
}

// stepping is a Chooser whose strategy follows every step. A Chooser around another one has to pass this on.
type stepping interface{ Stepper() strategy.Stepper }

// Stepper returns the strategy, nil if it does not follow steps.
func (r *chooser) Stepper() strategy.Stepper { return r.stepper }

// Choose implements [Chooser].
func (r *chooser) Choose(c *Choice) uint64 {
	switch c.Point {
	case PointTask:
		return uint64(r.pickTask(c))
	case PointValue:
		r.drew = true
		return r.stream(c.Stream).Uint64()
	case PointFault:
		r.drew = true
		if r.faults == nil {
			g := strategy.NewRand(c.chaos.Seed, strategy.Label("faults"))
			r.faults = &g
		}
		return c.drawFault(r.faults.Uint64)
	}
	switch {
	case r.route != nil && c.Point == PointBytes:
		r.drew = true
		return 0
	case r.route != nil:
		return uint64(r.route.Take(c.N, false))
	case r.tame:
		return 0
	}
	x := r.points[c.Point].Uint64()
	if c.Point == PointBytes && x&3 != 0 {
		return 0
	}
	return strategy.Below(x, uint64(c.N))
}

// Drew reports whether the run has asked for a random value, a fault or the size of a transfer, which a route does not
// determine.
func (r *chooser) Drew() bool { return r.drew }

// pickTask chooses the task to run next. Between two preemptions that is the running task, if it can continue.
func (r *chooser) pickTask(c *Choice) int {
	r.choice = c
	d := &r.pick
	d.N, d.Running, d.Why = c.N, -1, strategy.Blocked
	if c.running != nil {
		d.Running, _ = c.queue.indexOf(c.running)
		switch {
		case c.yielded:
			d.Why = strategy.Yielded
		case r.passed():
			d.Why = strategy.Preempted
		default:
			return d.Running
		}
	}
	return r.picker.Pick(d)
}

// passed counts a point and reports whether the running task is preempted there.
func (r *chooser) passed() bool {
	if r.gap == 0 {
		r.gap = r.picker.Gap()
	}
	r.gap--
	return r.gap == 0
}

// At implements [strategy.Tasks].
func (r *chooser) At(i int) *strategy.Task { return &r.choice.queue.at(i).task.strategic }

func (r *chooser) stream(label uint64) *strategy.Rand {
	g := r.streams[label]
	if g == nil {
		if r.streams == nil {
			r.streams = map[uint64]*strategy.Rand{}
		}
		made := strategy.NewRand(r.seed, label)
		g = &made
		r.streams[label] = g
	}
	return g
}

// Rand returns the random stream with a label. Equal labels share one stream. Every value drawn is an RngValue
// event.
func (s *Sim) Rand(label string) *rand.Rand {
	return rand.New(&stream{s, newStreamID(label)})
}

type stream struct {
	sim *Sim
	id  streamID
}

// streamID identifies a random stream.
type streamID struct {
	label string
	hash  uint64
}

func newStreamID(label string) streamID { return streamID{label, strategy.Label("stream " + label)} }

// Uint64 implements rand.Source.
func (st *stream) Uint64() uint64 {
	t := st.sim.enter("Rand")
	v := st.sim.draw(&st.id)
	st.sim.stopIfEnded(t)
	return v
}

// draw draws a value of a stream. Timers call it, too.
func (s *Sim) draw(id *streamID) uint64 {
	s.choice.Point, s.choice.N, s.choice.Stream = PointValue, 0, id.hash
	s.drawn = id.label
	v := s.ask()
	s.emit(event.RngValue(v))
	return v
}
