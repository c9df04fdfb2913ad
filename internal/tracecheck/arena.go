package tracecheck

import (
	"fmt"
	"slices"

	"github.com/reprise-go/reprise/event"
)

// arena keeps the identifiers of one sort, tasks or regions, that a run has used. An identifier is an arena index in
// the high 32 bits and a generation in the low 32. The invariants, kept by add and end, relied on by all others:
//
//  1. Every index that was used has one slot, which tells of its highest generation.
//  2. A slot stands at the position equal to its index, or at holds its position.
//  3. live is the number of slots whose ended is -1.
type arena struct {
	words *words
	slots []slot           // in the order in which the indices appeared
	at    map[uint32]int   // position of the slots that do not stand at their index
	runs  map[uint32][]run // generations used below slot.first, ascending
	live  uint64
}

// slot is an arena index and the task or region that was the last to have it.
type slot struct {
	id              uint64
	began, ended    int    // the events that told so; ended is -1 while the task or region is live
	owner           int    // position of a task's region or of a region's parent in the arena of regions; -1 for none
	first           uint32 // every generation from first to that of id has been used
	tasks, children uint32 // of a region, that are live
}

// run is a range of generations that have all been used.
type run struct{ first, last uint32 }

// words are what the messages about one sort of identifiers need.
type words struct {
	thing, began, ended string
	name                func(id uint64) string
	endLaw              int // the law that an event breaks by naming what has ended
}

var (
	taskWords = words{"task", "spawned", "completed",
		func(id uint64) string { return event.TaskID(id).String() }, 5}
	regionWords = words{"region", "created", "closed",
		func(id uint64) string { return event.RegionID(id).String() }, 6}
)

// state is what has become of an identifier.
type state uint8

const (
	never state = iota // not used so far
	live
	over // completed or closed
)

func indexOf(id uint64) uint32      { return uint32(id >> 32) }
func generationOf(id uint64) uint32 { return uint32(id) }

// position returns the position of the slot of an index, -1 if it was never used.
func (a *arena) position(index uint32) int {
	if uint64(index) < uint64(len(a.slots)) && indexOf(a.slots[index].id) == index {
		return int(index)
	}
	if p, ok := a.at[index]; ok {
		return p
	}
	return -1
}

// look returns the state of id and the position of its slot, -1 if id was never used.
func (a *arena) look(id uint64) (int, state) {
	p := a.position(indexOf(id))
	switch {
	case p < 0:
		return -1, never
	case a.slots[p].id != id:
		return a.lookOlder(p, id)
	case a.slots[p].ended < 0:
		return p, live
	}
	return p, over
}

// lookOlder is look for an id that is not the last one of its slot, which is at p.
func (a *arena) lookOlder(p int, id uint64) (int, state) {
	s, g := &a.slots[p], generationOf(id)
	if s.first <= g && g < generationOf(s.id) {
		return p, over
	}
	_, found := slices.BinarySearchFunc(a.runs[indexOf(id)], g, func(r run, g uint32) int {
		switch {
		case r.last < g:
			return -1
		case r.first > g:
			return 1
		}
		return 0
	})
	if found {
		return p, over
	}
	return -1, never
}

// named checks that an event may name id, and returns the position of its slot.
func (a *arena) named(id uint64) (int, *Error) {
	p, state := a.look(id)
	if state != live {
		return p, a.notLive(id)
	}
	return p, nil
}

// notLive returns the law that an event breaks by naming id, which is not live.
func (a *arena) notLive(id uint64) *Error {
	w := a.words
	p, state := a.look(id)
	if state == never {
		return broken(2, "%s %s was not %s before", w.thing, w.name(id), w.began)
	}
	s := &a.slots[p]
	if s.id == id {
		return broken(w.endLaw, "%s %s %s at event %d", w.thing, w.name(id), w.ended, s.ended)
	}
	return broken(w.endLaw, "%s %s %s before %s was %s at event %d",
		w.thing, w.name(id), w.ended, w.name(s.id), w.began, s.began)
}

// fresh checks that id may come into use.
func (a *arena) fresh(id uint64) *Error {
	p := a.position(indexOf(id))
	if p < 0 {
		return nil
	}
	s := &a.slots[p]
	switch {
	case s.ended < 0:
		return broken(2, "index %d is held by %s", indexOf(id), a.origin(s))
	case generationOf(id) <= generationOf(s.id):
		return broken(2, "index %d was held by %s: its generation must rise", indexOf(id), a.origin(s))
	}
	return nil
}

// origin names what a slot tells of, and the event that began it.
func (a *arena) origin(s *slot) string {
	return fmt.Sprintf("%s %s, %s at event %d", a.words.thing, a.words.name(s.id), a.words.began, s.began)
}

// add brings a fresh id into use and returns the position of its slot.
func (a *arena) add(id uint64, index, owner int) int {
	a.live++
	added := slot{id: id, began: index, ended: -1, owner: owner, first: generationOf(id)}
	p := a.position(indexOf(id))
	if p < 0 {
		a.slots = append(a.slots, added)
		p = len(a.slots) - 1
		if uint64(p) != uint64(indexOf(id)) {
			a.displace(indexOf(id), p)
		}
		return p
	}
	if old := &a.slots[p]; generationOf(old.id)+1 == added.first {
		added.first = old.first
	} else {
		a.remember(indexOf(id), run{old.first, generationOf(old.id)})
	}
	a.slots[p] = added
	return p
}

// displace notes the position of a slot that does not stand at its index.
func (a *arena) displace(index uint32, p int) {
	if a.at == nil {
		a.at = map[uint32]int{}
	}
	a.at[index] = p
}

// remember notes a range of generations of an index that the next generation does not continue.
func (a *arena) remember(index uint32, r run) {
	if a.runs == nil {
		a.runs = map[uint32][]run{}
	}
	a.runs[index] = append(a.runs[index], r)
}

// end notes that the task or region in the slot at p has ended.
func (a *arena) end(p, index int) {
	a.slots[p].ended = index
	a.live--
}

// oldestIn names the live task or region that was the first to begin of those that the region at owner has; it has one.
func (a *arena) oldestIn(owner int) string {
	var oldest *slot
	for i := range a.slots {
		s := &a.slots[i]
		if s.owner == owner && s.ended < 0 && (oldest == nil || s.began < oldest.began) {
			oldest = s
		}
	}
	return a.origin(oldest) + ","
}
