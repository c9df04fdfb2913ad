// Package source is where events come from: [Source] and its implementations. It reads; it knows no
// scheduler and compares nothing.
package source

import (
	"errors"
	"fmt"
	"io"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
)

// ErrSeek says that a position is beyond the end of a source.
var ErrSeek = errors.New("position beyond the end")

// Source gives the events of a recorded run, in order and once.
type Source interface {
	// Metadata returns the metadata of the run.
	Metadata() event.Metadata

	// Next returns the next event. After the last event the error is io.EOF itself; any other error means that the
	// source cannot be read on, and stays.
	Next() (event.Event, error)
}

// Seeker is a [Source] that can be read from any event on. Indices count the events of the run from 0.
type Seeker interface {
	Source

	// Pos returns the index of the event that Next gives; at the end that of the last event plus one.
	Pos() uint64

	// Seek makes Next give the event with an index. The end can be sought. Beyond it, or before the first event that
	// the source has, the error is [ErrSeek] and the position stays.
	Seek(index uint64) error
}

// Partial is a [Source] that may lack the first events of a run, as a recording does that keeps only the last ones.
type Partial interface {
	Source

	// First returns the index of the first event of the source; the run began before it if it is not 0.
	First() uint64
}

// Bulk is a [Source] that can give many events at once, which is faster than one by one.
type Bulk interface {
	Source

	// Read reads the next events into dst, and returns how many. If they are fewer than dst has room for, the error says
	// why, as that of Next does; else it is nil.
	Read(dst []event.Event) (int, error)
}

// Counted is a [Source] that may know where it ends.
type Counted interface {
	Source

	// Len returns the index after the last event, and whether that is known now.
	Len() (uint64, bool)
}

// Identified is a [Source] that may know which program made the recording.
type Identified interface {
	Source

	// Identity returns the keys and values of [tracefile.Identity], nil if nothing is known.
	Identity() tracefile.Identity
}

// Omitting is a [Source] that knows which kinds were not recorded.
type Omitting interface {
	Source

	// Omitted returns these kinds.
	Omitted() event.KindSet
}

// Namer is a [Source] that knows what tasks and regions were called in the recorded run, and where in the code it
// stood.
type Namer interface {
	Source

	// TaskName and RegionName return a name, "" if it is not known. A name is known from the event on that first
	// names its task or region.
	TaskName(event.TaskID) string
	RegionName(event.RegionID) string

	// Site returns the place in the code, such as "bank.go:25", from which the event came that Next returned last; ""
	// if it is not known.
	Site() string
}

// First returns the index of the first event of s.
func First(s Source) uint64 {
	if p, ok := s.(Partial); ok {
		return p.First()
	}
	return 0
}

// Ordinary reports whether s has the run of an ordinary program, as package gort records it, and not one of the simulated
// scheduler.
func Ordinary(s Source) bool {
	i, ok := s.(Identified)
	return ok && i.Identity()[tracefile.KeyRun] == tracefile.RunOrdinary
}

// Rewind moves s back to its first event if it is a [Seeker] that stands elsewhere. The error is that of Seek.
func Rewind(s Source) error {
	k, ok := s.(Seeker)
	if !ok || k.Pos() == First(s) {
		return nil
	}
	return k.Seek(First(s))
}

// Cursor is a [Seeker] over a trace in memory.
type Cursor struct {
	trace *event.Trace
	pos   int
}

var (
	_ Seeker  = (*Cursor)(nil)
	_ Bulk    = (*Cursor)(nil)
	_ Counted = (*Cursor)(nil)
)

// FromTrace returns a cursor at the first event of t, which must not change while it is used.
func FromTrace(t *event.Trace) *Cursor { return &Cursor{trace: t} }

// Metadata implements [Source].
func (c *Cursor) Metadata() event.Metadata { return c.trace.Metadata }

// Next implements [Source].
func (c *Cursor) Next() (event.Event, error) {
	if c.pos >= c.trace.Len() {
		return event.Event{}, io.EOF
	}
	c.pos++
	return c.trace.At(c.pos - 1), nil
}

// Read implements [Bulk].
func (c *Cursor) Read(dst []event.Event) (int, error) {
	n := min(len(dst), c.trace.Len()-c.pos)
	for i := range dst[:n] {
		dst[i] = c.trace.At(c.pos + i)
	}
	c.pos += n
	if n < len(dst) {
		return n, io.EOF
	}
	return n, nil
}

// Len implements [Counted].
func (c *Cursor) Len() (uint64, bool) { return uint64(c.trace.Len()), true }

// Pos implements [Seeker].
func (c *Cursor) Pos() uint64 { return uint64(c.pos) }

// Seek implements [Seeker].
func (c *Cursor) Seek(index uint64) error {
	if index > uint64(c.trace.Len()) {
		return fmt.Errorf("source: seek to event %d of %d: %w", index, c.trace.Len(), ErrSeek)
	}
	c.pos = int(index)
	return nil
}
