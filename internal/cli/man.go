package cli

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
)

// newMan is the command that writes the manual pages, from the same texts as help and completion.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use: "man FOLDER",
		Example: verb.Examples(
			"read the page of a command", "reprise man /tmp/man1 && man /tmp/man1/reprise-test.1",
		),
		Short: "Write the manual pages, one for each command",
		Args:  verb.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return base.Failed(err)
			}
			header := &doc.GenManHeader{Section: "1", Source: "reprise " + moduleVersion(), Manual: "reprise", Date: built()}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return base.Failed(err)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "the manual pages are in %s\n", args[0])
			return base.Written(err)
		},
	}
}

// built returns the time of the commit that the program was built from, or the start of time, so that the pages depend
// on the program alone.
func built() *time.Time {
	at := time.Unix(0, 0).UTC()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return &at
	}
	for _, s := range info.Settings {
		if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
			at = t
		}
	}
	return &at
}
