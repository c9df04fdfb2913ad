package gort

import (
	"regexp"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/prose"
)

// logged is the text that a test logged by one call. Its first line names file and line.
type logged struct {
	test  string
	lines []string
}

var (
	label   = regexp.MustCompile(`^(Error Trace|Error|Test|Messages):\s`)
	logLine = regexp.MustCompile(`^((?:    )+)[^\s:/]+\.go:[0-9]+: ?`)
	running = regexp.MustCompile(`^=== (?:RUN|NAME|CONT) +(.*)$`)
	result  = regexp.MustCompile(`^( *)--- (FAIL|PASS|SKIP): (.*) \(.*\)$`)
	chatter = regexp.MustCompile(`^=== |^ *--- (FAIL|PASS|SKIP|BENCH): |^(FAIL|PASS)$`)
)

// logs returns the log of the failing tests, in the order of the output, and the names of the failing tests, which are
// empty if the test binary prints "FAIL" without a name. The output is that of a test binary, with or without -test.v.
func logs(output []byte) (list []logged, failing []string) {
	tests, indent := []string{""}, "" // the current test at each depth, and the indentation of a continued line
	for _, line := range outputLines(output) {
		if m := running.FindStringSubmatch(line); m != nil {
			tests, indent = []string{m[1]}, ""
			continue
		}
		if m := result.FindStringSubmatch(line); m != nil {
			tests, indent = append(tests[:min(len(m[1])/4, len(tests))], m[3]), ""
			if m[2] == "FAIL" {
				failing = append(failing, m[3])
			}
			continue
		}
		if n := len(list) - 1; indent != "" && strings.HasPrefix(line, indent) {
			list[n].lines = append(list[n].lines, cast.Scrub(line[len(indent)-4:]))
			continue
		}
		indent = ""
		if m := logLine.FindStringSubmatch(line); m != nil {
			indent = m[1] + "    "
			test := tests[min(len(m[1])/4, len(tests))-1]
			list = append(list, logged{test, []string{cast.Scrub(line[len(m[1]):])}})
		}
		if line == "FAIL" && len(failing) == 0 {
			failing = append(failing, "")
		}
	}
	return slices.DeleteFunc(list, func(l logged) bool { return !slices.Contains(failing, l.test) }), failing
}

// longestHeadline is how many characters of a message telling puts into one line.
const longestHeadline = 160

// telling returns the first logged line. If that names only a place, because the message begins with a newline, the
// message follows in the same line, up to an empty line. Of a message of testify these are the error and what the
// test says about it.
func (l logged) telling() string {
	first := strings.TrimSpace(l.lines[0])
	if !strings.HasSuffix(first, ":") {
		return l.lines[0]
	}
	var words []string
	wanted := true
	for _, line := range l.lines[1:] {
		line = strings.TrimSpace(line)
		if m := label.FindStringSubmatch(line + " "); m != nil {
			if wanted = m[1] == "Error" || m[1] == "Messages"; m[1] == "Messages" && len(words) > 0 {
				words[len(words)-1] += ";"
			}
			line = strings.TrimPrefix(line, m[1]+":")
		} else if line == "" && len(words) > 0 {
			wanted = false
		}
		if wanted {
			words = append(words, strings.Fields(strings.Replace(line, "actual  :", "actual:", 1))...)
		}
	}
	return prose.Cut(strings.Join(append([]string{first}, words...), " "), longestHeadline)
}

// outputLines splits the output of a test binary into lines, without the marks of -test.v=test2json.
func outputLines(output []byte) []string {
	return strings.Split(strings.TrimRight(strings.ReplaceAll(string(output), "\x16", ""), "\n"), "\n")
}

// printed returns the last n lines that the program itself printed.
func printed(output []byte, n int) (list []string) {
	for _, line := range outputLines(output) {
		if strings.TrimSpace(line) != "" && !chatter.MatchString(line) {
			list = append(list, cast.Scrub(line))
		}
	}
	return list[max(len(list)-n, 0):]
}

// access is one of the two accesses of a data race.
type access struct {
	how string // such as "read" and "previous write"
	at  frame  // zero if the detector has forgotten it
	// calls are the calls of the program that led there, the innermost first, at most maxCalls.
	calls []frame
}

var accessLine = regexp.MustCompile(`(?i)^((?:previous )?(?:atomic )?(?:read|write)) at 0x[0-9a-f]+ by `)

// race returns the accesses of the first report of the race detector.
func race(output []byte) (list []access) {
	lines := outputLines(output)
	start := slices.Index(lines, "WARNING: DATA RACE")
	if start < 0 {
		return nil
	}
	lines = lines[start+1:]
	for i, line := range lines {
		if strings.HasPrefix(line, "=====") {
			break
		}
		if m := accessLine.FindStringSubmatch(line); m != nil {
			at, calls := accessed(lines[i+1:])
			list = append(list, access{strings.ToLower(m[1]), at, calls})
		}
	}
	return list
}

// maxCalls is the maximum number of calls in a report that led to an access.
const maxCalls = 2

// accessed returns the most informative frame of the stack of an access, and the calls of the program that led there.
func accessed(lines []string) (at frame, calls []frame) {
	var s stack
	for i := 0; i+1 < len(lines) && strings.HasPrefix(lines[i], "  "); i += 2 {
		if f := parseFrame(lines[i], lines[i+1]); f.place != "" { // the detector may have lost the stack
			s.frames = append(s.frames, f)
		}
	}
	at = s.innermost()
	list := s.telling()
	for _, f := range list[slices.Index(list, at)+1:] {
		if !cast.Library(f.fn) && !strings.HasPrefix(f.place, "<autogenerated>") && len(calls) < maxCalls {
			calls = append(calls, f)
		}
	}
	return at, calls
}
