package lint

import (
	"regexp"
	"strings"
)

// clipped matches words of the clipped voice that the project has left behind, in which a reader has to guess the noun:
// "who runs" for the goroutine that runs, "is told" for is reported.
var clipped = regexp.MustCompile(`(?i)\b(nobody|somebody|everybody|what comes|(?:is|are|was|were|be) told\b(?: apart)?)|` +
	`(?:^|: |\b(?:says|tells|picks|and|or|of|those) )(who)\b`)

// named matches the documentation of a function with the name who.
var named = regexp.MustCompile(`^who (?:returns|lists) `)

// clippedVoice checks the comments of the production code for words of the clipped voice. Comments in other forms of
// plain English are a matter for readers.
func clippedVoice(files []*file, r *report) {
	for _, f := range production(files) {
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				text := named.ReplaceAllString(strings.TrimSpace(strings.TrimPrefix(c.Text, "//")), "")
				for _, m := range clipped.FindAllStringSubmatch(text, -1) {
					if word := m[1] + m[2]; !strings.HasSuffix(word, "apart") {
						r.at(c.Pos(), "the comment has %q; write plain English, with nouns such as \"the goroutine that runs\"", word)
						break
					}
				}
			}
		}
	}
}
