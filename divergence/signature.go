package divergence

import (
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/prose"
)

// Signature returns 16 hex digits that are intended to be equal for divergences of one cause. It depends on the
// category, the relation, the rule of the cause, the kinds of the two events and of the missing or extra events that
// the report shows, the fields that differ, the names of the tasks and regions involved, in which numbers count as
// equal, and the files of the code lines. It does not depend on the place in the run, nor on identifiers, times and
// values except through the rule of the cause.
func (d *Divergence) Signature() string {
	parts := []string{string(d.Relation), string(d.Side), d.Cause.Rule, kindOf(d.Expected), kindOf(d.Actual)}
	for _, e := range d.oneSided() {
		parts = append(parts, e.Kind().String())
	}
	for _, f := range d.Fields {
		parts = append(parts, f.Name)
	}
	for _, e := range d.Entities {
		parts = append(parts, e.Role+" "+e.Kind+" "+e.Name, e.ActualName)
	}
	parts = append(parts, fileOf(d.ExpectedSite), fileOf(d.ActualSite))
	return finding.Sign(string(d.Category), parts...)
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

func fileOf(site string) string {
	file, _ := prose.SplitSite(site)
	return file
}
