package simsched

import (
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/strategy"
)

// Chaos sets which faults are injected into a run, and how often. Rates are per million occasions; 0 means never.
// The zero Chaos injects nothing. Every fault is a ChaosInjection event, and a replay injects the faults of the
// recording.
type Chaos struct {
	// Seed seeds the decisions independently of the seed of the run, so that one schedule can be run with other faults.
	Seed uint64

	Cancel  int // per scheduling point of a task outside the root region: its region is cancelled with CancelUser
	Delay   int // per scheduling point: the task first sleeps up to MaxDelay
	Budget  int // per scheduling point: another ready task runs first
	IOError int // per operation of a Pipe or connection: it fails with one of the usual errors
	Storm   int // per wait for a mutex or for readiness: the task is woken up to 8 times without a reason

	// MaxDelay is the maximum delay; 0 means 10 ms.
	MaxDelay time.Duration
}

const (
	million         = 1_000_000
	maxStorm        = 8
	defaultMaxDelay = 10 * time.Millisecond
)

// ChaosLight returns the preset of few faults. It has the rates of the asupersync runtime for three kinds: 1 %
// cancellations, 5 % delays, 2 % I/O errors; and 1 % exhausted budgets and wake-up storms.
func ChaosLight(seed uint64) Chaos {
	return Chaos{Seed: seed, Cancel: 10_000, Delay: 50_000, IOError: 20_000, Budget: 10_000, Storm: 10_000}
}

// ChaosHeavy returns the preset of many faults: 10 % cancellations, 20 % delays, 15 % I/O errors; and 5 % exhausted
// budgets and wake-up storms. See [ChaosLight].
func ChaosHeavy(seed uint64) Chaos {
	return Chaos{Seed: seed, Cancel: 100_000, Delay: 200_000, IOError: 150_000, Budget: 50_000, Storm: 50_000}
}

// validate returns c with defaults filled in. It panics if a rate is out of range.
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

// occasion is a situation in which a fault can be injected.
type occasion uint8

// The occasions, with the faults that are possible at each.
const (
	occasionPoint occasion = iota // a scheduling point: ChaosCancel, ChaosDelay, ChaosBudget
	occasionIO                    // an I/O operation: ChaosIOError
	occasionWait                  // a wait that checks its condition again when woken: ChaosWakeupStorm
)

// occasions lists the faults that are possible at each occasion, in the order in which they are drawn.
var occasions = [...][]event.ChaosKind{
	occasionPoint: {event.ChaosCancel, event.ChaosDelay, event.ChaosBudget},
	occasionIO:    {event.ChaosIOError},
	occasionWait:  {event.ChaosWakeupStorm},
}

// ioFaults are the errors that chaos injects.
var ioFaults = [...]event.IOErrorKind{
	event.IOConnectionReset, event.IOBrokenPipe, event.IOTimedOut, event.IOInterrupted, event.IOOther,
}

// dataLimit bounds the data of a fault, which is packed into the answer of a Chooser together with its kind.
const dataLimit = 1 << 56

// FaultAnswer returns the answer of a [Chooser] at [PointFault] that injects the fault of a ChaosInjection event,
// and whether the choice can have that outcome. The answer for no fault is 0.
func (c *Choice) FaultAnswer(e event.Event) (answer uint64, ok bool) {
	task, present := e.ChaosTask()
	if !present || task != c.sim.current.id || e.ChaosData() >= dataLimit {
		return 0, false
	}
	for _, k := range occasions[c.occasion] {
		if k == e.ChaosKind() {
			return faultAnswer(k, e.ChaosData()), true
		}
	}
	return 0, false
}

func faultAnswer(k event.ChaosKind, data uint64) uint64 { return uint64(k+1)<<56 | data }

// drawFault answers a PointFault with random numbers from next.
func (c *Choice) drawFault(next func() uint64) uint64 {
	x := strategy.Below(next(), million)
	rates := c.chaos.rates()
	for _, k := range occasions[c.occasion] {
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
		return 1 + strategy.Below(next(), uint64(c.chaos.MaxDelay))
	case event.ChaosIOError:
		return uint64(ioFaults[strategy.Below(next(), uint64(len(ioFaults)))])
	case event.ChaosWakeupStorm:
		return 1 + strategy.Below(next(), maxStorm)
	}
	return 0
}

// fault asks whether to inject a fault into the running task. If so, it emits the event and counts the fault.
func (s *Sim) fault(t *Task, o occasion) (k event.ChaosKind, data uint64, ok bool) {
	if !s.chaotic[o] || t.inFault {
		return 0, 0, false
	}
	s.choice.Point, s.choice.N, s.choice.occasion = PointFault, 0, o
	answer := s.ask()
	if answer == 0 {
		return 0, 0, false
	}
	k, data = event.ChaosKind(answer>>56-1), answer&(dataLimit-1)
	if k == event.ChaosCancel && (t.region == s.root || t.region.cancelled) || k == event.ChaosBudget && s.ready.n == 0 {
		return 0, 0, false // not possible here, so there is no event
	}
	s.injected[k]++
	s.emit(event.ChaosInjectionInto(t.id, k, data))
	return k, data, true
}

// faultAtPoint injects the fault that was chosen for a scheduling point of t, if any.
func (s *Sim) faultAtPoint(t *Task) {
	k, data, ok := s.fault(t, occasionPoint)
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

// faultInIO chooses whether an operation of t fails, and returns the kind of error, or 0 if it does not fail.
func (s *Sim) faultInIO(t *Task) event.IOErrorKind {
	_, data, ok := s.fault(t, occasionIO)
	if !ok {
		return 0
	}
	return event.IOErrorKind(data)
}

// faultInWait wakes t without a reason, before t waits in a loop that checks its condition again.
func (s *Sim) faultInWait(t *Task) {
	_, data, ok := s.fault(t, occasionWait)
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

// afterOthers lets another ready task run before t. There must be one.
func (s *Sim) afterOthers(t *Task) {
	next := s.pick()
	s.ready.push(&t.self)
	s.park(t, next)
}
