// Package testpath derives data from the names of Go tests: the folders of their pinned traces and artifacts, their
// seeds, and the patterns that select them. It knows only names.
package testpath

import (
	"fmt"
	"hash/fnv"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Ext is the extension of trace files.
const Ext = ".reprise"

// Pins returns the folder of the pinned traces of a test, relative to the folder of its package, with slashes.
func Pins(test string) string { return path.Join("testdata", "reprise", folderOf(test)) }

// Artifacts returns the folder for the artifacts of failing runs of a test. It is below the folder base or, if base
// is "", below a folder of the user in [os.TempDir].
func Artifacts(base, pkg, test string) string {
	if base == "" {
		base = private()
	} else if abs, err := filepath.Abs(base); err == nil {
		base = abs
	}
	return filepath.Join(base, filepath.FromSlash(folderOf(pkg)), filepath.FromSlash(folderOf(test)))
}

// SplitPattern splits a pattern of -run at every separator (/ or |) outside brackets, as package testing does.
func SplitPattern(pattern string, separator byte) (list []string) {
	square, round, from := 0, 0, 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '[':
			square++
		case c == ']':
			square = max(square-1, 0)
		case c == '(' && square == 0:
			round++
		case c == ')' && square == 0:
			round--
		case c == separator && square == 0 && round == 0:
			list, from = append(list, pattern[from:i]), i+1
		}
	}
	return append(list, pattern[from:])
}

// Pattern returns the -run pattern of go test that selects one test or subtest or, if given, one subtest of it.
func Pattern(test string, subtests ...string) string {
	parts := append(strings.Split(test, "/"), subtests...)
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// maxElement is the maximum length of a path element, in bytes. File systems allow 255; the rest is for temporary
// names and extensions.
const maxElement = 120

// folderOf returns the relative path of a folder for a test, with slashes: one element for each part of its name.
// Letters and digits of any script and the signs -_=.+,@ are kept. Every other byte becomes % and two hex digits,
// and so does a dot at either end of an element. Different names have different folders, except names that a file
// system does not distinguish, such as those that differ only in upper and lower case. A long element is cut and
// ends in a hash.
func folderOf(test string) string {
	parts := strings.Split(test, "/")
	for i, part := range parts {
		parts[i] = element(part)
	}
	return strings.Join(parts, "/")
}

// element turns a part of a test name into a path element.
func element(part string) string {
	if part == "" {
		return "%"
	}
	var b strings.Builder
	for i := 0; i < len(part); {
		r, n := utf8.DecodeRuneInString(part[i:])
		edge := i == 0 || i+n == len(part)
		if plain(r, n) && !(r == '.' && edge) {
			b.WriteString(part[i : i+n])
		} else {
			for _, c := range []byte(part[i : i+n]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
		i += n
	}
	return shorten(b.String(), part)
}

func plain(r rune, n int) bool {
	if r == utf8.RuneError && n == 1 {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_=.+,@", r)
}

// shorten cuts an element that is too long. The result ends in %% and a hash, which no other element does.
func shorten(element, part string) string {
	if len(element) <= maxElement {
		return element
	}
	h := fnv.New64a()
	h.Write([]byte(part))
	cut := maxElement - len("%%0123456789abcdef")
	for !utf8.RuneStart(element[cut]) {
		cut--
	}
	return fmt.Sprintf("%s%%%%%016x", element[:cut], h.Sum64())
}
