package simsched

import (
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/strategy"
)

// Chaos says which faults are injected into a run, and how often: rates are per million occasions, 0 for never. The zero
// Chaos injects nothing. Every fault is a ChaosInjection event, and a replay injects those of the recording.
type Chaos struct {
	// Seed feeds the decisions, apart from the seed of the run, so that one schedule can be had with other faults.
	Seed uint64

	Cancel  int // per scheduling point of a task in a region that is not the root: the region is cancelled, CancelUser
	Delay   int // per scheduling point: the task sleeps up to MaxDelay first
	Budget  int // per scheduling point: another ready task has to go first
	IOError int // per operation of a Pipe or connection: it fails with one of the usual errors
	Storm   int // per wait for a mutex or for readiness: the task is woken up to 8 times for nothing

	// MaxDelay bounds a delay; 0 means 10 ms.
	MaxDelay time.Duration
}

const (
	million         = 1_000_000
	maxStorm        = 8
	defaultMaxDelay = 10 * time.Millisecond
)

// ChaosLight returns the preset of few faults, with the rates of the asupersync runtime for its three kinds: 1 % cancel,
// 5 % delay, 2 % I/O error; and 1 % exhausted budgets and storms.
func ChaosLight(seed uint64) Chaos {
	return Chaos{Seed: seed, Cancel: 10_000, Delay: 50_000, IOError: 20_000, Budget: 10_000, Storm: 10_000}
}

// ChaosHeavy returns the preset of many faults: 10 % cancel, 20 % delay, 15 % I/O error; and 5 % exhausted budgets and
// storms. See [ChaosLight].
func ChaosHeavy(seed uint64) Chaos {
	return Chaos{Seed: seed, Cancel: 100_000, Delay: 200_000, IOError: 150_000, Budget: 50_000, Storm: 50_000}
}

// validate fills the default and panics if a rate is out of range.
func (c Chaos) validate() Chaos {
	for _, rate := range c.rates() {
		if rate < 0 || rate > million {
			panic("simsched: Run called with a rate of Chaos that is not between 0 and 1,000,000")
		}
	}
	if c.MaxDelay <= 0 {
		c.MaxDelay = defaultMaxDelay
	}
	return c
}

func (c Chaos) rates() [5]int {
	return [5]int{
		event.ChaosCancel: c.Cancel, event.ChaosDelay: c.Delay, event.ChaosIOError: c.IOError,
		event.ChaosWakeupStorm: c.Storm, event.ChaosBudget: c.Budget,
	}
}

// Occasion is when a fault can be injected.
type Occasion uint8

// The occasions, each with the faults that it can bring.
const (
	OccasionPoint Occasion = iota // a scheduling point: ChaosCancel, ChaosDelay, ChaosBudget
	OccasionIO                    // an I/O operation: ChaosIOError
	OccasionWait                  // a wait that looks again when woken: ChaosWakeupStorm
)

// occasions says which faults an occasion can bring, in the order in which they are drawn.
var occasions = [...][]event.ChaosKind{
	OccasionPoint: {event.ChaosCancel, event.ChaosDelay, event.ChaosBudget},
	OccasionIO:    {event.ChaosIOError},
	OccasionWait:  {event.ChaosWakeupStorm},
}

// ioFaults are the errors that chaos injects.
var ioFaults = [...]event.IOErrorKind{
	event.IOConnectionReset, event.IOBrokenPipe, event.IOTimedOut, event.IOInterrupted, event.IOOther,
}

// dataLimit bounds the data of a fault, which shares the answer of a Chooser with its kind.
const dataLimit = 1 << 56

// FaultAnswer returns what a [Chooser] answers at [PointFault] to inject the fault that a ChaosInjection event tells of,
// and whether the choice can have that outcome. The answer for no fault is 0.
func (c *Choice) FaultAnswer(e event.Event) (answer uint64, ok bool) {
	task, present := e.ChaosTask()
	if !present || task != c.sim.current.id || e.ChaosData() >= dataLimit {
		return 0, false
	}
	for _, k := range occasions[c.Occasion] {
		if k == e.ChaosKind() {
			return faultAnswer(k, e.ChaosData()), true
		}
	}
	return 0, false
}

func faultAnswer(k event.ChaosKind, data uint64) uint64 { return uint64(k+1)<<56 | data }

// drawFault answers at PointFault with random numbers from next.
func (c *Choice) drawFault(next func() uint64) uint64 {
	x := strategy.Below(next(), million)
	rates := c.Chaos.rates()
	for _, k := range occasions[c.Occasion] {
		if x < uint64(rates[k]) {
			return faultAnswer(k, c.drawData(k, next))
		}
		x -= uint64(rates[k])
	}
	return 0
}

func (c *Choice) drawData(k event.ChaosKind, next func() uint64) uint64 {
	switch k {
	case event.ChaosDelay:
		return 1 + strategy.Below(next(), uint64(c.Chaos.MaxDelay))
	case event.ChaosIOError:
		return uint64(ioFaults[strategy.Below(next(), uint64(len(ioFaults)))])
	case event.ChaosWakeupStorm:
		return 1 + strategy.Below(next(), maxStorm)
	}
	return 0
}

// fault asks whether to inject a fault into the running task, and does the bookkeeping if so.
func (s *Sim) fault(t *Task, o Occasion) (k event.ChaosKind, data uint64, ok bool) {
	if !s.chaotic[o] || t.inFault {
		return 0, 0, false
	}
	s.choice.Point, s.choice.N, s.choice.Occasion = PointFault, 0, o
	answer := s.ask()
	if answer == 0 {
		return 0, 0, false
	}
	k, data = event.ChaosKind(answer>>56-1), answer&(dataLimit-1)
	if k == event.ChaosCancel && (t.region == s.root || t.region.cancelled) || k == event.ChaosBudget && s.ready.n == 0 {
		return 0, 0, false // not possible here, and so no event
	}
	s.injected[k]++
	s.emit(event.ChaosInjectionInto(t.id, k, data))
	return k, data, true
}

// faultAtPoint injects what is decided for a scheduling point of t.
func (s *Sim) faultAtPoint(t *Task) {
	k, data, ok := s.fault(t, OccasionPoint)
	if !ok {
		return
	}
	t.inFault = true
	switch k {
	case event.ChaosCancel:
		t.region.cancel(event.CancelUser)
	case event.ChaosDelay:
		s.sleepFor(t, time.Duration(data))
	case event.ChaosBudget:
		s.afterOthers(t)
	}
	t.inFault = false
}

// faultInIO decides whether an operation of t fails, and with what; 0 if it does not.
func (s *Sim) faultInIO(t *Task) event.IOErrorKind {
	_, data, ok := s.fault(t, OccasionIO)
	if !ok {
		return 0
	}
	return event.IOErrorKind(data)
}

// faultInWait wakes t for nothing, before it waits in a loop that looks again.
func (s *Sim) faultInWait(t *Task) {
	_, data, ok := s.fault(t, OccasionWait)
	if !ok {
		return
	}
	t.inFault = true
	for range data {
		s.emit(event.WakerWake(t.id))
		s.point(t)
	}
	t.inFault = false
}

// afterOthers lets another ready task, of which there is one, go before t.
func (s *Sim) afterOthers(t *Task) {
	next := s.pick()
	s.ready.push(&t.self)
	s.park(t, next)
}

// Injected returns how many faults of a kind have been injected so far. It may be called after the run.
func (s *Sim) Injected(k event.ChaosKind) uint64 {
	if int(k) >= len(s.injected) {
		return 0
	}
	return s.injected[k]
}
