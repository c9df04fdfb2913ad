package cli

import (
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// maxNames bounds what a nameBook remembers of the tasks, and of the regions.
const maxNames = 1 << 16

// nameBook remembers what tasks and regions are called, since a file may have to look far back for a name.
type nameBook struct {
	file    *source.Stream
	tasks   map[event.TaskID]string
	regions map[event.RegionID]string
}

func newNameBook(f *source.Stream) *nameBook {
	return &nameBook{f, map[event.TaskID]string{}, map[event.RegionID]string{}}
}

// learn takes in the names that came into use with the event that the file returned last.
func (b *nameBook) learn() {
	for _, n := range b.file.Names() {
		if n.Region {
			keep(b.regions, event.RegionID(n.ID), n.Name)
		} else {
			keep(b.tasks, event.TaskID(n.ID), n.Name)
		}
	}
}

// keep adds to a map that must not grow for ever.
func keep[ID comparable](names map[ID]string, id ID, name string) {
	if len(names) >= maxNames {
		clear(names)
	}
	names[id] = name
}

// task returns the name of a task, "" if it is not known.
func (b *nameBook) task(id event.TaskID) string {
	name, ok := b.tasks[id]
	if !ok {
		name = b.file.TaskName(id)
		keep(b.tasks, id, name)
	}
	return name
}

// region returns the name of a region, "" if it is not known.
func (b *nameBook) region(id event.RegionID) string {
	name, ok := b.regions[id]
	if !ok {
		name = b.file.RegionName(id)
		keep(b.regions, id, name)
	}
	return name
}

// of returns the name of what a field names, "" if it names nothing or the name is not known.
func (b *nameBook) of(f event.Field, v event.Value) string {
	switch {
	case !v.Present():
	case isTask(f):
		return b.task(event.TaskID(v.Uint64()))
	case isRegion(f):
		return b.region(event.RegionID(v.Uint64()))
	}
	return ""
}

func isTask(f event.Field) bool {
	return f.Type == event.TypeTask || f.Type == event.TypeOptionalTask
}

func isRegion(f event.Field) bool {
	return f.Type == event.TypeRegion || f.Type == event.TypeOptionalRegion
}
