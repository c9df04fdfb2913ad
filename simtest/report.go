package simtest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/simsched"
)

// report fails t, which is the test or the subtest of the finding, with one screen of text, after keeping the trace.
// own is the test itself.
func (f *finding) report(own, t testing.TB, s *settings) {
	t.Helper()
	if f.pinned != "" && f.changed == nil {
		f.file = f.pinned
	} else if err := f.keep(s.artifactDir(own, t), identity(own, s)); err != nil {
		f.notes = append(f.notes, fmt.Sprintf("the trace could not be kept: %v", err))
	}
	if s.update && f.pinned == "" {
		f.notes = append(f.notes, f.pin(own))
	}
	text := f.text(own)
	if f.file != "" && f.file != f.pinned {
		if err := f.keepReport(text); err != nil {
			f.notes = append(f.notes, fmt.Sprintf("the report could not be kept: %v", err))
			text = f.text(own)
		}
	}
	f.attributes(t)
	t.Error(text)
}

// pin keeps a failing run as a pinned trace and tells so.
func (f *finding) pin(own testing.TB) string {
	if f.file == "" {
		return "there is no trace to pin"
	}
	path, err := copyPin(own, f.file)
	if err != nil {
		return fmt.Sprintf("the trace could not be pinned: %v", err)
	}
	return "pinned as " + path
}

// attributes gives machines what the report says.
func (f *finding) attributes(t testing.TB) {
	name, _ := class(f.failure)
	index := failedAt(f.trace)
	if f.divergence != nil {
		index = f.divergence.Index
	}
	for _, a := range [][2]string{
		{wire.AttrSeed.Name, fmt.Sprintf("0x%016x", f.seed)},
		{wire.AttrEvent.Name, fmt.Sprint(index)},
		{wire.AttrSignature.Name, signature(f.failure)},
		{wire.AttrVerdict.Name, string(f.verdict)},
		{wire.AttrClass.Name, name},
		{wire.AttrFailure.Name, headline(f.failure)},
		{wire.AttrTrace.Name, f.file},
		{wire.AttrReproduce.Name, strings.Join(f.reproduce[:min(1, len(f.reproduce))], "")},
	} {
		if a[1] != "" {
			t.Attr(a[0], a[1])
		}
	}
}

// maxFailureLines is how much of a failure is told.
const maxFailureLines = 12

// text is the report.
func (f *finding) text(own testing.TB) string {
	f.reproduce = f.commands(own)
	var b strings.Builder
	name, _ := class(f.failure)
	if f.verdict == flaky {
		name = "flaky, " + name
	}
	fmt.Fprintf(&b, "%s fails (%s) after %d events, at %v of virtual time:\n", f.name, name, f.trace.Len(), time.Duration(endTime(f.trace)))
	b.WriteString(prose.Indent(prose.Clip(f.failure.Error(), maxFailureLines)) + "\n")
	if line := panicLine(f.failure); line != "" {
		fmt.Fprintf(&b, "  panicked at %s\n", line)
	}
	f.writeVerdict(&b)
	for _, n := range f.notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	fmt.Fprintf(&b, "signature %s\n\n", signature(f.failure))
	for i, c := range f.reproduce {
		label := "to reproduce: "
		if i > 0 {
			label = "          or: "
		}
		b.WriteString(label + c + "\n")
	}
	if f.file != "" && f.pinned == "" && !f.input {
		fmt.Fprintf(&b, "      to pin: reprise pin %s\n", prose.ShellQuote(f.file))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// writeVerdict tells what the second run has shown.
func (f *finding) writeVerdict(b *strings.Builder) {
	switch {
	case f.verdict == reproduced:
		fmt.Fprintf(b, "%s; %s\n", f.matched(), f.witness.last())
		for _, line := range f.witness.tail {
			b.WriteString("  " + line + "\n")
		}
	case f.divergence != nil:
		b.WriteString("a second run under the same choices goes another way: the program does something that is no\n" +
			"function of them (expected: the first run, actual: the second)\n")
		b.WriteString(prose.Indent(strings.TrimRight(report.Of(f.divergence).Text(), "\n")) + "\n")
	case f.problem != nil:
		fmt.Fprintf(b, "it could not be run again from its trace: %v\n", f.problem)
	case f.second != nil:
		fmt.Fprintf(b, "run again from its trace: all %d events match, but it fails another way:\n%s\n", f.trace.Len(),
			prose.Indent(prose.Clip(f.second.Error(), maxFailureLines)))
	case f.witness != nil:
		fmt.Fprintf(b, "run again from its trace: all %d events match, but it passes\n", f.trace.Len())
	}
}

// matched tells how the second run, or the pinned trace, and the failing run compare.
func (f *finding) matched() string {
	switch {
	case f.changed != nil:
		return "the program has changed since the trace was pinned, first at " + f.changed.Summary()
	case f.pinned != "":
		return fmt.Sprintf("all %d events of the pinned trace match", f.trace.Len())
	}
	if errors.Is(f.failure, errMarked) {
		return fmt.Sprintf("run again from its trace: all %d events match; a test cannot be marked twice", f.trace.Len())
	}
	return fmt.Sprintf("run again from its trace: all %d events match, and it fails the same way", f.trace.Len())
}

// commands reproduce the finding: by its seed, and by its trace.
func (f *finding) commands(own testing.TB) (list []string) {
	_, subtests := own.(*testing.T)
	pkg := prose.ShellQuote(packagePath())
	isSeed := f.name == testpath.Seed(f.seed)
	switch {
	case (isSeed || f.pinned != "") && subtests:
		list = append(list, fmt.Sprintf("go test -count=1 -run %s %s", prose.ShellQuote(testpath.Pattern(own.Name(), f.name)), pkg))
	case isSeed:
		list = append(list, fmt.Sprintf("go test -count=1 -run %s %s -%s=0x%016x",
			prose.ShellQuote(testpath.Pattern(own.Name())), pkg, wire.FlagPrefix+wire.Seed.Flag, f.seed))
	}
	if f.file != "" && f.file != f.pinned {
		list = append(list, fmt.Sprintf("go test -count=1 -run %s %s -%s=%s",
			prose.ShellQuote(testpath.Pattern(testName(own))), pkg, wire.FlagPrefix+wire.Trace.Flag, prose.ShellQuote(f.file)))
	}
	return list
}

// panicLine is where in the program a failing task panicked, "" if that is not known.
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
