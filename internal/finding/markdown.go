package finding

import (
	"fmt"

	"github.com/reprise-go/reprise/internal/prose"
)

// Markdown returns the finding as a part of a document in Markdown: its headline, its summary, the command that
// reproduces it, and the whole report folded away.
func (f *Finding) Markdown() string {
	text := fmt.Sprintf("\n%s\n\n%s, %s, signature `%s`, in %s %s%s\n", prose.MarkdownCode(f.Headline()), f.Class,
		f.Verdict, f.Signature, prose.MarkdownCode(f.Package), prose.MarkdownCode(f.Test), f.others(prose.MarkdownCode))
	if f.File != "" {
		text += "\n" + prose.MarkdownCode(fmt.Sprintf("%s:%d", f.File, f.Line)) + "\n"
	}
	if c := f.Command(); c != "" {
		text += "\n" + prose.MarkdownFence("sh", c)
	}
	const folded = "\n<details><summary>Report</summary>\n\n%s\n</details>\n"
	return text + fmt.Sprintf(folded, prose.MarkdownFence("", f.Report()))
}
