package gotest

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/story"
	"github.com/reprise-go/reprise/internal/wire"
)

// The maximum numbers of lines of the parts of a report, which together fill a screen.
const (
	maxFailureLines    = 12
	maxScheduleLines   = 24
	maxGoroutineLines  = 40
	maxOutputLines     = 12
	maxDifferenceLines = 40
)

// tellFinding prints a finding as a subtest with a result.
func (c *search) tellFinding(r *explore.Run, result string) {
	f := r.Finding
	name := c.owner(r) + "/" + f.Name
	pin := c.pinOf(r)
	if f.Like == "" {
		if r != c.disturbed && pin == nil { // a disturbed run cannot be replayed alone
			f.Reproduce = c.commands(r)
			f.Pin = c.pinCommand(f)
		}
		describe(r)
		if pin == nil {
			f.KeepReport()
		}
	}
	c.out.run(name)
	if pin != nil {
		c.out.attr(name, wire.AttrPin.Name, pin.result.String())
	}
	for _, a := range f.Attributes() {
		c.out.attr(name, a.Key, a.Value)
	}
	c.out.log(name, f.Report())
	c.out.end(result, name, 0)
}

// describe fills in the parts of the report other than the failure.
func describe(r *explore.Run) {
	f, o := r.Finding, detailOf(r).Outcome
	f.Failure = prose.Clip(f.Failure, maxFailureLines)
	f.Length, f.Virtual = prose.Count(o.Recording.Decisions(), "decision"), o.Virtual
	if o.CutOff() {
		f.Length = prose.Count(int(o.Recording.Steps), "decision")
	}
	switch {
	case !f.Passes, f.Verb != "", f.Class == finding.Timing:
	case o.Verdict == gort.Limited, o.Verdict == gort.TimedOut:
		f.Verb = "was ended"
	case o.Verdict == gort.Leaked:
		f.Verb = "passes"
	}
	var title string
	f.Confirmed, title = shown(r)
	f.Outside = o.Dependence()
	if r.Differs != "" {
		f.Sections = []finding.Section{{Title: title, Text: prose.Clip(r.Differs, maxDifferenceLines)}}
		return
	}
	run, err := story.Of(o)
	if err != nil {
		f.Sections = []finding.Section{{Title: title, Text: "it cannot be told: " + err.Error()}}
		return
	}
	run.SourceLine, run.Turning = newSources(o).line, f.Turning
	f.Sections = []finding.Section{{Title: title, Text: run.Schedule(maxScheduleLines)}}
	if text := said(o.Output, f.Failure); text != "" {
		f.Sections = append(f.Sections, finding.Section{Title: "the test printed:", Text: text})
	}
	if text := run.Stacks(); text != "" {
		stacks := finding.Section{Title: "goroutines at the end:", Text: prose.Clip(text, maxGoroutineLines)}
		f.Sections = append(f.Sections, stacks)
		if slices.Contains([]string{"deadlock", "leak"}, f.Class) { // the stacks say the rest
			f.Failure, _, _ = strings.Cut(f.Failure, "\n")
		}
	}
}

// shown describes the result of the replays, and the next steps.
func shown(r *explore.Run) (confirmed, title string) {
	schedule, f, o := "the schedule up to there:", r.Finding, detailOf(r).Outcome
	if o.Verdict == gort.Limited || o.Verdict == gort.TimedOut {
		schedule = "the schedule:" // of the start, if it is long
	}
	switch {
	case f.Confirmed != "":
		return f.Confirmed, schedule
	case r.Problem != nil:
		return "it could not be replayed from its trace: " + problem(r.Problem), ""
	case f.Verdict == finding.Unconfirmed && o.CutOff() && !f.Passes:
		return "a limit has cut the run off; replayed twice as far as it was recorded: the same again", schedule
	case f.Verdict == finding.Unconfirmed:
		return "", schedule
	case f.Class == finding.Nondeterminism:
		return "", "the second run of the seed (actual) against the first (expected):"
	case f.Verdict == finding.Flaky:
		return "replayed from its trace, alone, it goes another way: something outside of the control takes part\n" +
			"(expected: the first run, actual: the replay)", ""
	case r.Apart:
		return "replayed twice from its trace: the same failure, by other decisions", schedule
	}
	return "replayed twice from its trace: the same again", schedule
}

// problem returns the reason for which a run could not be replayed.
func problem(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "-timeout is over"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	return err.Error()
}

// commands returns the commands that reproduce a finding, by its seed and by its trace.
func (c *search) commands(r *explore.Run) (list []string) {
	s := c.settings
	s.determinism = r.Finding.Class == finding.Nondeterminism
	words := c.command(c.selection, &s, c.args, r)
	for i, w := range words {
		words[i] = prose.ShellQuote(w)
	}
	list = append(list, strings.Join(words, " "))
	if r.Finding.Trace != "" {
		file := prose.ShellQuote(r.Finding.Trace) + c.trusted()
		list = append(list, "reprise replay "+file)
		if r.Finding.Why != "" {
			r.Finding.Explain = "reprise why " + file
		}
	}
	return list
}

// trusted returns the flags that give a replay what it does not take from a file, see Origin.Refused, each with a space
// before it.
func (c *search) trusted() (text string) {
	_, flags := sift(c.flags, buildFlags)
	_, args := sift(c.args, testFlags)
	for _, f := range flags {
		text += " --build " + prose.ShellQuote(f)
	}
	for _, a := range args {
		text += " --arg " + prose.ShellQuote(a)
	}
	return text
}

// pinCommand returns the command that pins the recording of a finding, "" if it cannot be replayed.
func (c *search) pinCommand(f *finding.Finding) string {
	if f.Trace == "" || f.Passes || f.Verdict != finding.Reproduced {
		return ""
	}
	return "reprise pin " + prose.ShellQuote(f.Trace)
}
