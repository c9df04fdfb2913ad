package simsched

import (
	"slices"

	"github.com/reprise-go/reprise/strategy"
)

// scripted is the Chooser that takes the default of every choice, except where its script has a deviation.
type scripted struct {
	script strategy.Script
	used   bool
}

// NewScripted returns the Chooser of a script: it takes the default of every choice that the script does not list, and
// of every choice that the listed answer does not fit. The script may be in any order.
func NewScripted(script strategy.Script) Chooser {
	sorted := slices.Clone(script)
	slices.SortFunc(sorted, strategy.Deviation.Compare)
	return &scripted{script: sorted}
}

func (x *scripted) claim() bool {
	first := !x.used
	x.used = true
	return first
}

// Choose implements [Chooser].
func (x *scripted) Choose(c *Choice) uint64 {
	if d := c.deviation(); len(x.script) > 0 {
		if found := x.script.Lookup(d.Task, d.Kind, d.At, d.Sub); found != nil {
			if d.Kind == strategy.Preempt && found.To == 0 {
				return 0 // the task that has been ready longest, which is not the running one
			}
			if answer, ok := c.answerOf(found.To); ok {
				return answer
			}
		}
	}
	return c.standard()
}

// standard returns the default answer. Of a choice of tasks that is the running task if it can continue and has not
// yielded, and otherwise the task that has been ready longest.
func (c *Choice) standard() uint64 {
	switch {
	case c.Point == PointTask && c.continues():
		i, _ := c.queue.indexOf(c.running)
		return uint64(i)
	case c.Point == PointValue:
		return strategy.DefaultValue
	}
	return 0
}

// continues reports whether the running task goes on by default.
func (c *Choice) continues() bool { return c.running != nil && !c.yielded }

// deviationKinds are the kinds of deviations at each kind of choice.
var deviationKinds = [numPoints]strategy.DeviationKind{
	strategy.Next, strategy.Timer, strategy.Waiter, strategy.Case, strategy.Bytes, strategy.Value, strategy.Fault,
}

// deviation identifies the choice as a script does.
func (c *Choice) deviation() strategy.Deviation {
	d := strategy.Deviation{Kind: deviationKinds[c.Point], Sub: c.sim.asked[c.Point]}
	if c.Point == PointTask && c.continues() {
		d.Kind = strategy.Preempt
	}
	if t := c.sim.current; t != nil {
		d.Task, d.At = t.path.hash, t.steps
	}
	return d
}

// answerOf returns the answer whose outcome is to, as in a Deviation.
func (c *Choice) answerOf(to uint64) (answer uint64, ok bool) {
	switch c.Point {
	case PointValue, PointFault:
		return to, true
	case PointTask, PointWaiter:
		for i := range c.N {
			if c.queue.at(i).task.path.hash == to {
				return uint64(i), true
			}
		}
		return 0, false
	case PointTimer:
		return to, to < uint64(c.N)
	}
	i, ok := c.IndexOf(to)
	return uint64(i), ok
}

// outcomeOf is the inverse of answerOf.
func (c *Choice) outcomeOf(answer uint64) uint64 {
	switch c.Point {
	case PointTask, PointWaiter:
		return c.queue.at(int(answer)).task.path.hash
	case PointCase, PointBytes:
		return c.ID(int(answer))
	}
	return answer
}

// noteDeviation notes the answer to the current choice if it is not the default.
func (s *Sim) noteDeviation(answer uint64) {
	c := &s.choice
	if answer == c.standard() || c.N > 0 && answer >= uint64(c.N) {
		return
	}
	d := c.deviation()
	if d.Kind != strategy.Preempt || answer != 0 {
		d.To = c.outcomeOf(answer)
	}
	*s.cfg.Script = append(*s.cfg.Script, d)
}
