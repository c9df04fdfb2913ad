package gotest

import (
	"fmt"
	"regexp"
	"strings"
)

// death matches the line with which the runtime, or the race detector, starts to print about the end of a process.
var death = regexp.MustCompile(`^(?:panic: |fatal error: |runtime: |SIG[A-Z]+: |goroutine [0-9]+ |={18}$|unexpected fault )`)

// said returns the last lines that a test printed itself, by logs too, as far as the failure does not repeat them: no
// frames of package testing, and nothing of a traceback. It returns "" if there are none.
func said(output []byte, failure string) string {
	told := map[string]bool{"": true}
	for line := range strings.SplitSeq(failure, "\n") {
		told[strings.TrimSpace(line)] = true
	}
	first, _, _ := strings.Cut(failure, "\n") // in which a lateness precedes the line of the test, and a message may follow
	repeats := func(text string) bool {
		return strings.HasSuffix(first, text) || strings.HasSuffix(text, ":") && strings.Contains(first, text)
	}
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(string(output), marker, ""), "\n") {
		if death.MatchString(line) {
			break
		}
		text := strings.TrimSpace(line)
		if frame.MatchString(line) || told[text] || repeats(text) || line == "FAIL" || line == "PASS" {
			continue
		}
		lines = append(lines, strings.TrimRight(line, " \t\r"))
	}
	if n := len(lines) - maxOutputLines; n > 0 {
		lines = append([]string{fmt.Sprintf("… %d lines before", n)}, lines[n:]...)
	}
	return strings.Join(lines, "\n")
}
