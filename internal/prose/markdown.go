package prose

import "strings"

// MarkdownCode formats a text as code in a line of Markdown.
func MarkdownCode(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	ticks := longest(s, '`') + 1
	edge := strings.Repeat("`", ticks)
	if ticks > 1 || s == "" {
		return edge + " " + s + " " + edge
	}
	return edge + s + edge
}

// MarkdownFence formats a text as a block of code in Markdown.
func MarkdownFence(language, s string) string {
	edge := strings.Repeat("`", max(3, longest(s, '`')+1))
	return edge + language + "\n" + strings.TrimRight(s, "\n") + "\n" + edge + "\n"
}

// longest returns the length of the longest sequence of c in s.
func longest(s string, c rune) (n int) {
	run := 0
	for _, r := range s {
		run++
		if r != c {
			run = 0
		}
		n = max(n, run)
	}
	return n
}
