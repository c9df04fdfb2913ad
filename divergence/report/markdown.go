package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/reprise-go/reprise/internal/prose"
)

// Markdown implements [Report], in GitHub's flavour of Markdown, ending in a newline.
func (d first) Markdown() string {
	var b strings.Builder
	if d.Unlike != "" {
		fmt.Fprintf(&b, "%s\n\n", escapeMarkdown(d.Unlike))
	}
	fmt.Fprintf(&b, "### Divergence `%s` at event %d%s: %s\n\n", d.Code(), d.Index, d.inTurn(), d.kindOfDifference())
	fmt.Fprintf(&b, "| | event %d, virtual time %v | code |\n|---|---|---|\n", d.Index, d.Time)
	expected, actual := opening(d.Expected), opening(d.Actual)
	if d.Turns != nil {
		expected, actual = d.sides()
	}
	fmt.Fprintf(&b, "| expected | %s | %s |\n", cell(expected), cell(d.ExpectedSite))
	fmt.Fprintf(&b, "| actual | %s | %s |\n\n", cell(actual), cell(d.ActualSite))
	rule := strings.NewReplacer("(", "(`", ")", "`)").Replace(d.rule())
	fmt.Fprintf(&b, "**Why, probably**%s: %s %s\n\n", rule, escapeMarkdown(d.reason()), escapeMarkdown(d.Cause.Suggestion))
	var window strings.Builder
	if d.Turns != nil {
		b.WriteString(fenced("diff", prose.Terminal(d.Turns.Table, false)))
	} else {
		d.writeWindow(&window)
		b.WriteString(fenced("diff", window.String()))
		bullets(&b, "Who is involved", d.people())
	}
	bullets(&b, "How the actual run ended", d.runEnd())
	bullets(&b, "To see it again", d.again())
	bullets(&b, "Notes", d.Notes)
	return strings.TrimSuffix(b.String(), "\n")
}

// bullets writes a list of lines, each formatted as code.
func bullets(b *strings.Builder, heading string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "**%s**\n\n%s", heading, fenced("text", strings.Join(lines, "\n")+"\n"))
}

// fenced returns text, which ends in a newline, as a code block with a fence longer than any in text.
func fenced(language, text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + language + "\n" + text + fence + "\n\n"
}

// cell returns text as code in a table cell. An unescaped "|" ends a cell even within code.
func cell(text string) string {
	if text == "" {
		return ""
	}
	text = strings.ReplaceAll(prose.Line(text), "|", "\\|")
	if strings.Contains(text, "`") {
		return "`` " + strings.ReplaceAll(text, "``", "` `") + " ``"
	}
	return "`" + text + "`"
}

// escapeMarkdown returns text that Markdown renders unchanged.
func escapeMarkdown(text string) string {
	var b strings.Builder
	for _, r := range prose.Line(text) {
		if strings.ContainsRune("\\`*_{}[]<>#|~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// GitHub implements [Report]: a workflow command that annotates the code line of the actual run, or that of the
// expected run if the former is unknown, ending in a newline. See "Workflow commands for GitHub Actions" in
// GitHub's documentation.
func (d first) GitHub() string {
	site := cmp.Or(d.ActualSite, d.ExpectedSite, d.DecisionSite)
	var properties []string
	if file, line := prose.SplitSite(prose.Line(site)); file != "" {
		properties = append(properties, "file="+githubProperty.Replace(file))
		if line != "" {
			properties = append(properties, "line="+line)
		}
	}
	title := fmt.Sprintf("%s %s at event %d", d.Code(), d.Category, d.Index)
	properties = append(properties, "title="+githubProperty.Replace(title))
	message := []string{d.Summary(), d.reason(), d.Cause.Suggestion}
	if d.Reproduce != "" {
		message = append(message, "To reproduce: "+prose.Line(d.Reproduce))
	}
	return "::error " + strings.Join(properties, ",") + "::" + githubMessage.Replace(strings.Join(message, "\n")) + "\n"
}

// GitHubError returns a workflow command that shows an error, ending in a newline. Title and message may be any text.
func GitHubError(title, message string) string {
	return "::error title=" + githubProperty.Replace(title) + "::" + githubMessage.Replace(message) + "\n"
}

// The characters that have a meaning in the syntax of workflow commands.
var (
	githubMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
