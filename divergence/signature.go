package divergence

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// Signature returns 16 hex digits that are equal for divergences of one cause, as far as can be told from the outside:
// it depends on the category, the relation, the kinds of the two events, the fields that differ, the names of the tasks
// and regions involved, where numbers count as equal, and the files of the code lines. It depends neither on the place
// in the run nor on identifiers, times and values.
func (d *Divergence) Signature() string {
	h := fnv.New64a()
	part := func(s string) { _, _ = fmt.Fprintf(h, "%d:%s", len(s), s) } // a hash never fails
	part(string(d.Category))
	part(string(d.Relation))
	part(string(d.Side))
	part(kindOf(d.Expected))
	part(kindOf(d.Actual))
	for _, f := range d.Fields {
		part(f.Name)
	}
	for _, e := range d.Entities {
		part(e.Role + " " + e.Kind + " " + withoutNumbers(e.Name) + " " + withoutNumbers(e.ActualName))
	}
	part(fileOf(d.ExpectedSite))
	part(fileOf(d.ActualSite))
	return fmt.Sprintf("%016x", h.Sum64())
}

func kindOf(events []event.Event) string {
	if len(events) == 0 {
		return ""
	}
	return events[0].Kind().String()
}

// withoutNumbers puts # for every run of digits.
func withoutNumbers(name string) string {
	var b strings.Builder
	inside := false
	for _, r := range name {
		digit := r >= '0' && r <= '9'
		switch {
		case !digit:
			b.WriteRune(r)
		case !inside:
			b.WriteByte('#')
		}
		inside = digit
	}
	return b.String()
}

// splitSite returns the file and the line of a site such as "bank.go:25"; the line is "" if there is none.
func splitSite(site string) (file, line string) {
	i := strings.LastIndexByte(site, ':')
	if i < 0 || strings.Trim(site[i+1:], "0123456789") != "" {
		return site, ""
	}
	return site[:i], site[i+1:]
}

func fileOf(site string) string {
	file, _ := splitSite(site)
	return file
}
