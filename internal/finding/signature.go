package finding

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sign returns the signature of a failure: 16 hex digits that depend on its class and on its parts, each as [fold]
// leaves it. The parts distinguish one cause from another: messages, functions and lines of the code. Two failures are
// one finding if and only if their signatures are equal.
func Sign(class string, parts ...string) string {
	h := fnv.New64a()
	for _, part := range append(parts[:len(parts):len(parts)], class) {
		part = fold(part)
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash never fails
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// Alike reports whether the first lines of two failures agree, as [fold] leaves them, besides numbers of lines: the
// same failure of a program that was edited elsewhere.
func Alike(a, b string) bool {
	first := func(text string) string {
		line, _, _ := strings.Cut(strings.TrimLeft(text, " \n"), "\n")
		return fold(codeLine.ReplaceAllString(strings.TrimSpace(line), ".go"))
	}
	return first(a) == first(b)
}

var codeLine = regexp.MustCompile(`\.go:[0-9]+`)

// Set returns the distinct parts in order, where folding makes parts equal too: for causes in which neither order nor
// number matters, such as the goroutines of a deadlock.
func Set(parts []string) []string {
	list := make([]string, len(parts))
	for i, p := range parts {
		list[i] = fold(p)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// fold returns a text in which all numbers that stand alone are equal: each becomes #, with its sign, fraction,
// exponent and unit of time, and so does a row of numbers, such as the elements of a slice, whatever its length.
// Addresses, durations and numbers of goroutines are such numbers.
//
// Two kinds of digits stay. Those in an identifier are part of it, so that v1.work1 and v2.work2 differ; but a run of
// six or more becomes #, since such identifiers are made by machines, as the names of temporary files are. Those behind
// ".go:" are the number of a line.
func fold(text string) string {
	out := make([]byte, 0, len(text))
	chained := false // a word that starts here belongs to the identifier before it: the 2 of v1.2, of a#.2
	for i := 0; i < len(text); {
		start := 0
		if !chained {
			start = len(hex.FindString(text[i:]))
		}
		n := start + word(text[i+start:])
		if n == 0 {
			_, n = utf8.DecodeRuneInString(text[i:])
			chained = chained && (text[i] == '.' || text[i] == '#')
			out = append(out, text[i:i+n]...)
			i += n
			continue
		}
		token := text[i : i+n]
		switch {
		case chained || !digit(token[0]):
			out = append(out, long.ReplaceAllString(token, "#")...)
			chained = true
		case strings.HasSuffix(text[:i], ".go:"):
			out = append(out, token...)
		default:
			rest := token[len(number.FindString(token)):]
			out = append(unsigned(out), "#"+long.ReplaceAllString(rest, "#")...)
		}
		i += n
	}
	return rows.ReplaceAllString(string(out), "#")
}

var (
	// number is a number at the start of a word: hex, or decimal with units of time and the start of an exponent.
	number = regexp.MustCompile(`^(?:0[xX][0-9a-fA-F…]+|[0-9_]+(?:(?:ns|us|µs|μs|ms|h|m|s|e|E)[0-9]*)*)`)
	// hex is an address, which may be cut with an ellipsis.
	hex = regexp.MustCompile(`^0[xX][0-9a-fA-F…]+`)
	// long is a number within a generated identifier.
	long = regexp.MustCompile(`[0-9]{6,}`)
	// rows are several numbers with nothing but punctuation between them, which may be the parts of one.
	rows = regexp.MustCompile(`#(?:[ ,:.+-]*#)+`)
)

// word returns the length of the word at the start of a text: letters, digits and underscores. It is 0 if there is
// none.
func word(text string) int {
	for i, r := range text {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return i
		}
	}
	return len(text)
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// unsigned removes a sign from the end of a text, unless it follows a word.
func unsigned(text []byte) []byte {
	last := len(text) - 1
	if last < 0 || text[last] != '-' && text[last] != '+' {
		return text
	}
	before, _ := utf8.DecodeLastRune(text[:last])
	if strings.ContainsRune("_#)]", before) || unicode.IsLetter(before) || unicode.IsDigit(before) {
		return text
	}
	return text[:last]
}
