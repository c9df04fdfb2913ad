package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/tracefile"
)

// versions are the versions that determine what a build can do.
type versions struct {
	Module     string `json:"module"`
	Go         string `json:"go"`
	Schema     uint32 `json:"event_schema"`
	FileFormat int    `json:"trace_file_format"`
}

func newVersion() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "version",
		Example: verb.Examples(
			"for a script", "reprise version --json",
		),
		Short: "Print the versions of the module, of Go, of the event schema and of the trace file format",
		Args:  verb.ExactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := versions{moduleVersion(), runtime.Version(), event.Version, tracefile.Version}
			text := fmt.Sprintf("reprise %s\ngo %s\nevent schema %d\ntrace file format %d", v.Module, v.Go, v.Schema,
				v.FileFormat)
			if asJSON {
				b, err := json.Marshal(v)
				if err != nil {
					return base.Failed(err)
				}
				text = string(b)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), text)
			return base.Written(err)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// moduleVersion returns the version of the module that the program was built from.
func moduleVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}
