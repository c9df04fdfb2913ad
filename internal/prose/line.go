package prose

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestLine is how many characters of a text from outside a report shows.
const longestLine = 200

// Line returns the start of the first line of s, with a question mark for what could break a line of a report.
func Line(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if len(s) > longestLine {
		s = Cut(strings.ToValidUTF8(s, "?"), longestLine)
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// Cut shortens s to n characters.
func Cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// Capital returns a text that begins with a lower-case letter of ASCII with an upper-case one.
func Capital(s string) string { return string(s[0]-'a'+'A') + s[1:] }
