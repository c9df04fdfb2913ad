// Package base holds what the verbs of the reprise command share: exit codes and the errors that carry them, input and
// output of traces in every form, the names and rows of a table of events, the flags and formats of reports, and progress
// on a terminal. It must not know a verb.
package base

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	ExitOK    = 0
	ExitFound = 1 // a failure or a divergence was found
	ExitUsage = 2 // wrong use
	ExitInput = 3 // a bad input file
)

// Execute runs a command with the given arguments and streams, prints its error to stderr, and returns the exit code.
func Execute(root *cobra.Command, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root.SilenceErrors, root.SilenceUsage = true, true // execute prints them
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	var coded *ExitError
	switch {
	case err == nil:
		return ExitOK
	case !errors.As(err, &coded):
		coded = &ExitError{ExitUsage, err} // cobra's own complaints are about the use
	}
	if coded.Err != nil {
		fmt.Fprintln(stderr, "reprise:", WithCode(coded.Err))
	}
	if coded.Code == ExitUsage {
		fmt.Fprintln(stderr, `Run "reprise help" for the commands, "reprise help COMMAND" for its arguments.`)
	}
	return coded.Code
}

// ExitError is an error with its exit code; a nil err has been reported already.
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

// Found ends the command with exit code 1; what was found has been printed.
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

// ExactArgs is cobra.ExactArgs with the usage line in its error.
func ExactArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return Usage("%d arguments where %d are needed: %s", len(args), n, cmd.UseLine())
		}
		return nil
	}
}
