package minimize

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"strings"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/strategy"
)

// Size says how much a reader has to understand of a run. Sizes are compared field by field, the first field first;
// Choices and Switches count as one.
type Size struct {
	Faults      int // injected faults
	Preemptions int
	Leaps       int // of time, in ordinary runs
	Late        int // sum of the leaps, in nanoseconds
	Choices     int // other deviations, without random values: tasks, waiters, timers, cases, numbers of bytes
	Switches    int // preemptions behind which another task runs than the default
	Values      int // random values that are not the default
	Tasks       int // tasks that take part in deviations
	Length      int // see explore.Run
	Places      int // sum of the points before preemptions, the numbers of cases, and the bits of random values
}

// SizeOf returns the size of a run that has a Script.
func SizeOf(r *explore.Run) Size {
	s := Size{Length: r.Length}
	tasks := map[uint64]bool{}
	for _, d := range r.Script {
		tasks[d.Task] = true
		if d.Leap > 0 {
			s.Leaps++
			s.Late += int(d.Leap)
		}
		switch d.Kind {
		case strategy.Preempt:
			s.Preemptions++
			s.Places += int(d.At)
		case strategy.Fault:
			s.Faults++
			continue
		case strategy.Value:
			s.Values++
			s.Places += bits.Len64(d.To)
			continue
		case strategy.Case:
			s.Choices++
			s.Places += int(min(d.To, math.MaxUint16))
			continue
		case strategy.Timer, strategy.Bytes:
			s.Choices++
			continue
		}
		if d.To == 0 {
			continue
		}
		tasks[d.To] = true
		if d.Kind == strategy.Preempt {
			s.Switches++
		} else {
			s.Choices++
		}
	}
	s.Tasks = len(tasks)
	return s
}

// Less reports whether s is smaller than t.
func (s Size) Less(t Size) bool {
	return cmp.Or(
		s.Faults-t.Faults, s.Preemptions-t.Preemptions, s.Leaps-t.Leaps, s.Late-t.Late,
		s.Choices+s.Switches-t.Choices-t.Switches, s.Values-t.Values, s.Tasks-t.Tasks, s.Length-t.Length, s.Places-t.Places,
	) < 0
}

// String describes s without what is 0, such as "2 preemptions, 1 other choice".
func (s Size) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		noun string
	}{
		{s.Faults, "fault"}, {s.Preemptions, "preemption"}, {s.Leaps, "leap of time|leaps of time"},
		{s.Choices, "other choice"}, {s.Values, "random value"},
	} {
		one, many, irregular := strings.Cut(p.noun, "|")
		switch {
		case p.n == 0:
		case p.n > 1 && irregular:
			parts = append(parts, fmt.Sprintf("%d %s", p.n, many))
		default:
			parts = append(parts, prose.Count(p.n, one))
		}
	}
	if len(parts) == 0 {
		return "only default choices"
	}
	return strings.Join(parts, ", ")
}
