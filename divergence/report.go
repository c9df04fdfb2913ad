package divergence

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// Summary returns the divergence in one line.
func (d *Divergence) Summary() string {
	at := fmt.Sprintf("event %d, virtual time %v: %s: ", d.Index, d.Time, d.Category)
	switch {
	case len(d.Expected) == 0:
		return at + fmt.Sprintf("the expected run ended, the actual run went on with %v", d.Actual[0])
	case len(d.Actual) == 0:
		return at + fmt.Sprintf("the actual run ended, the expected run went on with %v", d.Expected[0])
	}
	return at + fmt.Sprintf("expected %v, got %v", d.Expected[0], d.Actual[0])
}

// Text returns the report for people: one screen, ending in a newline. It begins with the two events that differ; then
// come the events around them with their indices, where lines of the expected run begin with "-", of the actual run
// with "+", and those of both with a space; then the fields that differ, who is involved, and the notes, as far as there
// are any.
func (d *Divergence) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "divergence at event %d, virtual time %v: %s\n", d.Index, d.Time, d.Category)
	fmt.Fprintf(&b, "- expected  %s\n", first(d.Expected))
	fmt.Fprintf(&b, "+ actual    %s\n\n", first(d.Actual))
	d.writeWindow(&b)
	section(&b, "what differs", d.Fields, func(f FieldDiff) string {
		return fmt.Sprintf("%-14s  expected %v, actual %v", f.Name, f.Expected, f.Actual)
	})
	section(&b, "who is involved", d.Entities, func(e Entity) string { return fmt.Sprintf("%-8s  %v", e.Role, e) })
	section(&b, "notes", d.Notes, func(n string) string { return n })
	return b.String()
}

// first returns the event at the index of a divergence.
func first(events []event.Event) string {
	if len(events) == 0 {
		return "nothing: the run ends"
	}
	return events[0].String()
}

// writeWindow writes the events around a divergence.
func (d *Divergence) writeWindow(b *strings.Builder) {
	last := d.Index + uint64(max(len(d.Expected), len(d.Actual), 1)-1)
	width := len(strconv.FormatUint(last, 10))
	write := func(mark string, index uint64, events []event.Event) {
		for i, e := range events {
			fmt.Fprintf(b, "%s %*d  %v\n", mark, width, index+uint64(i), e)
		}
	}
	side := func(mark, name string, events []event.Event) {
		if len(events) == 0 {
			fmt.Fprintf(b, "%s %*d  the %s run ends here\n", mark, width, d.Index, name)
		}
		write(mark, d.Index, events)
	}
	write(" ", d.Index-uint64(len(d.Before)), d.Before)
	side("-", "expected", d.Expected)
	side("+", "actual", d.Actual)
}

// section writes a list under a heading, nothing if it is empty.
func section[T any](b *strings.Builder, heading string, list []T, text func(T) string) {
	if len(list) > 0 {
		fmt.Fprintf(b, "\n%s\n", heading)
	}
	for _, v := range list {
		fmt.Fprintf(b, "  %s\n", text(v))
	}
}

// JSONSchema is the number of the JSON form of a divergence; it rises when a field changes its meaning or goes away.
const JSONSchema = 1

type jsonDivergence struct {
	Schema    int           `json:"schema"`
	Index     uint64        `json:"index"`
	TimeNanos int64         `json:"time_nanos"`
	Category  Category      `json:"category"`
	Before    []event.Event `json:"before"`
	Expected  []event.Event `json:"expected"`
	Actual    []event.Event `json:"actual"`
	Fields    []jsonField   `json:"fields"`
	Entities  []jsonEntity  `json:"entities"`
	Notes     []string      `json:"notes"`
}

type jsonField struct {
	Name     string      `json:"name"`
	Expected event.Value `json:"expected"`
	Actual   event.Value `json:"actual"`
}

type jsonEntity struct {
	Role string `json:"role"`
	Kind string `json:"kind"`
	ID   uint64 `json:"id"`
	Name string `json:"name,omitempty"`
}

// MarshalJSON returns the divergence as one object:
//
//	schema      the number of this form, [JSONSchema]
//	index       of the first event that differs, from 0
//	time_nanos  the virtual time there, in nanoseconds since the start of the run
//	category    one of the twelve, such as "timer-mismatch"
//	before      the last events that both runs share
//	expected    the events of the expected run from index on; empty if it ended there
//	actual      the same of the actual run
//	fields      what differs, if the events are of one kind: objects with name, expected and actual
//	entities    who takes part: objects with role, kind, id and, if it is known, name
//	notes       what else a reader should know, as text
//
// Events are in the JSON form of the event schema. Values and identifiers are numbers, a value that is absent is null.
// Lists are never null.
func (d Divergence) MarshalJSON() ([]byte, error) {
	j := jsonDivergence{
		Schema: JSONSchema, Index: d.Index, TimeNanos: int64(d.Time), Category: d.Category,
		Before: list(d.Before), Expected: list(d.Expected), Actual: list(d.Actual),
		Fields: []jsonField{}, Entities: []jsonEntity{}, Notes: list(d.Notes),
	}
	for _, f := range d.Fields {
		j.Fields = append(j.Fields, jsonField(f))
	}
	for _, e := range d.Entities {
		j.Entities = append(j.Entities, jsonEntity(e))
	}
	return json.Marshal(j)
}

// list returns s, or an empty list for nil.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
