// Package base is shared by the verbs of the reprise command and package simtest. It holds exit codes and the errors
// that carry them, input and output of traces in every form, the names and rows of a table of events, the formats of
// reports, and progress on a terminal. It must not know a verb or how a command line is parsed.
package base

import "fmt"

// The exit codes.
const (
	ExitOK    = 0
	ExitFound = 1 // a failure or a divergence was found
	ExitUsage = 2 // wrong use
	ExitInput = 3 // a bad input file
)

// ExitError is an error with its exit code. If err is nil, the command has already reported the error.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

func (e *ExitError) Unwrap() error { return e.Err }

// Found ends the command with exit code 1, after the command has printed what it found.
func Found() error { return &ExitError{Code: ExitFound} }

func Failed(err error) error { return &ExitError{ExitFound, err} }

func Usage(format string, args ...any) error {
	return &ExitError{ExitUsage, fmt.Errorf(format, args...)}
}

func BadInput(err error) error { return &ExitError{ExitInput, err} }

// Written ends a command that has only written its results.
func Written(err error) error {
	if err != nil {
		return Failed(err)
	}
	return nil
}
