// Package prose has the text helpers that the reports of several packages share: counted nouns, cut and indented
// texts, code lines, quoting for a shell. It knows only text.
package prose

import (
	"fmt"
	"strconv"
	"strings"
)

// Count returns n and the noun thing with a plural s if needed, such as "1 seed" and "2 seeds".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Grouped returns a number with a comma before each three digits, such as "4,096".
func Grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Clip returns the first n lines of a text. If lines are left out, the last line says how many.
func Clip(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(lines) > n {
		lines = append(lines[:n-1], fmt.Sprintf("... and %d more lines", len(lines)-n+1))
	}
	return strings.Join(lines, "\n")
}

// Indent indents each line of a text by two columns.
func Indent(s string) string { return "  " + strings.ReplaceAll(s, "\n", "\n  ") }

// ShellQuote quotes s for a POSIX shell if necessary.
func ShellQuote(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_=./+,@:%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
