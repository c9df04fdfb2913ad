package gotest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
)

// failing is a failing run, or one that has left goroutines behind, and what is known of it.
type failing struct {
	finding.Finding
	outcome *gort.Outcome

	apart   bool   // the replays made other decisions, since some were due to the real clock
	differs string // what a replay, or the second run, does otherwise
	problem error  // why it could not be replayed
}

// examine finds out what is to be told of a run. The first of a signature is saved and replayed.
func (c *campaign) examine(ctx context.Context, a attempt) (*failing, error) {
	o := a.outcome
	f := &failing{Finding: finding.Finding{Name: testpath.Seed(a.seed), Seed: a.seed, Passes: !a.failed}, outcome: o}
	if a.second != nil {
		f.Class, f.Verdict = finding.Nondeterminism, finding.Flaky
		f.Failure = "two runs of one seed differ: something outside of the control takes part"
		f.Signature = finding.Sign(f.Class, c.pkg, c.function) // one a test: where they part is chance
	} else {
		f.Class, f.Failure, f.Signature = o.Class(), o.Failure(), o.Signature()
	}
	if first := c.seen[f.Signature]; first != nil {
		first.Failed++
		f.Like, f.Passes = first.Name, first.Passes
		return f, nil
	}
	c.seen[f.Signature] = f
	f.Failed = 1
	if o.Verdict == gort.Limited {
		var how string
		how, f.Passes = c.withoutControl(ctx, max(c.wall, c.patience)) // a long test may just be one
		f.Note("it was ended under control, " + how)
		if f.Passes { // the trace would be large, and tell that the test is
			f.Verdict, f.Reproduce = finding.Unconfirmed, c.commands(f)
			return f, nil
		}
	}
	if err := c.save(ctx, f); err != nil {
		f.Note(fmt.Sprintf("the trace could not be kept: %v", err))
	}
	var err error
	if a.second != nil {
		f.differs, err = unlike(o, a.second)
	} else {
		err = c.confirm(ctx, f)
	}
	f.Reproduce = c.commands(f)
	return f, err
}

// save writes the trace of a run.
func (c *campaign) save(ctx context.Context, f *failing) error {
	dir := testpath.Artifacts(c.artifacts, c.pkg, c.function)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	id, err := c.identity(c.function, &c.settings, c.args)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, f.Name+testpath.Ext)
	if err := f.outcome.SaveContext(ctx, path, c.function, id); err != nil {
		return err
	}
	f.Trace = path
	return nil
}

// replays is how often a failing run is made again from its trace.
const replays = 2

// confirm makes a failing run again, from the trace file if there is one.
func (c *campaign) confirm(ctx context.Context, f *failing) error {
	choices := f.outcome.Recording.Choices()
	if f.Trace != "" && ctx.Err() == nil {
		loaded, _, err := gort.Load(f.Trace)
		if err != nil { // as of a run that ended before main.main
			f.Verdict, f.problem = finding.Unconfirmed, err
			return nil
		}
		choices = loaded
	}
	control := c.control(f.Seed)
	control.Choices, control.Prefix = choices, f.outcome.CutOff()
	for range replays {
		again, err := c.replays.make(ctx, control)
		if reason := endedEarly(ctx); reason != "" {
			f.Verdict, f.problem = finding.Unconfirmed, errors.New(reason)
			return nil
		}
		if err != nil {
			return err
		}
		if control.Prefix && again.Verdict == gort.Reached {
			f.Verdict = finding.Unconfirmed
			continue
		}
		f.Verdict = finding.Reproduced
		o := f.outcome
		alike := again.Recording.Hash == o.Recording.Hash
		if again.Verdict == o.Verdict && again.Signature() == f.Signature && (alike || o.Forced > 0) {
			f.apart = f.apart || !alike
			continue
		}
		f.Verdict = finding.Flaky
		f.differs, err = unlike(o, again)
		return err
	}
	return nil
}

// endedEarly says why no more runs can be made, "" if they can.
func endedEarly(ctx context.Context) string {
	switch err := ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return "-timeout is over"
	case err != nil:
		return "interrupted"
	}
	return ""
}

// unsure matches what a traceback prints of arguments that are no longer alive: whatever the stack holds.
var unsure = regexp.MustCompile(`0x[0-9a-f]+\?`)

// equal reports whether two runs are equal, also in what they have printed.
func equal(a, b *gort.Outcome) bool {
	return a.Verdict == b.Verdict && a.Recording.Hash == b.Recording.Hash &&
		slices.Equal(a.Recording.Records, b.Recording.Records) &&
		bytes.Equal(unsure.ReplaceAll(a.Output, nil), unsure.ReplaceAll(b.Output, nil))
}

// unlike says in a few lines how two runs differ that should be equal.
func unlike(expected, actual *gort.Outcome) (string, error) {
	d, err := difference(expected, actual)
	switch {
	case err != nil:
		return "", err
	case d != nil:
		return strings.TrimRight(report.Of(d).Text(), "\n"), nil
	case expected.Verdict != actual.Verdict:
		return fmt.Sprintf("the events are the same, but the first run %s, and the second %s", expected.Verdict, actual.Verdict), nil
	}
	return "the events are the same, but not what is printed:\n" + lineUnlike(expected.Output, actual.Output), nil
}

// lineUnlike returns the first lines in which two outputs differ.
func lineUnlike(expected, actual []byte) string {
	a, b := strings.Split(string(expected), "\n"), strings.Split(string(actual), "\n")
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return fmt.Sprintf("line %d is there only the second time: %q", i+1, b[i])
		case i >= len(b):
			return fmt.Sprintf("line %d is there only the first time: %q", i+1, a[i])
		case unsure.ReplaceAllString(a[i], "") != unsure.ReplaceAllString(b[i], ""):
			return fmt.Sprintf("line %d is first  %q\n        and then %q", i+1, a[i], b[i])
		}
	}
	return "nothing but numbers that are not certain"
}

// commands reproduce a finding: by its seed, and by its trace.
func (c *campaign) commands(f *failing) (list []string) {
	s := c.settings
	if f.outcome.Verdict == gort.Leaked && s.leaks == wire.LeaksAuto { // a single seed has no others
		s.leaks = wire.LeaksFail
	}
	s.determinism = f.Class == finding.Nondeterminism
	words := c.command(c.selection, &s, c.args, f.Seed)
	for i, w := range words {
		words[i] = prose.ShellQuote(w)
	}
	list = append(list, strings.Join(words, " "))
	if f.Trace != "" {
		list = append(list, "reprise replay "+prose.ShellQuote(f.Trace))
	}
	return list
}
