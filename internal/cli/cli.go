// Package cli is the reprise command as a library: [Main] with arguments and streams in, an exit code out.
package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitOK    = 0
	exitFound = 1 // a failure or a divergence was found
	exitUsage = 2 // wrong use
	exitInput = 3 // a bad input file
)

// Main runs the command with the given arguments, without the program's name, and returns the exit code. Where a command
// names a file "-" it means stdin or stdout. Results go to stdout, everything else to stderr.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	var coded *codedError
	switch {
	case err == nil:
		return exitOK
	case !errors.As(err, &coded):
		coded = &codedError{exitUsage, err} // cobra's own complaints are about the use
	}
	if coded.err != nil {
		fmt.Fprintln(stderr, "reprise:", withCode(coded.err))
	}
	if coded.code == exitUsage {
		fmt.Fprintln(stderr, `Run "reprise help" for the commands, "reprise help COMMAND" for its arguments.`)
	}
	return coded.code
}

// codedError is an error with its exit code; a nil err has been reported already.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *codedError) Unwrap() error { return e.err }

// found ends the command with exit code 1; what was found has been printed.
func found() error { return &codedError{code: exitFound} }

func failed(err error) error { return &codedError{exitFound, err} }

func usage(format string, args ...any) error {
	return &codedError{exitUsage, fmt.Errorf(format, args...)}
}

func badInput(err error) error { return &codedError{exitInput, err} }

// written ends a command that has only written its results.
func written(err error) error {
	if err != nil {
		return failed(err)
	}
	return nil
}

// exactArgs is cobra.ExactArgs with the usage line in its error.
func exactArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("%d arguments where %d are needed: %s", len(args), n, cmd.UseLine())
		}
		return nil
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "reprise",
		Short: "Record a concurrent run once, replay it exactly, and see where another run went differently",
		Long: "Record a concurrent run once, replay it exactly, and see where another run went differently.\n\n" +
			"Exit codes: 0 fine, 1 a failure or a divergence was found, or output could not be written,\n" +
			"2 wrong use, 3 a bad input file.\n\n" +
			"A trace file has one of three forms: .reprise, the trace file with everything; .jsonl, JSON lines with everything;\n" +
			".msgpack, events and metadata alone. The content tells the form of a file that is read, the extension that of a\n" +
			"file that is written. FILE may be - for standard input in dump, stats, verify, replay,\n" +
			"convert and recover.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newDemo(), newTest(), newExecTest(), newReplay(), newPin(), newDump(), newStats(), newVerify(), newDiff(), newConvert(),
		newRecover(), newExplain(), newVersion())
	return root
}
