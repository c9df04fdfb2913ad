// Package source holds [Source], the interface through which events are read, and its implementations for traces in
// memory, files and streams. It knows no scheduler and compares nothing.
package source

import (
	"errors"
	"fmt"
	"io"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
)

// ErrSeek reports a position beyond the end of a source.
var ErrSeek = errors.New("position beyond the end")

// Source yields the events of a recorded run, once and in order.
type Source interface {
	// Metadata returns the metadata of the run.
	Metadata() event.Metadata

	// Next returns the next event. After the last event the error is io.EOF itself. Any other error means that the
	// source is broken; later calls return the same error.
	Next() (event.Event, error)
}

// Seeker is a [Source] that can be read from any event onwards. Indices count the events of the run from 0.
type Seeker interface {
	Source

	// Pos returns the index of the next event; at the end it is the index of the last event plus one.
	Pos() uint64

	// Seek makes Next return the event with the given index. Seeking to the end is allowed. Beyond the end, or
	// before the first event of the source, the error is [ErrSeek] and the position does not change.
	Seek(index uint64) error
}

// Partial is a [Source] that may lack the first events of a run, such as a recording that keeps only the last events.
type Partial interface {
	Source

	// First returns the index of the first event of the source. If it is not 0, the run began before the recording.
	First() uint64
}

// Bulk is a [Source] that can return many events at once, which is faster than one at a time.
type Bulk interface {
	Source

	// Read reads the next events into dst and returns their number. If it is less than len(dst), the error is that
	// of Next, otherwise nil.
	Read(dst []event.Event) (int, error)
}

// Counted is a Source that may know its length.
type Counted interface {
	Source

	// Len returns the index of the last event plus one, and whether it is known at this moment.
	Len() (uint64, bool)
}

// Identified is a [Source] that may know the program that made the recording.
type Identified interface {
	Source

	// Identity returns the identity of the recording, or nil if nothing is known.
	Identity() tracefile.Identity
}

// Omitting is a [Source] that knows the kinds that were not recorded.
type Omitting interface {
	Source

	// Omitted returns the kinds that were not recorded.
	Omitted() event.KindSet
}

// Namer is a [Source] that knows the names of tasks and regions in the recorded run, and the place in the code from
// which each event came.
type Namer interface {
	Source

	// TaskName and RegionName return a name, or "" if it is not known. A name is known from the first event that
	// mentions its task or region.
	TaskName(event.TaskID) string
	RegionName(event.RegionID) string

	// Site returns the place in the code, such as "bank.go:25", of the event that Next returned last, or "" if it
	// is not known.
	Site() string
}

// Annotated is a [Source] that may know what a recording has besides its events: names, code lines, notes, and which
// program made it.
type Annotated interface {
	Namer
	Identified
	Omitting

	// Notes returns the notes of the event that Next returned last, and after Next has returned io.EOF those of the end of
	// the run. They must not be changed. The error says that they are malformed; the events can be read nevertheless.
	Notes() ([]tracefile.Note, error)
}

// First returns the index of the first event of s.
func First(s Source) uint64 {
	if p, ok := s.(Partial); ok {
		return p.First()
	}
	return 0
}

// Ordinary reports whether s is the recording of an ordinary program, made by package gort, and not of a simulated one.
func Ordinary(s Source) bool {
	i, ok := s.(Identified)
	return ok && i.Identity()[tracefile.KeyRun] == tracefile.RunOrdinary
}

// Rewind moves s back to its first event if s is a [Seeker] at another position. The error is that of Seek.
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

// FromTrace returns a cursor at the first event of t. The trace must not change while the cursor is in use.
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
