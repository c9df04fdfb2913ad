package cli

import (
	"github.com/spf13/cobra"
)

func newConvert() *cobra.Command {
	return &cobra.Command{
		Use:   "convert IN OUT",
		Short: "Write a trace in another format, told by the extensions .msgpack and .jsonl",
		Args:  exactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := formatOf(args[1]); err != nil {
				return err
			}
			t, err := readTrace(args[0])
			if err != nil {
				return err
			}
			return writeTrace(args[1], t)
		},
	}
}
