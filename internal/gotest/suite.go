package gotest

import (
	"context"
	"regexp"
	"strings"

	"github.com/reprise-go/reprise/internal/testpath"
)

// A test function that contains a whole suite would share its seeds and its time among all tests of the suite. Where
// -run can select them, each gets seeds of its own:
//
//  1. Only binaries with a package for suites are considered, and only functions that -run and -skip select whole.
//  2. One run of the function, of its first seed, shows its subtests.
//  3. If there are several, each is searched like a test function.

// runFunction runs the seeds of the next of so many test functions, and reports whether it has passed.
func (s *session) runFunction(ctx context.Context, function string, left int) (ok bool) {
	if s.simulated {
		if ok, simulated := s.simulate(ctx, function, left); simulated {
			return ok
		}
	}
	if test := s.selectedInSuite(function); test != "" {
		s.out.run(function)
		ok = s.search(test, left).run(ctx)
		s.endSuite(function, ok, ctx.Err())
		return ok
	}
	tests := s.suiteOf(ctx, function)
	if len(tests) < 2 {
		return s.search(function, left).run(ctx)
	}
	ok = true
	s.out.run(function)
	for i, test := range tests {
		if !s.search(test, left+len(tests)-1-i).run(ctx) {
			ok = false
		}
		if ctx.Err() != nil || !ok && s.failfast {
			break
		}
	}
	s.endSuite(function, ok, ctx.Err())
	return ok
}

// endSuite prints the result of a test function that contains a suite; there is none if it was interrupted.
func (s *session) endSuite(function string, ok bool, interrupted error) {
	switch {
	case !ok && interrupted == nil:
		s.out.end("FAIL", function, 0)
	case ok:
		s.out.end("PASS", function, 0)
	}
}

// selectedInSuite returns the test of a suite that -run selects by its exact name, as the command that reproduces a
// finding does, "" if it does not.
func (s *session) selectedInSuite(function string) string {
	if !s.suites || len(s.arguments.run) != 1 || len(s.skip) > 0 {
		return ""
	}
	elements := s.arguments.run[0].elements
	if len(elements) != 2 || elements[0] != testpath.Pattern(function) {
		return ""
	}
	m := exactly.FindStringSubmatch(elements[1])
	if m == nil {
		return ""
	}
	return function + "/" + m[1]
}

// exactly matches the pattern of one name without signs that mean something in patterns.
var exactly = regexp.MustCompile(`^\^([\pL\pN_]+)\$$`)

// suiteOf returns the tests of the suite that a test function contains, nil if it contains none.
func (s *session) suiteOf(ctx context.Context, function string) (tests []string) {
	if !s.suites || s.arguments.run.parts(function) || s.skip.parts(function) {
		return nil
	}
	c := s.search(function, 1)
	c.start()
	o, err := c.replays.make(ctx, c.control(c.nth(0)), false)
	if closed := c.replays.Close(); err != nil || closed != nil {
		return nil // the search of the function meets it again
	}
	return subtests(function, o.Output)
}

// subtests returns the direct subtests of a test function in its output that -run can select by their names.
func subtests(function string, output []byte) (tests []string) {
	for line := range strings.Lines(strings.ReplaceAll(string(output), marker, "")) {
		name, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "=== RUN   "+function+"/")
		if ok && exactly.MatchString("^"+name+"$") {
			tests = append(tests, function+"/"+name)
		}
	}
	return tests
}
