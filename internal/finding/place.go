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

// Places returns the lines of the code that the finding names, the most telling first: those of the failure, and then
// those of the report, up to its commands.
func (f *Finding) Places() (list []Place) {
	report, _, _ := strings.Cut(f.Report(), "\nto reproduce: ")
	seen := map[Place]bool{}
	for _, text := range []string{f.Telling, f.Failure, report} {
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
