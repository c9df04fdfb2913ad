package tracecheck

import "github.com/reprise-go/reprise/event"

// This file states the laws a second time, as dumb as can be: each law is a function of all events up to and including
// the one in question, which it reads from the beginning, without any state. It shares nothing with the Checker.

// rivalCheck returns the index of the first event that breaks a law, and the lowest law that it breaks; -1 and 0 if
// none does.
func rivalCheck(md event.Metadata, events []event.Event) (index, law int) {
	for i := range events {
		upTo := events[:i+1]
		for law, breaks := range []bool{
			1: breaksSeed(md, upTo),
			2: breaksIDs(upTo),
			3: breaksTime(upTo),
			4: breaksTimers(upTo),
			5: breaksCompleted(upTo),
			6: breaksClosed(upTo),
			7: breaksTicks(upTo),
			8: breaksCheckpoints(upTo),
		} {
			if breaks {
				return i, law
			}
		}
	}
	return -1, 0
}

// rivalEnd returns the index of the first TaskSpawned if its region is never created, else -1.
func rivalEnd(events []event.Event) int {
	for i, e := range events {
		if e.Kind() == event.KindTaskSpawned {
			if count(events, createdRegion, e.Region()) == 0 {
				return i
			}
			return -1
		}
	}
	return -1
}

// The readers below return an identifier that an event has, and whether it has one in that role.

func spawnedTask(e event.Event) (event.TaskID, bool) {
	if e.Kind() != event.KindTaskSpawned {
		return 0, false
	}
	return e.Task(), true
}

func completedTask(e event.Event) (event.TaskID, bool) {
	if e.Kind() != event.KindTaskCompleted {
		return 0, false
	}
	return e.Task(), true
}

// actingTask gives the task of an event that only a live task can have.
func actingTask(e event.Event) (event.TaskID, bool) {
	switch e.Kind() {
	case event.KindTaskScheduled, event.KindTaskYielded, event.KindTaskCompleted:
		return e.Task(), true
	case event.KindChaosInjection:
		return e.ChaosTask()
	}
	return 0, false
}

func wokenTask(e event.Event) (event.TaskID, bool) {
	if e.Kind() != event.KindWakerWake {
		return 0, false
	}
	return e.Task(), true
}

func createdRegion(e event.Event) (event.RegionID, bool) {
	if e.Kind() != event.KindRegionCreated {
		return 0, false
	}
	return e.Region(), true
}

func closedRegion(e event.Event) (event.RegionID, bool) {
	if e.Kind() != event.KindRegionClosed {
		return 0, false
	}
	return e.Region(), true
}

// usedRegion gives the region that an event takes to be open.
func usedRegion(e event.Event) (event.RegionID, bool) {
	switch e.Kind() {
	case event.KindTaskSpawned, event.KindRegionClosed, event.KindRegionCancelled:
		return e.Region(), true
	case event.KindRegionCreated:
		return e.Parent()
	}
	return 0, false
}

func createdTimer(e event.Event) (event.TimerID, bool) {
	if e.Kind() != event.KindTimerCreated {
		return 0, false
	}
	return e.Timer(), true
}

func endedTimer(e event.Event) (event.TimerID, bool) {
	if e.Kind() != event.KindTimerFired && e.Kind() != event.KindTimerCancelled {
		return 0, false
	}
	return e.Timer(), true
}

func tickOf(e event.Event) (uint64, bool) {
	switch e.Kind() {
	case event.KindTaskScheduled, event.KindTaskSpawned, event.KindRegionCreated:
		return e.Tick(), true
	}
	return 0, false
}

// count returns how many events have the identifier in the role.
func count[ID comparable](events []event.Event, role func(event.Event) (ID, bool), id ID) (n int) {
	for _, e := range events {
		if has, ok := role(e); ok && has == id {
			n++
		}
	}
	return n
}

// countKind returns how many events are of a kind.
func countKind(events []event.Event, k event.Kind) (n int) {
	for _, e := range events {
		if e.Kind() == k {
			n++
		}
	}
	return n
}

// split parts events into the last one and those before it.
func split(events []event.Event) (before []event.Event, e event.Event) {
	return events[:len(events)-1], events[len(events)-1]
}

func timeAfter(events []event.Event) (now uint64) {
	for _, e := range events {
		if e.Kind() == event.KindTimeAdvanced {
			now = e.ToNanos()
		}
	}
	return now
}

func breaksSeed(md event.Metadata, events []event.Event) bool {
	before, e := split(events)
	return e.Kind() == event.KindRngSeed && (len(before) > 0 || e.Value() != md.Seed)
}

func breaksIDs(events []event.Event) bool {
	before, e := split(events)
	if task, ok := actingTask(e); ok && count(before, spawnedTask, task) == 0 {
		return true
	}
	if task, ok := wokenTask(e); ok && count(before, spawnedTask, task) == 0 {
		return true
	}
	firstSpawn := e.Kind() == event.KindTaskSpawned && countKind(before, event.KindTaskSpawned) == 0
	if region, ok := usedRegion(e); ok && !firstSpawn && count(before, createdRegion, region) == 0 {
		return true
	}
	return breaksReuse(events, spawnedTask, completedTask) || breaksReuse(events, createdRegion, closedRegion)
}

type identifier interface {
	comparable
	Index() uint32
	Generation() uint32
}

// breaksReuse reports whether the last event begins an identifier whose index is held or whose generation is not new.
func breaksReuse[ID identifier](events []event.Event, begins, ends func(event.Event) (ID, bool)) bool {
	before, e := split(events)
	id, ok := begins(e)
	if !ok {
		return false
	}
	for _, f := range before {
		old, ok := begins(f)
		if !ok || old.Index() != id.Index() {
			continue
		}
		if old.Generation() >= id.Generation() || count(before, ends, old) == 0 {
			return true
		}
	}
	return false
}

func breaksTime(events []event.Event) bool {
	before, e := split(events)
	return e.Kind() == event.KindTimeAdvanced && (e.FromNanos() != timeAfter(before) || e.FromNanos() >= e.ToNanos())
}

func breaksTimers(events []event.Event) bool {
	before, e := split(events)
	if timer, ok := createdTimer(e); ok {
		return count(before, createdTimer, timer) > 0
	}
	timer, ok := endedTimer(e)
	if !ok {
		return false
	}
	if count(before, createdTimer, timer) == 0 || count(before, endedTimer, timer) > 0 {
		return true
	}
	for _, f := range before {
		if of, ok := createdTimer(f); ok && of == timer {
			return e.Kind() == event.KindTimerFired && timeAfter(before) < f.DeadlineNanos()
		}
	}
	panic("not reached")
}

func breaksCompleted(events []event.Event) bool {
	before, e := split(events)
	task, ok := actingTask(e)
	return ok && count(before, completedTask, task) > 0
}

func breaksClosed(events []event.Event) bool {
	before, e := split(events)
	if region, ok := usedRegion(e); ok && count(before, closedRegion, region) > 0 {
		return true
	}
	region, ok := closedRegion(e)
	if !ok {
		return false
	}
	for _, f := range before {
		if task, ok := spawnedTask(f); ok && f.Region() == region && count(before, completedTask, task) == 0 {
			return true
		}
		if child, ok := createdRegion(f); ok && count(before, closedRegion, child) == 0 {
			if parent, ok := f.Parent(); ok && parent == region {
				return true
			}
		}
	}
	return false
}

func breaksTicks(events []event.Event) bool {
	before, e := split(events)
	tick, ok := tickOf(e)
	if !ok {
		return false
	}
	for _, f := range before {
		if earlier, ok := tickOf(f); ok && earlier > tick {
			return true
		}
	}
	return false
}

func breaksCheckpoints(events []event.Event) bool {
	before, e := split(events)
	if e.Kind() != event.KindCheckpoint {
		return false
	}
	tasks := countKind(before, event.KindTaskSpawned) - countKind(before, event.KindTaskCompleted)
	regions := countKind(before, event.KindRegionCreated) - countKind(before, event.KindRegionClosed)
	if e.TimeNanos() != timeAfter(before) || int(e.ActiveTasks()) != tasks || int(e.ActiveRegions()) != regions {
		return true
	}
	for i := len(before) - 1; i >= 0; i-- {
		if f := before[i]; f.Kind() == event.KindCheckpoint {
			return f.Sequence() > f.Sequence()+1 || e.Sequence() != f.Sequence()+1
		}
	}
	return false
}
