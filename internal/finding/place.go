package finding

import (
	"regexp"
	"strconv"
	"strings"
)

// Place is a line of the code. File is a name as reports have it, which may lack its folder.
type Place struct {
	File string
	Line int
}

var placeIn = regexp.MustCompile(`([\pL\pN_./@+~-]+\.go):([0-9]{1,7})\b`)

// Places returns the lines of the code that the finding names, the most telling first: those of the failure; those at
// which goroutines wait at the end, in the program before those in tests; and those of the report, up to its commands.
func (f *Finding) Places() (list []Place) {
	report, _, _ := strings.Cut(f.Report(), "\nto reproduce: ")
	program, tests := waiting(report)
	seen := map[Place]bool{}
	for _, text := range []string{f.Telling, f.Failure, program, tests, report} {
		for _, m := range placeIn.FindAllStringSubmatch(text, -1) {
			line, err := strconv.Atoi(m[2])
			if p := (Place{m[1], line}); err == nil && line > 0 && !seen[p] {
				seen[p] = true
				list = append(list, p)
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
