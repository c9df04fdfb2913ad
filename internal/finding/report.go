package finding

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/testpath"
)

// Report returns what a test prints about the finding: a screen of text for the first of a signature, a line for
// others. There is no newline at the end.
func (f *Finding) Report() string {
	if f.Text != "" {
		return f.Text
	}
	if f.Like != "" {
		return fmt.Sprintf("%s fails as %s does, signature %s: %s", f.Name, f.Like, f.Signature, f.Headline())
	}
	var b strings.Builder
	class := f.Class
	if f.Verdict == Flaky && class != Nondeterminism {
		class = "flaky, " + class
	}
	b.WriteString(strings.TrimRight(f.Failure, "\n") + "\n")
	fmt.Fprintf(&b, "  %s %s (%s) after %s, at %v of virtual time%s\n", f.Name, cmp.Or(f.Verb, "fails"), class, f.Length,
		f.Virtual, f.often())
	if f.Minimal != "" {
		b.WriteString("  " + f.Minimal + "\n")
	}
	if f.Why != "" {
		b.WriteString("\n" + f.Why + "\n\n")
	}
	f.writeSections(&b)
	if f.Outside != "" {
		b.WriteString(strings.TrimRight(f.Outside, "\n") + "\n")
	}
	for _, n := range f.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	fmt.Fprintf(&b, "signature %s\n\n", f.Signature)
	f.writeCommands(&b)
	return strings.TrimSuffix(b.String(), "\n")
}

// often says how many of the runs of the test fail in this way, "" if that is not known or there was one run.
func (f *Finding) often() string {
	if f.Ran < 2 {
		return ""
	}
	return fmt.Sprintf("; %d of %s", f.Failed, prose.Count(f.Ran, "run"))
}

// writeSections writes what the replays showed and the sections. The title of the first section goes on in the line of
// what the replays showed.
func (f *Finding) writeSections(b *strings.Builder) {
	line := f.Confirmed
	for i, s := range f.Sections {
		switch {
		case i > 0:
			line = s.Title
		case line != "" && s.Title != "":
			line += "; " + s.Title
		default:
			line += s.Title
		}
		if line != "" {
			b.WriteString(line + "\n")
		}
		if text := strings.TrimRight(s.Text, "\n"); text != "" {
			b.WriteString(prose.Indent(text) + "\n")
		}
		line = ""
	}
	if line != "" {
		b.WriteString(line + "\n")
	}
}

// writeCommands writes the commands of the report.
func (f *Finding) writeCommands(b *strings.Builder) {
	for i, c := range f.Reproduce {
		label := "to reproduce: "
		if i > 0 {
			label = "          or: "
		}
		b.WriteString(label + c + "\n")
	}
	if f.Explain != "" {
		b.WriteString("         why: " + f.Explain + "\n")
	}
	if f.Pin != "" {
		b.WriteString("      to pin: " + f.Pin + "\n")
	}
}

// KeepReport writes the report to a file beside the trace, if there is one.
func (f *Finding) KeepReport() {
	if f.Trace == "" {
		return
	}
	path := strings.TrimSuffix(f.Trace, testpath.Ext) + ".txt"
	if err := os.WriteFile(path, []byte(f.Report()), 0o600); err != nil {
		f.Note(fmt.Sprintf("the report could not be kept: %v", err))
	}
}

// Entry returns the finding as an entry of a list: its headline after a label, its summary and its report. It ends in a
// newline.
func (f *Finding) Entry(label string) string {
	report := strings.TrimRight(f.Report(), "\n")
	if first, rest, more := strings.Cut(report, "\n"); more && strings.TrimSpace(first) == f.Headline() {
		report = rest
	}
	return fmt.Sprintf("%s %s\n   %s\n%s\n", label, f.Headline(), f.Summary(), report)
}

// Summary returns a line with the class, the verdict, the signature and the test of the finding, and how many others
// there are.
func (f *Finding) Summary() string {
	return fmt.Sprintf("%s, %s, signature %s, in %s %s%s", f.Class, f.Verdict, f.Signature, f.Package, f.Test,
		f.others(func(test string) string { return test }))
}

// others states how many further runs failed with the signature, of which tests if there are several, and the number of
// runs. quote formats the name of a test.
func (f *Finding) others(quote func(string) string) (text string) {
	if len(f.Also) > 0 {
		text = fmt.Sprintf(", and %d more", len(f.Also)) + f.inTests(quote)
	}
	if f.Ran > 1 {
		text += fmt.Sprintf("; in %d of %s", f.Failed, prose.Count(f.Ran, "run"))
	}
	return text
}

// namedTests is the maximum number of tests that a summary names.
const namedTests = 3

// inTests names the tests that failed with the signature, or returns "" if there is only one. A test of another package
// is named with its package.
func (f *Finding) inTests(quote func(string) string) string {
	var tests []string
	for _, name := range append([]string{f.Package + " " + f.Test}, f.Also...) {
		if name = strings.TrimPrefix(withoutRun(name), f.Package+" "); !slices.Contains(tests, quote(name)) {
			tests = append(tests, quote(name))
		}
	}
	switch n := len(tests); {
	case n < 2:
		return ""
	case n <= namedTests:
		return " in " + strings.Join(tests[:n-1], ", ") + " and " + tests[n-1]
	default:
		return fmt.Sprintf(" in %d tests, such as %s", n, strings.Join(tests[:namedTests], ", "))
	}
}

// withoutRun returns the name of the test to which the subtest of a seed or of a pinned trace belongs.
func withoutRun(name string) string {
	i := max(strings.LastIndex(name, "/seed=0x"), strings.LastIndex(name, "/pin="))
	if i < 0 {
		return name
	}
	return name[:i]
}
