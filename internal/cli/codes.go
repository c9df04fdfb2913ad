package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/codes"
	"github.com/reprise-go/reprise/internal/tracecheck"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// errForm is the class of errors of a form that cannot be told.
var errForm = errors.New("the form of a file that is written is told by its extension")

// sentinels says which entry of package codes explains an error, the first that fits. Those of tracefile stand before
// those of event, which they may wrap.
var sentinels = []struct {
	target error
	name   string
}{
	{errForm, "wrong-format"},
	{tracefile.ErrTruncated, "truncated-file"},
	{tracefile.ErrVersion, "file-version"},
	{tracefile.ErrCorrupt, "corrupt-file"},
	{event.ErrUnknownKind, "unknown-kind"},
	{event.ErrVersion, "schema-version"},
	{event.ErrMalformed, "malformed"},
	{replayer.ErrProgram, "another-program"},
	{replayer.ErrVersion, "another-schema"},
	{replayer.ErrPartial, "partial-recording"},
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
func withCode(err error) string { return textWithCode(codeOf(err), err.Error()) }

// textWithCode puts a code before a text; there may be none of either.
func textWithCode(code, text string) string {
	if code == "" {
		return text
	}
	return fmt.Sprintf("[%s] %s", code, text)
}

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE | CAUSE]",
		Short: "Explain a code such as RPR1001 or a cause such as drawn-once-more, or list them all",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text := codes.List() + causes()
			if len(args) > 0 {
				var ok bool
				if text, ok = explain(args[0]); !ok {
					return usage("unknown code %q; reprise explain lists the codes and causes", args[0])
				}
			}
			if _, err := io.WriteString(cmd.OutOrStdout(), text); err != nil {
				return failed(err)
			}
			return nil
		},
	}
}

// explain returns the text about a code or a cause, and whether there is one.
func explain(what string) (string, bool) {
	if entry, ok := codes.Find(what); ok {
		return entry.Text(), true
	}
	what = strings.Trim(strings.TrimSpace(what), "()")
	for r := range divergence.Rules() {
		if r.Name == what {
			return fmt.Sprintf("(%s): a probable cause of a divergence\n\nIt is named when %s, and nothing above it in the list of causes fits.\n\nWhat to do: %s\n",
				r.Name, r.When, r.Suggestion), true
		}
	}
	return "", false
}

// causes returns a line for every cause, in the order in which they are tried.
func causes() string {
	var b strings.Builder
	b.WriteString("\nCauses: why two runs part, probably; the first that fits is named\n")
	for r := range divergence.Rules() {
		fmt.Fprintf(&b, "  %-21s  when %s\n", r.Name, r.When)
	}
	return b.String()
}
