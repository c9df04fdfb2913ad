package base

import (
	"slices"
	"strconv"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// The size of a NameBook is bounded by a constant and by the number of bytes that were read from the file, because a
// few bytes of a compressed file can contain names that need a thousand times as many bytes in memory.
const (
	mostNameBytes  = 8 << 20 // maximum number of bytes
	freeNameBytes  = 1 << 20 // bytes allowed for any file
	nameBytesARead = 16      // additional bytes for each byte that was read
	nameOverhead   = 64      // bytes of memory for a name in addition to its text
)

// NameBook stores the names of tasks and regions, because a file may have to search far back for a name.
type NameBook struct {
	file    *source.Stream
	tasks   map[event.TaskID]string
	regions map[event.RegionID]string
	bytes   int64
}

func NewNameBook(f *source.Stream) *NameBook {
	return &NameBook{file: f, tasks: map[event.TaskID]string{}, regions: map[event.RegionID]string{}}
}

// Learn stores the names that are new with the last event that the file returned.
func (b *NameBook) Learn() {
	for _, n := range b.file.Names() {
		if n.Region {
			keep(b, b.regions, event.RegionID(n.ID), n.Name)
		} else {
			keep(b, b.tasks, event.TaskID(n.ID), n.Name)
		}
	}
}

// Know stores the names of a task and of its region.
func (b *NameBook) Know(task event.TaskID, name string, region event.RegionID, regionName string) {
	b.tasks[task], b.regions[region] = name, regionName
}

// keep adds a name to one of the maps of b, within the limit of their size.
func keep[ID comparable](b *NameBook, names map[ID]string, id ID, name string) {
	if b.bytes >= min(mostNameBytes, freeNameBytes+nameBytesARead*b.file.Offset()) {
		clear(b.tasks)
		clear(b.regions)
		b.bytes = 0
	}
	names[id] = name
	b.bytes += nameOverhead + int64(len(name))
}

// task returns the name of a task, or "" if it is not known.
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

// region returns the name of a region, or "" if it is not known.
func (b *NameBook) region(id event.RegionID) string {
	name, ok := b.regions[id]
	if !ok {
		name = b.file.RegionName(id)
		keep(b, b.regions, id, name)
	}
	return name
}

// Of returns the name of the task or region in a field, or "" if there is none or its name is not known.
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

// Concerns reports whether one of the given fields of e has one of the identifiers, or the identifier of something with
// one of the names.
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
