package base

import (
	"strconv"
	"strings"
)

// PlainOrQuoted adds quotes to a text that would not be read as one word.
func PlainOrQuoted(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// PlainOrQuotedLine adds quotes to a text that does not fit on one line as it is.
func PlainOrQuotedLine(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
