package divergence

import (
	"math"
	"time"

	"github.com/reprise-go/reprise/event"
)

// Progress summarises the events that matched in a comparison. The zero Progress is at event 0.
type Progress struct {
	Index     uint64 // index of the next event
	from      uint64 // index of the first event that was added; earlier ones are not known
	now       uint64
	running   event.Event
	runningAt uint64 // index plus 1; 0 if no task has run
	draws     uint64
	drawnAt   uint64
	tasks     population
	regions   population
	recent    [8]event.Event // the event with index i at i modulo 8
}

// remembered is the set of kinds of which Progress keeps more than the last few events: bit k for kind k.
const remembered = 1<<event.KindTaskScheduled | 1<<event.KindTimeAdvanced | 1<<event.KindRngValue |
	1<<event.KindTaskSpawned | 1<<event.KindRegionCreated

// Add adds an event that matched. It takes a few nanoseconds.
func (p *Progress) Add(e event.Event) {
	p.recent[p.Index%8] = e
	if remembered>>e.Kind()&1 != 0 {
		p.remember(&e, p.Index)
	}
	p.Index++
}

// AddAll adds events that matched, like Add for each of them, at a fraction of the cost.
func (p *Progress) AddAll(events []event.Event) {
	unseen := max(len(events)-len(p.recent), 0) // number of events that are too far back to be shown
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

// remember updates the state from e, the event with an index, beyond the last few events.
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
	// Only a trace that was not recorded from a run can have a time that does not fit a Duration.
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
