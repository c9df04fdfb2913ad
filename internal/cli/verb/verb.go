// Package verb holds what the verbs of the reprise command share about command lines: how a command is run, the forms
// of flags, and the check of the number of arguments. It must not know a verb.
package verb

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/prose"
)

// Execute runs a command with the given arguments and streams, prints its error to stderr, and returns the exit code.
func Execute(root *cobra.Command, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root.SilenceErrors, root.SilenceUsage = true, true // Execute prints them
	root.SetArgs(twoDashes(root, args))
	root.SetFlagErrorFunc(unknownFlag)
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

// twoDashes gives every flag of a command two dashes: one dash and two are the same, as with the flags of go test. What
// stands behind "--", or is the value of a flag, stays as it is, and so do commands that parse their flags themselves.
func twoDashes(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil || cmd.DisableFlagParsing {
		return args
	}
	cmd.InitDefaultHelpFlag()
	cmd.InitDefaultVersionFlag()
	args = slices.Clone(args)
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		name, _, given := strings.Cut(strings.TrimPrefix(args[i], "-"), "=")
		name = strings.TrimPrefix(name, "-")
		f := cmd.Flags().Lookup(name)
		if len(name) == 1 {
			f = cmd.Flags().ShorthandLookup(name)
		}
		switch {
		case !strings.HasPrefix(args[i], "-") || f == nil:
			continue
		case len(name) > 1 && !strings.HasPrefix(args[i], "--"):
			args[i] = "-" + args[i]
		}
		if !given && f.NoOptDefVal == "" {
			i++ // its value
		}
	}
	return args
}

// unknownFlag is the error for a flag that cannot be parsed, with the flag that may be meant.
func unknownFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return base.Usage("%v", err)
	}
	name := unknown.GetSpecifiedName()
	if group := unknown.GetSpecifiedShortnames(); group != "" { // it was given with one dash
		name = group
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if meant := prose.Closest(name, known); meant != "" {
		return base.Usage("unknown flag --%s; did you mean --%s?", name, meant)
	}
	return base.Usage("unknown flag --%s", name)
}

// Examples is the text of the examples of a command: pairs of what a command line does, and the command line.
func Examples(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&b, "  # %s\n  %s\n", pairs[i], pairs[i+1])
	}
	return strings.TrimSuffix(b.String(), "\n")
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
