package replayer

import (
	"sort"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// guide answers the choices of a run that does not follow the expected events one by one.
type guide struct {
	aligner  *divergence.Aligner
	recorded *turns
	turn     turn // of the run
	lonely   int  // events of the run in a row that are not expected
	patience int  // how many of them a task may go on for
}

// newGuide returns a guide by what src has still to come, with a window. In both runs it is the turn of t now.
func newGuide(src source.Source, window int, t turn) *guide {
	recorded := &turns{Source: src, kept: 64 * window, list: []beginning{{0, t}}}
	return &guide{aligner: divergence.NewAligner(recorded, window), recorded: recorded, turn: t, patience: window / 2}
}

// feed takes the next event of the run.
func (g *guide) feed(e event.Event) divergence.Verdict {
	g.turn = g.turn.after(&e)
	g.lonely++
	v := g.aligner.Feed(e)
	if v.Match != divergence.Inserted {
		g.lonely = 0
	}
	return v
}

// answer returns an answer to c, if the expected events have one.
func (g *guide) answer(c *simsched.Choice) (uint64, bool) {
	switch c.Point {
	case simsched.PointValue, simsched.PointCase, simsched.PointBytes:
		return g.ownAnswer(c)
	}
	next, more := g.aligner.Expect()
	if answer, ok := answer(c, &next); ok {
		return answer, true
	}
	if c.Point == simsched.PointTask && more && next.Kind() != event.KindTaskScheduled {
		if answer, ok := g.stay(c); ok {
			return answer, true
		}
	}
	for e := range g.aligner.Unmatched() {
		if answer, ok := answer(c, &e); ok {
			return answer, true
		}
		if c.Point == simsched.PointFault && faultless(e.Kind()) {
			break
		}
	}
	return 0, more && c.Point == simsched.PointFault
}

// stay answers a choice of a task where a turn of the recording is not over: whoever has it goes on, unless it has done so
// for too long. So one scheduling point more does not change the order of all that follows. But if nothing came before that
// was not expected, and one event is left of the turn, it is as likely that this event is missing and the turn is over. That
// cannot be so for a yield, without which there would be no choice, nor for the end of the task, which is still there.
func (g *guide) stay(c *simsched.Choice) (uint64, bool) {
	index := g.aligner.Index()
	t := g.recorded.at(index)
	if !t.ok || g.lonely > g.patience {
		return 0, false
	}
	for i, e := range g.aligner.Ahead() {
		if g.lonely > 0 || i > index+1 || e.Kind() == event.KindTaskYielded || e.Kind() == event.KindTaskCompleted {
			break
		}
		if _, ok := answer(c, &e); ok {
			return 0, false
		}
	}
	i, ok := c.IndexOf(uint64(t.task))
	return uint64(i), ok
}

// ownAnswer answers a choice whose outcome names no task. One that was recorded in the turn of another task was an answer to
// that one. So it looks in what is left of the turn, then at what was passed over in the last turn of this task, then at the
// turns that this task has still to come. Nothing of that, and the very next event will do.
func (g *guide) ownAnswer(c *simsched.Choice) (uint64, bool) {
	own := func(index uint64) bool { return g.recorded.at(index) == g.turn }
	later, found := uint64(0), false
	for i, e := range g.aligner.Ahead() {
		answer, ok := answer(c, &e)
		switch {
		case !ok || !own(i):
		case g.recorded.begin(i) <= g.aligner.Index():
			return answer, true
		case !found:
			later, found = answer, true
		}
	}
	if answer, ok := g.passed(c, own); ok {
		return answer, true
	}
	if found {
		return later, true
	}
	next, _ := g.aligner.Expect()
	return answer(c, &next)
}

// passed looks at the events that were passed over: for the first in the last turn of this task that has one.
func (g *guide) passed(c *simsched.Choice, own func(uint64) bool) (result uint64, found bool) {
	from := uint64(0)
	for i, e := range g.aligner.Passed() {
		answer, ok := answer(c, &e)
		if begin := g.recorded.begin(i); ok && own(i) && (!found || begin > from) {
			result, found, from = answer, true, begin
		}
	}
	return result, found
}

// faultless reports whether an event of kind k can be the one that follows where no fault was injected, so that a fault
// that comes after it was injected elsewhere.
func faultless(k event.Kind) bool {
	return k == event.KindTaskScheduled || k == event.KindIoResult || k == event.KindIoError
}

// turn is whose turn it is, if it is that of a task.
type turn struct {
	task event.TaskID
	ok   bool
}

// after returns whose turn it is after e. Time moves and timers fire in nobody's turn.
func (t turn) after(e *event.Event) turn {
	switch e.Kind() {
	case event.KindTaskScheduled:
		return turn{e.Task(), true}
	case event.KindTimeAdvanced, event.KindTimerFired, event.KindCheckpoint:
		return turn{}
	}
	return t
}

// turns is a source that notes in whose turn each event was recorded.
type turns struct {
	source.Source
	read uint64
	kept int         // so many turns are known at least
	list []beginning // the last ones
}

// beginning is that of a turn.
type beginning struct {
	index uint64 // of its first event
	turn  turn
}

// Next implements [source.Source].
func (t *turns) Next() (event.Event, error) {
	e, err := t.Source.Next()
	if err != nil {
		return e, err
	}
	last := t.list[len(t.list)-1].turn
	if now := last.after(&e); now != last || e.Kind() == event.KindTaskScheduled {
		if len(t.list) == 2*t.kept {
			t.list = t.list[:copy(t.list, t.list[t.kept:])]
		}
		t.list = append(t.list, beginning{t.read, now})
	}
	t.read++
	return e, nil
}

// find returns the turn of an event that has been read. Of what is too long ago it is the oldest turn that is known.
func (t *turns) find(index uint64) beginning {
	i := sort.Search(len(t.list), func(i int) bool { return t.list[i].index > index })
	return t.list[max(i-1, 0)]
}

func (t *turns) at(index uint64) turn { return t.find(index).turn }

func (t *turns) begin(index uint64) uint64 { return t.find(index).index }
