package ordinary

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
)

// verdict is what the replays of a failing run have shown.
type verdict string

// The verdicts.
const (
	reproduced  verdict = "reproduced"  // they fail in the same way
	flaky       verdict = "flaky"       // they do not
	unconfirmed verdict = "unconfirmed" // there can be none, or none is needed
)

// classNondeterminism is the class of runs of one seed that differ; the others are those of package gort.
const classNondeterminism = "nondeterminism"

// finding is a failing run, or one that has left goroutines behind, and what is known of it.
type finding struct {
	name      string // such as seed=0x00000000000004d2
	seed      uint64
	outcome   *gort.Outcome
	passes    bool // it is not taken for a failure, only told of
	class     string
	failure   string
	signature string
	like      string // the name of an earlier one of the same signature, of which all is told; "" if this is the first

	verdict   verdict
	apart     bool   // the replays made other decisions, since some were due to the real clock
	differs   string // what a replay, or the second run, does otherwise
	problem   error  // why it could not be replayed
	notes     []string
	file      string // the trace, "" if it could not be written
	reproduce []string
}

// headline is the most telling line of a failure.
func (f *finding) headline() string {
	line, _, _ := strings.Cut(strings.TrimLeft(f.failure, "\n"), "\n")
	return oneLine(strings.TrimSpace(line))
}

// examine finds out what is to be told of a run. The first of a signature is saved and replayed.
func (c *campaign) examine(ctx context.Context, a attempt) (*finding, error) {
	o := a.outcome
	f := &finding{name: testpath.Seed(a.seed), seed: a.seed, outcome: o, passes: !a.failed}
	if a.second != nil {
		f.class, f.failure, f.verdict = classNondeterminism, "two runs of one seed differ: something outside of the control takes part", flaky
		f.signature = c.signature(classNondeterminism) // one a test: where they part is chance
	} else {
		f.class, f.failure, f.signature = o.Class(), o.Failure(), o.Signature()
	}
	if first := c.seen[f.signature]; first != nil {
		f.like, f.passes = first.name, first.passes
		return f, nil
	}
	c.seen[f.signature] = f
	if o.Verdict == gort.Limited {
		var how string
		how, f.passes = c.withoutControl(ctx, max(c.wall, c.patience)) // a long test may just be one
		f.notes = append(f.notes, "it was ended under control, "+how)
		if f.passes { // the trace would be large, and tell that the test is
			f.verdict, f.reproduce = unconfirmed, c.commands(f)
			return f, nil
		}
	}
	if err := c.save(f); err != nil {
		f.notes = append(f.notes, fmt.Sprintf("the trace could not be kept: %v", err))
	}
	var err error
	if a.second != nil {
		f.differs, err = unlike(o, a.second)
	} else {
		err = c.confirm(ctx, f)
	}
	f.reproduce = c.commands(f)
	return f, err
}

// signature returns the signature of what is of a class and happens in this test function.
func (c *campaign) signature(class string) string {
	h := fnv.New64a()
	_, _ = io.WriteString(h, class+" "+c.pkg+" "+c.function) // a hash never fails
	return fmt.Sprintf("%016x", h.Sum64())
}

// save writes the trace of a run.
func (c *campaign) save(f *finding) error {
	dir := testpath.Artifacts(c.artifacts, c.pkg, c.function)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	id, err := c.identity(c.function, &c.settings, c.args)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, f.name+testpath.Ext)
	if err := f.outcome.Save(path, c.function, id); err != nil {
		return err
	}
	f.file = path
	return nil
}

// replays is how often a failing run is made again from its trace.
const replays = 2

// confirm makes a failing run again, from the trace file if there is one.
func (c *campaign) confirm(ctx context.Context, f *finding) error {
	choices := f.outcome.Recording.Choices()
	if f.file != "" {
		loaded, _, err := gort.Load(f.file)
		if err != nil { // as of a run that ended before main.main
			f.verdict, f.problem = unconfirmed, err
			return nil
		}
		choices = loaded
	}
	control := c.control(f.seed)
	control.Choices = choices
	for range replays {
		again, err := c.replays.make(ctx, control)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			f.verdict, f.problem = unconfirmed, errors.New("-timeout is over")
			return nil
		}
		if err != nil {
			return err
		}
		f.verdict = reproduced
		o := f.outcome
		alike := again.Recording.Hash == o.Recording.Hash
		if again.Verdict == o.Verdict && again.Signature() == f.signature && (alike || o.Forced > 0) {
			f.apart = f.apart || !alike
			continue
		}
		f.verdict = flaky
		f.differs, err = unlike(o, again)
		return err
	}
	return nil
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
func (c *campaign) commands(f *finding) (list []string) {
	s := c.settings
	if f.outcome.Verdict == gort.Leaked && s.leaks == wire.LeaksAuto { // a single seed has no others
		s.leaks = wire.LeaksFail
	}
	s.determinism = f.class == classNondeterminism
	words := c.command(c.selection, &s, c.args, f.seed)
	for i, w := range words {
		words[i] = prose.ShellQuote(w)
	}
	list = append(list, strings.Join(words, " "))
	if f.file != "" {
		list = append(list, "reprise replay "+prose.ShellQuote(f.file))
	}
	return list
}
