// Package cli is the reprise command as a library: [Main] with arguments and streams in, an exit code out. The verbs
// live in the packages below it, one package for each family; what they share is in the packages base and verb.
package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/compare"
	"github.com/reprise-go/reprise/internal/cli/demo"
	"github.com/reprise-go/reprise/internal/cli/files"
	"github.com/reprise-go/reprise/internal/cli/gotest"
	"github.com/reprise-go/reprise/internal/cli/replay"
	"github.com/reprise-go/reprise/internal/cli/report"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/cli/view"
)

// Main runs the command with the given arguments, without the program's name, and returns the exit code. Where a
// command names a file "-" it means stdin or stdout. Results go to stdout, everything else to stderr.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return verb.Execute(newRoot(), args, stdin, stdout, stderr)
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "reprise",
		Short: "Record a concurrent run once, replay it exactly, and see where another run differs",
		Long: "Record a concurrent run once, replay it exactly, and see where another run differs.\n\n" +
			"Exit codes: 0 success, 1 a failure or a divergence was found, or output could not be written,\n" +
			"2 wrong use, 3 a bad input file.\n\n" +
			"A trace has one of three forms: .reprise, the trace file, and .jsonl, JSON lines, keep everything; .msgpack keeps\n" +
			"only events and metadata. The form of an input is detected from its content; the form of an output is determined\n" +
			"by its extension. FILE may be - for standard input in dump, stats, verify, replay, convert and recover.",
		Example: verb.Examples(
			"see what it does", "reprise demo bank",
			"look for schedules under which tests fail", "reprise test ./...",
			"make a failing run again, exactly", "reprise replay FILE",
		),
		Args: known,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SuggestionsMinimumDistance = 2
	root.Version = moduleVersion()
	root.AddCommand(demo.New(), gotest.New(), gotest.NewExec(), report.New(),
		replay.New(), replay.NewPin(), replay.NewMinimize(),
		replay.NewWhy(), replay.NewDebug(), files.NewDump(),
		files.NewStats(),
		files.NewVerify(), compare.NewDiff(), files.NewConvert(), files.NewRecover(), compare.NewExplain(),
		view.NewView(), view.NewExport(), view.NewStep(), view.NewDAP(), newMan(), newVersion())
	return root
}

// known refuses a command that there is not, with the one that may be meant.
func known(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if list := root.SuggestionsFor(args[0]); len(list) > 0 {
		return base.Usage("unknown command %q; did you mean %s?", args[0], strings.Join(list, " or "))
	}
	return base.Usage("unknown command %q", args[0])
}
