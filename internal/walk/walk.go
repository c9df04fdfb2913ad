// Package walk moves through the turns of a recorded run, forwards and backwards, and says how the run stands there. It
// must not run a program, and knows no front.
package walk

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/traceview"
)

// Walk is a place in a run: a turn of a model, which has at least one.
type Walk struct {
	Model *traceview.Model
	at    int // index in Model.Turns
}

// New returns a walk that stands at the first turn; m must have turns.
func New(m *traceview.Model) *Walk { return &Walk{Model: m} }

// At returns the number of the turn, counted from the start of the run.
func (w *Walk) At() int { return w.Model.First + w.at }

// Turn returns the turn.
func (w *Walk) Turn() *traceview.Turn { return &w.Model.Turns[w.at] }

// Move goes n turns on, or back if n is negative, as far as there are turns. It reports whether it went all the way.
func (w *Walk) Move(n int) bool {
	to := w.at + n
	w.at = min(max(to, 0), len(w.Model.Turns)-1)
	return w.at == to
}

// ToEvent goes to the turn of an event, by its index.
func (w *Walk) ToEvent(index uint64) {
	i, found := slices.BinarySearchFunc(w.Model.Turns, index, func(t traceview.Turn, index uint64) int {
		return cmp.Compare(t.Event, index)
	})
	if !found {
		i--
	}
	w.at = max(i, 0)
}

// Seek goes to the next turn, or the one before if forward is false, for which stop is true. Without one it goes to
// the last, or the first, and returns false.
func (w *Walk) Seek(forward bool, stop func(t *traceview.Turn) bool) bool {
	step := 1
	if !forward {
		step = -1
	}
	for w.Move(step) {
		if stop(w.Turn()) {
			return true
		}
	}
	return false
}

// Of returns a condition for Seek: the turn is of a lane.
func Of(lane int) func(*traceview.Turn) bool {
	return func(t *traceview.Turn) bool { return t.Lane == lane }
}

// About returns a condition for Seek: a text, in upper or lower case, is part of the lane's name, of what happened, or
// of the place. A text such as queue.go:25 so leads to a line, and one such as mutex 1 to an object.
func (w *Walk) About(text string) func(*traceview.Turn) bool {
	text = strings.ToLower(text)
	return func(t *traceview.Turn) bool {
		l := w.Model.Lanes[t.Lane]
		return strings.Contains(strings.ToLower(l.Short+" "+l.Name+" "+t.Sentence()+" "+t.Place), text)
	}
}

// Marked reports whether a failure, a difference or a part of what decided the run is marked at a turn.
func (w *Walk) Marked(t *traceview.Turn) bool {
	return slices.ContainsFunc(w.Marks(t), func(m traceview.Mark) bool {
		return m.Kind == traceview.MarkFailure || m.Kind == traceview.MarkDifference || m.Kind == traceview.MarkCause
	})
}

// Differs reports whether the first difference of two runs is marked at a turn.
func (w *Walk) Differs(t *traceview.Turn) bool {
	return slices.ContainsFunc(w.Marks(t), func(m traceview.Mark) bool { return m.Kind == traceview.MarkDifference })
}

// Marks returns the marks of a turn of the model.
func (w *Walk) Marks(t *traceview.Turn) []traceview.Mark {
	number := w.number(t)
	from, _ := slices.BinarySearchFunc(w.Model.Marks, number, func(m traceview.Mark, n int) int { return m.Turn - n })
	to := from
	for to < len(w.Model.Marks) && w.Model.Marks[to].Turn == number {
		to++
	}
	return w.Model.Marks[from:to]
}

// number returns the number of a turn of the model.
func (w *Walk) number(t *traceview.Turn) int {
	i, _ := slices.BinarySearchFunc(w.Model.Turns, t.Event, func(u traceview.Turn, event uint64) int {
		return int(int64(u.Event) - int64(event))
	})
	return w.Model.First + i
}

// Task is how a task stands at a turn.
type Task struct {
	Lane    int
	State   traceview.State
	How     string // what it does, in words
	Holders []int  // lanes that hold what it waits for
	Place   string // where it stands, or in its turn, where it is going to stop; "" if unknown
}

// Tasks returns how each lane stands at the turn.
func (w *Walk) Tasks() []Task {
	m := w.Model
	list := make([]Task, len(m.Lanes))
	for i := range list {
		list[i] = Task{Lane: i, How: traceview.Gone.String()}
	}
	for _, t := range m.Turns[:w.at] {
		list[t.Lane].Place = t.Place
	}
	n := w.At()
	for _, wait := range m.Waits {
		if wait.From <= n && n < wait.To {
			t := &list[wait.Lane]
			t.State, t.Holders, t.How = wait.State, wait.Holders, wait.How
			if t.How == "" {
				t.How = wait.State.String()
			}
			if wait.Object != "" {
				t.How += " on " + wait.Object
			}
			if len(wait.Holders) > 0 {
				t.How += ", held by " + w.names(wait.Holders)
			}
		}
	}
	turn := w.Turn()
	list[turn.Lane] = Task{Lane: turn.Lane, State: traceview.Running, How: turn.Sentence(), Place: turn.Place}
	return list
}

// names lists lanes.
func (w *Walk) names(lanes []int) string {
	var list []string
	for _, l := range lanes {
		list = append(list, w.Model.Lanes[l].Short)
	}
	return strings.Join(list, ", ")
}

// Name returns the name of a lane.
func (w *Walk) Name(lane int) string {
	l := w.Model.Lanes[lane]
	return strings.TrimSpace(l.Short + " " + l.Name)
}

// Where says in a line where the walk stands: "turn 3 of 9, decision 6, 14.7ms".
func (w *Walk) Where() string {
	t := w.Turn()
	return "turn " + strconv.Itoa(w.At()+1) + " of " + strconv.Itoa(w.Model.Total) + ", decision " +
		strconv.Itoa(t.Decision) + ", " + cast.Round(time.Duration(t.Time)).String()
}
