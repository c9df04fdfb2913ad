// Package prose has what reports of several packages write alike: numbers of things, cut and indented texts, arguments of
// a shell. It knows only text.
package prose

import (
	"fmt"
	"strings"
)

// Count is a number of things, such as "1 seed" and "2 seeds".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Clip keeps the first lines of a text: n of them at most, of which the last says how many are left out.
func Clip(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(lines) > n {
		lines = append(lines[:n-1], fmt.Sprintf("... and %d more lines", len(lines)-n+1))
	}
	return strings.Join(lines, "\n")
}

// Indent moves each line of a text to the right by two columns.
func Indent(s string) string { return "  " + strings.ReplaceAll(s, "\n", "\n  ") }

// ShellQuote quotes s for a POSIX shell if it has to be.
func ShellQuote(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_=./+,@:%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
