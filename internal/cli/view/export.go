package view

import (
	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/traceview"
)

// NewExport returns the command export.
func NewExport() *cobra.Command {
	var output string
	var o options
	cmd := &cobra.Command{
		Use:   "export FILE --perfetto OUT",
		Short: "Write a trace in the format of another tool",
		Long: "Write a trace in the format of Perfetto, for https://ui.perfetto.dev: a track for each task, a slice for each turn\n" +
			"and each wait, flows for wake-ups, instants for timers, faults and preemptions, and virtual time as a counter. The\n" +
			"axis counts turns, a microsecond each. At most --turns turns are written, those around the failure or the end.",
		Example: verb.Examples(
			"a file for https://ui.perfetto.dev", "reprise export failed.reprise --perfetto failed.pftrace",
		),
		Args: verb.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case output == "":
				return base.Usage("give the file to write: reprise export FILE --perfetto OUT")
			case o.turns < 1 || o.turns > mostTurns:
				return base.Usage("--turns %d is not from 1 to %d", o.turns, mostTurns)
			}
			in, err := base.OpenInput(cmd.InOrStdin(), args[0], source.Config{})
			if err != nil {
				return err
			}
			defer in.Close()
			m, damage := traceview.Read(in.Stream, traceview.Options{Turns: o.turns, Focus: -1})
			write := m.WritePerfetto
			if output == base.Stdio {
				err = write(cmd.OutOrStdout())
			} else {
				err = base.ToFile(output, write)
			}
			switch {
			case err != nil:
				return base.Failed(err)
			case damage != nil:
				return in.Bad(damage)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&output, "perfetto", "", "write a trace of Perfetto to this file; - is standard output")
	cmd.Flags().IntVar(&o.turns, "turns", mostTurns, "number of turns that are written at most")
	return cmd
}
