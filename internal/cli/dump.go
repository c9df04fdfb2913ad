package cli

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/event"
)

// dumpOptions are the flags of dump.
type dumpOptions struct {
	json     bool
	from, to uint64
	kinds    []string
}

func newDump() *cobra.Command {
	var o dumpOptions
	cmd := &cobra.Command{
		Use:   "dump FILE",
		Short: "Print the events of a trace",
		Long: "Print the metadata and the events of a trace, one a line. With --json and no filter the output is the\n" +
			"JSON-lines form of the whole trace, which convert reads.",
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return dump(cmd.OutOrStdout(), args[0], o) },
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON lines")
	cmd.Flags().Uint64Var(&o.from, "from", 0, "index of the first event")
	cmd.Flags().Uint64Var(&o.to, "to", math.MaxUint64, "index behind the last event (default: the end)")
	cmd.Flags().Lookup("to").DefValue = "0" // hides the number
	cmd.Flags().StringSliceVar(&o.kinds, "kind", nil, "only events of these kinds, such as TaskScheduled,RngValue")
	return cmd
}

func dump(stdout io.Writer, path string, o dumpOptions) error {
	kinds, err := parseKinds(o.kinds)
	if err != nil {
		return err
	}
	if o.from > o.to {
		return usage("--from %d is behind --to %d", o.from, o.to)
	}
	t, err := readTrace(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(stdout)
	writeHeader(w, t, o.json)
	for i, e := range t.All() {
		if uint64(i) < o.from || uint64(i) >= o.to || kinds != nil && !kinds[e.Kind()] {
			continue
		}
		if o.json {
			fmt.Fprintf(w, "%s\n", e.AppendJSON(nil))
		} else {
			fmt.Fprintf(w, "%6d  %v\n", i, e)
		}
	}
	if err := w.Flush(); err != nil {
		return failed(err)
	}
	return nil
}

func writeHeader(w io.Writer, t *event.Trace, json bool) {
	m := t.Metadata
	if json {
		fmt.Fprintf(w, "%s\n", m.AppendJSON(nil))
		return
	}
	fmt.Fprintf(w, "# %d events, schema version %d, seed %d, config hash %#x", t.Len(), m.Version, m.Seed, m.ConfigHash)
	if m.RecordedAt != 0 {
		fmt.Fprintf(w, ", recorded at %d", m.RecordedAt)
	}
	if m.Description != "" {
		fmt.Fprintf(w, ", %q", m.Description)
	}
	fmt.Fprintln(w)
}

// parseKinds returns the set of kinds with the given names, nil for no names.
func parseKinds(names []string) (map[event.Kind]bool, error) {
	if len(names) == 0 {
		return nil, nil
	}
	kinds := map[event.Kind]bool{}
	for _, name := range names {
		k, ok := event.KindByName(name)
		if !ok {
			return nil, usage("unknown kind %q; the kinds are %s", name, strings.Join(kindNames(), ", "))
		}
		kinds[k] = true
	}
	return kinds, nil
}

func kindNames() []string {
	var names []string
	for k := range event.Kinds() {
		names = append(names, k.String())
	}
	return names
}
