package gotest

import (
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/prose"
)

// How much of what is known of a finding is told, in lines: together a screen.
const (
	maxFailureLines    = 12
	maxScheduleLines   = 12
	maxGoroutineLines  = 10
	maxDifferenceLines = 40
)

// tellFinding prints a finding as a subtest with a result.
func (c *campaign) tellFinding(f *failing, result string) {
	name := c.function + "/" + f.Name
	if f.Like == "" {
		f.describe()
		f.Ran = c.ran
		f.KeepReport()
	}
	c.out.run(name)
	for _, a := range f.Attributes() {
		c.out.attr(name, a.Key, a.Value)
	}
	c.out.log(name, f.Report())
	c.out.end(result, name, 0)
}

// describe fills in what the report has besides the failure.
func (f *failing) describe() {
	o := f.outcome
	f.Failure = prose.Clip(f.Failure, maxFailureLines)
	f.Length, f.Virtual = prose.Count(o.Recording.Decisions(), "decision"), o.Virtual
	switch {
	case !f.Passes:
	case o.Verdict == gort.Limited:
		f.Verb = "was ended"
	default:
		f.Verb = "passes"
	}
	var title string
	f.Confirmed, title = f.shown()
	f.Outside = o.Dependence()
	if f.differs != "" {
		f.Sections = []finding.Section{{Title: title, Text: prose.Clip(f.differs, maxDifferenceLines)}}
		return
	}
	f.Sections = []finding.Section{{Title: title, Text: o.Schedule(maxScheduleLines)}}
	if text := o.Stacks(); text != "" {
		stacks := finding.Section{Title: "goroutines at the end:", Text: prose.Clip(text, maxGoroutineLines)}
		f.Sections = append(f.Sections, stacks)
	}
}

// shown tells what the replays have shown, and what comes next.
func (f *failing) shown() (confirmed, title string) {
	const schedule = "the schedule up to there:"
	switch {
	case f.problem != nil:
		return "it could not be replayed from its trace: " + f.problem.Error(), ""
	case f.Verdict == finding.Unconfirmed && f.outcome.CutOff() && !f.Passes:
		return "a limit has cut the run off; replayed twice as far as it was recorded: the same again", schedule
	case f.Verdict == finding.Unconfirmed:
		return "", schedule
	case f.Class == finding.Nondeterminism:
		return "", "the second run of the seed (actual) against the first (expected):"
	case f.Verdict == finding.Flaky:
		return "replayed from its trace it goes another way: something outside of the control takes part (expected: the\n" +
			"first run, actual: the replay)", ""
	case f.apart:
		return "replayed twice from its trace: the same failure, by other decisions", schedule
	}
	return "replayed twice from its trace: the same again", schedule
}
