package tracefile

import (
	"github.com/reprise-go/reprise/event"
)

// Name is what a task or a region is called.
type Name struct {
	Region bool // of a region, else of a task
	ID     uint64
	Name   string
}

// introducedBy reports whether e brings the task or the region into use.
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
