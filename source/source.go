// Package source is where events come from: the [Source] cursor and its implementations. It reads; it knows no
// scheduler and compares nothing.
package source

import (
	"errors"
	"fmt"
	"io"

	"github.com/reprise-go/reprise/event"
)

// ErrSeek says that a position is beyond the end of a source.
var ErrSeek = errors.New("position beyond the end")

// Source is a cursor over the events of a recorded run.
type Source interface {
	// Metadata returns the metadata of the run.
	Metadata() event.Metadata

	// Next returns the event at the cursor and moves past it. After the last event the error is io.EOF; any other
	// error means that the source cannot be read, and stays.
	Next() (event.Event, error)

	// Peek returns what Next would return, without moving.
	Peek() (event.Event, error)

	// Pos returns the index of the event at the cursor, from 0; the number of events at the end.
	Pos() uint64

	// Seek moves the cursor to the event with an index. The number of events is the end and can be sought. Beyond
	// it the error is ErrSeek and the cursor stays.
	Seek(index uint64) error
}

// Cursor is a [Source] over a trace in memory.
type Cursor struct {
	trace *event.Trace
	pos   int
}

var _ Source = (*Cursor)(nil)

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

// Peek implements [Source].
func (c *Cursor) Peek() (event.Event, error) {
	if c.pos >= c.trace.Len() {
		return event.Event{}, io.EOF
	}
	return c.trace.At(c.pos), nil
}

// Pos implements [Source].
func (c *Cursor) Pos() uint64 { return uint64(c.pos) }

// Seek implements [Source].
func (c *Cursor) Seek(index uint64) error {
	if index > uint64(c.trace.Len()) {
		return fmt.Errorf("source: seek to event %d of %d: %w", index, c.trace.Len(), ErrSeek)
	}
	c.pos = int(index)
	return nil
}
