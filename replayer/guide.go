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
	turn     turn // the current turn of the run
	lonely   int  // number of unexpected events of the run in a row
	patience int  // maximum of lonely during which a task may continue its turn
}

// newGuide returns a guide by the remaining events of src, with a window. t is the current turn of both runs.
func newGuide(src source.Source, window int, t turn) *guide {
	recorded := &turns{Source: src, kept: 64 * window, list: []beginning{{0, t}}}
	return &guide{aligner: divergence.NewAligner(recorded, window), recorded: recorded, turn: t, patience: window / 2}
}

// feed handles the next event of the run.
func (g *guide) feed(e event.Event) divergence.Verdict {
	g.turn = g.turn.after(&e)
	g.lonely++
	v := g.aligner.Feed(e)
	if v.Match != divergence.Inserted {
		g.lonely = 0
	}
	return v
}

// answer returns an answer to c, if the expected events contain one.
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

// stay answers a choice of a task during a turn of the recording: the task that has the turn continues, unless it
// has done so for too long. So one more scheduling point does not change the order of everything after it. There is
// an exception if no unexpected event came before and one event of the turn is left: then it is as likely that this
// event is missing and the turn is over. That cannot be the case for a yield, without which there would be no
// choice, nor for the end of the task, which still exists.
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

// ownAnswer answers a choice whose outcome names no task. An outcome that was recorded in the turn of another task
// belongs to that task. So ownAnswer searches the rest of the turn, then the skipped events of this task's last
// turn, then the future turns of this task. If there is none, it takes the very next event.
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

// passed searches the skipped events of the last turn of this task that has any.
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

// faultless reports whether an event of kind k can follow directly if no fault was injected, so that a fault after
// it was injected elsewhere.
func faultless(k event.Kind) bool {
	return k == event.KindTaskScheduled || k == event.KindIoResult || k == event.KindIoError
}

// turn identifies the task whose turn it is, if any.
type turn struct {
	task event.TaskID
	ok   bool
}

// after returns the turn after e. No task has the turn when time moves and timers fire.
func (t turn) after(e *event.Event) turn {
	switch e.Kind() {
	case event.KindTaskScheduled:
		return turn{e.Task(), true}
	case event.KindTimeAdvanced, event.KindTimerFired, event.KindCheckpoint:
		return turn{}
	}
	return t
}

// turns is a source that records the turn of each event.
type turns struct {
	source.Source
	read uint64
	kept int         // minimum number of turns that are kept
	list []beginning // the last turns
}

// beginning is the start of a turn.
type beginning struct {
	index uint64 // index of its first event
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

// find returns the turn of an event that has been read, or the oldest known turn if that event is too old.
func (t *turns) find(index uint64) beginning {
	i := sort.Search(len(t.list), func(i int) bool { return t.list[i].index > index })
	return t.list[max(i-1, 0)]
}

func (t *turns) at(index uint64) turn { return t.find(index).turn }

func (t *turns) begin(index uint64) uint64 { return t.find(index).index }
