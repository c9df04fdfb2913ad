package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/gotest"
	front "github.com/reprise-go/reprise/internal/replay"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/source"
)

// search is one run of minimize or of why.
type search struct {
	replay
	how front.Search
}

// defaultBudget is the real time that minimize and why take at most.
const defaultBudget = 30 * time.Second

const minimizeHelp = `Find the smallest run that fails as the recording of a test does, an ordinary one or one of package simtest,
and save it beside the recording, with .min before the extension, or in the file of --output. Smaller means, in this
order: fewer preemptions, less lateness, fewer other choices that are not the default, fewer decisions. Each step is
confirmed by a strict replay. What decided the run is found too, as by reprise why, and stored in the file, where view,
step and debug find it. The test is built as it is now.

reprise test and package simtest do the same with each finding, see the flag --minimize; the original recording is then
beside the minimal one, with .original before the extension.`

const whyHelp = `Find the turn that decided the failing run of a test, an ordinary one or one of package simtest: the run is
replayed up to a decision and continued with other choices, several times. The decision before which few
continuations fail, and after which most do, is found by bisection. The curve shows how many fail, from the first
decision to the last. The report says between which lines the goroutine or task of that turn stood, what others did
meanwhile, and whether the test passes without each deviation from the default schedule.

The recording should be a minimal one, as reprise test, package simtest and reprise minimize save it. The test is built
as it is now.`

// NewMinimize returns the verb that makes a recording smaller.
func NewMinimize() *cobra.Command {
	s := &search{}
	cmd := &cobra.Command{
		Use:     "minimize FILE",
		Example: "  reprise minimize failed.reprise --budget 1m",
		Short:   "Find the smallest run that fails as a recording does",
		Long:    minimizeHelp,
		Args:    verb.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return s.run(cmd, args[0], "minimize") },
	}
	cmd.Flags().DurationVar(&s.how.Budget, "budget", defaultBudget, "real time after which the search ends")
	cmd.Flags().StringVarP(&s.how.Output, "output", "o", "", "the file for the smallest run")
	defineGiven(cmd, &s.given)
	return cmd
}

// NewWhy returns the verb that explains a recording.
func NewWhy() *cobra.Command {
	s := &search{how: front.Search{Why: true}}
	cmd := &cobra.Command{
		Use:     "why FILE",
		Example: "  reprise why failed.reprise\n  reprise why failed.reprise --json",
		Short:   "Find the turn that decided a failing run",
		Long:    whyHelp,
		Args:    verb.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return s.run(cmd, args[0], "why") },
	}
	cmd.Flags().DurationVar(&s.how.Budget, "budget", defaultBudget, "real time after which the search ends")
	cmd.Flags().BoolVar(&s.how.JSON, "json", false, "print the result as JSON")
	defineGiven(cmd, &s.given)
	return cmd
}

// run builds the test of a recording and searches among its runs.
func (s *search) run(cmd *cobra.Command, path, name string) (err error) {
	s.Streams = verb.StreamsOf(cmd)
	s.Path, s.Name, s.Format = path, path, "text"
	if s.how.Output == "" {
		s.how.Output = strings.TrimSuffix(path, testpath.Ext) + ".min" + testpath.Ext
	}
	if s.in, err = base.OpenInput(s.Stdin, path, source.Config{}); err != nil {
		return err
	}
	defer s.in.Close()
	if path == base.Stdio || s.in.Form() != source.Reprise {
		return base.Usage("%s takes a %s file, which is read more than once", name, source.Reprise)
	}
	var report bytes.Buffer
	out := s.Stdout
	s.Stdout = &report
	if source.Ordinary(s.in.Stream) {
		err = s.ofOrdinaryTest(name)
	} else {
		err = s.ofSimulatedTest(name)
	}
	if err != nil {
		return err
	}
	text := report.String()
	if !s.how.Why {
		text = s.how.Output + "\n" + text
	}
	_, err = io.WriteString(out, text)
	return base.Written(err)
}

// ofOrdinaryTest searches among the runs of an ordinary test.
func (s *search) ofOrdinaryTest(name string) error {
	if _, _, err := gort.Load(s.Path); err != nil {
		return s.in.Bad(err)
	}
	return s.rebuilt(name, func(ctx context.Context, test *gotest.Rebuilt) error {
		failing, err := test.Failing(ctx, s.Path, s.in.Identity(), s.how.Budget)
		if err == nil {
			err = s.how.Run(ctx, failing, s.Stdout)
		}
		var coded *base.ExitError
		if err != nil && !errors.As(err, &coded) {
			for _, note := range test.Notes {
				err = fmt.Errorf("%w; %s", err, note)
			}
			err = base.Failed(fmt.Errorf("%s: %w", s.Path, err))
		}
		return err
	})
}

// ofSimulatedTest has the binary of a test of package simtest search among its runs.
func (s *search) ofSimulatedTest(name string) error {
	how := s.how
	var err error
	if how.Output, err = filepath.Abs(how.Output); err != nil {
		return base.Failed(err)
	}
	s.search = &how
	known, err := s.simulated()
	if !known {
		return base.Usage("%s takes the recording of a test, which names the test; %s does not", name, s.Path)
	}
	return err
}
