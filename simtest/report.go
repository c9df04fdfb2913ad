package simtest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/simsched"
)

// identify determines the class, the text and the signature.
func (f *failing) identify() {
	if f.Found == "" {
		f.Class, f.Parts = class(f.failure)
		f.Signature = finding.Sign(f.Class, f.Parts...)
	}
	f.Telling = headline(f.failure)
	f.Failure = prose.Clip(f.failure.Error(), maxFailureLines)
	if line := panicLine(f.failure); line != "" {
		f.Failure += "\npanicked at " + line
	}
	index := failedAt(f.trace)
	if f.divergence != nil {
		index = f.divergence.Index
	}
	f.Event = strconv.FormatUint(index, 10)
	f.Length = fmt.Sprintf("%d events", f.trace.Len())
	f.Virtual = time.Duration(endTime(f.trace))
}

// tell fails t, which is the test or the subtest of the finding: with one screen of text, after keeping the trace, if
// it is the first of its signature. own is the test itself.
func (f *failing) tell(own, t testing.TB, s *settings) {
	t.Helper()
	if f.Like == "" {
		f.complete(own, t, s)
	}
	for _, a := range f.Attributes() {
		t.Attr(a.Key, a.Value)
	}
	t.Error(f.Report())
}

// complete keeps the trace and fills in what the report says besides the failure.
func (f *failing) complete(own, t testing.TB, s *settings) {
	f.identify() // the second run may know more
	if f.marked {
		f.Note(fmt.Sprintf("the body has marked %s itself as failed: what it logs appears once for each run, "+
			"and no more seeds are run", own.Name()))
	}
	if s.strategyFlag {
		f.flags = fmt.Sprintf(" -%s%s=%s", wire.FlagPrefix, wire.Strategy.Flag, s.strategyName)
	}
	if f.pinned != "" && f.changed == nil {
		f.Trace = f.pinned
	} else if err := f.keep(s.artifactDir(own, t), identity(own, s)); err != nil {
		f.Note(fmt.Sprintf("the trace could not be kept: %v", err))
	}
	if s.update && f.pinned == "" {
		f.Note(f.pin(own))
	}
	f.compare()
	f.commands(own)
	if f.Trace != f.pinned {
		f.KeepReport()
	}
}

// pin keeps a failing run as a pinned trace and returns a line about it.
func (f *failing) pin(own testing.TB) string {
	if f.Trace == "" {
		return "there is no trace to pin"
	}
	path, err := copyPin(own, f.Trace)
	if err != nil {
		return fmt.Sprintf("the trace could not be pinned: %v", err)
	}
	return "pinned as " + path
}

// maxFailureLines is the maximum number of lines of a failure in a report.
const maxFailureLines = 12

// compare sets the result of the second run and the sections of the report.
func (f *failing) compare() {
	switch {
	case f.Verdict == finding.Reproduced:
		f.Confirmed = f.matched()
		schedule := f.witness.schedule(true, f.Turning, storyLines)
		f.Sections = []finding.Section{{Title: "the schedule up to there:", Text: schedule}}
	case f.divergence != nil:
		f.Confirmed = "a second run under the same choices differs: the program does something that is not a\n" +
			"function of them (expected: the first run, actual: the second)"
		f.Sections = []finding.Section{{Text: report.Of(f.divergence).Text()}}
	case f.problem != nil:
		f.Confirmed = fmt.Sprintf("it could not be run again from its trace: %v", f.problem)
	case f.second != nil:
		f.Confirmed = fmt.Sprintf("run again from its trace: all %d events match, but it fails another way:", f.trace.Len())
		f.Sections = []finding.Section{{Text: prose.Clip(f.second.Error(), maxFailureLines)}}
	case f.witness != nil:
		f.Confirmed = fmt.Sprintf("run again from its trace: all %d events match, but it passes", f.trace.Len())
	}
}

// matched describes a second run, or a pinned trace, that matched the failing run.
func (f *failing) matched() string {
	switch {
	case f.changed != nil:
		return "the pinned recording " + f.showed.Text() + "\nthe program has changed since, first at " + f.changed.Summary()
	case f.pinned != "":
		return "the pinned recording " + f.showed.Text()
	}
	if errors.Is(f.failure, errMarked) {
		return fmt.Sprintf("run again from its trace: all %d events match; a test cannot be marked twice", f.trace.Len())
	}
	return fmt.Sprintf("run again from its trace: all %d events match, and it fails the same way", f.trace.Len())
}

// commands fills in how to reproduce the finding, by its seed and by its trace, and how to pin it.
func (f *failing) commands(own testing.TB) {
	_, subtests := own.(*testing.T)
	pkg := prose.ShellQuote(packagePath())
	isSeed := f.Name == testpath.Seed(f.Seed)
	switch {
	case (isSeed || f.pinned != "") && subtests:
		f.Reproduce = append(f.Reproduce, fmt.Sprintf("go test -count=1 -run %s %s%s",
			prose.ShellQuote(testpath.Pattern(own.Name(), f.Name)), pkg, f.flags))
	case isSeed:
		f.Reproduce = append(f.Reproduce, fmt.Sprintf("go test -count=1 -run %s %s -%s=0x%016x%s",
			prose.ShellQuote(testpath.Pattern(own.Name())), pkg, wire.FlagPrefix+wire.Seed.Flag, f.Seed, f.flags))
	}
	if f.Trace != "" && f.Trace != f.pinned {
		f.Reproduce = append(f.Reproduce, fmt.Sprintf("go test -count=1 -run %s %s -%s=%s",
			prose.ShellQuote(testpath.Pattern(testName(own))), pkg, wire.FlagPrefix+wire.Trace.Flag, prose.ShellQuote(f.Trace)))
	}
	if f.Trace != "" && f.pinned == "" {
		f.Pin = "reprise pin " + prose.ShellQuote(f.Trace)
	}
}

// panicLine returns the line of the program at which a failing task panicked, or "" if it is unknown.
func panicLine(err error) string {
	var p *simsched.PanicError
	if !errors.As(err, &p) {
		return ""
	}
	stack := string(p.Stack)
	start := strings.LastIndex(stack, "\npanic(") // further up are the panics by which regions pass it on
	if start < 0 {
		return ""
	}
	lines := strings.Split(stack[start+1:], "\n")
	for i := 2; i+1 < len(lines); i += 2 { // a frame has two lines: the function, and the place
		if !strings.HasPrefix(lines[i], "runtime.") {
			place, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " ")
			return place[strings.LastIndexByte(place, '/')+1:]
		}
	}
	return ""
}
