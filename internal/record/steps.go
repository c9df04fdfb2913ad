package record

import (
	"errors"
	"slices"

	"github.com/reprise-go/reprise/internal/dpor"
	"github.com/reprise-go/reprise/strategy"
)

// The reasons why the steps of a run are not known, or do not determine it.
var (
	errStepsFull    = errors.New("the recording is full")
	errStepsBlind   = errors.New("the operations are known only without --memory off")
	errStepsOutside = errors.New("something outside, or force, made goroutines ready or took the processor from one")
	errStepsLeft    = errors.New("the run ended while goroutines could run")
	errStepsTimer   = errors.New("a timer fired while goroutines could run")
)

// Walk returns the steps of a run along a route, which were recorded with gort.Control.Steps: from one point at which
// another goroutine could have run to the next. The goroutine fixed is chosen only where it is the default. An error
// says why the order of operations does not determine the run, or is not known.
//
//  1. The list of ready goroutines is kept as the runtime keeps it, so that the alternatives of a decision have the
//     order in which a strategy.Route numbers them.
//  2. A step uses what the runtime has recorded, in words of eight bytes. A goroutine that goes on after a wait uses
//     once more what it used when it began to wait.
//  3. A timer may fire only while every goroutine waits. Then time goes on, and all that follows comes after all that
//     was before.
func (r *Recording) Walk(fixed uint32) ([]dpor.Step, error) {
	w := &walk{fixed: fixed, keys: []uint64{0}, last: map[uint32]dpor.Step{}}
	for i := range r.Records {
		next := Record{}
		if i+1 < len(r.Records) {
			next = r.Records[i+1]
		}
		if err := w.record(&r.Records[i], &next); err != nil {
			return nil, err
		}
	}
	if r.Class == 0 {
		return nil, errStepsBlind
	}
	if r.Dropped > 0 {
		return nil, errStepsFull
	}
	if len(w.ready) > 0 {
		return w.steps, errStepsLeft
	}
	return w.steps, nil
}

// walk goes through the records of a run.
type walk struct {
	fixed   uint32
	keys    []uint64 // of the goroutines, by number
	ready   []uint32 // in the order in which they became ready
	running uint32   // 0 if none
	begun   bool
	idle    bool  // time has gone on since the last step, because every goroutine waited
	why     uint8 // reason for which the running goroutine stopped
	steps   []dpor.Step
	last    map[uint32]dpor.Step // the step in which each goroutine began to wait
}

// record handles a record; next is the one that follows.
func (w *walk) record(rec, next *Record) error {
	switch rec.Kind {
	case Begin:
		w.begun = true
	case Spawn:
		if parent := rec.Val >> 32; parent < uint64(len(w.keys)) {
			w.keys = append(w.keys, strategy.Child(w.keys[parent], uint32(rec.Val)+1))
		}
		w.ready = append(w.ready, rec.G)
	case Wake:
		w.ready = append(w.ready, rec.G)
	case Yield, Preempt:
		w.ready = append(w.ready, rec.G)
		w.stop(rec)
	case Block, End:
		w.stop(rec)
	case Sched:
		w.ready = slices.DeleteFunc(w.ready, func(g uint32) bool { return g == rec.G })
		w.running = rec.G
		if w.begun && rec.Reason > WhyEnd {
			return errStepsOutside
		}
	case Admit:
		if w.begun {
			return errStepsOutside
		}
		w.ready = append(w.ready, rec.G)
	default:
		return w.within(rec, next)
	}
	return nil
}

// within handles a record of something that happens in a step, or between two.
func (w *walk) within(rec, next *Record) error {
	if !w.begun {
		return nil
	}
	switch rec.Kind {
	case TimerFire:
		if w.running != 0 || len(w.ready) > 0 && !w.idle {
			return errStepsTimer
		}
		w.idle = true
	case Step:
		return w.step(rec.G, next.Kind == Sched)
	case Uses:
		if n := len(w.steps); n > 0 {
			use(&w.steps[n-1], rec)
		}
	case Case:
		if n := len(w.steps); n > 0 && rec.G != w.fixed {
			x := &w.steps[n-1]
			x.Cases = append(x.Cases, strategy.Branch{Taken: uint16(rec.Reason), N: rec.N})
		}
	}
	return nil
}

// stop handles the stop of a goroutine.
func (w *walk) stop(rec *Record) {
	if !w.begun || rec.G != w.running {
		return
	}
	w.running, w.why = 0, uint8(0)
	switch rec.Kind {
	case Block:
		w.why = WhyBlock
		if n := len(w.steps); n > 0 {
			w.last[rec.G] = w.steps[n-1]
		}
	case Yield:
		w.why = WhyYield
	case Preempt:
		w.why = WhyPreempt
	}
}

// step begins the step of a goroutine, which has stopped before or goes on without a stop.
func (w *walk) step(g uint32, stopped bool) error {
	candidates, first := slices.Clone(w.ready), 0
	if !stopped {
		candidates = append(candidates, g)
		w.why = WhyPreempt
	}
	if w.why == WhyPreempt { // the goroutine that was preempted is the last one
		first = len(candidates) - 1
	}
	if !slices.Contains(candidates, g) || int(slices.Max(candidates)) >= len(w.keys) {
		return errStepsFull
	}
	x := dpor.Step{Task: w.keys[g], Idle: w.idle}
	only := w.why == WhyPreempt && candidates[first] == w.fixed
	w.idle, w.why = false, 0
	x.Choices = []uint64{w.keys[candidates[first]]}
	for i, c := range candidates {
		switch {
		case i == first:
		case only || c == w.fixed:
			x.Others = append(x.Others, w.keys[c])
		default:
			x.Choices = append(x.Choices, w.keys[c])
		}
	}
	if before, waited := w.last[g]; waited {
		x.Uses, x.Anything = slices.Clone(before.Uses), before.Anything
		delete(w.last, g)
	}
	w.steps = append(w.steps, x)
	return nil
}

// maxWords is the number of words of an operation that are told apart. One on more of them may be on anything.
const maxWords = 64

// use adds what a record says to a step.
func use(x *dpor.Step, rec *Record) {
	from, to := rec.Val/8, (rec.Val+max(uint64(rec.Points), 1)-1)/8
	if rec.Points == 0 || to < from || to-from >= maxWords {
		x.Anything = true
		return
	}
	for word := from; word <= to; word++ {
		x.Uses = append(x.Uses, strategy.Op{Object: word + 1, Kind: strategy.OpKind(min(rec.Reason, uint8(strategy.Sync)))})
	}
}
