package minimize

import (
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/reprise-go/reprise/strategy"
)

// pass is a kind of step. steps reports whether a candidate was accepted.
type pass struct {
	name  string
	steps func(*stepper) bool
}

// passes are the passes in the order in which they are used.
var passes = []pass{
	{"all at once", func(s *stepper) bool { return s.drop(-1, all) }},
	{"faults", func(s *stepper) bool { return s.drop(1, is(strategy.Fault)) }},
	{"preemptions as lateness", (*stepper).later},
	{"preemptions", func(s *stepper) bool { return s.drop(1, is(strategy.Preempt)) }},
	{"lateness", (*stepper).punctual},
	{"default alternatives", func(s *stepper) bool {
		kept := s.drop(1, is(strategy.Next, strategy.Timer, strategy.Waiter, strategy.Case, strategy.Bytes))
		return s.anyNext() || kept
	}},
	{"cases", (*stepper).otherCase},
	{"random values", func(s *stepper) bool { return s.smaller(s.drop(1, is(strategy.Value))) }},
	{"tasks", (*stepper).tasks},
	{"few at once", (*stepper).few},
	{"places", (*stepper).places},
}

// is returns a function that reports whether a deviation is of one of some kinds.
func is(kinds ...strategy.DeviationKind) func(strategy.Deviation) bool {
	return func(d strategy.Deviation) bool { return slices.Contains(kinds, d.Kind) }
}

func all(strategy.Deviation) bool { return true }

// stepper makes the steps of a pass.
type stepper struct {
	*search
	ctx  context.Context
	pass int
}

func (s *stepper) script() strategy.Script { return s.best.Script }

// try proposes candidates and reports which was accepted, -1 if none was.
func (s *stepper) try(candidates ...strategy.Script) int { return s.first(s.ctx, s.pass, candidates) }

// drop removes deviations that match, in blocks that become smaller: all, then half of them, down to least, and from
// the end of the run to its start, because early deviations affect later ones. With -1 for least it only tries
// to remove all.
func (s *stepper) drop(least int, match func(strategy.Deviation) bool) (kept bool) {
	return s.dropBy(least, match, s.without)
}

// dropBy is drop with a function that returns the script without some deviations.
func (s *stepper) dropBy(
	least int, match func(strategy.Deviation) bool, without func(indices []int) strategy.Script,
) (kept bool) {
	for size := len(s.matching(match)); size >= 1; size /= 2 {
		for end := len(s.matching(match)); end > 0; {
			list := s.matching(match)
			var candidates []strategy.Script
			for to := min(end, len(list)); to > 0; to -= size {
				candidates = append(candidates, without(list[max(to-size, 0):to]))
			}
			i := s.try(candidates...)
			if i < 0 {
				break
			}
			kept = true
			end = min(end-(i+1)*size, len(s.matching(match)))
		}
		if least < 0 || s.stopped(s.ctx) {
			break
		}
	}
	return kept
}

// matching returns the indices of the deviations that match.
func (s *stepper) matching(match func(strategy.Deviation) bool) (list []int) {
	for i, d := range s.script() {
		if match(d) {
			list = append(list, i)
		}
	}
	return list
}

// without returns the script without the deviations at some indices, which ascend.
func (s *stepper) without(indices []int) strategy.Script {
	rest := make(strategy.Script, 0, len(s.script()))
	for i, d := range s.script() {
		if _, found := slices.BinarySearch(indices, i); !found {
			rest = append(rest, d)
		}
	}
	return rest
}

// change returns the script with one deviation changed, and without it if nothing is left of it.
func (s *stepper) change(i int, edit func(*strategy.Deviation)) strategy.Script {
	changed := slices.Clone(s.script())
	if edit(&changed[i]); changed[i].Kind == strategy.Next && changed[i].To == 0 && changed[i].Leap == 0 {
		return slices.Delete(changed, i, i+1)
	}
	return changed
}

// each changes deviations one at a time, from the end of the run to its start, as long as that is accepted.
func (s *stepper) each(match func(strategy.Deviation) bool, edit func(*strategy.Deviation)) (kept bool) {
	for from := len(s.script()); from > 0 && !s.stopped(s.ctx); {
		var at []int
		var candidates []strategy.Script
		for i := min(from, len(s.script())) - 1; i >= 0; i-- {
			if match(s.script()[i]) {
				at, candidates = append(at, i), append(candidates, s.change(i, edit))
			}
		}
		i := s.try(candidates...)
		if i < 0 {
			break
		}
		kept, from = true, at[i]
	}
	return kept
}

// idleTime is more than what a preemption takes of virtual time, in nanoseconds.
const idleTime = 2000

// later removes preemptions that only take time, and makes the leaps longer by what they take. In a run with the least
// lateness there can be many of them, which delay a timer for a few microseconds.
func (s *stepper) later() bool {
	idle := func(d strategy.Deviation) bool { return d.Kind == strategy.Preempt && d.Leap == 0 }
	if !slices.ContainsFunc(s.script(), func(d strategy.Deviation) bool { return d.Leap > 0 }) {
		return false
	}
	return s.dropBy(1, idle, func(indices []int) strategy.Script {
		script := s.without(indices)
		for i := range script {
			if d := &script[i]; d.Leap > 0 {
				d.Leap += uint32(min(len(indices)*idleTime, math.MaxUint32-int(d.Leap)))
			}
		}
		return script
	})
}

// punctual removes leaps of time, and makes the others shorter.
func (s *stepper) punctual() bool {
	leaps := func(d strategy.Deviation) bool { return d.Leap > 0 }
	kept := s.each(leaps, func(d *strategy.Deviation) { d.Leap = 0 })
	for _, part := range []uint32{2, 4, 8, 32, 256} {
		for s.each(leaps, func(d *strategy.Deviation) { d.Leap -= max(d.Leap/part, 1) }) {
			kept = true
		}
	}
	return kept
}

// anyNext lets the default task run behind preemptions.
func (s *stepper) anyNext() bool {
	return s.each(func(d strategy.Deviation) bool { return d.Kind == strategy.Preempt && d.To != 0 },
		func(d *strategy.Deviation) { d.To = 0 })
}

// maxCase is the number of the last case of a select that is tried instead of a later one.
const maxCase = 8

// otherCase takes cases of selects with smaller numbers.
func (s *stepper) otherCase() (kept bool) {
	for !s.stopped(s.ctx) {
		var candidates []strategy.Script
		for _, i := range s.matching(is(strategy.Case)) {
			for to := uint64(1); to < min(s.script()[i].To, maxCase+1); to++ {
				candidates = append(candidates, s.change(i, func(d *strategy.Deviation) { d.To = to }))
			}
		}
		if s.try(candidates...) < 0 {
			break
		}
		kept = true
	}
	return kept
}

// smaller halves random values in bits.
func (s *stepper) smaller(kept bool) bool {
	for s.each(func(d strategy.Deviation) bool { return d.Kind == strategy.Value && d.To > 1 },
		func(d *strategy.Deviation) { d.To >>= (bits.Len64(d.To) + 1) / 2 }) {
		kept = true
	}
	return kept
}

// tasks removes all deviations in which a task takes part.
func (s *stepper) tasks() (kept bool) {
	var keys []uint64
	for _, d := range s.script() {
		keys = append(keys, d.Task)
	}
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		list := s.matching(func(d strategy.Deviation) bool { return d.Task == key || d.To == key })
		if len(list) > 1 && s.try(s.without(list)) == 0 {
			kept = true
		}
	}
	return kept
}

// The numbers of deviations up to which each is tried alone, and each pair.
const (
	maxAlone = 64
	maxPairs = 14
)

// few tries each deviation alone, and each pair of them, without saying which task runs behind a preemption: where
// deviations only make up for each other, none of them can be removed by itself.
func (s *stepper) few() bool {
	script := s.script()
	if len(script) < 2 || len(script) > maxAlone {
		return false
	}
	var candidates []strategy.Script
	for i := range script {
		candidates = append(candidates, anyTask(script[i]), strategy.Script{script[i]})
	}
	for i := range script {
		for j := range i {
			if len(script) > 2 && len(script) <= maxPairs {
				candidates = append(candidates, anyTask(script[j], script[i]), strategy.Script{script[j], script[i]})
			}
		}
	}
	return s.try(candidates...) >= 0
}

// anyTask returns a script of some deviations in which the default task runs behind preemptions.
func anyTask(list ...strategy.Deviation) strategy.Script {
	for i := range list {
		if list[i].Kind == strategy.Preempt {
			list[i].To = 0
		}
	}
	return list
}

// places moves preemptions towards the start of their task: half of the way, then a quarter of it, and so on.
func (s *stepper) places() (kept bool) {
	preemption := func(d strategy.Deviation) bool { return d.Kind == strategy.Preempt && d.At > 1 }
	for _, part := range []uint64{2, 4, 8, 16} {
		for s.each(preemption, func(d *strategy.Deviation) { d.At -= max(d.At/part, 1) }) {
			kept = true
		}
	}
	return kept
}
