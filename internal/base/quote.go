package base

import (
	"strconv"
	"strings"
)

// PlainOrQuoted puts quotes around a text that would not be read as one word.
func PlainOrQuoted(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// PlainOrQuotedLine puts quotes around a text that would not stay on one line.
func PlainOrQuotedLine(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
