// Package source holds [Source], the interface through which events are read, and its implementations for traces in
// memory, files and streams. It knows no scheduler and compares nothing.
package source

import (
	"errors"
	"fmt"
	"io"
	"strings"

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

// Bulk is a [Source] that can return many events at once, which is faster than one at a time.
type Bulk interface {
	Source

	// Read reads the next events into dst and returns their number. If it is less than len(dst), the error is that
	// of Next, otherwise nil.
	Read(dst []event.Event) (int, error)
}

// Recording is a [Source] that may know more about its run than the events. A method returns its zero value for what is
// not known.
type Recording interface {
	Source

	// First returns the index of the first event of the source. If it is not 0, the run began before the recording,
	// which keeps only the last events.
	First() uint64

	// Identity returns the identity of the recording, which names the program that made it; see [tracefile.Identity].
	Identity() map[string]string

	// Omitted returns the kinds of events that were not recorded.
	Omitted() event.KindSet

	// Stopped returns a line such as "the recording stopped at a limit" if the recording ends before the run did.
	Stopped() string

	// TaskName and RegionName return the name of a task or region. A name is known from the first event that
	// mentions its task or region.
	TaskName(event.TaskID) string
	RegionName(event.RegionID) string

	// Site returns the place in the code, such as "bank.go:25", of the event that Next returned last.
	Site() string
}

// First returns the index of the first event of s.
func First(s Source) uint64 {
	if r, ok := s.(Recording); ok {
		return r.First()
	}
	return 0
}

// Ordinary reports whether s is the recording of an ordinary program, made by package gort, and not of a simulated one.
func Ordinary(s Source) bool {
	r, ok := s.(Recording)
	return ok && r.Identity()[tracefile.KeyRun] == tracefile.RunOrdinary
}

// TestOf returns the package and the name of the test that s is a recording of, "" if that is not known.
func TestOf(s Source) string {
	r, ok := s.(Recording)
	if !ok || r.Identity()[tracefile.KeyTest] == "" {
		return ""
	}
	return strings.TrimSpace(r.Identity()[tracefile.KeyPackage] + " " + r.Identity()[tracefile.KeyTest])
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
	_ Seeker = (*Cursor)(nil)
	_ Bulk   = (*Cursor)(nil)
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

// Len returns the number of events, and true because it is always known.
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
