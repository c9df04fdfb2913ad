package tracefile

import (
	"github.com/reprise-go/reprise/event"
)

// Name is the name of a task or a region.
type Name struct {
	Region bool // true for a region, false for a task
	ID     uint64
	Name   string
}

// introducedBy reports whether e is the event that introduces the task or region.
func (n Name) introducedBy(e event.Event) bool {
	switch e.Kind() {
	case event.KindTaskSpawned:
		return !n.Region && uint64(e.Task()) == n.ID
	case event.KindRegionCreated:
		return n.Region && uint64(e.Region()) == n.ID
	}
	return false
}

func (n Name) json() jsonName {
	if n.Region {
		id := event.RegionID(n.ID)
		return jsonName{Region: &id, Name: n.Name}
	}
	id := event.TaskID(n.ID)
	return jsonName{Task: &id, Name: n.Name}
}
