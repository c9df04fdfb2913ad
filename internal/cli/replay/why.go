package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/minimize"
	"github.com/reprise-go/reprise/source"
)

// search is one run of minimize or of why.
type search struct {
	replay
	budget time.Duration
	output string
	json   bool
}

// defaultBudget is the real time that minimize and why take at most.
const defaultBudget = 30 * time.Second

// maxLines is the number of lines of the schedule.
const maxLines = 60

const minimizeHelp = `Find the smallest run that fails as the recording of an ordinary test does, and save it beside the
recording, with .min before the extension, or in the file of --output. Smaller means, in this order: fewer
preemptions, less lateness, fewer other choices that are not the default, fewer decisions. Each step is confirmed
by a strict replay. The test is built as it is now.

reprise test does the same with each finding, see its flag --minimize; the original recording is then beside the
minimal one, with .original before the extension.`

const whyHelp = `Find the turn that decided the failing run of an ordinary test: the run is replayed up to a decision and
continued with other choices, several times. The decision before which few continuations fail, and after which
most do, is found by bisection. The curve shows how many fail, from the first decision to the last. The report says
between which lines the goroutine of that turn stood, what others did meanwhile, and whether the test passes the
other way round.

The recording should be a minimal one, as reprise test and reprise minimize save it. The test is built as it is now.`

// NewMinimize returns the verb that makes a recording smaller.
func NewMinimize() *cobra.Command {
	s := &search{}
	cmd := &cobra.Command{
		Use:     "minimize FILE",
		Example: "  reprise minimize failed.reprise --budget 1m",
		Short:   "Find the smallest run that fails as a recording does",
		Long:    minimizeHelp,
		Args:    verb.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return s.run(cmd, args[0], "minimize", s.minimize) },
	}
	cmd.Flags().DurationVar(&s.budget, "budget", defaultBudget, "real time after which the search ends")
	cmd.Flags().StringVarP(&s.output, "output", "o", "", "the file for the smallest run")
	return cmd
}

// NewWhy returns the verb that explains a recording.
func NewWhy() *cobra.Command {
	s := &search{}
	cmd := &cobra.Command{
		Use:     "why FILE",
		Example: "  reprise why failed.reprise\n  reprise why failed.reprise --json",
		Short:   "Find the turn that decided a failing run",
		Long:    whyHelp,
		Args:    verb.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return s.run(cmd, args[0], "why", s.why) },
	}
	cmd.Flags().DurationVar(&s.budget, "budget", defaultBudget, "real time after which the search ends")
	cmd.Flags().BoolVar(&s.json, "json", false, "print the result as JSON")
	return cmd
}

// run builds the test of a recording and searches among its runs.
func (s *search) run(
	cmd *cobra.Command, path, name string, do func(context.Context, *gotest.Failing) error,
) (err error) {
	s.Streams = verb.StreamsOf(cmd)
	s.Path, s.Name = path, path
	if s.in, err = base.OpenInput(s.Stdin, path, source.Config{}); err != nil {
		return err
	}
	defer s.in.Close()
	switch {
	case !source.Ordinary(s.in.Stream):
		return base.Usage("%s takes the recording of an ordinary test; %s is of a simulated one, which simtest makes "+
			"smaller and explains when it fails", name, path)
	case path == base.Stdio || s.in.Form() != source.Reprise:
		return base.Usage("%s takes a %s file, which is read more than once", name, source.Reprise)
	}
	if _, _, err := gort.Load(path); err != nil {
		return s.in.Bad(err)
	}
	return s.rebuilt(name, func(ctx context.Context, test *gotest.Rebuilt) error {
		failing, err := test.Failing(ctx, path, s.budget)
		if err == nil {
			err = do(ctx, failing)
		}
		var coded *base.ExitError
		if err != nil && !errors.As(err, &coded) {
			err = base.Failed(fmt.Errorf("%s: %w", path, err))
		}
		return err
	})
}

func (s *search) minimize(ctx context.Context, f *gotest.Failing) error {
	to := s.output
	if to == "" {
		to = strings.TrimSuffix(s.Path, testpath.Ext) + ".min" + testpath.Ext
	}
	m, err := f.Minimize(ctx, to, s.in.Identity())
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%d runs:\n", to, m.Describe("decision"), m.Runs)
	for _, p := range m.Passes {
		fmt.Fprintf(&b, "  %-22s %4d tried, %4d kept\n", p.Name, p.Tried, p.Kept)
	}
	return s.print(&b, f, nil)
}

func (s *search) why(ctx context.Context, f *gotest.Failing) error {
	w, err := f.Explain(ctx)
	if err != nil {
		return err
	}
	if s.json {
		x := json.NewEncoder(s.Stdout)
		x.SetIndent("", "  ")
		return base.Written(x.Encode(w))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  continuations that fail, by the number of decisions (%d runs)\n", w.Bars(maxBars), w.Runs)
	for _, sample := range w.Curve {
		low, high := sample.Interval()
		fmt.Fprintf(&b, "  %6d decisions: %2d of %2d, between %3.0f and %3.0f %%\n",
			sample.Decisions, sample.Failed, sample.Of, 100*low, 100*high)
	}
	return s.print(&b, f, w)
}

// maxBars is the width of the curve.
const maxBars = 60

// print prints a text and the run.
func (s *search) print(b *strings.Builder, f *gotest.Failing, w *minimize.Why) error {
	text, err := f.Text(w, maxLines)
	if err == nil {
		_, err = fmt.Fprintf(s.Stdout, "%s\n%s", b, s.shown(text))
	}
	return base.Written(err)
}
