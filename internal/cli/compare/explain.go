package compare

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/codes"
)

func NewExplain() *cobra.Command {
	return &cobra.Command{
		Use: "explain [CODE | CLASS | BUG | CAUSE]",
		Example: verb.Examples(
			"what a code means", "reprise explain RPR1001",
			"what a report means by a class or a kind of bug", "reprise explain lost wake-up",
			"all codes and causes", "reprise explain",
		),
		Short: "Explain a code such as RPR1001, or a class, a bug or a cause that a report names, or list them all",
		RunE: func(cmd *cobra.Command, args []string) error {
			text := codes.List() + causes()
			if len(args) > 0 {
				var ok bool
				what := strings.Join(args, " ")
				if text, ok = explain(what); !ok {
					return base.Usage("unknown code %q; reprise explain lists the codes, classes, bugs and causes", what)
				}
			}
			if _, err := io.WriteString(cmd.OutOrStdout(), text); err != nil {
				return base.Failed(err)
			}
			return nil
		},
	}
}

// explain returns the text about a code, the name of one, or a cause, and whether it exists.
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

// causes returns one line for each cause, in the order in which they are tried.
func causes() string {
	var b strings.Builder
	b.WriteString("\nCauses: why two runs probably part; the first that fits is reported\n")
	for r := range divergence.Rules() {
		fmt.Fprintf(&b, "  %-21s  when %s\n", r.Name, r.When)
	}
	return b.String()
}
