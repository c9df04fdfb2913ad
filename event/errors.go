package event

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// The classes of decoding errors, for [errors.Is]. Every error of a decoder is a [*DecodeError] that wraps one of
// them, or the error of the underlying reader.
var (
	ErrUnknownKind = errors.New("unknown event kind")
	ErrVersion     = errors.New("unsupported schema version")
	ErrMalformed   = errors.New("malformed trace")
)

// DecodeError describes an error in an input and its location.
type DecodeError struct {
	Offset int64  // offset in bytes of the wrong value, or of the event or metadata that contains it; -1 if unknown
	Line   int    // line of a JSON-lines input, from 1; 0 elsewhere
	Index  int64  // index of the event, from 0; -1 in the header or metadata, or where there is no sequence
	Field  string // the field, such as "TaskScheduled.at_tick"; empty if none
	Err    error  // wraps ErrUnknownKind, ErrVersion, ErrMalformed or a read error
}

// Error returns the place and then the cause.
func (e *DecodeError) Error() string {
	var where []string
	if e.Line > 0 {
		where = append(where, fmt.Sprintf("line %d", e.Line))
	}
	if e.Index >= 0 {
		where = append(where, fmt.Sprintf("event %d", e.Index))
	}
	if e.Offset >= 0 {
		where = append(where, fmt.Sprintf("byte %d", e.Offset))
	}
	if e.Field != "" {
		where = append(where, e.Field)
	}
	if len(where) == 0 {
		return "event: " + e.Err.Error()
	}
	return "event: " + strings.Join(where, ", ") + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// fieldError carries the name of a field up to the DecodeError.
type fieldError struct {
	field string
	err   error
}

func (e *fieldError) Error() string { return e.field + ": " + e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

// locate turns err into a DecodeError at a location. It moves the field name of a fieldError into the DecodeError.
func locate(err error, at DecodeError) error {
	var done *DecodeError
	if errors.As(err, &done) {
		return err
	}
	var fe *fieldError
	if errors.As(err, &fe) {
		at.Field, err = fe.field, fe.err
	}
	at.Err = err
	return &at
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrMalformed, fmt.Errorf(format, args...))
}

func unknownKind(name string) error {
	return fmt.Errorf("%w %.64q; a newer version of reprise may know it", ErrUnknownKind, name)
}

// truncated turns an end of input inside a value into an ErrMalformed that also wraps io.ErrUnexpectedEOF.
func truncated(err error) error {
	if errors.Is(err, ErrMalformed) {
		return err // already says so, and may carry a place
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the input ends inside a value: %w", ErrMalformed, io.ErrUnexpectedEOF)
	}
	return err
}

func checkVersion(v uint32) error {
	if v != Version {
		return fmt.Errorf("%w: the trace has version %d, this reader reads version %d", ErrVersion, v, Version)
	}
	return nil
}
