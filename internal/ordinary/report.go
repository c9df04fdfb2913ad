package ordinary

import (
	"fmt"
	"os"
	"strings"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
)

// How much of what is known of a finding is told, in lines: together a screen.
const (
	maxFailureLines    = 12
	maxScheduleLines   = 12
	maxGoroutineLines  = 10
	maxDifferenceLines = 40
)

// tellFinding prints a finding as a subtest with a result.
func (c *campaign) tellFinding(f *finding, result string) {
	name := c.function + "/" + f.name
	text := fmt.Sprintf("%s fails as %s does, signature %s: %s", f.name, f.like, f.signature, f.headline())
	if f.like == "" {
		text = f.text()
		if err := f.keepReport(text); err != nil {
			f.notes = append(f.notes, fmt.Sprintf("the report could not be kept: %v", err))
			text = f.text()
		}
	}
	c.out.run(name)
	for _, a := range [][2]string{
		{wire.AttrSeed.Name, fmt.Sprintf("0x%016x", f.seed)},
		{wire.AttrSignature.Name, f.signature},
		{wire.AttrVerdict.Name, string(f.verdict)},
		{wire.AttrClass.Name, f.class},
		{wire.AttrFailure.Name, f.headline()},
		{wire.AttrTrace.Name, f.file},
		{wire.AttrReproduce.Name, strings.Join(f.reproduce[:min(1, len(f.reproduce))], "")},
	} {
		if a[1] != "" {
			c.out.attr(name, a[0], a[1])
		}
	}
	c.out.log(name, text)
	c.out.end(result, name, 0)
}

// keepReport writes the report beside the trace.
func (f *finding) keepReport(text string) error {
	if f.file == "" {
		return nil
	}
	return os.WriteFile(strings.TrimSuffix(f.file, testpath.Ext)+".txt", []byte(text), 0o600)
}

// text is the report.
func (f *finding) text() string {
	var b strings.Builder
	class := f.class
	if f.verdict == flaky && class != classNondeterminism {
		class = "flaky, " + class
	}
	o := f.outcome
	fmt.Fprintf(&b, "%s %s (%s) after %s, at %v of virtual time:\n", f.name, f.verb(), class,
		prose.Count(o.Recording.Decisions(), "decision"), o.Virtual)
	b.WriteString(prose.Indent(prose.Clip(f.failure, maxFailureLines)) + "\n")
	f.writeVerdict(&b)
	if text := o.Dependence(); text != "" {
		b.WriteString(strings.TrimRight(text, "\n") + "\n")
	}
	for _, n := range f.notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	fmt.Fprintf(&b, "signature %s\n\n", f.signature)
	for i, c := range f.reproduce {
		label := "to reproduce: "
		if i > 0 {
			label = "          or: "
		}
		b.WriteString(label + c + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// verb is what the run does.
func (f *finding) verb() string {
	switch {
	case !f.passes:
		return "fails"
	case f.outcome.Verdict == gort.Limited:
		return "was ended"
	}
	return "passes"
}

// writeVerdict tells what the replays have shown, and the schedule.
func (f *finding) writeVerdict(b *strings.Builder) {
	switch {
	case f.problem != nil:
		fmt.Fprintf(b, "it could not be replayed from its trace: %v\n", f.problem)
	case f.verdict == unconfirmed:
		b.WriteString("the schedule up to there:\n")
	case f.class == classNondeterminism:
		b.WriteString("the second run of the seed (actual) against the first (expected):\n")
	case f.verdict == flaky:
		b.WriteString("replayed from its trace it goes another way: something outside of the control takes part (expected: the\n" +
			"first run, actual: the replay)\n")
	case f.apart:
		b.WriteString("replayed twice from its trace: the same failure, by other decisions; the schedule up to there:\n")
	default:
		b.WriteString("replayed twice from its trace: the same again; the schedule up to there:\n")
	}
	if f.differs != "" {
		b.WriteString(prose.Indent(prose.Clip(f.differs, maxDifferenceLines)) + "\n")
		return
	}
	if text := f.outcome.Schedule(maxScheduleLines); text != "" {
		b.WriteString(prose.Indent(strings.TrimRight(text, "\n")) + "\n")
	}
	if text := f.outcome.Stacks(); text != "" {
		b.WriteString("goroutines at the end:\n" + prose.Indent(prose.Clip(text, maxGoroutineLines)) + "\n")
	}
}
