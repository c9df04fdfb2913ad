package verb

import (
	"io"

	"github.com/spf13/cobra"
)

// Streams are the standard streams of a command.
type Streams struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// StreamsOf returns the streams of a command that is run.
func StreamsOf(cmd *cobra.Command) Streams {
	return Streams{cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()}
}
