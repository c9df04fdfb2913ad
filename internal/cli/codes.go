package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/codes"
	"github.com/reprise-go/reprise/internal/tracecheck"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
)

// sentinels says which entry of package codes explains an error, the first that fits. An error of another package is one
// more row: those of tracefile belong before those of event, which they may wrap.
var sentinels = []struct {
	target error
	name   string
}{
	{event.ErrUnknownKind, "unknown-kind"},
	{event.ErrVersion, "schema-version"},
	{event.ErrMalformed, "malformed"},
	{replayer.ErrProgram, "another-program"},
	{simsched.ErrDeadlock, "deadlock"},
	{simsched.ErrLeak, "leak"},
	{simsched.ErrStepLimit, "step-limit"},
}

// codeOf returns the code that explains err, "" if there is none.
func codeOf(err error) string {
	var diverged *divergence.Error
	if errors.As(err, &diverged) {
		return diverged.Divergence.Code()
	}
	var law *tracecheck.Error
	if errors.As(err, &law) {
		return codes.Law(law.Law).Code
	}
	for _, s := range sentinels {
		if errors.Is(err, s.target) {
			return codes.Named(s.name).Code
		}
	}
	var panicked *simsched.PanicError
	if errors.As(err, &panicked) {
		return codes.Named("panic").Code
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return codes.Named("unreadable-file").Code
	}
	return ""
}

// withCode returns the text of err after its code, if it has one.
func withCode(err error) string {
	if code := codeOf(err); code != "" {
		return fmt.Sprintf("[%s] %v", code, err)
	}
	return err.Error()
}

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Explain a code such as RPR1001, or list all codes",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text := codes.List()
			if len(args) > 0 {
				entry, ok := codes.Find(args[0])
				if !ok {
					return usage("unknown code %q; reprise explain lists the codes", args[0])
				}
				text = entry.Text()
			}
			if _, err := io.WriteString(cmd.OutOrStdout(), text); err != nil {
				return failed(err)
			}
			return nil
		},
	}
}
