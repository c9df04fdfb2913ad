package divergence

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/prose"
)

// Signature returns 16 hex digits that are equal for divergences of one cause, as far as can be told from the outside:
// it depends on the category, the relation, the rule of the cause, the kinds of the two events and of those that are
// missing or extra, as far as the report shows them, the fields that differ, the names of the tasks and regions
// involved, where numbers count as equal, and the files of the code lines. It depends neither on the place in the run
// nor on identifiers, times and values, but for what these tell of the cause.
func (d *Divergence) Signature() string {
	h := fnv.New64a()
	part := func(s string) { _, _ = fmt.Fprintf(h, "%d:%s", len(s), s) } // a hash never fails
	part(string(d.Category))
	part(string(d.Relation))
	part(string(d.Side))
	part(d.Cause.Rule)
	part(kindOf(d.Expected))
	part(kindOf(d.Actual))
	for _, e := range d.oneSided() {
		part(e.Kind().String())
	}
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

// oneSided are the events that are missing or extra, as far as the report shows them.
func (d *Divergence) oneSided() []event.Event {
	switch d.Relation {
	case RelationMissing:
		return d.Expected[:min(d.Count, len(d.Expected))]
	case RelationExtra:
		return d.Actual[:min(d.Count, len(d.Actual))]
	}
	return nil
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

func fileOf(site string) string {
	file, _ := prose.SplitSite(site)
	return file
}
