package prose

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Terminal makes text from a program or a file safe for a terminal and for the log of a CI system: what is not
// printable stands as an escape sequence of Go, and a line that GitHub Actions would take for a command begins with a
// backslash. Newlines and tabs stay, and with colors also the sequences that set colours.
func Terminal(s string, colors bool) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		text := strings.TrimLeft(line, " \t\r\v\f")
		b.WriteString(line[:len(line)-len(text)])
		if strings.HasPrefix(text, "::") {
			b.WriteByte('\\')
		}
		b.WriteString(strings.ReplaceAll(text, "##[", `#\#[`))
	}
	return escape(b.String(), colors, func(r rune) bool { return r == '\n' || r == '\t' || strconv.IsPrint(r) })
}

// XML makes a document well formed whatever texts stand in it: characters that XML 1.0 does not allow stand as escape
// sequences of Go.
func XML(s string) string {
	return escape(s, false, func(r rune) bool {
		return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xfffe && r != 0xffff
	})
}

// escape puts escape sequences for what is not allowed and for what is no UTF-8.
func escape(s string, colors bool, allowed func(rune) bool) string {
	clean := strings.IndexFunc(s, func(r rune) bool { return r == utf8.RuneError || !allowed(r) }) < 0
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if colors && r == 0x1b {
			if n := color(s[i:]); n > 0 {
				b.WriteString(s[i : i+n])
				i += n
				continue
			}
		}
		if r == utf8.RuneError && n == 1 || !allowed(r) {
			quoted := strconv.Quote(s[i : i+n])
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// color returns the length of the sequence that sets colours at the start of s, 0 if there is none.
func color(s string) int {
	rest, ok := strings.CutPrefix(s, "\x1b[")
	if !ok {
		return 0
	}
	n := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != ';' })
	if n < 0 || rest[n] != 'm' {
		return 0
	}
	return len("\x1b[") + n + 1
}
