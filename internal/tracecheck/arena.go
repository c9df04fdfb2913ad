package tracecheck

import (
	"fmt"
	"slices"

	"github.com/reprise-go/reprise/event"
)

// arena keeps the identifiers of one kind, tasks or regions, that a run has used. An identifier is an arena index
// in the high 32 bits and a generation in the low 32. The invariants, maintained by add, learn and end, and relied
// on by all other methods:
//
//  1. Every index that was used has one slot, for its highest generation.
//  2. The position of a slot equals its index, or is stored in at.
//  3. live is the number of slots whose ended is stillLive.
type arena struct {
	words *words
	slots []slot           // in the order in which the indices appeared
	at    map[uint32]int   // position of the slots whose position is not their index
	runs  map[uint32][]run // generations used below slot.first, ascending
	live  uint64

	partial bool   // whether identifiers may have been used before the first event
	counted bool   // whether hidden is known
	hidden  uint64 // number of live ones that no event has named yet
}

// Values of slot.began and slot.ended instead of the index of an event.
const (
	earlier   = -1 // began before the first event
	stillLive = -1
	unsure    = -2 // began before the first event; may have ended
)

// slot is an arena index and the latest task or region that had it.
type slot struct {
	id              uint64
	began, ended    int    // indices of events, or the constants above
	owner           int    // position of a task's region or of a region's parent in the arena of regions; -1 = none
	first           uint32 // every generation from first to that of id has been used
	tasks, children uint32 // number of live tasks and child regions of a region
}

// run is a range of generations that have all been used.
type run struct{ first, last uint32 }

// words are the parts of messages about one kind of identifiers.
type words struct {
	thing, began, ended string
	name                func(id uint64) string
	endLaw              int // the law that an event breaks by naming an ended one
}

var (
	taskWords = words{"task", "spawned", "completed",
		func(id uint64) string { return event.TaskID(id).String() }, 5}
	regionWords = words{"region", "created", "closed",
		func(id uint64) string { return event.RegionID(id).String() }, 6}
)

// state is the state of an identifier.
type state uint8

const (
	never state = iota // not used so far
	live
	over    // completed or closed
	unknown // partial check only: the identifier may have been used before the first event, and may be live
	older   // partial check only: if it was ever used, it ended before the first event
)

func indexOf(id uint64) uint32      { return uint32(id >> 32) }
func generationOf(id uint64) uint32 { return uint32(id) }

// position returns the position of the slot of an index, or -1 if it was never used.
func (a *arena) position(index uint32) int {
	if uint64(index) < uint64(len(a.slots)) && indexOf(a.slots[index].id) == index {
		return int(index)
	}
	if p, ok := a.at[index]; ok {
		return p
	}
	return -1
}

// look returns the state of id and the position of its slot, or -1 if id was never used.
func (a *arena) look(id uint64) (int, state) {
	p := a.position(indexOf(id))
	switch {
	case p < 0 && a.partial:
		return -1, unknown
	case p < 0:
		return -1, never
	case a.slots[p].id != id:
		return a.lookOther(p, id)
	case a.slots[p].ended == stillLive:
		return p, live
	case a.slots[p].ended == unsure:
		return p, unknown
	}
	return p, over
}

// lookOther is like look, for an id that is not the latest one of its slot, which is at p.
func (a *arena) lookOther(p int, id uint64) (int, state) {
	s, g := &a.slots[p], generationOf(id)
	switch {
	case s.first <= g && g < generationOf(s.id):
		return p, over
	case s.ended == unsure && g > generationOf(s.id):
		return p, unknown
	case a.partial && g < a.lowest(p):
		return p, older
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

// lowest returns the lowest generation that is known of the index whose slot is at p.
func (a *arena) lowest(p int) uint32 {
	s := &a.slots[p]
	if runs := a.runs[indexOf(s.id)]; len(runs) > 0 {
		return runs[0].first
	}
	return s.first
}

// named checks that an event may name id, and returns the position of its slot. In a partial check it adds
// identifiers that were live before the first event.
func (a *arena) named(id uint64) (int, *Error) {
	p, state := a.look(id)
	switch {
	case state == live:
		return p, nil
	case state == unknown && !(a.counted && a.hidden == 0):
		return a.learn(id, stillLive), nil
	}
	return p, a.notLive(id)
}

// learn adds an unknown id, which began before the first event and is live or unsure.
func (a *arena) learn(id uint64, ended int) int {
	if ended == stillLive && a.counted {
		a.hidden--
	}
	p := a.position(indexOf(id))
	if p >= 0 && a.slots[p].id == id {
		a.slots[p].ended = ended
	} else {
		p = a.put(slot{id: id, began: earlier, ended: ended, owner: -1, first: generationOf(id)})
	}
	if ended == stillLive {
		a.live++
	}
	return p
}

// count compares the number of live ones with a checkpoint. In a partial check the first checkpoint also gives the
// number of hidden ones.
func (a *arena) count(n uint64) bool {
	if a.partial && !a.counted && n >= a.live {
		a.counted, a.hidden = true, n-a.live
	}
	return n == a.live+a.hidden
}

// number describes the number of live ones.
func (a *arena) number() string {
	if a.partial && !a.counted {
		return fmt.Sprintf("at least %d", a.live)
	}
	return fmt.Sprint(a.live + a.hidden)
}

// notLive returns the law that an event breaks by naming id, which is not live.
func (a *arena) notLive(id uint64) *Error {
	w := a.words
	p, state := a.look(id)
	switch state {
	case never:
		return broken(2, "%s %s was not %s before", w.thing, w.name(id), w.began)
	case unknown:
		return broken(w.endLaw, "%s %s %s before the first event here, or was never %s: all that are live have been named",
			w.thing, w.name(id), w.ended, w.began)
	}
	s := &a.slots[p]
	if s.id == id {
		return broken(w.endLaw, "%s %s %s at event %d", w.thing, w.name(id), w.ended, s.ended)
	}
	return broken(w.endLaw, "%s %s %s before %s was %s %s",
		w.thing, w.name(id), w.ended, w.name(s.id), w.began, when(s.began))
}

// fresh checks that id may be used for a new task or region.
func (a *arena) fresh(id uint64) *Error {
	p := a.position(indexOf(id))
	if p < 0 {
		return nil
	}
	s := &a.slots[p]
	switch {
	case s.ended == stillLive:
		return broken(2, "index %d is held by %s", indexOf(id), a.origin(s))
	case generationOf(id) <= generationOf(s.id):
		return broken(2, "index %d was held by %s: its generation must rise", indexOf(id), a.origin(s))
	}
	return nil
}

// origin describes the task or region of a slot and the event that began it.
func (a *arena) origin(s *slot) string {
	return fmt.Sprintf("%s %s, %s %s", a.words.thing, a.words.name(s.id), a.words.began, when(s.began))
}

// when describes the event that began something.
func when(began int) string {
	if began == earlier {
		return "before the first event here"
	}
	return fmt.Sprintf("at event %d", began)
}

// add marks a fresh id as used and returns the position of its slot.
func (a *arena) add(id uint64, index, owner int) int {
	a.live++
	return a.put(slot{id: id, began: index, ended: stillLive, owner: owner, first: generationOf(id)})
}

// put stores a slot whose generation is above all earlier ones of its index, and returns its position.
func (a *arena) put(added slot) int {
	index := indexOf(added.id)
	p := a.position(index)
	if p < 0 {
		a.slots = append(a.slots, added)
		p = len(a.slots) - 1
		if uint64(p) != uint64(index) {
			a.displace(index, p)
		}
		return p
	}
	// Between an unsure generation and the next, any generation may have lived before the first event.
	if old := &a.slots[p]; generationOf(old.id)+1 == added.first || old.ended == unsure {
		added.first = old.first
	} else {
		a.remember(index, run{old.first, generationOf(old.id)})
	}
	a.slots[p] = added
	return p
}

// displace records the position of a slot whose position is not its index.
func (a *arena) displace(index uint32, p int) {
	if a.at == nil {
		a.at = map[uint32]int{}
	}
	a.at[index] = p
}

// remember records a range of generations of an index that the next generation does not continue.
func (a *arena) remember(index uint32, r run) {
	if a.runs == nil {
		a.runs = map[uint32][]run{}
	}
	a.runs[index] = append(a.runs[index], r)
}

// end marks the task or region in the slot at p as ended.
func (a *arena) end(p, index int) {
	a.slots[p].ended = index
	a.live--
}

// oldestIn describes the oldest live task or region in the region at owner, which has at least one.
func (a *arena) oldestIn(owner int) string {
	var oldest *slot
	for i := range a.slots {
		s := &a.slots[i]
		if s.owner == owner && s.ended == stillLive && (oldest == nil || s.began < oldest.began) {
			oldest = s
		}
	}
	return a.origin(oldest) + ","
}
