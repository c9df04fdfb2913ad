package gotest

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/reprise-go/reprise/internal/testpath"
)

// pattern is a pattern of -run or -skip, as package testing interprets it: a list of alternatives, each with elements,
// of which the first is for functions, the second for their subtests, and so on. The empty pattern has no alternatives.
type pattern []alternative

type alternative struct {
	elements []string
	function *regexp.Regexp // the first element
}

// parsePattern parses the pattern of a flag.
func parsePattern(flag, s string) (p pattern, err error) {
	if s == "" {
		return nil, nil
	}
	for _, part := range testpath.SplitPattern(s, '|') {
		elements := testpath.SplitPattern(part, '/')
		a := alternative{elements: elements}
		for i, e := range elements {
			re, err := regexp.Compile(underscores(e))
			if err != nil {
				return nil, fmt.Errorf("%s=%s: %w", flag, s, err)
			}
			if i == 0 {
				a.function = re
			}
		}
		p = append(p, a)
	}
	return p, nil
}

// underscores replaces white space by underscores, as in the names of subtests.
func underscores(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return '_'
		}
		return r
	}, s)
}

// selects reports whether a function runs, with all of its subtests or some, for the patterns of the flags -run and
// -skip.
func selects(run, skip pattern, function string) bool {
	return (len(run) == 0 || run.first(function) != nil) && (skip.first(function) == nil || skip.parts(function))
}

// first returns the first alternative that fits a function, which is the one that package testing uses, or nil if none
// does.
func (p pattern) first(function string) *alternative {
	for i := range p {
		if p[i].function.MatchString(function) {
			return &p[i]
		}
	}
	return nil
}

// parts reports whether p selects among the subtests of a function, and not the whole function.
func (p pattern) parts(function string) bool {
	a := p.first(function)
	return a != nil && len(a.elements) > 1
}

// of returns the pattern that selects the same parts of one function as p, or "" if p selects none.
func (p pattern) of(function string) string {
	exactly := "^" + regexp.QuoteMeta(function) + "$"
	if len(p) == 0 {
		return exactly
	}
	var list []string
	for _, a := range p {
		if a.function.MatchString(function) {
			list = append(list, strings.Join(append([]string{exactly}, a.elements[1:]...), "/"))
		}
	}
	return strings.Join(list, "|")
}
