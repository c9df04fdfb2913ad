package finding

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Place is a line of the code that a finding names.
type Place struct {
	File string `json:"file"` // as reports have it, which may lack its folder; see Finding.Related
	Line int    `json:"line"` // in File, from 1
	Text string `json:"text"` // the line of the report that names it first, without spaces at its ends
}

// same reports whether p and q are one line of the code.
func (p Place) same(q Place) bool { return p.File == q.File && p.Line == q.Line }

var placeIn = regexp.MustCompile(`([\pL\pN_./@+~-]+\.go):([0-9]{1,7})\b`)

// Places returns the lines of the code that the finding names, the most telling first: those of the failure; those at
// which goroutines wait at the end, in the program before those in tests; and those of the report, up to its commands.
func (f *Finding) Places() (list []Place) {
	report, _, _ := strings.Cut(f.Report(), "\nto reproduce: ")
	program, tests := waiting(report)
	for _, text := range []string{f.Telling, f.Failure, program, tests, report} {
		for said := range strings.Lines(text) {
			for _, m := range placeIn.FindAllStringSubmatch(said, -1) {
				line, err := strconv.Atoi(m[2])
				p := Place{m[1], line, strings.TrimSpace(said)}
				if err == nil && line > 0 && !slices.ContainsFunc(list, p.same) {
					list = append(list, p)
				}
			}
		}
	}
	return list
}

// waiting returns the lines of a report that say where goroutines wait at the end: those with a place in the program,
// and those with one in a test, without tests that only wait for their goroutines.
func waiting(report string) (program, tests string) {
	_, end, _ := strings.Cut(report, "goroutines at the end:\n")
	for line := range strings.Lines(end) {
		switch text := strings.TrimSpace(line); {
		case !strings.HasPrefix(text, "waits: "):
		case !strings.Contains(text, "_test.go:"):
			program += line
		case !strings.Contains(text, "sync.WaitGroup.Wait"):
			tests += line
		}
	}
	return program, tests
}
