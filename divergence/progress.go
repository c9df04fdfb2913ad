package divergence

import (
	"math"
	"time"

	"github.com/reprise-go/reprise/event"
)

// Progress is what a comparison remembers of the events that matched. The zero Progress is that of event 0.
type Progress struct {
	Index     uint64 // of the next event
	from      uint64 // index of the first event that was added, if not 0: those before are not known
	now       uint64
	running   event.Event
	runningAt uint64 // plus 1; 0 if no task has run
	draws     uint64
	drawnAt   uint64
	tasks     population
	regions   population
	recent    [8]event.Event // the event with index i at i modulo 8
}

// remembered is the set of kinds of which Progress keeps more than the last few events, bit k for kind k.
const remembered = 1<<event.KindTaskScheduled | 1<<event.KindTimeAdvanced | 1<<event.KindRngValue |
	1<<event.KindTaskSpawned | 1<<event.KindRegionCreated

// Add notes an event that matched. It takes a few nanoseconds.
func (p *Progress) Add(e event.Event) {
	p.recent[p.Index%8] = e
	if remembered>>e.Kind()&1 != 0 {
		p.remember(&e, p.Index)
	}
	p.Index++
}

// AddAll notes events that matched, as Add does one by one, at a fraction of the cost an event.
func (p *Progress) AddAll(events []event.Event) {
	unseen := max(len(events)-len(p.recent), 0) // those before are too far back to be shown
	for i := range events[:unseen] {
		if e := &events[i]; remembered>>e.Kind()&1 != 0 {
			p.remember(e, p.Index+uint64(i))
		}
	}
	p.Index += uint64(unseen)
	for _, e := range events[unseen:] {
		p.Add(e)
	}
}

// remember notes what e, the event with an index, says beyond the last few events.
func (p *Progress) remember(e *event.Event, index uint64) {
	switch e.Kind() {
	case event.KindTaskScheduled:
		p.running, p.runningAt = *e, index+1
	case event.KindTimeAdvanced:
		p.now = e.ToNanos()
	case event.KindRngValue:
		p.draws++
		p.drawnAt = index
	case event.KindTaskSpawned:
		p.tasks.add(e.Task().Index(), e.Task().Generation())
	case event.KindRegionCreated:
		p.regions.add(e.Region().Index(), e.Region().Generation())
	}
}

// Mismatch starts the description of a difference at p.Index: the place, and the events that both runs share before it.
func (p *Progress) Mismatch() Mismatch {
	// A time beyond what a Duration holds comes only from a trace that nobody ran.
	m := Mismatch{
		Index: p.Index, Time: time.Duration(min(p.now, math.MaxInt64)), Running: p.running,
		runningAt: p.runningAt, draws: p.draws, drawnAt: p.drawnAt,
	}
	if p.from == 0 {
		m.tasks, m.regions = p.tasks, p.regions
	}
	for i := p.Index - min(p.Index-p.from, DefaultContext); i < p.Index; i++ {
		m.Before = append(m.Before, p.recent[i%8])
	}
	return m
}
