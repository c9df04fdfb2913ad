package results

import (
	"fmt"
	"io"
	"strings"

	"github.com/reprise-go/reprise/internal/prose"
)

// Text writes the report for people. The reports of new findings are whole; those of known ones are a few lines.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	for i, f := range r.Findings {
		label := fmt.Sprintf("%d. [%s]", i+1, f.State)
		if f.State == New {
			b.WriteString(f.Entry(label))
		} else {
			fmt.Fprintf(&b, "%s %s\n   %s\n", label, f.Headline(), f.Summary())
		}
		b.WriteString(f.more() + "\n")
	}
	for _, t := range r.Broken() {
		fmt.Fprintf(&b, "FAIL %s %s, without a finding\n", t.Package, t.Test)
	}
	if rates := r.rates(); len(rates) > 0 {
		b.WriteString("failure rates, now and in earlier reports, the latest first:\n")
		for _, t := range rates {
			fmt.Fprintf(&b, "  %s %s  %s\n", t.Package, t.Test, strings.Join(t.rates(), ", "))
		}
		b.WriteString("\n")
	}
	b.WriteString(r.Summary() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// more returns lines about the place, the age and the recording of a finding, each with a newline.
func (f *Finding) more() string {
	var b strings.Builder
	if f.File != "" {
		fmt.Fprintf(&b, "   at %s:%d\n", f.File, f.Line)
	}
	if !f.Since.IsZero() && f.State != New {
		fmt.Fprintf(&b, "   since %s\n", f.Since.UTC().Format("2006-01-02 15:04"))
	}
	if c := f.Command(); c != "" && f.State != New {
		fmt.Fprintf(&b, "   to reproduce: %s\n", c)
	}
	if f.Trace != "" {
		fmt.Fprintf(&b, "   recording: %s\n", f.Trace)
	}
	return b.String()
}

// rates returns the tests that fail or have failed.
func (r *Report) rates() (list []*Test) {
	for _, t := range r.Tests {
		failed := t.Failed
		for _, p := range t.History {
			failed += p.Failed
		}
		if failed > 0 {
			list = append(list, t)
		}
	}
	return list
}

// shownRates is the number of earlier reports that a list of rates shows.
const shownRates = 8

// rates returns the failure rate of the test now and in earlier reports, the latest first.
func (t *Test) rates() (list []string) {
	list = []string{rate(t.Failed, t.Runs)}
	for i := len(t.History) - 1; i >= 0 && len(list) <= shownRates; i-- {
		list = append(list, rate(t.History[i].Failed, t.History[i].Runs))
	}
	return list
}

// rate returns failures of runs with the percentage.
func rate(failed, runs int) string {
	if runs == 0 {
		return "not run"
	}
	return fmt.Sprintf("%d of %d (%.3g %%)", failed, runs, 100*float64(failed)/float64(runs))
}

// Markdown writes the report for a pull request or the summary of a job.
func (r *Report) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### reprise: %s\n", r.Summary())
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n**%s** ", f.State)
		switch f.State {
		case New, Known:
			b.WriteString(strings.TrimPrefix(f.Markdown(), "\n"))
		default:
			fmt.Fprintf(&b, "%s, %s, signature `%s`\n", prose.MarkdownCode(f.Headline()), f.Class, f.Signature)
		}
	}
	for _, t := range r.Broken() {
		fmt.Fprintf(&b, "\nFAIL %s, without a finding\n", prose.MarkdownCode(t.Package+" "+t.Test))
	}
	if rates := r.rates(); len(rates) > 0 {
		b.WriteString("\n| test | failure rate, now and in earlier reports |\n|---|---|\n")
		for _, t := range rates {
			fmt.Fprintf(&b, "| %s | %s |\n", strings.ReplaceAll(prose.MarkdownCode(t.Package+" "+t.Test), "|", `\|`),
				strings.Join(t.rates(), ", "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
