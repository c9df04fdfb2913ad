// Package verb holds what the verbs of the reprise command share about command lines: how a command is run, and the
// check of the number of arguments. It must not know a verb.
package verb

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/prose"
)

// Execute runs a command with the given arguments and streams, prints its error to stderr, and returns the exit code.
func Execute(root *cobra.Command, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root.SilenceErrors, root.SilenceUsage = true, true // Execute prints them
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	var coded *base.ExitError
	switch {
	case err == nil:
		return base.ExitOK
	case !errors.As(err, &coded):
		coded = &base.ExitError{Code: base.ExitUsage, Err: err} // errors of cobra are errors of use
	}
	if coded.Err != nil {
		fmt.Fprintln(stderr, "reprise:", prose.Terminal(base.WithCode(coded.Err), false)) // it may quote a file
	}
	if coded.Code == base.ExitUsage {
		fmt.Fprintln(stderr, `Run "reprise help" for the commands, "reprise help COMMAND" for its arguments.`)
	}
	return coded.Code
}

// ExactArgs is cobra.ExactArgs with the usage line in its error.
func ExactArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return base.Usage("%d arguments instead of %d: %s", len(args), n, cmd.UseLine())
		}
		return nil
	}
}
