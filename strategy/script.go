package strategy

// Deviation is one choice of a run whose outcome is not the default. The default schedule of a run has no preemption:
// a task runs until it stops by itself, and then the task that has been ready longest runs. The default of every other
// choice is its alternative 0; see [DefaultValue] for random values.
//
// A task that is preempted and goes on, which its own key says, loses the time of a decision. In an ordinary run
// that is a deviation also if no other task is ready.
//
// A choice is identified by the task that made it and by what that task has done so far, and not by its position in
// the run. A deviation therefore keeps its meaning when another one is removed before it.
//
//	Kind     At                                                    To
//	Preempt  ordinary runs: the points that the task has passed;   key of the task that runs next, 0 for the one that
//	         simulated runs: its steps                             has been ready longest
//	Next     ordinary runs: how often the task stopped by itself;  the same
//	         simulated runs: its steps
//	Timer    the task's steps                                      index of the timer among those that are due
//	Waiter   the same                                              key of the task that is served
//	Case     ordinary runs: the number of the choice among those   number of the case
//	         of the task; simulated runs: its steps
//	Bytes    the task's steps                                      number of bytes
//	Value    the same                                              the random value
//	Fault    ordinary runs: the number of the occasion among       the answer at the choice
//	         those of the task; simulated runs: its steps
//
// Timer, Waiter, Bytes and Value occur in simulated runs only. Leaps occur in ordinary runs only. A Deviation
// takes 32 bytes, as a record of the runtime does.
type Deviation struct {
	Task uint64 // key of the task that ran last; 0 at the start of the run
	At   uint64
	To   uint64
	Leap uint32 // nanoseconds by which virtual time leaps before the next task runs
	Sub  uint16 // number of the choice among those with the same Task, At and Kind, from 0
	Kind DeviationKind
}

// DeviationKind is the kind of choice that a [Deviation] answers.
type DeviationKind uint8

// The kinds of deviations.
const (
	Preempt DeviationKind = iota // the running task is preempted although it could continue
	Next                         // the running task stopped, and another task than the default one runs
	Timer                        // another timer fires first
	Waiter                       // another waiter is served
	Case                         // another ready case of a select is taken
	Bytes                        // an operation transfers fewer bytes
	Value                        // the program gets another random value
	Fault                        // a fault is injected
)

// DefaultValue is the default of a random value. The usual ways to derive a number below a small n from it give 0. It
// is not 0, because math/rand rejects 0 for most n and would draw again for ever.
const DefaultValue = 1<<40 | 1<<16

// Child returns the key of a task from the key of its parent and its number among the parent's children. The key of
// the first task is Child(0, 1). Keys depend on the tree of tasks only, not on the schedule.
func Child(parent uint64, number uint32) uint64 {
	x := parent + uint64(number)*0x9e3779b97f4a7c15
	return splitMix(&x)
}

// Script is a list of deviations, sorted by [Deviation.Compare]. It determines a run together with the program and its
// random values. The empty Script is the default schedule.
type Script []Deviation

// Compare orders deviations by their choices: it returns a negative number if d comes before e in a Script, and 0 if
// both are of one choice.
func (d Deviation) Compare(e Deviation) int {
	switch {
	case d.Task != e.Task:
		return compareNumbers(d.Task, e.Task)
	case d.Kind != e.Kind:
		return compareNumbers(uint64(d.Kind), uint64(e.Kind))
	case d.At != e.At:
		return compareNumbers(d.At, e.At)
	}
	return compareNumbers(uint64(d.Sub), uint64(e.Sub))
}

func compareNumbers(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// from returns the index of the first deviation that is not before d.
func (s Script) from(d Deviation) int {
	low, high := 0, len(s)
	for low < high {
		if middle := int(uint(low+high) / 2); s[middle].Compare(d) < 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// Lookup returns the deviation at a choice, nil if the script has none there.
func (s Script) Lookup(task uint64, kind DeviationKind, at uint64, sub uint16) *Deviation {
	d := Deviation{Task: task, Kind: kind, At: at, Sub: sub}
	if i := s.from(d); i < len(s) && s[i].Compare(d) == 0 {
		return &s[i]
	}
	return nil
}

// Preemption returns the first preemption of a task at a point after the first at points, nil if there is none.
func (s Script) Preemption(task, at uint64) *Deviation {
	d := Deviation{Task: task, Kind: Preempt, At: at + 1}
	if i := s.from(d); i < len(s) && s[i].Task == task && s[i].Kind == Preempt {
		return &s[i]
	}
	return nil
}
