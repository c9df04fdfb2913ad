package base

import (
	"slices"
	"strconv"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// What a NameBook remembers is bounded by a constant and by the bytes of the file that were read: some bytes of a
// compressed file can hold names that take a thousand times as many in memory.
const (
	mostNameBytes  = 8 << 20 // in all
	freeNameBytes  = 1 << 20 // however little was read
	nameBytesARead = 16      // more for each byte that was read
	nameOverhead   = 64      // bytes of memory of a name besides the text
)

// NameBook remembers what tasks and regions are called, since a file may have to look far back for a name.
type NameBook struct {
	file    *source.Stream
	tasks   map[event.TaskID]string
	regions map[event.RegionID]string
	bytes   int64
}

func NewNameBook(f *source.Stream) *NameBook {
	return &NameBook{file: f, tasks: map[event.TaskID]string{}, regions: map[event.RegionID]string{}}
}

// Learn takes in the names that came into use with the event that the file returned last.
func (b *NameBook) Learn() {
	for _, n := range b.file.Names() {
		if n.Region {
			keep(b, b.regions, event.RegionID(n.ID), n.Name)
		} else {
			keep(b, b.tasks, event.TaskID(n.ID), n.Name)
		}
	}
}

// Know takes in the names of a task and of its region.
func (b *NameBook) Know(task event.TaskID, name string, region event.RegionID, regionName string) {
	b.tasks[task], b.regions[region] = name, regionName
}

// keep adds to one of the maps of b, which must not grow for ever.
func keep[ID comparable](b *NameBook, names map[ID]string, id ID, name string) {
	if b.bytes >= min(mostNameBytes, freeNameBytes+nameBytesARead*b.file.Offset()) {
		clear(b.tasks)
		clear(b.regions)
		b.bytes = 0
	}
	names[id] = name
	b.bytes += nameOverhead + int64(len(name))
}

// task returns the name of a task, "" if it is not known.
func (b *NameBook) task(id event.TaskID) string {
	name, ok := b.tasks[id]
	if !ok {
		name = b.file.TaskName(id)
		keep(b, b.tasks, id, name)
	}
	return name
}

// quoted returns a task with its name, such as T1 "worker".
func (b *NameBook) quoted(id event.TaskID) string {
	if name := b.task(id); name != "" {
		return id.String() + " " + strconv.Quote(name)
	}
	return id.String()
}

// region returns the name of a region, "" if it is not known.
func (b *NameBook) region(id event.RegionID) string {
	name, ok := b.regions[id]
	if !ok {
		name = b.file.RegionName(id)
		keep(b, b.regions, id, name)
	}
	return name
}

// Of returns the name of what a field names, "" if it names nothing or the name is not known.
func (b *NameBook) Of(f event.Field, v event.Value) string {
	switch {
	case !v.Present():
	case IsTask(f):
		return b.task(event.TaskID(v.Uint64()))
	case IsRegion(f):
		return b.region(event.RegionID(v.Uint64()))
	}
	return ""
}

// Concerns reports whether a field of e, of those that are meant, names one of the identifiers or something with one of
// the names.
func (b *NameBook) Concerns(e event.Event, meant func(event.Field) bool, ids []uint64, names []string) bool {
	for f, v := range e.Fields() {
		if meant(f) && v.Present() && (slices.Contains(ids, v.Uint64()) || slices.Contains(names, b.Of(f, v))) {
			return true
		}
	}
	return false
}

func IsTask(f event.Field) bool {
	return f.Type == event.TypeTask || f.Type == event.TypeOptionalTask
}

func IsRegion(f event.Field) bool {
	return f.Type == event.TypeRegion || f.Type == event.TypeOptionalRegion
}
