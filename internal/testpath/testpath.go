// Package testpath gives the tests of Go packages what derives from their names: places in a file system for their pinned
// traces and artifacts, their seeds, and the patterns that select them. It knows only names.
package testpath

import (
	"fmt"
	"hash/fnv"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Ext ends the name of a trace file.
const Ext = ".reprise"

// Pins returns the folder of the pinned traces of a test, relative to the folder of its package, with slashes.
func Pins(test string) string { return path.Join("testdata", "reprise", Folder(test)) }

// Artifacts returns the folder for what failing runs of a test leave, below the folder base, or if that is "" below the
// user's own folder in [os.TempDir].
func Artifacts(base, pkg, test string) string {
	if base == "" {
		base = filepath.Join(os.TempDir(), fmt.Sprintf("reprise-%d", os.Getuid()))
	} else if abs, err := filepath.Abs(base); err == nil {
		base = abs
	}
	return filepath.Join(base, filepath.FromSlash(Folder(pkg)), filepath.FromSlash(Folder(test)))
}

// SplitPattern splits a pattern of -run at every separator, / or |, that is not in brackets, as package testing does.
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

// Pattern returns the pattern of go test's -run that selects one test or subtest, and, if given, one subtest of that.
func Pattern(test string, subtests ...string) string {
	parts := append(strings.Split(test, "/"), subtests...)
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// maxElement is the longest element of a path, in bytes: file systems take 255, and files have extensions.
const maxElement = 120

// Folder returns the path of a folder for a test, with slashes: an element for each part of its name. Letters and digits
// of any script, and the signs -_=.+,@ stay; every other byte becomes a % and two hex digits, and so does a dot at
// either end of an element. Different names have different folders, but for names that a file system does not tell
// apart, such as those that differ in the case of a letter. A long element is cut and ends in a hash.
func Folder(test string) string {
	parts := strings.Split(test, "/")
	for i, part := range parts {
		parts[i] = element(part)
	}
	return strings.Join(parts, "/")
}

// element makes a part of a name an element of a path.
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

// shorten cuts an element that is too long. What is left ends in %% and a hash, as no other element does.
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
