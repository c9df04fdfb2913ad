package tracefile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// The classes of errors of a reader, for [errors.Is]. Every error of a reader except io.EOF is a [*Error] that
// wraps one of them, or the error of the underlying reader.
var (
	// ErrCorrupt reports that the input is not a trace file, or that a part of it is damaged.
	ErrCorrupt = errors.New("corrupt trace file")

	// ErrTruncated reports that the file stops before its end: the recording was killed, or the rest was lost.
	// Every event of the complete chunks was returned before.
	ErrTruncated = errors.New("trace file without its end")

	// ErrVersion reports that the format of the file, or the schema of its events, has a version that this package
	// cannot read.
	ErrVersion = errors.New("unsupported version of the trace file format")

	// ErrSeek reports that a position does not exist, or cannot be reached.
	ErrSeek = errors.New("cannot seek there")

	// ErrClosed reports that a [Writer] or [Reader] was used after Close.
	ErrClosed = errors.New("tracefile: already closed")
)

// Error describes an error in a trace file and its location.
type Error struct {
	Offset int64 // offset in bytes of the chunk or part that is wrong; -1 if unknown
	Chunk  int64 // number of the chunk, from 0; -1 outside the chunks or if unknown
	Index  int64 // index of the first event that is not returned because of the error; -1 if unknown
	Err    error // wraps ErrCorrupt, ErrTruncated, ErrVersion, ErrSeek or a read error
}

// Error returns the location, the cause, and a remedy if there is one.
func (e *Error) Error() string {
	var where []string
	if e.Index >= 0 {
		where = append(where, fmt.Sprintf("event %d", e.Index))
	}
	if e.Chunk >= 0 {
		where = append(where, fmt.Sprintf("chunk %d", e.Chunk))
	}
	if e.Offset >= 0 {
		where = append(where, fmt.Sprintf("byte %d", e.Offset))
	}
	text := "tracefile: "
	if len(where) > 0 {
		text += strings.Join(where, ", ") + ": "
	}
	text += e.Err.Error()
	if e.Chunk > 0 && (errors.Is(e.Err, ErrCorrupt) || errors.Is(e.Err, ErrTruncated)) {
		text += `; "reprise recover IN OUT" saves what is whole`
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrCorrupt, fmt.Errorf(format, args...))
}

func truncated(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrTruncated}, args...)...)
}

// schemaError puts an error of package event into a class of this package.
func schemaError(err error) error {
	if errors.Is(err, event.ErrVersion) {
		return fmt.Errorf("%w: %w", ErrVersion, err)
	}
	return corrupt("%w", err)
}
