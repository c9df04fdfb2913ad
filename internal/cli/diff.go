package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

func newDiff() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "diff EXPECTED ACTUAL",
		Short: "Tell the first event at which two traces differ",
		Long: "Compare two traces event by event and report the first difference. The exit code is 0 if the events are\n" +
			"equal, whatever the metadata say, and 1 if they differ.",
		Args: exactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return diff(cmd.OutOrStdout(), args[0], args[1], format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func diff(stdout io.Writer, expectedPath, actualPath, format string) error {
	if format != "text" && format != "json" {
		return usage("unknown format %q; the formats are text, json", format)
	}
	expected, err := readTrace(expectedPath)
	if err != nil {
		return err
	}
	actual, err := readTrace(actualPath)
	if err != nil {
		return err
	}
	d, err := divergence.Compare(source.FromTrace(expected), source.FromTrace(actual))
	if err != nil {
		return badInput(err)
	}
	text, err := render(d, expected, actual, format)
	if err != nil {
		return failed(err)
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		return failed(err)
	}
	if d != nil {
		return found()
	}
	return nil
}

// render returns the report of a comparison; a nil divergence says that the events are equal.
func render(d *divergence.Divergence, expected, actual *event.Trace, format string) (string, error) {
	if format == "json" {
		var v any = d
		if d == nil {
			v = equalReport(expected, actual)
		}
		b, err := json.Marshal(v)
		return string(b) + "\n", err
	}
	if d != nil {
		return d.Text(), nil
	}
	text := fmt.Sprintf("equal: %d events\n", expected.Len())
	for _, note := range divergence.CompareMetadata(expected.Metadata, actual.Metadata) {
		text += "note: " + note + "\n"
	}
	return text, nil
}

type equality struct {
	Schema int      `json:"schema"`
	Equal  bool     `json:"equal"`
	Events int      `json:"events"`
	Notes  []string `json:"notes"`
}

func equalReport(expected, actual *event.Trace) equality {
	notes := divergence.CompareMetadata(expected.Metadata, actual.Metadata)
	return equality{divergence.JSONSchema, true, expected.Len(), append([]string{}, notes...)}
}
